"""Nonlinear regression: the constants of one given formula, how well they are known, and how sure the fit is."""

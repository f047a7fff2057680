"""Equations, the front of them, and what a user does with one: refit, export, select, save."""

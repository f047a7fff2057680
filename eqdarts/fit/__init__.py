"""The constants of graphs and formulas, by least squares; and how good a fitted graph is."""

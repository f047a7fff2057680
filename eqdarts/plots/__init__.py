"""Figures of a fitted model: the fit, the front, the history, the architecture weights and the graph.

Every function draws on the Axes it is given, or on a new figure, and returns the Axes; none prints,
shows, or changes a global setting. `overview` returns a Figure for a file.
"""

from eqdarts.plots.fit import overview, plot_fit, plot_front
from eqdarts.plots.graph import plot_graph
from eqdarts.plots.history import plot_history, plot_weights
from eqdarts.plots.vector import svg

__all__ = ["overview", "plot_fit", "plot_front", "plot_graph", "plot_history", "plot_weights", "svg"]

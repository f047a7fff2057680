"""Figures of a fitted model: the fit, what it leaves, the front, constants, responses, the graph and how it came about.

Every function draws on the Axes it is given, or on a new figure, and returns the Axes; none prints, shows, or changes a
global setting, and pyplot knows none of them. `plot` and `overview` return a Figure.

Examples
--------
>>> import numpy as np, pandas as pd
>>> from eqdarts import DARTSRegressor, plots
>>> X = pd.DataFrame({"t": np.linspace(0.5, 3, 20)})
>>> model = DARTSRegressor(max_epochs=2, replicas=16, random_state=0, verbose=0)
>>> model = model.fit(X, (4.9 * X.t**2).rename("h"))
>>> ax = plots.plot_fit(model)  # of the training rows; or plots.plot_fit(model, X, y, ax=ax, index=0)
>>> ax.get_title(), ax.get_ylabel()
('$h = 4.9 t^{2}$', 'h')
>>> figure = model.plot()  # figure.savefig("law.pdf")
>>> [ax.get_ylabel() for ax in figure.axes]
['h, error', 'h', 'residual of h']
>>> plots.svg(figure)[:4]  # for a page of HTML
'<svg'
"""

from eqdarts.plots.alpha import animate_alpha, plot_alpha
from eqdarts.plots.classes import plot_calibration, plot_confusion, plot_probability
from eqdarts.plots.classes_page import plot_score_front
from eqdarts.plots.constants import plot_constants
from eqdarts.plots.fit import plot_fit, plot_parity
from eqdarts.plots.front import plot_front
from eqdarts.plots.graph import plot_graph
from eqdarts.plots.groups import plot_groups
from eqdarts.plots.history import plot_history, plot_weights
from eqdarts.plots.page import overview, plot
from eqdarts.plots.residuals import plot_residuals
from eqdarts.plots.response import plot_response
from eqdarts.plots.vector import svg

__all__ = [
    "animate_alpha",
    "overview",
    "plot",
    "plot_alpha",
    "plot_calibration",
    "plot_confusion",
    "plot_constants",
    "plot_fit",
    "plot_front",
    "plot_graph",
    "plot_groups",
    "plot_history",
    "plot_parity",
    "plot_probability",
    "plot_residuals",
    "plot_response",
    "plot_score_front",
    "plot_weights",
    "svg",
]

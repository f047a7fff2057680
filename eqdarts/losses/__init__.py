"""Losses beyond least squares: of counts, of probabilities, of medians and other quantiles, and a user's own.

``DARTSRegressor(loss="poisson")`` names one; those with parameters are objects, such as ``eqdarts.losses.Huber(2)``.
"""

from eqdarts.losses.families import Bernoulli, Binomial, NegativeBinomial, Poisson
from eqdarts.losses.named import LOSSES, SQUARED, loss_of
from eqdarts.losses.robust import Absolute, Huber, LogCosh, Quantile, Squared

__all__ = [
    "LOSSES",
    "SQUARED",
    "Absolute",
    "Bernoulli",
    "Binomial",
    "Huber",
    "LogCosh",
    "NegativeBinomial",
    "Poisson",
    "Quantile",
    "Squared",
    "loss_of",
]

"""A loss as a form of noise: what rows weigh at the values of a law, and how large an error is."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from eqdarts.data.noise import Noise, check_form
from eqdarts.data.table import Table
from eqdarts.losses.families import Family
from eqdarts.losses.loss import Loss
from eqdarts.losses.named import SQUARED
from eqdarts.losses.robust import softness
from eqdarts.options_together import check_together

_OF_UNIT = ("absolute", "quantile")  # losses in the unit of y, not in its square
_LEAST = 1e-12  # variance of a count or a share; a smaller one is rounding


@dataclass(frozen=True)
class LossNoise(Noise):
    """How the errors of the rows compare by a loss.

    In a family the variance goes with the mean and its size is known. Of other losses nothing is said of the errors but
    by what a fit shows.

    Attributes
    ----------
    loss : Loss
    null : float or None
        The mean loss of the best constant; None of models that older releases wrote.
    scale : float or None
        Of a fit: such that scale²·(JᵀWJ)⁻¹ is the covariance of its constants, W = 1/variance in families, where it
        is 1, and else the weights that the user gave. None of a model.

    Examples
    --------
    >>> from eqdarts.losses import Poisson
    >>> counts = LossNoise("poisson loss", loss=Poisson())
    >>> counts.spreads(np.array([4.0, 9.0]))
    array([2., 3.])
    """

    loss: Loss = field(default=SQUARED)
    scale: float | None = None
    null: float | None = None

    def missing(self, loss: float, relative: float) -> float:
        """What a law leaves of the loss of the best constant, NaN where that is not known.

        Where the best constant leaves nothing, neither does a law that is exact; any other leaves all.

        1 less this is D², the explained deviance of a family (Hastie, Tibshirani & Wainwright 2015, section 3.2).
        """
        if self.null is None:
            return np.nan
        if not self.null > 0:
            return 0.0 if loss == 0 else 1.0
        return loss / self.null

    @property
    def explained_key(self) -> str:
        return "d2"

    @property
    def explained_name(self) -> str:
        return "explained deviance" if self.loss.is_family else "explained loss"

    def spreads(self, values: np.ndarray) -> np.ndarray:
        return np.asarray(np.sqrt(np.maximum(self.loss.variance(np.asarray(values)), _LEAST)))

    @property
    def depends_on_law(self) -> bool:
        return self.loss.is_family

    @property
    def known(self) -> float | None:
        return self.scale

    @property
    def shows_level(self) -> bool:
        return False

    @property
    def title(self) -> str:
        return f"loss: {self.loss.name}"

    def level(self, loss: float) -> float:
        """The root of the mean deviance; of absolute and quantile loss the mean itself, which has the unit of y."""
        return float(loss) if self.loss.name in _OF_UNIT else float(np.sqrt(max(loss, 0.0)))

    @property
    def level_name(self) -> str:
        """What `level` is, in words."""
        mean = "mean deviance" if self.loss.is_family else f"mean {self.loss.name} loss"
        return mean if self.loss.name in _OF_UNIT else f"root of the {mean}"

    def text(self, loss: float) -> str:
        """
        Examples
        --------
        >>> from eqdarts.losses import Poisson
        >>> LossNoise("poisson loss", loss=Poisson()).text(1.25)
        'mean deviance 1.25'
        """
        return f"mean {'deviance' if self.loss.is_family else 'loss'} {loss:.4g}"


def rows_of_fit(table: Table, noise: Noise, values: np.ndarray) -> Table:
    """The table as least squares sees it near a law with these values [n]; as it is where that is what was fitted.

    table: with the weights that the user gave, or those of the noise
    """
    if not isinstance(noise, LossNoise):
        return table
    mean = np.where(np.isfinite(values), values, table.y)
    counts = np.ones(len(table)) if table.weights is None else table.weights
    if noise.loss.is_family:
        return replace(table, weights=counts / np.square(noise.spreads(mean)))
    z, W = noise.loss.working(table.y, mean, counts, softness(table.y, mean, counts))
    return replace(table, y=z, weights=W / W.mean())


def left_of(table: Table, noise: LossNoise, values: np.ndarray) -> np.ndarray | None:
    """What a law of these values [n] leaves of rows by a family: noise if it is right; None of another loss."""
    if not isinstance(noise.loss, Family):
        return None
    counts = np.ones(len(table)) if table.weights is None else table.weights
    return noise.loss.residual(table.y, values, counts)


def noise_of_loss(loss: Loss, scale: float | None = None, null: float | None = None) -> LossNoise:
    """The noise that a loss stands for."""
    return LossNoise(f"{loss.name} loss", loss=loss, scale=scale, null=null)


def noise_given(loss: Loss, form: str) -> Noise:
    """What the options `loss` and `noise` say of the errors of rows.

    Raises
    ------
    InputDataError
        If they contradict each other.
    """
    check_form(form)
    if loss == SQUARED:
        return Noise(form)
    check_together({"loss": loss, "noise": form})
    return noise_of_loss(loss)

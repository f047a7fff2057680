"""Forms of noise: how the error of a row grows with what the law gives there, and the weights that follow from it.

The error of a row is its *spread* times one *level* for all rows. Spreads are functions of the law's value f: 1 where
the noise is additive, |f| where it is proportional, √f where counts are Poisson's. Weights are 1/spread², taken at
values of a law where one is known, and not at y: a row that came out too small would count too much by it, and all fits
would be too low (by twice the variance of the error, as a share).

Likelihoods of fits in different forms are comparable only with what they divide residuals by: with e the residual and
s the spread of a row, the density of e is 1/s times that of e/s (`log_jacobian`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from eqdarts.data.rounding import rounding
from eqdarts.data.table import Table
from eqdarts.data.zero import LADDER
from eqdarts.errors import check_choice

FORMS = ("additive", "proportional", "poisson")
MARGIN = 5.0  # nats by which another form must be likelier than additive noise: odds of 150 to 1 (not tuned)
_FLOORS = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8)  # quantiles of sizes that a floor may be
AUTO, GIVEN = "auto", "given"  # the form is to be found; or errors were given for each row


@dataclass(frozen=True)
class Noise:
    """How the errors of the rows compare.

    Attributes
    ----------
    form : {"additive", "proportional", "poisson", "given"}
        The standard deviation of an error is alike in all rows, proportional to the value of the law, or to the root of
        that, or it is what the user said of each row (`y_error`).
    floor : float
        Errors do not shrink with values below this: what they are where there is nothing to measure.
    unit : float
        The spread of a row of weight 1; of given errors, the standard deviation of such a row.

    Examples
    --------
    >>> noise = Noise("proportional", floor=0.1)
    >>> noise.spreads(np.array([-20.0, 0.0, 5.0]))
    array([20. ,  0.1,  5. ])
    """

    form: str = "additive"
    floor: float = 0.0
    unit: float = 1.0

    def spreads(self, values: np.ndarray) -> np.ndarray:
        """The standard deviations [n] of errors at these values of a law [n], over the level."""
        if self.form == "proportional":
            return np.maximum(np.abs(values), self.floor)
        if self.form == "poisson":
            return np.sqrt(np.maximum(values, self.floor))
        return np.ones(np.shape(values))

    def weigh(self, table: Table, values: np.ndarray) -> Table:
        """The table with the weights that follow from a law with these values [n]; y stands in where it has none."""
        if not self.depends_on_law:
            return table
        weights = np.square(self.unit / self.spreads(np.where(np.isfinite(values), values, table.y)))
        return replace(table, weights=weights if table.weights is None else weights * table.weights)

    def level(self, loss: float) -> float:
        """The level of the errors of an equation with this mean squared error: the root of it, over spreads.

        Times `spreads` it is the standard deviation of an observation.
        """
        return float(np.sqrt(loss)) / (self.unit if self.depends_on_law else 1.0)

    @property
    def depends_on_law(self) -> bool:
        """Do errors go with the value of the law?"""
        return self.form in ("proportional", "poisson")

    def text(self, loss: float) -> str:
        """The level of the errors of an equation with this loss, in words.

        Examples
        --------
        >>> Noise("proportional").text(0.01), Noise("additive").text(0.01), Noise("given", unit=0.2).text(0.01)
        ('10 % of the value', '0.1', 'residuals are 0.5 times the errors')
        """
        if self.known is not None:
            return f"residuals are {float(np.sqrt(loss)) / self.known:.3g} times the errors"
        level = self.level(loss)
        if self.form == "proportional":
            return f"{100 * level:.3g} % of the value"
        return f"{level:.3g}" + (" times the root of the value" if self.form == "poisson" else "")

    def missing(self, loss: float, relative: float) -> float:
        """What a law leaves of all that there is to explain: of the variance, which `relative` is."""
        return relative

    @property
    def explained_key(self) -> str:
        """The column of the share that a law explains."""
        return "r2"

    @property
    def explained_name(self) -> str:
        """This share in words."""
        return "R²"

    @property
    def shows_level(self) -> bool:
        """Is the level of the errors, and so where observations are to be expected, known from a fit?"""
        return self.known is None

    @property
    def title(self) -> str:
        """What it is, in a line of its own."""
        return f"noise: {self.form}"

    @property
    def known(self) -> float | None:
        """The standard deviation of the error of a row of weight 1, if it was given; None if rows have to show it."""
        return self.unit if self.form == GIVEN else None


ADDITIVE = Noise()


def check_form(noise: str) -> None:
    """Raise `InputDataError` unless the option `noise` names a form, or "auto"."""
    check_choice("noise", noise, (*FORMS, AUTO))


def possible_forms(y: np.ndarray) -> tuple[str, ...]:
    """The forms that a target may show: counts are not negative."""
    return FORMS if (y >= 0).all() else ("additive", "proportional")


def least_value(y: np.ndarray) -> float:
    """The least value that y can tell from zero: the error of its rounding, or its least size other than zero.

    Below it no error shrinks: who writes 0.0 has not measured without error. Where y changes sign it is the size that a
    tenth of the rows are below, as some come near zero by chance.

    Examples
    --------
    >>> round(least_value(np.array([0.0, 0.1, 3.7, 12.2, 5.5, 7.1, 2.2, 9.9, 4.5, 6.1, 0.3, 8.8])), 9)
    0.05
    """
    blur = rounding(y)
    sizes = np.abs(y[y != 0])
    least = float(blur[blur > 0].min()) if (blur > 0).any() else float(sizes.min()) if len(sizes) else 1.0
    crosses = (y > 0).any() and (y < 0).any()
    return max(least, float(np.quantile(sizes, _FLOORS[0]))) if crosses else least


def weights_of(spreads: np.ndarray, counts: np.ndarray | None = None) -> tuple[np.ndarray, float]:
    """Weights 1/spread² [n], so scaled that they are 1 on average over rows that count so often; and their unit.

    The unit is the spread of a row of weight 1.
    """
    least = float(spreads.min())
    raw = np.square(least / spreads)  # first divided: squares of small spreads would leave the range of doubles
    mean = float(np.average(raw, weights=counts))
    return raw / mean, least / float(np.sqrt(mean))


def weighted(table: Table, noise: Noise, values: np.ndarray) -> tuple[Table, Noise]:
    """The table, whose weights say how often each row counts, with those of the noise; and the noise with its unit.

    values: [n], of a law at the rows; y stands in where it has none
    """
    if not noise.depends_on_law:
        return table, noise
    values = np.where(np.isfinite(values), values, table.y)
    noise = replace(noise, unit=weights_of(noise.spreads(values), table.weights)[1])
    return noise.weigh(table, values), noise


def floored(noise: Noise, y: np.ndarray, values: np.ndarray, counts: np.ndarray | None = None) -> tuple[Noise, float]:
    """The noise with the floor that y [n] shows at values of a law [n], and its log likelihood.

    Instruments err by something even where there is nothing to measure, and a law that changes sign is zero somewhere:
    there the rows decide. A higher floor than the least is believed where it is likelier by `MARGIN`.
    """
    sizes = np.abs(values[np.isfinite(values)])
    floors = (
        [noise.floor, *(f for f in np.quantile(sizes, _FLOORS) if f > noise.floor)] if len(sizes) else [noise.floor]
    )
    found = [log_likelihood(y - values, replace(noise, floor=f).spreads(values), counts) for f in floors]
    best = int(np.argmax(found))
    best = best if found[best] - found[0] > MARGIN else 0
    return replace(noise, floor=float(floors[best])), found[best]


def log_jacobian(spreads: np.ndarray, counts: np.ndarray | float = 1.0) -> float:
    """ln |∂(e/s)/∂e| of all rows, −Σ ln s: what makes likelihoods in different forms comparable."""
    return -float(np.sum(counts * np.log(spreads)))


def log_likelihood(residuals: np.ndarray, spreads: np.ndarray, counts: np.ndarray | None = None) -> float:
    """The greatest ln L of normal errors [n] with these spreads [n], over their level.

    Infinite where all residuals are zero.
    """
    times = np.ones(len(residuals)) if counts is None else counts
    n = float(times.sum())
    with np.errstate(divide="ignore"):
        level = np.log(float(np.average((residuals / spreads) ** 2, weights=times)))
    return float(-0.5 * n * (np.log(2 * np.pi) + 1 + level)) + log_jacobian(spreads, times)


def likeliest(fits: Sequence[tuple[Noise, np.ndarray]], y: np.ndarray, counts: np.ndarray | None = None) -> int:
    """The place of the form that explains y [n] best, by `MARGIN` nats more than the first one; else 0.

    fits: each form with the values [n] of the law as it was fitted in this form
    """
    with np.errstate(all="ignore"):
        found = np.array([log_likelihood(y - values, noise.spreads(values), counts) for noise, values in fits])
    found = np.nan_to_num(found, nan=-np.inf, posinf=np.inf)
    best = int(np.argmax(found))
    exact = np.mean((y - fits[0][1]) ** 2) < LADDER.quiet * np.var(y)
    return 0 if exact or found[best] - found[0] < MARGIN else best

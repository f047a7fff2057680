"""How much of a search's result is the table's, and how much is luck: the search repeated on resampled tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import sympy
from scipy import stats
from sklearn.base import clone
from sklearn.utils.parallel import Parallel

from eqdarts.data import rows_of
from eqdarts.data.kept import Training
from eqdarts.data.noise import ADDITIVE, GIVEN, Noise
from eqdarts.data.table import Table
from eqdarts.equation.equation import Equation
from eqdarts.equation.front import Front
from eqdarts.equation.selection import credibility
from eqdarts.errors import InputDataError, kept_warnings, warn
from eqdarts.formula.latex import to_text
from eqdarts.formula.visible import visible
from eqdarts.losses.noise import LossNoise
from eqdarts.runtime.orphans import delayed_here
from eqdarts.simplify.form import form_of

SHARE = 0.632  # of the rows in a subsample: as many as a bootstrap table has distinct ones
_QUANTILES = 41  # of the noise, where it is added to predictions


@dataclass(frozen=True, eq=False)
class Stability:
    """What came back when the search was repeated on resampled tables.

    Attributes
    ----------
    forms : DataFrame
        A row per form of the chosen equations, most frequent first: form, count, share, example. A form is an
        equation with c for every constant (`eqdarts.simplify.form`).
    columns : DataFrame
        A row per column of the table: column, count, share of the chosen equations that it stands in.
    equations : tuple of Equation
        The chosen equation of each resampled table.
    fronts : tuple of Front
    method : str
    failed : int
        Resampled tables on which the search raised an error.
    """

    forms: pd.DataFrame
    columns: pd.DataFrame
    equations: tuple[Equation, ...]
    fronts: tuple[Front, ...]
    method: str
    failed: int
    rows: int  # of a resampled table
    noises: tuple[Noise, ...] = ()  # of each front; additive if none are given

    def predict_interval(self, X: pd.DataFrame | np.ndarray, level: float = 0.9, noise: bool = True) -> pd.DataFrame:
        """Limits of a new observation over all fronts, each equation weighted by its credibility.

        The predictions of the equations, with normal noise around each, are one mixture; its quantiles are the limits.
        The noise is as large as the residuals, and of the form that the searches had, in proportion to the prediction,
        say. Without `noise`: the limits of the law, not of a new observation. The mixture holds what the resamples and
        the fronts disagree about, and no law outside them.

        X: [n, d], the columns that the model was fitted on
        returns: low, median, high; NaN where most equations are undefined
        """
        if not 0 < level < 1:
            raise InputDataError(f"level={level!r}: expected a number between 0 and 1, such as 0.9")
        if noise and any(isinstance(form, LossNoise) for form in self.noises):
            raise InputDataError(
                "limits of new observations are not known by a loss other than least squares; ask for those of the law "
                "itself by noise=False"
            )
        rows = _rows(X, self.equations[0].columns)
        values, weights = [], []
        at = stats.norm.ppf((np.arange(_QUANTILES) + 0.5) / _QUANTILES) if noise else np.zeros(1)
        for front, form in zip(self.fronts, self.noises or (ADDITIVE,) * len(self.fronts), strict=True):
            for equation, weight in zip(front, credibility(front, self.rows), strict=True):
                if weight < 1e-3:
                    continue
                value = equation.predict(rows)
                spread = form.level(equation.loss) * _freed(equation, self.rows) * form.spreads(value)
                values.append(value[:, None] + spread[:, None] * at)
                weights.append(np.full(len(at), weight / len(at)))
        with np.errstate(all="ignore"):
            low, median, high = _weighted_quantiles(
                np.concatenate(values, axis=1), np.concatenate(weights), (0.5 - level / 2, 0.5, 0.5 + level / 2)
            )
        index = X.index if isinstance(X, pd.DataFrame) else None
        return pd.DataFrame({"low": low, "median": median, "high": high}, index=index)

    def __str__(self) -> str:
        n = len(self.equations)
        lines = [f"{n} searches on {self.method} tables" + (f", {self.failed} more failed" if self.failed else "")]
        for title, table, name in (("form", self.forms, "form"), ("column", self.columns, "column")):
            lines.append(f"\n  share  {title}")
            lines += [f"{row.share:7.0%}  {visible(getattr(row, name))}" for row in table.head(10).itertuples()]
        return "\n".join(lines)


def stability(
    estimator: Any,
    training: Training,
    n_resamples: int,
    method: str,
    n_jobs: int | None,
    seed: int,
    max_time: float | None,
) -> Stability:
    """Searches like that of the estimator on resampled tables. See `DARTSRegressor.stability`."""
    settings = _settings(estimator, n_jobs, n_resamples, max_time)
    if training.noise.form == GIVEN:
        settings["noise"] = ADDITIVE.form  # errors that were given are in the weights
    seeds = np.random.SeedSequence(seed).spawn(n_resamples)
    results = Parallel(n_jobs=n_jobs)(
        delayed_here(_search)(clone(estimator).set_params(**settings), training.as_given, method, s) for s in seeds
    )
    found = [r for r in results if not isinstance(r, str)]
    errors = [r for r in results if isinstance(r, str)]
    if not found:
        raise InputDataError(f"the search failed on every resampled table; the first error: {errors[0]}")
    if errors:
        warn(f"the search failed on {len(errors)} of {len(results)} resampled tables; the first error: {errors[0]}")
    chosen, fronts, noises = zip(*found, strict=True)
    rows = training.observations if method == "bootstrap" else round(SHARE * training.observations)
    columns = _columns(chosen, training.table.names)
    return Stability(_forms(chosen), columns, chosen, fronts, method, len(errors), rows, noises)


def _settings(estimator: Any, n_jobs: int | None, n_resamples: int, max_time: float | None) -> dict[str, object]:
    settings: dict[str, object] = {"verbose": 0, "callback": None}
    if getattr(estimator, "checkpoint", None) is not None:  # that of the fit itself stays as it is
        settings["checkpoint"] = None
    if estimator.units == "header":  # the names of resampled tables have none
        settings["units"] = dict(estimator.units_)
    if n_jobs not in (None, 1):
        settings["n_jobs"] = 1
    if max_time is not None:
        own = estimator.max_time
        share = max_time / n_resamples * (1 if n_jobs is None or n_jobs < 1 else min(n_jobs, n_resamples))
        settings["max_time"] = share if own is None else min(own, share)
    return settings


def _search(
    estimator: Any, table: Table, method: str, seed: np.random.SeedSequence
) -> tuple[Equation, Front, Noise] | str:
    """The chosen equation, the front and the noise of one resampled table; the error's text if there is one."""
    rng = np.random.default_rng(seed)
    drawn = _drawn(np.ones(len(table)) if table.weights is None else table.weights, method, rng)
    rows = np.flatnonzero(drawn)
    X, y = table.rows(rows).as_pandas()
    estimator.set_params(random_state=int(rng.integers(2**31 - 1)))
    with kept_warnings():  # such as of a column that is constant in the resample
        try:
            estimator.fit(X, y, sample_weight=drawn[rows])
        except InputDataError as error:
            return str(error)
    if estimator.stop_reason_ == "interrupted":  # one fit of many: Ctrl-C is for all of them
        raise KeyboardInterrupt
    front = estimator.front_
    return front[estimator.best_index_], front, estimator.noise_


def _drawn(weights: np.ndarray, method: str, rng: np.random.Generator) -> np.ndarray:
    """Weights of a resampled table: rows that were merged are drawn one by one, weights of a user row by row."""
    counts = np.round(weights).astype(int) if np.allclose(weights, np.round(weights)) else np.ones(len(weights), int)
    each = weights / np.maximum(counts, 1)
    n = int(counts.sum())
    if method == "bootstrap":
        return each * rng.multinomial(n, counts / n)
    row = np.repeat(np.arange(len(counts)), counts)
    kept = rng.choice(row, max(2, round(SHARE * n)), replace=False)
    return each * np.bincount(kept, minlength=len(counts))


def _forms(equations: Sequence[Equation]) -> pd.DataFrame:
    forms = [to_text(form_of(e.expression, e.columns)) for e in equations]
    counts = pd.Series(forms).value_counts(sort=True)
    examples = {form: str(e) for form, e in reversed(list(zip(forms, equations, strict=True)))}
    return pd.DataFrame(
        {
            "form": counts.index,
            "count": counts.to_numpy(),
            "share": counts.to_numpy() / len(equations),
            "example": [examples[form] for form in counts.index],
        }
    )


def _columns(equations: Sequence[Equation], names: Sequence[str]) -> pd.DataFrame:
    counts = [sum(sympy.Symbol(name) in e.expression.free_symbols for e in equations) for name in names]
    table = pd.DataFrame({"column": names, "count": counts, "share": np.array(counts) / len(equations)})
    return table.sort_values("count", ascending=False, kind="stable", ignore_index=True)


def _freed(equation: Equation, n: int) -> float:
    """By how much errors are larger than residuals, to which constants were fitted."""
    return float(np.sqrt(n / max(n - equation.n_constants, 1)))


def _rows(X: pd.DataFrame | np.ndarray, columns: tuple[str, ...]) -> np.ndarray:
    rows = rows_of(X, columns, columns)
    if rows.ndim != 2 or rows.shape[1] != len(columns):
        raise InputDataError(f"X has the shape {rows.shape}; expected [n, {len(columns)}]")
    return rows


def _weighted_quantiles(values: np.ndarray, weights: np.ndarray, levels: tuple[float, ...]) -> list[np.ndarray]:
    """Quantiles of each row of values [n, m] with weights [m]; NaN where half the weight or more is undefined."""
    order = np.argsort(values, axis=1)  # NaN comes last
    ordered = np.take_along_axis(values, order, axis=1)
    mass = np.where(np.isnan(ordered), 0.0, weights[order]).cumsum(axis=1)
    total = mass[:, -1]
    out = []
    for level in levels:
        place = (mass >= level * total[:, None] * (1 - 1e-12)).argmax(axis=1)
        value = ordered[np.arange(len(values)), place]
        out.append(np.where(total > 0.5 * weights.sum(), value, np.nan))
    return out

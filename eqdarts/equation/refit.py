"""`refit`: the constants of any formula, fitted to a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import sympy
from numpy.typing import ArrayLike

from eqdarts.data import Table, check_finite_columns, with_errors
from eqdarts.data.groups import beside_columns, given_groups
from eqdarts.data.kept import Training
from eqdarts.data.noise import ADDITIVE, Noise, weighted
from eqdarts.data.zero import Target
from eqdarts.equation.equation import Equation
from eqdarts.equation.evaluation import as_written, evaluate
from eqdarts.equation.group_refit import Constants, own_constants, refit_groups
from eqdarts.equation.precision import with_digits
from eqdarts.equation.regression.column_errors import ColumnErrors, column_errors
from eqdarts.equation.regression.given import (
    Bound,
    bounds_of,
    check_columns,
    check_names,
    constants_of,
    formula_and_table,
    listed,
    number_of,
)  # fmt: skip
from eqdarts.equation.regression.minimise import as_given, from_start
from eqdarts.equation.regression.model import Model, scale_of
from eqdarts.equation.regression.naming import exact, floats_as_symbols
from eqdarts.equation.regression.orthogonal import distances
from eqdarts.equation.regression.report import FitReport, report
from eqdarts.equation.reweighting import Reweighted, reweighted
from eqdarts.equation.scored import scale_of_errors, scored, weighed_at, with_likelihood
from eqdarts.errors import InputDataError, check_range, kept_warnings, warn
from eqdarts.formula.substitution import put_in
from eqdarts.losses.given import weighed_for
from eqdarts.losses.goal import Goal
from eqdarts.losses.named import SQUARED, loss_of
from eqdarts.losses.noise import LossNoise, noise_given, rows_of_fit
from eqdarts.options_together import check_together


def refit(
    expression: sympy.Expr | str,
    X: pd.DataFrame | pd.Series | ArrayLike,
    y: pd.Series | ArrayLike,
    start: Mapping[str, float] | None = None,
    *,
    sample_weight: ArrayLike | None = None,
    loss: Any = "squared",
    noise: str = "additive",
    y_error: ArrayLike | None = None,
    x_error: Any = None,
    bounds: Mapping[str, Bound] | None = None,
    fixed: Mapping[str, float] | None = None,
    confidence: float = 0.95,
    n_starts: int = 32,
    random_state: int | None = None,
    groups: Any = None,
    shared: Sequence[str] = (),
) -> Equation:
    """Fit the constants of a formula by nonlinear least squares.

    Constants that enter linearly are solved for at every step (variable projection: Golub & Pereyra 1973), the
    others are searched by a trust region from several starts, and the best optimum is refined to the last digits
    of a double. Among equal optima, such as two exponentials in either order, the one nearest to `start` is
    returned.

    Parameters
    ----------
    expression : sympy.Expr or str
        In the names of the columns, such as "A*exp(-k*t)" or "E = c*v^2"; the left side is the name of the target
        or y. What eqdarts prints is read: a name that is no word stands in backticks. Its constants are the symbols
        that are no columns; numbers are then exact. One that is spelt nearly like a column is refused, unless `start`,
        `bounds`, `fixed` or `shared` name it. Without such symbols its own floats are the constants, called c0, c1, ...
        in the order in which they are printed, and start from their values.
    X : DataFrame, Series or array [n, d]
        The columns of an array are x1, x2, ...; those of a table that do not stand in the formula may hold anything.
    y : Series or array [n]
        The name of a Series stands on the left of the equation; "y" if it has none, or that of a column of X.
    start : mapping of str to float, optional
        Starting values by name; they may be poor. Without them starts are drawn from the magnitudes of the table
        and the numbers of the formula, and those of frequencies and periods from a periodogram.
    sample_weight : array [n], optional
        Not negative: the inverse variance of each row's error, up to a common factor. A row of weight 2 moves the
        constants like two rows, yet counts once in the degrees of freedom; rows of weight 0 are left out.
    loss : str, object or callable
        As in `DARTSRegressor`: a name such as "poisson" or "bernoulli", an object of `eqdarts.losses`, or a function
        ``loss(y_pred, y_true, weight)`` in torch. The formula is that of what is predicted, so of a chance it is
        "1/(1 + exp(-(a + b*x)))". Standard errors are those of the likelihood's information, or of M-estimates.
    noise : {"additive", "proportional", "poisson", "auto"}
        How the error of a row goes with the formula's value there: alike in all rows, in proportion to it, or to its
        root as that of counts, these two down to a floor that the rows show. Weights are taken at the values of the
        fit, which is repeated until they stay. "auto": the form that is likeliest for this formula, by a margin
        (`eqdarts.data.noise.likeliest`).
    y_error : float or array [n], optional
        The standard deviation of the error of y, of all rows or of each, which standard errors take at its word, as
        ``absolute_sigma=True`` of SciPy's `curve_fit`. It stands for `sample_weight` and `noise`.
    x_error : mapping of str to float or array [n], or array [d] or [n, d], optional
        The standard deviation of the errors of columns, by name or in their order; 0 is exact. It needs `y_error`, as
        how far a row is moved along each column depends on the ratio of the two. The fit is by orthogonal distances
        (Boggs, Byrd & Schnabel 1987), from where the one without `x_error` ends; `fit.x_error_effect` has both, and
        standard errors come of the information about constants and true inputs together.
    bounds : mapping of str to (low, high), optional
        None for a side that is open.
    fixed : mapping of str to float, optional
        Constants that are given and not fitted.
    confidence : float
        Level of the intervals in `Equation.constants`, between 0 and 1.
    n_starts : int
        Starts at the most, at least 1; fewer are tried when several reach the same optimum. 1 with a `start`
        is a plain local fit.
    random_state : int, optional
        Seed of the drawn starts; None is the same as 0, so that equal calls give equal results.
    groups : str or array [n], optional
        A column of X by its name, or a label for each row: every group has constants of its own, but for those that
        are `shared`. They are in ``by_group.table`` of the equation, the shared ones in `constants`.
    shared : sequence of str
        Names of constants that all groups have in common.

    Returns
    -------
    Equation
        `constants` is the table of values, standard errors and limits; `fit` holds the covariance, residual
        statistics and diagnostics; `intervals` computes profile and bootstrap limits.

    Raises
    ------
    InputDataError
        If a column, row or option cannot be used; the message names it.

    Warns
    -----
    SearchWarning
        If the rows do not determine a constant, if a bound holds one, or if no optimum was reached.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> from eqdarts import refit
    >>> t = np.linspace(0, 4, 20)
    >>> noise = 0.01 * np.random.default_rng(0).normal(size=20)
    >>> decay = refit("A*exp(-k*t) + B", pd.DataFrame({"t": t}), 3 * np.exp(-t / 2) + 1 + noise)
    >>> decay.constants.round(3)
       value  std_error    low   high
    A  3.004      0.011  2.979  3.028
    B  1.002      0.013  0.973  1.030
    k  0.503      0.005  0.492  0.514
    """
    check_range("n_starts", n_starts, 1, integer=True)
    if not 0 < confidence < 1:
        raise InputDataError(f"confidence={confidence!r}: expected a number between 0 and 1, such as 0.95")
    labels, X = (None, X) if groups is None else beside_columns(groups, X)
    if groups is None and len(shared):
        raise InputDataError("shared: without groups= all rows share all constants; give groups, or leave shared out")
    if groups is not None and bounds:
        raise InputDataError("bounds: not with groups=; leave them out, or hold constants with fixed=")
    right, given = formula_and_table(expression, X, y)
    errors = noise_given(loss_of(loss), noise)
    check_together(
        {"loss": loss, "noise": noise}, groups=groups, sample_weight=sample_weight, y_error=y_error, x_error=x_error
    )
    spreads = None
    if x_error is not None:
        _check_beside_x_error(y_error)
        spreads = column_errors(x_error, X, given.names, len(given))
    if isinstance(errors, LossNoise):
        table = weighed_for(errors.loss, given, sample_weight, y_error)
    else:
        table, errors = with_errors(given, noise, sample_weight, y_error)
    form, constants, known = constants_of(right, table.names)
    check_names(constants, start=start, bounds=bounds, fixed=fixed)
    named = (shared,) if isinstance(shared, str) else shared
    check_columns(right, table.names, {*(start or ()), *(bounds or ()), *(fixed or ()), *named})
    held = {name: number_of("fixed", name, value) for name, value in (fixed or {}).items()}
    form = form.xreplace({sympy.Symbol(name): exact(value) for name, value in held.items()})
    free = [k for k, c in enumerate(constants) if c.name not in held]
    constants, known = tuple(constants[k] for k in free), known[free]
    for k, c in enumerate(constants):
        if start is not None and c.name in start:
            known[k] = number_of("start", c.name, start[c.name])
    lower, upper = bounds_of(bounds or {}, constants)

    used = _used(form, table.names)
    check_finite_columns(table.X[:, used], [table.names[k] for k in used])
    counted = np.flatnonzero(np.ones(len(table)) if table.weights is None else table.weights)
    table = table.rows(counted)
    rows = table.select(used)
    if labels is not None:
        known_groups = given_groups(labels, len(given)).of_rows(counted)
        mine = Constants(constants, known, own_constants(constants, shared), held)
        seed = 0 if random_state is None else random_state
        with np.errstate(all="ignore"):
            law = refit_groups(form, mine, rows, known_groups, errors, int(n_starts), seed)
        return replace(law, columns=table.names)
    if len(rows) < len(constants):
        raise InputDataError(
            f"{len(constants)} constants ({listed(constants)}) and only {len(rows)} rows; "
            "fix constants or collect more rows"
        )
    with np.errstate(all="ignore"):
        try:
            model = Model(form, _symbols(rows), constants, rows, lower, upper)
        except ValueError as error:
            raise InputDataError(f"expression {str(expression)[:80]!r}: {error}") from error
        seed = 0 if random_state is None else random_state
        if isinstance(errors, LossNoise):
            best = scored(model, known, int(n_starts), seed, errors)
        else:
            best = reweighted(model, known, int(n_starts), seed, errors)
        missed = _missed_by_limits(best.fitted, best.rows, counted, best.aside)
        found = report(
            best.model, best.optimum, confidence=confidence, fixed=held, observations=len(best.model.rows),
            expression=best.fitted, noise=best.noise,
        )  # fmt: skip
        if isinstance(best.noise, LossNoise):
            found = with_likelihood(found, best.noise.loss, table, best.fitted)
            _warn(found)
            return _equation_by_loss(best, best.noise, found, table)
        table = replace(table, weights=best.rows.weights)
        if spreads is not None and spreads[counted][:, used].any():
            return _equation_by_distances(best, missed, found, table, spreads[counted][:, used])
        _warn(found)
        return _equation(best, missed, found, table)


def _equation(best: Reweighted, missed: np.ndarray, found: FitReport, table: Table) -> Equation:
    """The fitted formula, with its losses on all rows.

    missed: weighted residuals at the rows that were put aside   table: all columns, with the weights of the noise
    """
    rows = best.rows
    total = len(rows) if rows.weights is None else float(rows.weights.sum())
    scale = scale_of(rows)
    measure = Target.of(rows.y / scale, rows.weights)
    scaled, ratio = missed / scale, best.model.scale / scale
    loss = (found.rss + float(missed @ missed)) / total
    relative = float(measure.loss((best.optimum.loss * ratio**2 + float(scaled @ scaled)) / total))
    law = Equation(best.fitted, table.names, table.target, loss, relative, "refit", fit=found)
    return with_digits(law, table)


def _check_beside_x_error(y_error: ArrayLike | None) -> None:
    if y_error is None:
        raise InputDataError(
            "x_error needs y_error too, as only their ratio says how far a row is from the formula along each column; "
            "give the standard deviation of y, one number or one for each row"
        )


def _equation_by_distances(
    best: Reweighted, missed: np.ndarray, exact_columns: FitReport, table: Table, errors: np.ndarray
) -> Equation:
    """The same with errors of the columns, standard deviations [n, d].

    Its losses are those of y at the columns as they are; distances stand in the report.
    exact_columns: the fit that takes them as exact
    """
    unit = exact_columns.noise.known
    assert unit is not None  # the errors of y are given
    model = distances(best.model, errors[~best.aside], unit)
    optimum = from_start(model, best.optimum.theta)
    if optimum is None:
        raise InputDataError(
            f"{model.form} has no value near some rows within the errors of the columns; give smaller ones, "
            "or drop those rows"
        )
    constants = zip(model.constants, optimum.theta, strict=True)
    fitted = put_in(model.form, {c: sympy.Float(value) for c, value in constants})
    found = report(
        model, optimum, confidence=exact_columns.confidence, fixed=exact_columns.fixed,
        observations=exact_columns.observations, expression=fitted, noise=exact_columns.noise,
    )  # fmt: skip
    erring = {table_name: errors[:, k] for k, table_name in enumerate(best.rows.names) if errors[:, k].any()}
    spans = {name: (float(some.min()), float(some.max())) for name, some in erring.items()}
    found = replace(found, x_error=ColumnErrors(spans, exact_columns.values, exact_columns.std_errors))
    _warn(found)
    plain = as_given(best.model, optimum.theta)
    moved = replace(best, optimum=plain, fitted=fitted)
    rss = float(np.float64(plain.loss) * best.model.scale * best.model.scale)
    missed = _missed_again(fitted, best) if len(missed) else missed
    return replace(_equation(moved, missed, replace(found, rss=rss), table), fit=found)


def _missed_again(fitted: sympy.Expr, best: Reweighted) -> np.ndarray:
    """Weighted residuals at the rows where the formula has a limit only, of which a warning was given."""
    left = best.rows.rows(best.aside)
    return np.asarray((left.y - evaluate(fitted, left.names, left.X)) * left.roots)


def _equation_by_loss(best: Reweighted, noise: LossNoise, found: FitReport, table: Table) -> Equation:
    """The same by a loss. table: all columns, with the weights that the user gave"""
    mean = evaluate(best.fitted, table.names, table.X)
    judged = Goal(noise.loss, table.y, _counts(table)).judged(mean)
    law = Equation(best.fitted, table.names, table.target, *judged, "refit", fit=found)
    return with_digits(law, rows_of_fit(table, noise, mean))


def _counts(table: Table) -> np.ndarray:
    return np.ones(len(table)) if table.weights is None else table.weights


def _missed_by_limits(fitted: sympy.Expr, rows: Table, numbers: np.ndarray, aside: np.ndarray) -> np.ndarray:
    """Weighted residuals of a fitted formula at the rows where it has a limit only (bool [n]), and a warning.

    numbers: [n], of the rows in the table
    """
    if not aside.any():
        return np.zeros(0)
    left = rows.rows(aside)
    value = evaluate(fitted, rows.names, left.X)
    without = np.flatnonzero(~np.isfinite(value))
    if len(without):
        row = numbers[np.flatnonzero(aside)[without[0]]]
        raise InputDataError(
            f"{fitted} is undefined on {len(without)} of {len(rows)} rows (first: row {row}) and has no limit "
            "there; drop those rows"
        )
    warn(
        f"as it is written the formula is not defined on {len(value)} of {len(rows)} rows (first: row "
        f"{numbers[np.flatnonzero(aside)[0]]}); its limit is taken there, and its constants come of the other rows"
    )
    return (left.y - value) * left.roots


def refit_equation(
    equation: Equation,
    X: np.ndarray,
    y: np.ndarray,
    weights: ArrayLike | None,
    noise: str = "additive",
    y_error: ArrayLike | None = None,
    loss: Any = SQUARED,
    x_error: Any = None,
    law: Equation | None = None,
) -> Equation:
    """The same structure with constants for another table, in the equation's own columns and target.

    law: whose values, fitted to this table, say how large errors are, as in a search; None: those of the fit itself
    """
    table = pd.DataFrame(X, columns=list(equation.columns))
    if np.shape(y) != (len(table),):
        raise InputDataError(f"X has {len(table)} rows and y the shape {np.shape(y)}; give one value for each row")
    target = pd.Series(y, name=equation.target)
    known = None
    if law is not None and law is not equation and Noise(noise).depends_on_law and y_error is None:
        with kept_warnings(), suppress(InputDataError):  # of rows at which that law is not defined, or too few of them
            known = _noise_by(law, table, target, weights, noise)
    if known is not None:
        weights, noise = known[0].weights, ADDITIVE.form
    new = refit(
        equation.expression, table, target, sample_weight=weights, noise=noise, y_error=y_error, loss=loss,
        x_error=x_error,
    )  # fmt: skip
    if known is not None and new.fit is not None:
        new = replace(new, fit=replace(new.fit, noise=known[1]))
    return replace(new, genotype=equation.genotype)


def _noise_by(law: Equation, X: pd.DataFrame, y: pd.Series, weights: Any, form: str) -> tuple[Table, Noise]:
    """The table with weights at the values of a law that is fitted to it, and its noise."""
    fitted = refit(law.expression, X, y, sample_weight=weights, noise=form)
    assert fitted.fit is not None
    rows, _ = with_errors(Table(X.to_numpy(), y.to_numpy(), law.columns, str(y.name)), ADDITIVE.form, weights, None)
    return weighted(rows, fitted.fit.noise, fitted.predict(rows.X))


def with_fit(equation: Equation, training: Training, confidence: float = 0.95) -> Equation:
    """An equation of a front with standard errors from the linearisation at its constants, which are not moved.

    Rows at which it has a limit only say nothing of them. Where doubles hold it at no row, as with a constant of
    1e310, it comes back as it is.
    """
    form, constants, theta = floats_as_symbols(equation.expression, equation.columns)
    used, table = _used(form, equation.columns), training.table
    open_ends = np.full(len(constants), np.inf)
    rows = table.select(used)
    defined = np.isfinite(as_written(equation.expression, equation.columns, table.X))
    if not defined.any():
        return equation
    rows = rows if defined.all() else rows.rows(defined)
    noise, counted = training.noise, table.rows(defined)
    if isinstance(noise, LossNoise):
        mean = as_written(equation.expression, equation.columns, counted.X)
        scale = scale_of_errors(noise.loss, rows.y, mean, _counts(rows), len(constants))
        noise, rows = replace(noise, scale=scale), weighed_at(rows, noise, mean)
    model = Model(form, _symbols(rows), constants, rows, -open_ends, open_ends)
    with np.errstate(all="ignore"):
        found = report(
            model,
            as_given(model, theta),
            confidence=confidence,
            fixed={},
            observations=training.observations - int((~defined).sum()),
            expression=equation.expression,
            inflation=training.inflation,
            noise=noise,
        )
    if isinstance(noise, LossNoise):
        found = with_likelihood(found, noise.loss, counted, equation.expression)
        found = replace(found, converged=True, message="fitted by the search")
    return replace(equation, fit=found)


def _used(form: sympy.Expr, names: tuple[str, ...]) -> list[int]:
    """Places of the columns that stand in a formula."""
    return [k for k, name in enumerate(names) if sympy.Symbol(name) in form.free_symbols]


def _symbols(table: Table) -> tuple[sympy.Symbol, ...]:
    return tuple(sympy.Symbol(name) for name in table.names)


def _warn(found: FitReport) -> None:
    messages = []
    if found.undetermined:
        messages.append(
            f"the rows do not determine {', '.join(found.undetermined)}: other values of them fit as well; "
            "fix one of them or simplify the formula"
        )
    if found.at_bound:
        messages.append(f"{', '.join(found.at_bound)}: at a bound, so without a standard error")
    if found.degrees_of_freedom == 0 and found.names:
        messages.append("as many constants as rows: no standard errors")
    if not found.converged:
        messages.append(f"{found.message}; constants may run away, or give other starting values")
    for message in messages:
        warn(message)

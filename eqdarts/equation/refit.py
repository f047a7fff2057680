"""`refit`: the constants of any formula, fitted to a table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
import sympy
from numpy.typing import ArrayLike
from sympy.core.parameters import distribute

from eqdarts.data import (
    Table,
    as_frame,
    as_series,
    as_words,
    check_finite_columns,
    given_table,
    is_numeric,
    with_errors,
)
from eqdarts.data.kept import Training
from eqdarts.data.noise import AUTO, Noise, floored, least_value, likeliest, possible_forms, weighted
from eqdarts.data.zero import Target
from eqdarts.equation.equation import Equation, as_written, evaluate
from eqdarts.equation.precision import with_digits
from eqdarts.equation.regression.minimise import Optimum, as_given, minimise, never_defined
from eqdarts.equation.regression.model import Model, scale_of
from eqdarts.equation.regression.naming import exact, floats_as_symbols, free_symbols, with_exact_numbers
from eqdarts.equation.regression.report import FitReport, report
from eqdarts.errors import InputDataError, check_range, warn
from eqdarts.formula.parsing import parse_expression, split_equation
from eqdarts.formula.substitution import put_in
from eqdarts.graph.to_sympy import plain

_REWEIGHTED = 12  # fits with weights at the values of the one before, at the most
_STAYS = 1e-6  # of its spread: by how much a value may still change

Bound = tuple[float | None, float | None]


def refit(
    expression: sympy.Expr | str,
    X: pd.DataFrame | pd.Series | ArrayLike,
    y: pd.Series | ArrayLike,
    start: Mapping[str, float] | None = None,
    *,
    sample_weight: ArrayLike | None = None,
    noise: str = "additive",
    y_error: ArrayLike | None = None,
    bounds: Mapping[str, Bound] | None = None,
    fixed: Mapping[str, float] | None = None,
    confidence: float = 0.95,
    n_starts: int = 32,
    random_state: int | None = None,
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
        that are no columns; numbers are then exact. Without such symbols its own floats are the constants, called c0,
        c1, ... in the order in which they are printed, and start from their values.
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
    noise : {"additive", "proportional", "poisson", "auto"}
        How the error of a row goes with the formula's value there: alike in all rows, in proportion to it, or to its
        root as that of counts, these two down to a floor that the rows show. Weights are taken at the values of the
        fit, which is repeated until they stay. "auto": the form that is likeliest for this formula, by a margin
        (`eqdarts.data.noise.likeliest`).
    y_error : float or array [n], optional
        The standard deviation of the error of y, of all rows or of each, which standard errors take at its word, as
        ``absolute_sigma=True`` of SciPy's `curve_fit`. It stands for `sample_weight` and `noise`.
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
    right, given = _sides(expression, X, y)
    table, errors = with_errors(given, noise, sample_weight, y_error)
    form, constants, known = _constants(right, table.names)
    _check_names(constants, start=start, bounds=bounds, fixed=fixed)
    held = {name: _number("fixed", name, value) for name, value in (fixed or {}).items()}
    form = form.xreplace({sympy.Symbol(name): exact(value) for name, value in held.items()})
    free = [k for k, c in enumerate(constants) if c.name not in held]
    constants, known = tuple(constants[k] for k in free), known[free]
    for k, c in enumerate(constants):
        if start is not None and c.name in start:
            known[k] = _number("start", c.name, start[c.name])
    lower, upper = _bounds(bounds or {}, constants)

    used = _used(form, table.names)
    check_finite_columns(table.X[:, used], [table.names[k] for k in used])
    counted = np.flatnonzero(np.ones(len(table)) if table.weights is None else table.weights)
    table = table.rows(counted)
    rows = table.select(used)
    if len(rows) < len(constants):
        raise InputDataError(
            f"{len(constants)} constants ({_listed(constants)}) and only {len(rows)} rows; "
            "fix constants or collect more rows"
        )
    with np.errstate(all="ignore"):
        try:
            model = Model(form, _symbols(rows), constants, rows, lower, upper)
        except ValueError as error:
            raise InputDataError(f"expression {str(expression)[:80]!r}: {error}") from error
        seed = 0 if random_state is None else random_state
        best = _in_form(model, known, int(n_starts), seed, errors)
        model, optimum, aside, fitted, rows = best.model, best.optimum, best.aside, best.fitted, best.rows
        missed = _missed_by_limits(fitted, rows, counted, aside)
        found = report(
            model, optimum, confidence=confidence, fixed=held, observations=len(model.rows), expression=fitted,
            noise=best.noise,
        )  # fmt: skip
        _warn(found)
        total = len(rows) if rows.weights is None else float(rows.weights.sum())
        scale = scale_of(rows)
        measure = Target.of(rows.y / scale, rows.weights)
        scaled, ratio = missed / scale, model.scale / scale
        loss = (found.rss + float(missed @ missed)) / total
        relative = float(measure.loss((optimum.loss * ratio**2 + float(scaled @ scaled)) / total))
        law = Equation(fitted, table.names, table.target, loss, relative, "refit", fit=found)
        return with_digits(law, replace(table, weights=rows.weights))


@dataclass(frozen=True, eq=False)
class _Best:
    """A formula fitted with noise of one form.

    Attributes
    ----------
    model : Model
        On the rows that are not put aside, with the weights of the noise.
    optimum : Optimum
    aside : bool array [n]
    fitted : sympy.Expr
        The formula with its constants.
    rows : Table
        All of them, with these weights.
    noise : Noise
    """

    model: Model
    optimum: Optimum
    aside: np.ndarray
    fitted: sympy.Expr
    rows: Table
    noise: Noise


def _in_form(model: Model, known: np.ndarray, n_starts: int, seed: int, noise: Noise) -> _Best:
    """The best fit with noise of this form, or of the one that is likeliest."""
    rows = model.rows
    if noise.form == AUTO:
        found = [_in_form(model, known, n_starts, seed, Noise(form)) for form in possible_forms(rows.y)]
        fits = [(f.noise, evaluate(f.fitted, rows.names, rows.X)) for f in found]
        return found[likeliest(fits, rows.y, rows.weights)]
    form, values = replace(noise, floor=least_value(rows.y) if noise.depends_on_law else 0.0), rows.y
    for step in range(_REWEIGHTED):
        weighed, noise = weighted(rows, form, values)
        on, optimum, aside = _optimum(model.on(weighed), known, n_starts if step == 0 else 1, seed)
        known = optimum.theta
        fitted = put_in(model.form, {c: sympy.Float(v) for c, v in zip(model.constants, known, strict=True)})
        if not noise.depends_on_law:
            break
        before, values = values, evaluate(fitted, rows.names, rows.X)
        settled = np.abs(values - before) <= _STAYS * noise.spreads(values)
        if not np.isfinite(values).all() or settled.all():
            break
        form = floored(form, rows.y, values, rows.weights)[0]
    return _Best(on, optimum, aside, fitted, weighed, noise)


def _optimum(model: Model, known: np.ndarray, n_starts: int, seed: int) -> tuple[Model, Optimum, np.ndarray]:
    """The best optimum, the model that has it, and the rows that were put aside (bool [n]).

    These are few, at which the formula is defined for no constants, as sin(w·x)/x is at 0.
    """
    rows = model.rows
    optimum = minimise(model, known, n_starts, np.random.default_rng(seed))
    aside = np.zeros(len(rows), dtype=bool)
    if optimum is None:
        aside = never_defined(model, known, np.random.default_rng(seed))
    if aside.any() and len(rows) - int(aside.sum()) >= len(model.constants):
        model = model.on(rows.rows(~aside))
        optimum = minimise(model, known, n_starts, np.random.default_rng(seed))
    if optimum is None:
        raise InputDataError(
            f"{model.form} is undefined on some rows at every start that was tried; "
            "give starting values at which it is defined, or drop those rows"
        )
    return model, optimum, aside


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
) -> Equation:
    """The same structure with constants for another table, in the equation's own columns and target."""
    table = pd.DataFrame(X, columns=list(equation.columns))
    if np.shape(y) != (len(table),):
        raise InputDataError(f"X has {len(table)} rows and y the shape {np.shape(y)}; give one value for each row")
    target = pd.Series(y, name=equation.target)
    new = refit(equation.expression, table, target, sample_weight=weights, noise=noise, y_error=y_error)
    return replace(new, genotype=equation.genotype)


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
            noise=training.noise,
        )
    return replace(equation, fit=found)


def _used(form: sympy.Expr, names: tuple[str, ...]) -> list[int]:
    """Places of the columns that stand in a formula."""
    return [k for k, name in enumerate(names) if sympy.Symbol(name) in form.free_symbols]


def _symbols(table: Table) -> tuple[sympy.Symbol, ...]:
    return tuple(sympy.Symbol(name) for name in table.names)


def _table(X: object, y: object) -> Table:
    """The table; an array of one dimension is a column."""
    if isinstance(X, list | tuple | np.ndarray) and np.ndim(X) == 1:
        X = np.reshape(X, (-1, 1))
    table, _ = given_table(X, y, least=1)
    return table


def _sides(expression: sympy.Expr | str, X: Any, y: Any) -> tuple[sympy.Expr, Table]:
    """The right-hand side and the table; a target without a name is called by the left-hand side.

    Columns of a table that do not stand in the formula may hold anything, and one of them may be the target: they are
    left out.
    """
    X, y = as_frame(X), as_series(y)
    if isinstance(X, pd.Series):
        X = X.to_frame("x1" if X.name is None else X.name)
    columns = as_words(X.columns) if isinstance(X, pd.DataFrame) else ()
    left, right = split_equation(expression) if isinstance(expression, str) else (None, expression)
    if left is not None and _name_of(left) != "y":
        y = _called(y, left, columns)
    if not isinstance(X, pd.DataFrame):
        given = _table(X, y)
        form = _expression(right, given.names)
        _check_sides(left, form, given.names)
        return form, given
    form = _expression(right, columns)
    _check_sides(left, form, columns)
    used = {s.name for s in form.free_symbols}
    target = as_words([y.name])[0] if isinstance(y, pd.Series) else None
    kept = [name in used or (name != target and is_numeric(X.iloc[:, k])) for k, name in enumerate(columns)]
    return form, _table(X.loc[:, kept], y)


def _check_sides(left: str | None, form: sympy.Expr, columns: tuple[str, ...]) -> None:
    """The target is no constant of its own equation."""
    name = None if left is None else _name_of(left)
    if name is not None and name not in columns and name in {s.name for s in form.free_symbols}:
        raise InputDataError(
            f"expression: {name!r} stands on both sides; solve for it first, or rename the constant that is called so"
        )


def _called(y: Any, left: str, columns: tuple[str, ...]) -> Any:
    """The target, which must be called so if it has a name."""
    name = _name_of(left)
    if isinstance(y, pd.Series) and y.name is not None:
        target = as_words([y.name])[0]
        if target not in (name, left):
            raise InputDataError(
                f"expression: {name!r} stands on the left, and the target is called {target!r}; write {target!r} or "
                "'y' there, or the right side only"
            )
        return y
    if name in columns or not (left != name or left.isidentifier()):
        raise InputDataError(f"expression: {name!r} stands on the left, which is no name of a target; write 'y' there")
    return pd.Series(np.asarray(y), name=name) if np.ndim(y) == 1 else y


def _name_of(text: str) -> str:
    """A name without its backticks."""
    quoted = len(text) > 2 and text.startswith("`") and text.endswith("`")
    return text[1:-1].replace("``", "`") if quoted else text


def _expression(expression: sympy.Expr | str, columns: tuple[str, ...]) -> sympy.Expr:
    with distribute(False):  # −0.001·(t − 1700000000), multiplied out, keeps few digits
        if isinstance(expression, str):
            return parse_expression(expression, columns)
        if isinstance(expression, sympy.Expr):
            return plain(expression)
    if isinstance(expression, (int, float)):
        return sympy.Float(expression)
    raise InputDataError(f"expression is a {type(expression).__name__}; give a SymPy expression or a string")


def _constants(
    expression: sympy.Expr, columns: tuple[str, ...]
) -> tuple[sympy.Expr, tuple[sympy.Symbol, ...], np.ndarray]:
    """The formula with symbols for its constants, these symbols, and what is known of their values [K] (or NaN)."""
    symbols = free_symbols(expression, columns)
    if symbols:
        return with_exact_numbers(expression), symbols, np.full(len(symbols), np.nan)
    return floats_as_symbols(expression, columns)


def _check_names(constants: tuple[sympy.Symbol, ...], **options: Mapping[str, object] | None) -> None:
    names = {c.name for c in constants}
    for option, given in options.items():
        if given is not None and not isinstance(given, Mapping):
            raise InputDataError(f"{option}={given!r}: expected a mapping from constants to values")
        unknown = [name for name in given or {} if name not in names]
        if unknown:
            raise InputDataError(
                f"{option}: {unknown[0]!r} is no constant of the formula; it has {_listed(constants) or 'none'}"
            )


def _number(option: str, name: str, value: object) -> float:
    try:
        number = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        number = np.nan
    if not np.isfinite(number):
        raise InputDataError(f"{option}: {name}={value!r} is not a finite number")
    return number


def _bounds(bounds: Mapping[str, Bound], constants: tuple[sympy.Symbol, ...]) -> tuple[np.ndarray, np.ndarray]:
    lower, upper = np.full(len(constants), -np.inf), np.full(len(constants), np.inf)
    for k, c in enumerate(constants):
        if c.name not in bounds:
            continue
        try:
            low, high = bounds[c.name]
            lower[k], upper[k] = -np.inf if low is None else float(low), np.inf if high is None else float(high)
        except (TypeError, ValueError) as error:
            raise InputDataError(f"bounds: {c.name}={bounds[c.name]!r}; expected (low, high)") from error
        if not lower[k] < upper[k]:
            raise InputDataError(f"bounds: {c.name}={bounds[c.name]!r}; the first must be less than the second")
    return lower, upper


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


def _listed(constants: tuple[sympy.Symbol, ...]) -> str:
    return ", ".join(c.name for c in constants)

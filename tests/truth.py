"""Every equation that a test fits, whatever it tests: what is printed of it, read back, predicts as `predict` does.

A plugin that `conftest` registers. It notes the equations of each fit in this process with a few of its rows, and looks
at them when the test is over. `str` has all digits, so that predictions are equal to rounding; `text()` and LaTeX have
those that are shown, so that they are those of the equation with each constant rounded to as many.
"""

import functools
import time

import numpy as np
import pytest
import sympy
from mpmath.libmp import to_str
from reading_latex import read_latex
from reading_numbers import in_any_range, value_and_error

import eqdarts.dynamics.fitting
import eqdarts.equation.refit
from eqdarts import DARTSClassifier, DARTSRegressor
from eqdarts.dimensions.writing import unit_latex
from eqdarts.equation.evaluation import evaluate
from eqdarts.formula.functions import BY_KIND
from eqdarts.formula.known import known_in
from eqdarts.formula.parsing import parse_expression

_ROWS = 3  # of each fit
_MOST = 40  # equations of a test: of those of a sweep or a long session the first
_SLACK = 1e3  # times the bound of rounding, as an order of terms or a division may be another

fitted = []
spent = {"seconds": 0.0, "equations": 0}


def note(equations, columns, X, labels=None):
    """Remember these equations with a few rows of X [n, d], and the labels of groups."""
    if len(fitted) >= _MOST:
        return
    places = np.unique(np.linspace(0, len(X) - 1, _ROWS).astype(int))
    some = np.array(X, dtype=float)[places]
    fitted.extend((e, columns, some, None if labels is None else [labels[k] for k in places]) for e in equations)


def check(equation, columns, X, labels=None):
    """Raise `AssertionError` if what is printed of an equation is not what it predicts on rows X [n, d]."""
    if _of_the_user(equation.expression):
        return
    own = equation.by_group
    predicted = equation.predict(X, groups=labels) if own is not None else equation.predict(X)
    names = (*columns, *(own.names if own is not None else ()))
    table = X if own is None else own.beside(X, labels)
    if own is None and equation.inner is not None:
        table = np.where(X / np.array(equation.units) == 0, 0.0, table)
    rows = dict(zip(names, table.T, strict=True))
    known = known_in(equation.expression)
    rows |= {name: np.full(len(table), one.number) for name, one in known.items()}
    used = [name for name in names if sympy.Symbol(name) in equation.expression.free_symbols] + list(known)
    names, table = tuple(rows), np.column_stack(list(rows.values()))
    digits = equation.digits or 4
    exact = parse_expression(str(equation), used, others=False, evaluate=False)
    _same(exact, predicted, names, table, rows, f"{equation!s} predicts otherwise")
    meant = _rounded(equation.expression, digits)
    shown, _ = value_and_error(meant, rows)
    if not np.isfinite(shown).all():
        shown = np.where(np.isfinite(shown), shown, in_any_range(meant, rows))
    read = parse_expression(equation.text(), used, others=False, evaluate=False)
    _same(read, shown, names, table, rows, f"{equation.text()} is not {equation!s} with {digits} digits")
    if equation.composed is None:
        latex = _without_units(equation.latex(), equation.constant_units)
        _same(read_latex(latex, used), shown, names, table, rows, f"{latex} is not {equation!s} with {digits} digits")
    else:
        whole = equation.composed.expression
        _same(whole, predicted, names, table, rows, f"{equation.parts_text(17)} is not {equation!s}")


def _of_the_user(expression):
    """Has it a function that came with an operation of the user's own, which no reader can know?"""
    return any(type(function) not in BY_KIND for function in expression.atoms(sympy.Function))


def _rounded(expression, digits):
    return expression.xreplace({f: _number(f, digits) for f in expression.atoms(sympy.Float)})


def _number(number, digits):
    """Rounded as Python does it, and beyond the doubles as mpmath does."""
    value = float(f"{float(number):.{digits}g}")
    ordinary = np.isfinite(value) and abs(value) > 2.3e-308
    return sympy.Float(f"{float(number):.{digits}g}" if ordinary else to_str(number._mpf_, digits))


def _without_units(latex, units):
    for unit in set(map(unit_latex, (units or {}).values())):
        latex = latex.replace(rf"\,{unit}", "")
    return latex


def _same(read, wanted, names, table, rows, message):
    """Equal to rounding; where doubles are no judge, by numbers of any exponent, and at a limit by the library's."""
    value, error = value_and_error(read, rows)
    with np.errstate(all="ignore"):
        allowed = 1e-12 * abs(wanted) + np.where(np.isfinite(error), _SLACK * error, 0.0)
        wrong = np.isfinite(wanted) & ~(abs(value - wanted) <= allowed)
        undefined = ~np.isfinite(value)
        if wrong.any():
            wide = in_any_range(read, rows)
            value = np.where(wrong & np.isfinite(wide), wide, value)
            wrong &= ~(abs(value - wanted) <= allowed)
        if wrong.any() and undefined[wrong].all():
            limit = evaluate(read, names, table)
            wrong &= ~np.isclose(limit, wanted, rtol=1e-6, atol=0) & (np.isfinite(value) | np.isfinite(limit))
    assert not wrong.any(), f"{message}: {value[wrong]} instead of {np.asarray(wanted)[wrong]} (±{error[wrong]})"


def _noting(owner, name, what):
    """Have `what` look at the result and the arguments of a function from now on."""
    made = getattr(owner, name)

    @functools.wraps(made)
    def noted(*args, **kwargs):
        result = made(*args, **kwargs)
        what(result, *args)
        return result

    setattr(owner, name, noted)


def _search(_, model, kept, *more):
    table, groups = kept.training.table, kept.groups
    labels = None if groups is None else [groups.labels[g] for g in groups.place]
    note(kept.front, table.names, table.X, labels)


def _classes(_, model, rows, labels, searches, front):
    note([equation for scores in front for equation in scores.equations], rows.names, rows.X)


def _law(equation, given, table):
    note([equation], table.names, table.X)


def _flow(law, *given):
    X = np.random.default_rng(0).uniform(0.5, 1.5, (_ROWS, len(law.system.columns)))
    note(law.equations.values(), law.system.columns, X)


def pytest_configure(config):
    _noting(DARTSRegressor, "_store", _search)
    _noting(DARTSClassifier, "_store", _classes)
    _noting(eqdarts.equation.refit, "with_digits", _law)
    _noting(eqdarts.dynamics.fitting, "of_flow", _flow)


@pytest.fixture(autouse=True)
def printed_is_what_predicts():
    """Fits of fixtures that were made before count for the test that made them."""
    yield
    start = time.process_time()
    try:
        for one in fitted:
            spent["equations"] += 1
            check(*one)
    finally:
        fitted.clear()
        spent["seconds"] += time.process_time() - start


def pytest_terminal_summary(terminalreporter):
    if spent["equations"]:
        line = f"{spent['equations']} equations read back in {spent['seconds']:.1f} s of the processor"
        terminalreporter.write_line(line)

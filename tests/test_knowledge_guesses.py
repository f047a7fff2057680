"""Starting equations: read, refused, fitted, changed, and on the front."""

import numpy as np
import pandas as pd
import pytest
import sympy

from eqdarts import DARTSRegressor, InputDataError, SearchWarning, parse_expression
from eqdarts.data.table import Table
from eqdarts.knowledge.guesses import fitted_guess, read_guess
from eqdarts.search.guesses import changes

COLUMNS = ("c", "flow rate", "x1")


@pytest.mark.parametrize(
    ("text", "expected"),
    [("v*c/(K + c)", "c*v/(K + c)"), ("rate = v*c", "c*v"), ("y = v*c", "c*v"), ("a*`flow rate`**2", "a*flow rate**2")],
)
def test_a_guess_is_read(text, expected):
    assert str(read_guess(text, COLUMNS, "rate")) == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("v*x2 + c", "has x2, which is no column; the columns are 'c', 'flow rate', 'x1'"),
        ("a*flow_rate*c", "has flow_rate, which is no column"),
        ("a*b", "has none of the columns"),
        ("a*c*x7", "has x7, which is no column"),
        ("a*c*`flow rat`", "has flow rat, which is no column; did you mean 'flow rate'"),
        ("a*c + rate", "has the target 'rate' on the right"),
        ("speed = a*c", "is one of 'speed', and the target is 'rate'"),
        ("a*c +", "guesses: 'a\\*c \\+': expression"),
        ("__import__('os')", "is not part of a formula"),
    ],
)
def test_what_is_wrong_with_a_guess_is_said(text, message):
    with pytest.raises(InputDataError, match=message):
        read_guess(text, COLUMNS, "rate")


@pytest.mark.parametrize("guesses", ["a*x1", 3, [3]])
def test_an_option_that_holds_no_texts_is_refused(guesses):
    with pytest.raises(InputDataError, match="guesses"):
        DARTSRegressor(guesses=guesses).fit(np.ones((5, 1)), np.arange(5.0))


def test_a_guess_is_refused_before_the_search():
    called = []
    X = pd.DataFrame({"x1": np.arange(9.0), "x2": np.arange(9.0) ** 2})
    for options, message in (
        ({"guesses": ["a*x9"]}, "x9, which is no column"),
        ({"guesses": ["a*x1"], "constraints": {"never": ["x1"]}}, "'x1', which constraints name in never"),
        ({"guesses": ["log(x1 - 20)*a*x2"]}, "undefined"),
        ({"guesses": ["a*x1"], "loss": "absolute"}, "guesses=.* they need loss='squared'"),
        ({"guesses": ["a*x1"], "template": "a*x1 + f(x2)"}, "guesses=.* they do not reach into a template"),
        ({"constants": {"R": 8.3}, "loss": "absolute"}, "constants=.* they need loss='squared'"),
    ):
        model = DARTSRegressor(**options, max_epochs=1, callback=called.append, random_state=0, verbose=0)
        with pytest.raises(InputDataError, match=message):
            model.fit(X, X.x1.to_numpy() * 2)
    assert not called


def test_a_guess_is_fitted():
    c = np.linspace(0.2, 9, 23)
    law = fitted_guess("rate = v*c/(K + c)", Table(c[:, None], 7.3 * c / (1.9 + c), ("c",), "rate"))
    assert sorted(float(number) for number in law.expression.atoms(sympy.Float)) == pytest.approx([1.9, 7.3])


def test_a_misspelt_column_is_mentioned():
    c = np.linspace(0.2, 9, 23)
    with pytest.warns(SearchWarning, match="do not determine a, conc, which count as constants; the columns are 'c'"):
        fitted_guess("a*c/conc", Table(c[:, None], 7.3 * c + np.sin(c), ("c",), "rate"))


def test_changes_hold_what_guesses_lack():
    x, z = sympy.symbols("x z")
    found = {str(one) for one in changes(2.5 * x / (1.5 + x), (z,))}
    for wanted in ("2.5*x*z**0.5/(x + 1.5)", "2.5*x/(x + 1.5) + 0.1*z", "2.5*x/(x + 0.15*z + 1.5)"):
        assert wanted in found or any(
            sympy.simplify(parse_expression(wanted) - parse_expression(one)) == 0 for one in found
        )


def inhibited(noise, **options):
    """A law whose guess lacks the dependence of one constant on a column, found from there."""
    rng = np.random.default_rng(0)
    X = pd.DataFrame({"c": rng.uniform(0.2, 12, 40), "i": rng.uniform(0, 6, 40)})
    clean = 7.3 * X.c / (1.9 * (1 + X.i / 2.6) + X.c)
    y = (clean + noise * rng.normal(size=40)).rename("rate")
    model = DARTSRegressor(
        guesses=["v*c/(K + c)"], max_epochs=1, max_time=None, random_state=0, n_jobs=1, verbose=0, **options
    )
    return model.fit(X, y)


@pytest.fixture(scope="module")
def continued():
    return inhibited(0.0, replicas=16, links=["identity"], proposers=["monomials"])


@pytest.mark.slow
def test_what_the_guess_lacked_is_found_in_noise():
    model = inhibited(0.05)
    assert model.select(form="a*c/(b + k*i + c)").selected_ == model.select().best_index_


def test_what_the_guess_lacked_is_found(continued):
    best = continued.best_index_
    assert continued.equations_.origin[best] == "guess, changed"
    assert continued.select(form="a*c/(b + k*i + c)").selected_ == best
    continued.select()


def test_guesses_are_saved(continued, tmp_path):
    continued.save(tmp_path / "model.json")
    assert list(DARTSRegressor.load(tmp_path / "model.json").guesses) == ["v*c/(K + c)"]


@pytest.mark.parametrize("option", [{"guesses": ["a*x1"]}, {"constants": {"R": 8.3}}])
def test_constants_by_group_take_neither(option):
    with pytest.raises(InputDataError, match="not for constants by group"):
        DARTSRegressor(**option, max_epochs=1, verbose=0).fit(np.ones((6, 1)), np.arange(6.0), groups=list("aaabbb"))

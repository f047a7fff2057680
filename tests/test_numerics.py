"""Columns that arithmetic finds hard, a test of each kind: the law is found, and all that is said of it agrees."""

import tempfile
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st

from eqdarts import DARTSRegressor, SearchWarning
from eqdarts.formula.parsing import parse_expression
from eqdarts.simplify.form import form_of

N = 60
RNG = np.random.default_rng(0)
A, B = RNG.uniform(0.5, 3, (2, N))
NOISE = RNG.normal(size=N)
OPTIONS = {"max_epochs": 3, "replicas": 96, "max_time": None, "random_state": 0, "verbose": 0, "n_jobs": 1}


def fitted(columns, y, **options):
    return DARTSRegressor(**{**OPTIONS, **options}).fit(pd.DataFrame(columns), pd.Series(np.asarray(y), name="y"))


def check(model, columns, y, law, precision=1e-12):
    """The law has this form; predictions are right to a share of the spread of y, and the same by every other way."""
    X = pd.DataFrame(columns)
    expected = form_of(parse_expression(law, list(X)), tuple(X))
    assert form_of(model.sympy(), tuple(X)) == expected, str(model.sympy())
    found, size = model.predict(X), np.abs(np.asarray(y, dtype=float)).max()
    assert np.isfinite(found).all()
    away = np.abs(found / size - np.asarray(y, dtype=float) / size)
    assert np.median(away) <= precision * np.std(np.asarray(y, dtype=float) / size)
    with tempfile.TemporaryDirectory() as folder:
        model.save(Path(folder, "model.json"))
        again = DARTSRegressor.load(Path(folder, "model.json"))
    np.testing.assert_array_equal(again.predict(X), found)
    assert str(again) == str(model)
    in_full = sympy.lambdify([sympy.Symbol(name) for name in X], model.sympy(), "mpmath")
    for k in (0, N // 2) if len(X) == N else (0,):
        row = [sympy.Float(float(value), 30)._to_mpmath(100) for value in X.iloc[k]]
        assert float(in_full(*row) / float(size)) == pytest.approx(found[k] / size, rel=1e-9, abs=1e-12)
    assert model.latex().startswith("y = ")
    assert np.isfinite(model.equations_["r2"]).all()


THIRDS = {"a": np.choose(np.arange(N) % 3, [1.0, 2, 5]), "b": np.repeat([1.0, 2, 5], N // 3)}
TINY_ONES = {"a": np.where(A < 1, 5e-324, A), "b": B}
LONG = (10 * A).astype(int)

#: Columns, target, law, and what predictions may miss as a share of the spread of y.
KINDS = {
    "a column and almost the same": ({"a": A, "d": A * (1 + 1e-12 * NOISE), "b": B}, 2.5 * A**2 / B, "a**2/b", 1e-9),
    "the same column twice": ({"a": A, "d": A, "b": B}, 2.5 * A**2 / B, "a**2/b", 1e-12),
    "the sum of two others": ({"a": A, "b": B, "s": A + B}, 2.5 * A**2 / B, "a**2/b", 1e-12),
    "a target far from zero": ({"a": A, "b": B}, 1e12 + 2.5 * A**2 / B, "a**2/b + 1.5", 1e-3),
    "a column far from zero": ({"a": A + 1e12}, 1e12 + 2 * A**2, "(a - 1000000000000)**2 + 1.5", 1e-3),
    "both far from zero": ({"a": A + 1e12, "b": B}, 1e12 + 2 * A, "2*a - 1.5", 1e-3),
    "three values each": (THIRDS, 2 * THIRDS["a"] / THIRDS["b"], "a/b", 1e-12),
    "five rows": ({"a": A[:5]}, 2 * A[:5] ** 2, "a**2", 1e-12),
    "five rows of two columns": ({"a": A[:5], "b": B[:5]}, 2.5 * A[:5] ** 2 / B[:5], "a**2/b", 1e-12),
    "one column": ({"a": A}, np.exp(-A), "exp(-a)", 1e-12),
    "a segment where a column is constant": ({"a": np.maximum(A, 1.5), "b": B}, np.maximum(A, 1.5) * B, "a*b", 1e-12),
    "a segment where the target is constant": ({"a": A}, np.maximum(A - 1, 0) * 1.5 + 2, "Max(1, a) + 1.5", 1e-9),
    "yes and no": ({"a": A > 1.5, "b": B}, np.where(A > 1.5, 2.0, 1.0) * B, "a*b + b", 1e-12),
    "zeros of both signs": ({"a": np.where(A > 1, A, -0.0), "b": B}, np.where(A > 1, A, 0.0) ** 2 * B, "a**2*b", 1e-12),
    "some values below the normal doubles": (TINY_ONES, np.where(A < 1, 0, A**2 / B), "a**2/b", 1e-12),
    "integers beyond the doubles": ({"a": LONG.astype(object) * 10**25}, 3 * LONG, "a", 1e-12),
}  # fmt: skip


LONG_ONES = ("a segment where the target is constant", "a column far from zero")


@pytest.mark.parametrize("kind", [pytest.param(kind, marks=[pytest.mark.slow] * (kind in LONG_ONES)) for kind in KINDS])
def test_the_law_is_found(kind):
    columns, y, law, precision = KINDS[kind]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SearchWarning)
        check(fitted(columns, y), columns, y, law, precision)


@settings(max_examples=6)
@given(st.integers(-300, 300), st.integers(-300, 300), st.integers(-300, 300))
def test_sizes_of_columns_and_target_do_not_matter(a, b, y):
    columns = {"a": A * 10.0**a, "b": B * 10.0**b}
    target = 2.5 * A**2 / B * 10.0**y
    check(fitted(columns, target), columns, target, "a**2/b")


@pytest.mark.parametrize("sizes", [(1e-300, 1.0, 1e300), (1e250, 1e-250, 1e-200)])
def test_sizes_do_not_matter_with_noise(sizes):
    columns = {"a": A * sizes[0], "b": B * sizes[1]}
    y = 2.5 * A**2 / B * (1 + 0.01 * NOISE) * sizes[2]
    model = fitted(columns, y, max_epochs=2)
    check(model, columns, y, "a**2/b", 0.02)
    X = pd.DataFrame(columns)
    assert not model.extrapolation(X)["outside_range"].any()
    assert model.score(X, y) > 0.99


@pytest.mark.parametrize("loss", ["huber", "absolute"])
def test_outliers_do_not_hide_a_law_from_robust_losses(loss):
    columns, y = {"a": A, "b": B}, 2.5 * A**2 / B + 0.02 * NOISE
    clean = y.copy()
    y[[3, 17, 40]] += [8.0, -9.0, 12.0]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SearchWarning)
        model = fitted(columns, y, loss=loss, max_epochs=2)
    assert form_of(model.sympy(), ("a", "b")) == form_of(parse_expression("a**2/b", ["a", "b"]), ("a", "b"))
    assert np.abs(model.predict(pd.DataFrame(columns)) - clean).max() < 0.1


@pytest.mark.parametrize(
    "kind", ["columns from 1e-300 to 1e300", "a target from 1e-300 to 1e300", "a value of 1.7e308"]
)
def test_what_no_law_is_found_of_is_still_a_model(kind):
    """The search does not end by an error, and all numbers that it gives are numbers."""
    t = np.linspace(-300, 300, N)
    X = pd.DataFrame({"a": 10.0**t if kind.startswith("columns") else np.where(np.arange(N) < N - 1, A, 1.7e308)})
    y = t if kind.startswith("columns") else A
    if kind.startswith("a target"):
        X, y = pd.DataFrame({"a": t}), 10.0**t
    model = fitted(X, y, max_epochs=2)
    assert model.stop_reason_ != "error"
    assert np.isfinite(model.predict(X)).all()
    assert model.latex()

"""Losses are shares of the variance of y, beyond what doubles of its size can say."""

import numpy as np
import pandas as pd
import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st

from eqdarts import DARTSRegressor
from eqdarts.data.table import Table
from eqdarts.data.zero import LADDER, Target, fitted_below, stored
from eqdarts.fit.formula import compile_template, fit_constants, template
from eqdarts.fit.stream import Task, fit_streaming

N = 60


def values(seed=0):
    return np.random.default_rng(seed).normal(size=N)


@given(st.floats(-1e9, 1e9), st.integers(-25, 25))
def test_offset_and_scale_leave_a_loss_as_it_is(offset, power):
    y, scale = values(), 10.0**power
    target = Target.of(scale * (y + offset))
    assert target.loss(scale**2 * 0.01) == pytest.approx(0.01 / y.var(), rel=1e-4)


@given(st.floats(0, 1e14), st.integers(-25, 25))
def test_the_order_of_operations_is_no_loss(offset, power):
    y, scale = values() + offset, 10.0**power
    first, second = scale * y, (y * 3.0) * (scale / 3.0)
    assert Target.of(first).loss(np.mean((first - second) ** 2)) < LADDER.exact


def test_what_is_larger_than_rounding_is_a_loss():
    y = values() + 1e11
    target = Target.of(y)
    assert target.loss(np.mean((30 * np.spacing(y)) ** 2)) > LADDER.exact
    assert target.loss(np.array([np.inf, 0.0])).tolist() == [np.inf, 0.0]


def test_weights_count_and_constant_targets_have_their_own_size():
    y, weights = values(), np.random.default_rng(1).integers(1, 4, N).astype(float)
    repeated = Target.of(np.repeat(y, weights.astype(int)))
    assert Target.of(y, weights).variance == pytest.approx(repeated.variance)
    assert Target.of(y, weights).rounding == pytest.approx(repeated.rounding)
    assert Target.of(np.full(5, -3.0)).variance == 9.0
    assert Target.of(np.zeros(5)).variance == 1.0


@pytest.mark.parametrize("offset", [0.0, 1e6, 1e11])
def test_a_loss_in_memory_is_the_loss_over_chunks(offset):
    x = sympy.Symbol("x")
    column = np.random.default_rng(2).uniform(1, 5, N)
    y = offset + 3 * column + 0.1 * values(3)
    form = template(sympy.Float(2.5) * x + sympy.Float(offset + 0.3), (x,))
    code = compile_template(form)
    task = Task(code, np.array([0]), np.ones(1), 1.0, form.values, linear=True)
    source = Table(column[:, None], y, ("x",))
    (streamed,) = fit_streaming([task], source, passes=6)
    whole = fit_constants(code, form.values, Table(column[:, None], y))
    assert streamed.relative_loss == pytest.approx(whole.loss, rel=1e-3)
    assert streamed.relative_loss == pytest.approx(0.01 * values(3).var() / np.var(y), rel=0.2)


@pytest.mark.parametrize(
    ("law", "found"),
    [
        (lambda a, b: 1e11 + 3 * a * b, "3*a*b + 100000000000.0"),
        (lambda a, b: -4e9 + 7 * a, "7*a - 4000000000.0"),
        (lambda a, b: 1e30 * (5 + a * b), "1.0e+30*a*b + 5.0e+30"),
    ],
)
def test_laws_beside_a_large_offset_and_of_large_size_are_found(law, found):
    a, b = np.random.default_rng(4).uniform(1, 5, (2, 80))
    table = pd.DataFrame({"a": a, "b": b})
    model = DARTSRegressor(max_epochs=4, max_time=None, random_state=0, n_jobs=1, verbose=0).fit(table, law(a, b))
    assert str(model.sympy()) == found
    assert model.stop_reason_ == "exact"
    assert model.score(table, law(a, b)) == pytest.approx(1.0, abs=1e-9)


def test_the_rungs_stand_in_order():
    rungs = list(vars(LADDER).values())
    assert rungs == sorted(rungs)
    assert LADDER.term**2 == pytest.approx(LADDER.exact)


@given(st.floats(-1e12, 1e12))
def test_a_fit_is_done_before_it_meets_what_arithmetic_leaves(offset):
    y = values() + offset
    assert np.mean(stored(y)) < Target.of(y).rounding
    done = fitted_below(np.stack([y, 2.0 * y]), LADDER.converged)
    np.testing.assert_allclose(done, [fitted_below(y, LADDER.converged), 4.0 * done[0]])
    assert Target.of(y).loss(done[0]) <= LADDER.converged

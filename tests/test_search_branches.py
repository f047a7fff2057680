"""Columns that lie far from zero are also searched from a round number just below their values."""

import numpy as np
import pandas as pd
import pytest
import sympy

from eqdarts import DARTSRegressor, refit
from eqdarts.equation.equation import Equation
from eqdarts.search.branches import origins_of

SECONDS = 1.7e9 + 60.0 * np.arange(60)
COOLING = 300 + 40 * np.exp(-(SECONDS - 1.7e9) / 900)


@pytest.mark.parametrize(
    ("column", "origin"),
    [
        (SECONDS, 1.7e9),
        (np.arange(1950.0, 2021.0), 1950.0),
        (273.15 + np.linspace(0, 3, 31), 273.0),
        (1420.1 + np.linspace(0, 0.6, 31), 1420.0),
        (5.1234 + np.linspace(0, 0.004, 31), 5.123),
        (-1e6 - np.linspace(0, 5, 31), -1000005.0),
        (np.linspace(1, 100, 31), 0.0),
        (np.linspace(-1e9, 1e9, 31), 0.0),
        (np.full(31, 7.0), 0.0),
    ],
)
def test_the_origin_is_a_round_number_below_a_column_that_is_far_from_zero(column, origin):
    assert origins_of(column[:, None]).tolist() == [origin]


@pytest.fixture(scope="module")
def cooling():
    model = DARTSRegressor(
        max_epochs=12, max_time=None, random_state=0, verbose=0, n_jobs=1, operations=("zero", "linear", "exp")
    )
    return model.fit(pd.DataFrame({"t": SECONDS}), COOLING)


def test_a_law_of_dates_is_found_and_is_exact(cooling):
    assert cooling.stop_reason_ == "exact"
    law = cooling.front_[cooling.best_index_]
    assert law.origin.startswith("shifted, ")
    assert law.relative_loss < 1e-24
    t = sympy.Symbol("t")
    np.testing.assert_allclose(float(law.expression.diff(t).subs(t, 1_700_000_000)), -40 / 900, rtol=1e-12)
    assert law.genotype.inputs == ("t - 1700000000",)


def test_what_is_shown_of_it_is_not_multiplied_out(cooling):
    assert "(t - 1700000000)" in str(cooling.front_[cooling.best_index_])
    assert "0.001111 " in cooling.latex()


def test_it_keeps_its_digits_when_it_is_saved_and_when_it_is_fitted_again(cooling):
    table, law = pd.DataFrame({"t": SECONDS}), cooling.equation()
    np.testing.assert_array_equal(Equation.from_json(law.to_json()).predict(table), law.predict(table))
    again = cooling.refit(table, 300 + 40 * np.exp(-(SECONDS - 1.7e9) / 950))
    assert again.relative_loss < 1e-20
    text = refit("300 + 40*exp(-0.0012*(t - 1700000000))", table, COOLING)
    assert text.relative_loss < 1e-20


def test_it_stays_together_when_a_large_table_refits_it():
    """A law of 10,400 dates: the refit to all rows multiplies nothing out."""
    seconds = 1.7e9 + 0.5 * np.arange(10_400)
    law = 300.0 + 40.0 * np.exp(-(seconds - 1.7e9) / 900.0)
    model = DARTSRegressor(
        max_epochs=12, max_time=None, random_state=0, verbose=0, n_jobs=1, operations=("zero", "linear", "exp")
    ).fit(pd.DataFrame({"t": seconds}), law)
    assert model.front_[model.best_index_].relative_loss < 1e-20
    assert "(t - 1700000000)" in str(model.front_[model.best_index_])

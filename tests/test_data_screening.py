"""Wide tables lose the columns that do not matter, and keep those that matter only together."""

import numpy as np
import pandas as pd
import pytest

from eqdarts import DARTSRegressor, InputDataError, SearchWarning
from eqdarts.data.screening import screen

LAWS = {
    "linear": lambda a, b, c: 2 * a - b + c / 2,
    "product": lambda a, b, c: a * b * c,
    "product beside a strong term": lambda a, b, c: a * b / 2 + 4 * c,
    "ratio": lambda a, b, c: a * b / (c * c + 1),
    "sine of a product": lambda a, b, c: np.sin(a * b) + c,
    "distance": lambda a, b, c: np.sqrt((a - b) ** 2 + c * c),
}


@pytest.mark.parametrize("law", LAWS.values(), ids=LAWS)
@pytest.mark.parametrize("draw", [lambda g, s: g.normal(size=s), lambda g, s: g.uniform(-2, 2, s)], ids=("n", "u"))
def test_keeps_the_columns_of_the_law(law, draw):
    """Both draws are centred at zero, where a product is correlated with none of its factors."""
    rng = np.random.default_rng(11)
    X = draw(rng, (600, 211))
    relevant = rng.choice(211, 3, replace=False)
    y = law(*X[:, relevant].T)
    kept = screen(X, y + 0.1 * y.std() * rng.normal(size=600), 13, rng)
    assert set(relevant) <= set(kept)
    assert 7 <= len(kept) <= 13
    assert (np.diff(kept) > 0).all()


def test_copies_of_a_strong_column_do_not_crowd_out_a_weak_one():
    rng = np.random.default_rng(3)
    X = rng.normal(size=(500, 83))
    X[:, 10:60] = X[:, :1] + 0.05 * rng.normal(size=(500, 50))
    assert {0, 71} <= set(screen(X, 5 * X[:, 0] + X[:, 71], 7, rng))


def test_monotone_units_do_not_matter_and_equal_seeds_give_equal_columns():
    rng = np.random.default_rng(5)
    X = rng.uniform(1, 3, (300, 97))
    y = X[:, 5] / X[:, 50]
    first, again, other = (screen(Z, y, 11, np.random.default_rng(7)) for Z in (X, X, X**3))
    np.testing.assert_array_equal(first, again)
    np.testing.assert_array_equal(first, other)


def test_columns_of_few_values_are_no_trouble():
    rng = np.random.default_rng(9)
    X = rng.integers(0, 2, (400, 61)).astype(float)
    assert {4, 40} <= set(screen(X, X[:, 4] * (1 - X[:, 40]), 5, rng))


def test_narrow_tables_keep_all():
    X = np.random.default_rng(0).normal(size=(20, 7))
    np.testing.assert_array_equal(screen(X, X[:, 0], 7, np.random.default_rng(0)), np.arange(7))


def wide(columns=41):
    rng = np.random.default_rng(1)
    X = pd.DataFrame(rng.uniform(1, 3, (200, columns)), columns=[f"z{k}" for k in range(columns)])
    return X.rename(columns={"z3": "m", "z17": "r"}), (X.z3 / X.z17**2).rename("F")


def test_the_estimator_searches_the_kept_columns_and_predicts_from_all(tmp_path):
    X, y = wide()
    model = DARTSRegressor(max_columns=5, max_epochs=20, replicas=256, max_nodes=2, verbose=0, random_state=0)
    with pytest.warns(SearchWarning, match=r"3 most promising of 41 columns, .*'m'.*'r'.*; the other 38 are left out"):
        model.fit(X, y)
    assert str(model.sympy()) == "m/r**2"
    assert len(model.screened_columns_) == 3
    assert {"m", "r"} <= set(model.screened_columns_)
    assert model.score(X, y) == pytest.approx(1.0)
    assert model.n_features_in_ == 41
    model.save(tmp_path / "model.json")
    again = DARTSRegressor.load(tmp_path / "model.json")
    assert again.screened_columns_ == model.screened_columns_
    np.testing.assert_array_equal(again.predict(X), model.predict(X))


def test_the_screening_can_be_turned_off_and_constants_do_not_count():
    X, y = wide(19)
    options = {"max_epochs": 1, "replicas": 16, "max_nodes": 1, "verbose": 0, "random_state": 0}
    assert len(DARTSRegressor(max_columns=None, **options).fit(*wide(23)).screened_columns_) == 23
    with pytest.warns(SearchWarning, match="left out the constant column 'g'"):
        model = DARTSRegressor(max_columns=19, **options).fit(X.assign(g=1.0), y)
    assert model.screened_columns_ == tuple(X)


def test_the_option_is_checked():
    X, y = wide(19)
    for bad in (0, 2.5, "many"):
        with pytest.raises(InputDataError, match="max_columns"):
            DARTSRegressor(max_columns=bad).fit(X, y)


def test_without_time_the_first_look_decides():
    """No trees are grown then, and few rows looked at: a column and a product of early ones are found all the same."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(1500, 300))
    y = 3 * X[:, 5] + X[:, 7] * X[:, 42]

    class Unasked:
        """A generator that draws the rows and nothing else."""

        choice = staticmethod(lambda n, size, replace: np.arange(size))

    kept = screen(X, y, 20, Unasked(), deadline=-np.inf)
    assert {5, 7, 42} <= set(kept.tolist())
    assert len(kept) >= 10

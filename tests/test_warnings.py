"""What a model of each kind says of its limits: domain, range, convergence, rivals, wild rows."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import sympy
from ready_searches import ReadySearch

import eqdarts.classes.likelihood as likelihood
import eqdarts.classifier
import eqdarts.equation.group_refit as group_refit
from eqdarts import DARTSClassifier, DARTSRegressor, InputDataError, SearchWarning, refit
from eqdarts.classes.selection import doubted
from eqdarts.data.groups import given_groups
from eqdarts.data.kept import keep
from eqdarts.data.table import Table
from eqdarts.equation.extrapolation import extrapolation_in_groups
from eqdarts.equation.front import Front

RNG = np.random.default_rng(0)
X = pd.DataFrame({"a": RNG.uniform(1, 4, 40), "b": RNG.uniform(1, 4, 40)})
A, NOISE = X.a.to_numpy(), RNG.normal(size=40)
NEW = pd.DataFrame({"a": [2.0, -1.0, 3.0], "b": [2.0, 2.0, 9.0]})
TINY = {
    "max_epochs": 1, "replicas": 16, "max_nodes": 1, "max_time": None, "random_state": 0, "verbose": 0, "n_jobs": 1,
    "links": ["identity"],
}  # fmt: skip


def with_log(model):
    """A model whose chosen equation is log(a) times a constant, as one of the kind could be."""
    a = sympy.Symbol("a")
    equations = [
        replace(e, expression=2 * sympy.log(a), inner=None, fit=None, units=(), target_unit=1.0) for e in model.front_
    ]
    model.front_ = Front(tuple(equations), model.front_.rows)
    return model


@pytest.fixture(scope="module")
def kinds():
    """One fit of each kind, as short as can be."""
    line = 2 * A + 0.05 * NOISE
    outputs = pd.DataFrame({"p": line, "q": line - X.b.to_numpy()})
    return {
        "one output": DARTSRegressor(**TINY).fit(X, line),
        "absolute": DARTSRegressor(loss="absolute", **TINY).fit(X, line),
        "two outputs": DARTSRegressor(**TINY).fit(X, outputs),
        "one structure": DARTSRegressor(shared="graph", **TINY).fit(X, outputs),
    }


KINDS = ["one output", "absolute", "two outputs", "one structure"]


@pytest.mark.parametrize("kind", KINDS)
def test_a_prediction_out_of_the_domain_is_no_number_and_said(kinds, kind):
    for one in kinds[kind].outputs_:
        found = with_log(one)
        with pytest.warns(SearchWarning, match=r"not defined on 1 of 3 rows \(first: row 1\)"):
            assert np.isnan(found.predict(NEW)).tolist() == [False, True, False]
    with pytest.warns(SearchWarning, match="not defined on 1 of 3 rows"):
        assert np.isnan(np.atleast_2d(kinds[kind].predict(NEW).T)).all(axis=0).tolist() == [False, True, False]
    y = np.zeros((3, len(kinds[kind].outputs_))).squeeze()
    with pytest.warns(SearchWarning), pytest.raises(InputDataError, match=r"score: .*not defined on 1 of 3 rows"):
        kinds[kind].score(NEW, y)


@pytest.mark.parametrize("kind", KINDS)
def test_rows_beyond_the_training_rows_are_flagged(kinds, kind):
    for one in kinds[kind].outputs_:
        found = one.extrapolation(NEW.iloc[1:])
        assert found["flagged"].tolist()[0]
        assert "a" in found["columns"].iloc[0]


@pytest.mark.parametrize("kind", KINDS)
def test_rivals_have_probabilities(kinds, kind):
    for one in kinds[kind].outputs_:
        assert 0 < one.rivals_["probability"].sum() <= 1 + 1e-9


def test_a_pole_within_the_range_is_said_and_infinite_only_there():
    law = refit("k/(a - 2.5)", X, 3 / (A - 2.5), n_starts=1)
    assert law.domain()
    assert np.isfinite(law.predict(X)).all()
    assert not np.isfinite(law.predict(pd.DataFrame({"a": [2.5], "b": [1.0]}))).any()


def groups(spread):
    """A line whose slope is a group's own; the second group was seen on a short range only."""
    label = np.repeat(["u", "v"], 12)
    a = np.concatenate([np.linspace(0, 4, 12), np.linspace(1, 1 + spread, 12)])
    table = pd.DataFrame({"a": a})
    return table, np.where(label == "u", 2.0, 5.0) * a + 0.01 * NOISE[:24], label


def test_in_groups_rows_are_held_against_those_of_their_own_group():
    table, y, label = groups(1.0)
    law = refit("k*a", table, y, groups=label)
    rows = Table(table.to_numpy(), y, ("a",), "y")
    known, training, at = given_groups(label, 24), keep(rows, 24), np.array([[3.0], [3.0], [1.5]])
    found = extrapolation_in_groups(at, ["u", "v", "v"], Front((law,)), law, training, known, 3.0)
    assert found["outside_range"].tolist() == [False, True, False]
    assert found["flagged"].tolist() == [False, True, False]
    every = extrapolation_in_groups(at, ["u", "v", "v"], Front((law,)), law, training, None, 3.0)
    assert not every["outside_range"].any()


def test_in_groups_constants_that_run_away_are_said(monkeypatch):
    fit_jointly = group_refit.fit_jointly
    monkeypatch.setattr(group_refit, "fit_jointly", lambda *given: replace(fit_jointly(*given), converged=False))
    table, y, label = groups(3.0)
    with pytest.warns(SearchWarning, match="not converged after 300 steps; constants may run away"):
        refit("k*a", table, y, groups=label)


# -- classes -------------------------------------------------------------------------------------------------------


@pytest.fixture
def classes(monkeypatch):
    monkeypatch.setattr(eqdarts.classifier, "DARTSRegressor", ReadySearch)
    y = np.where(A + NOISE > 2.5, "yes", "no")
    return lambda: DARTSClassifier(verbose=0, random_state=0).fit(X, y)


def test_rows_beyond_those_of_a_classifier_are_flagged(classes):
    model = classes()
    inside = model.extrapolation(X, threshold=1.0)
    assert not inside["flagged"].any()
    assert (inside["disagreement"] <= 1).all()
    found = model.extrapolation(NEW, threshold=1.0)
    assert found.index.equals(NEW.index)
    used = model.front_[model.best_index_].used
    assert found["flagged"].tolist()[1] == ("a" in used)
    assert found["columns"].tolist()[1] == "a"
    with pytest.raises(InputDataError, match="threshold"):
        model.extrapolation(NEW, threshold=-1)


def test_sets_of_scores_that_are_as_credible_are_named(classes):
    model = classes()
    first, *_ = model.front_
    model.front_ = (first, replace(first, length=first.length + 1.0), replace(first, length=first.length + 50.0))
    assert doubted(model.front_) == [0, 1]
    assert f"do not decide between this one and those of complexity {first.complexity}." in str(model)
    assert "do not decide" not in str(model.select(2))


def test_scores_that_have_not_converged_are_said(classes, monkeypatch):
    monkeypatch.setattr(likelihood, "_STEPS", 1)
    model = classes()
    with pytest.warns(SearchWarning, match="not converged: the likelihood still rose"):
        [model.equation(index=index) for index in range(len(model.front_))]


# -- wild rows -----------------------------------------------------------------------------------------------------


def test_rows_so_wild_that_nothing_else_counts_are_said():
    y = 2 * A + 0.05 * NOISE
    y[7] = 1e6
    with pytest.warns(SearchWarning, match="1 of 40 rows lie more than 100 times .* at y = 1e\\+06"):
        DARTSRegressor(loss="absolute", **TINY).fit(X, y)


@pytest.mark.parametrize("loss", ["absolute", "huber", "log_cosh"])
def test_squares_beyond_the_doubles_are_refused(loss):
    y = 2 * A
    y[7] = 1e200
    with pytest.raises(InputDataError, match=rf"loss='{loss}': .* goes up to 1e\+200 \(row 7\)"):
        DARTSRegressor(loss=loss, **TINY).fit(X, y)


def test_integers_of_too_many_digits_are_said():
    table = pd.DataFrame({"id": 2**53 + np.arange(1, 41), "a": X.a})
    with pytest.warns(SearchWarning, match=r"column 'id': 9007199254740993 \(row 0\) has more digits"):
        DARTSRegressor(**TINY).fit(table, 2 * A)

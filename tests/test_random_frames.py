"""Any table is fitted, with all that a model gives, or refused by a message; it is not changed."""

import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from strategies import examples, frames

from eqdarts import DARTSRegressor, EqdartsError, SearchWarning

TINY = {"replicas": 4, "max_nodes": 1, "links": ("identity",), "proposers": ("sample",), "max_epochs": 1, "verbose": 0}


def agrees(model, X, folder):
    """What is printed, exported and saved of a model predicts as it does."""
    equation = model.front_[model.best_index_]
    predicted = equation.predict(X)
    model.save(folder / "model.json")
    again = DARTSRegressor.load(folder / "model.json")
    assert str(again) == str(model)
    assert again.latex() == model.latex()
    np.testing.assert_array_equal(again.front_[again.best_index_].predict(X), predicted)


@pytest.mark.slow
@examples(12)
@given(frames())
def test_any_frame_is_fitted_or_refused(tmp_path_factory, frame):
    before = frame.copy(deep=True)
    X, y = frame.iloc[:, :-1], frame.iloc[:, -1]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SearchWarning)
        try:
            model = DARTSRegressor(**TINY).fit(X, y)
        except EqdartsError as error:
            assert len(str(error)) > 10  # noqa: PT017
        else:
            agrees(model, X, tmp_path_factory.getbasetemp())
    pd.testing.assert_frame_equal(frame, before)

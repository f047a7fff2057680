"""Laws behind scalers, in the columns that went in."""

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor
from sklearn.decomposition import PCA
from sklearn.feature_selection import VarianceThreshold
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    MaxAbsScaler,
    MinMaxScaler,
    PowerTransformer,
    RobustScaler,
    StandardScaler,
)

from eqdarts import DARTSRegressor, InputDataError, unscaled
from eqdarts.data.affine import affine_of


@pytest.fixture(scope="module")
def table():
    rng = np.random.default_rng(0)
    X = pd.DataFrame({"m": rng.uniform(1, 5, 40), "fixed": 3.0, "v": rng.uniform(-300, 700, 40)})
    return X, (2 * X["m"] - 0.01 * X["v"] + 5 + rng.normal(0, 0.01, 40)).rename("E")


def darts():
    settings = {"max_epochs": 2, "replicas": 16, "links": ["identity"], "operations": ["linear", "scale"]}
    return DARTSRegressor(**settings, random_state=0, verbose=0, max_time=None)


SCALERS = {
    "standard": StandardScaler(),
    "without mean": StandardScaler(with_mean=False),
    "without scale": StandardScaler(with_std=False),
    "minmax": MinMaxScaler((-1, 3)),
    "maxabs": MaxAbsScaler(),
    "robust": RobustScaler(),
    "robust without centre": RobustScaler(with_centering=False),
    "robust without scale": RobustScaler(with_scaling=False),
    "selected": VarianceThreshold(),
    "as it is": "passthrough",
    "identity": FunctionTransformer(),
    "pipeline": make_pipeline(VarianceThreshold(), StandardScaler(), MinMaxScaler()),
    "by name": ColumnTransformer([("a", StandardScaler(), ["v"]), ("b", "passthrough", ["m"])]),
    "by place": ColumnTransformer([("a", StandardScaler(), [2]), ("b", "drop", [1])], remainder=MinMaxScaler()),
    "by slice": ColumnTransformer([("a", MaxAbsScaler(), slice("fixed", "v"))], remainder="passthrough"),
    "by mask": ColumnTransformer([("a", RobustScaler(), [True, False, True])]),
}


@pytest.mark.parametrize("name", SCALERS)
def test_steps_are_lines_of_columns(table, name):
    X, _ = table
    step = Pipeline([("step", SCALERS[name])]).fit(X)
    made = np.asarray(step.transform(X), dtype=float)
    found = affine_of(step, 3)
    np.testing.assert_allclose(X.to_numpy()[:, found.source] * found.slope + found.shift, made, atol=1e-12)
    np.testing.assert_allclose(found.undone(made, 3)[:, found.source], X.to_numpy()[:, found.source], atol=1e-9)


@pytest.mark.filterwarnings("ignore:left out the constant column")
def test_a_law_behind_scalers_predicts_what_the_pipeline_does(table):
    X, y = table
    by_name = ColumnTransformer([("a", StandardScaler(), ["v"]), ("b", MinMaxScaler(), ["m"])])
    target = TransformedTargetRegressor(make_pipeline(StandardScaler(), darts()), transformer=StandardScaler())
    searched = GridSearchCV(make_pipeline(StandardScaler(), darts()), {"standardscaler__with_mean": [True]}, cv=2)
    for model in (make_pipeline(by_name, darts()), target, searched):
        law = unscaled(model.fit(X, y))
        assert law.columns == ("m", "fixed", "v")
        np.testing.assert_allclose(law.predict(X), model.predict(X), rtol=1e-9)
        assert law.loss == pytest.approx(np.mean((model.predict(X) - y) ** 2), rel=1e-6)
        assert {s.name for s in law.expression.free_symbols} == {"m", "v"}
        assert sorted(law.constants["value"].abs().round(2)) == [0.01, 2.0, 5.0]
        assert (law.constants["std_error"] < 0.01).all()
    assert law.target == "E"


def test_an_array_has_numbered_columns(table):
    X, y = table
    model = make_pipeline(StandardScaler(), darts()).fit(X[["m", "v"]].to_numpy(), y.to_numpy())
    law = unscaled(model, 0)
    assert law.columns == ("x1", "x2")
    np.testing.assert_allclose(law.predict(X[["m", "v"]].to_numpy()), y.mean(), rtol=1e-3)
    last = model[-1]
    assert str(unscaled(last)) == str(last.equation())


@pytest.mark.parametrize(
    ("step", "part"),
    [
        (PCA(1), "the step 'step' (PCA) cannot be undone"),
        (PowerTransformer(), "the step 'step' (PowerTransformer) cannot be undone"),
        (FunctionTransformer(np.log1p), "the step 'step' (FunctionTransformer) cannot be undone"),
        (MinMaxScaler(clip=True), "the step 'step' (MinMaxScaler) clips values"),
        (ColumnTransformer([("a", PCA(1), ["m"])]), "the step 'step.a' (PCA)"),
    ],
)
def test_steps_that_cannot_be_undone_are_named(table, step, part):
    X, _ = table
    with pytest.raises(InputDataError) as caught:
        affine_of(Pipeline([("step", step)]).fit(X.drop(columns="fixed").abs()), 2)
    assert part in str(caught.value)


def test_other_models_are_refused(table):
    X, y = table
    with pytest.raises(InputDataError, match="the last step is a LinearRegression"):
        unscaled(make_pipeline(StandardScaler(), LinearRegression()).fit(X, y))

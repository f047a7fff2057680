"""The law behind a pipeline of scikit-learn, in the columns that went into it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import sympy
from sklearn.compose import TransformedTargetRegressor
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_is_fitted

from eqdarts.data.affine import Affine, affine_of
from eqdarts.data.kept import Training
from eqdarts.data.table import numbered
from eqdarts.equation.equation import Equation
from eqdarts.equation.evaluation import evaluate
from eqdarts.equation.precision import with_digits
from eqdarts.equation.refit import with_fit
from eqdarts.errors import InputDataError
from eqdarts.estimator import DARTSRegressor
from eqdarts.formula.substitution import put_in
from eqdarts.simplify.description import size

#: Terms that were multiplied out may differ by so much of the target's size; doubles have 2e-16.
_ALIKE = 1e-10


def unscaled(model: Any, index: int | None = None) -> Equation:
    """The equation of a pipeline that ends in a `DARTSRegressor`, in its original columns and units.

    Parameters
    ----------
    model : Pipeline, TransformedTargetRegressor, or a search over them
        Fitted; its steps shift and stretch columns (`StandardScaler`, `MinMaxScaler`, `MaxAbsScaler`, `RobustScaler`),
        or choose among them (`ColumnTransformer` of such, selectors).
    index : int, optional
        A row of `equations_`; by default the chosen one.

    Returns
    -------
    Equation
        It predicts what the pipeline does. Its constants have standard errors if the rows determine each of them and
        the model was fitted in this session.

    Raises
    ------
    InputDataError
        Naming the step that cannot be undone.

    Examples
    --------
    >>> import pandas as pd
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import StandardScaler
    >>> X = pd.DataFrame({"t": np.linspace(0, 3, 30)})
    >>> darts = DARTSRegressor(max_epochs=5, replicas=16, random_state=0, verbose=0)
    >>> pipeline = make_pipeline(StandardScaler(), darts).fit(X, (2 * X["t"] + 1).rename("s"))
    >>> print(unscaled(pipeline).latex())
    s = 2 t + 1
    """
    model = getattr(model, "best_estimator_", model)
    target, fitted = None, model
    if isinstance(model, TransformedTargetRegressor):
        check_is_fitted(model)
        target, fitted = affine_of(model.transformer_, 1, "transformer"), model.regressor_
    steps = fitted.steps if isinstance(fitted, Pipeline) else [("regressor", fitted)]
    last = steps[-1][1]
    if not isinstance(last, DARTSRegressor):
        raise InputDataError(f"the last step is a {type(last).__name__}; expected a DARTSRegressor")
    check_is_fitted(last)
    first = steps[0][1]
    inputs: Any = next(part for part in (fitted, first, last) if hasattr(part, "n_features_in_"))
    d = int(inputs.n_features_in_)
    names = tuple(map(str, getattr(fitted, "feature_names_in_", numbered(d))))
    before = affine_of(Pipeline(steps[:-1]), d) if len(steps) > 1 else Affine.identity(d)
    training = last._training
    return _original(last.equation(index), before, target or Affine.identity(1), names, training)


def _original(
    equation: Equation, before: Affine, after: Affine, names: tuple[str, ...], training: Training | None
) -> Equation:
    """The equation in the columns of which `before` made its own, for the target of which `after` made its own."""
    if equation.inner is not None:
        raise InputDataError("the magnitudes of this equation are too extreme to be put in other units")
    columns = {
        sympy.Symbol(name): _line(sympy.Symbol(names[source]), slope, shift)
        for name, source, slope, shift in zip(equation.columns, before.source, before.slope, before.shift, strict=True)
    }
    slope, shift = float(after.slope[0]), float(after.shift[0])
    expression = _line(put_in(equation.expression, columns), 1 / slope, -shift / slope)
    scale = 1 / slope**2
    left_out = None if equation.left_out is None else equation.left_out * scale
    changed = replace(
        equation, expression=expression, columns=names, loss=equation.loss * scale, left_out=left_out, genotype=None,
        fit=None, digits=None,
    )  # fmt: skip
    if training is None:
        return changed
    table = training.table
    X = before.undone(table.X, len(names))
    rows = replace(table, X=np.nan_to_num(X), y=(table.y - shift) / slope, names=names, target=equation.target)
    changed = with_digits(replace(changed, expression=_shorter(expression, names, rows.X)), rows)
    sure = with_fit(changed, replace(training, table=rows, low=rows.X.min(axis=0), high=rows.X.max(axis=0)))
    # Where scalers left more numbers than the rows determine, they say nothing each by itself.
    return sure if np.isfinite(sure.constants["std_error"]).all() else changed


def _line(x: sympy.Expr, slope: float, shift: float) -> sympy.Expr:
    """slope·x + shift, without what does nothing."""
    scaled = x if slope == 1 else sympy.Float(slope, 17) * x
    return scaled if shift == 0 else scaled + sympy.Float(shift, 17)


def _shorter(expression: sympy.Expr, names: tuple[str, ...], X: np.ndarray) -> sympy.Expr:
    """The same multiplied out, if that is shorter and keeps the digits at these rows."""
    multiplied = sympy.expand(expression)
    if size(multiplied) > size(expression):
        return expression
    with np.errstate(all="ignore"):
        one, other = (np.asarray(evaluate(e, names, X)) for e in (expression, multiplied))
    alike = np.abs(one - other) <= _ALIKE * np.abs(one[np.isfinite(one)]).max(initial=0)
    return multiplied if (alike | ~np.isfinite(one)).all() else expression

"""A fitted model from a file, whatever kind it is of."""

from __future__ import annotations

import os

from eqdarts.classes.saving import FORMAT
from eqdarts.classifier import DARTSClassifier
from eqdarts.estimator import DARTSRegressor
from eqdarts.formula.records import parse_json, read_text


def load_model(path: str | os.PathLike[str]) -> DARTSRegressor | DARTSClassifier:
    """The model that `save` of a regressor or a classifier wrote.

    Raises
    ------
    InputDataError
        If the file is damaged, foreign or of a later release; naming the field.

    Examples
    --------
    >>> import numpy as np, os, tempfile
    >>> from eqdarts import DARTSRegressor, load_model
    >>> X = np.linspace(1, 2, 20)[:, None]
    >>> model = DARTSRegressor(max_epochs=2, replicas=16, random_state=0, verbose=0).fit(X, 1 / X[:, 0])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     model.save(os.path.join(folder, "model.json"))
    ...     print(load_model(os.path.join(folder, "model.json")).latex())
    y = \\frac{1}{x_{1}}
    """
    data = parse_json(read_text(path), os.fsdecode(path))
    kind: type[DARTSRegressor] | type[DARTSClassifier] = DARTSRegressor
    if data.data.get("format") == FORMAT:
        kind = DARTSClassifier
    return kind.load(path)

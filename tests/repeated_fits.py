"""Short fits of every kind, told as one JSON text: the bits of what they found, however the process was started.

    python tests/repeated_fits.py {"threads": 2, "reversed": true, "apart": true}

threads: n_jobs of all   reversed: the last case first   apart: in a thread that is not the main one
kinds: some of them   rows: seed of another order of the rows
"""

import hashlib
import json
import sys
import threading
import warnings

import numpy as np
import pandas as pd
import sympy

from eqdarts import DARTSClassifier, DARTSRegressor

N = 41
RNG = np.random.default_rng(0)
X = pd.DataFrame(RNG.uniform(0.5, 3, (N, 2)), columns=["b", "a"])
NOISE = RNG.normal(size=N)
GROUPS = np.array(["p", "q", "r"])[np.arange(N) % 3]
LAW = (X.b * np.exp(-X.a) * (1 + 0.02 * NOISE)).rename("y")
QUOTIENTS = pd.DataFrame({"p": 2 * X.b / X.a + 0.01 * NOISE, "q": 3 * X.b / X.a - 0.01 * NOISE})
COUNTS = np.random.default_rng(1).poisson(np.exp(0.5 * X.b + 0.2 * X.a))
FALL = (9.81 * X.b**2 / 2 + 0.02 * NOISE).rename("h")
SMALL = {"replicas": 32, "max_nodes": 1}

#: What is to be explained, and options of the model and of `fit`.
KINDS = {
    "noisy rows": (LAW, {}, {}),
    "groups": (X.b * (1 + np.arange(N) % 3) / X.a + 0.01 * NOISE, SMALL, {"groups": GROUPS}),
    "classes": (np.where(X.b * X.a + 0.3 * NOISE > 2, "yes", "no"), SMALL, {}),
    "two outputs": (QUOTIENTS, {}, {}),
    "one structure": (QUOTIENTS, {**SMALL, "shared": "graph"}, {}),
    "units": (FALL, {"units": {"b": "s", "a": "kg", "h": "m"}}, {}),
    "poisson": (COUNTS, {"loss": "poisson"}, {}),
    "huber": (LAW + 5 * (np.arange(N) % 13 == 0), {"loss": "huber"}, {}),
    "template": (2 * X.b + np.sin(X.a) + 0.01 * NOISE, {"template": "k*b + f(a)"}, {}),
    "guess": (
        2 * X.b / (1.3 + X.a) + 0.01 * NOISE,
        {"guesses": ["k*b/(m + a)"], "constraints": {"sign": "positive"}},
        {},
    ),
    "mixture": (LAW, {"relaxation": "softmax", "max_nodes": 1, "replicas": 3}, {}),
}


def told(kind: str, threads: int, order: np.ndarray) -> list[object]:
    """Of one fit: all of its tables, each number by its bits, and what it predicts."""
    y, options, beside = KINDS[kind]
    beside = {name: values[order] for name, values in beside.items()}
    kept = y.iloc[order] if hasattr(y, "iloc") else y[order]
    common = {"max_epochs": 2, "replicas": 64, "max_time": None, "random_state": 0, "verbose": 0, "n_jobs": threads}
    make = DARTSClassifier if kind == "classes" else DARTSRegressor
    model = make(**{**common, **options}).fit(X.iloc[order], kept, **beside)
    tables = [model.equations_, *([model.constants_] if kind == "groups" else [])]
    if kind not in ("classes", "two outputs", "one structure"):
        tables.append(model.rivals_)
    values = model.predict_proba(X) if kind == "classes" else model.predict(X, **({"groups": GROUPS} if beside else {}))
    bits = hashlib.sha256(np.ascontiguousarray(values).tobytes()).hexdigest()
    return [[[exactly(cell) for cell in row] for row in table.itertuples()] for table in tables] + [bits]


def exactly(cell: object) -> object:
    """A cell of a table with all bits of its numbers."""
    if isinstance(cell, sympy.Basic):
        return sympy.srepr(cell)
    if isinstance(cell, (float, np.floating)):
        return float(cell).hex()
    return [exactly(part) for part in cell] if isinstance(cell, (list, tuple)) else str(cell)


def all_told(settings: dict) -> dict[str, object]:
    """Of each kind, by its name."""
    kinds = settings.get("kinds", list(KINDS))
    order = np.arange(N)
    if "rows" in settings:
        order = np.random.default_rng(settings["rows"]).permutation(N)
    kinds = kinds[::-1] if settings.get("reversed") else kinds
    return {kind: told(kind, settings.get("threads", 1), order) for kind in kinds}


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    given = json.loads(sys.argv[1])
    answers: list[dict[str, object]] = []
    work = threading.Thread(target=lambda: answers.append(all_told(given)))
    if given.get("apart"):
        work.start()
        work.join()
    else:
        work.run()
    print(json.dumps(answers[0]))

"""Fronts of small tables, losses to the bit: moving code does not change them.

Arithmetic differs in the last bit from one processor or library to another, and a search that ranks graphs by loss
may then go another way. So the file has a fingerprint of the arithmetic that made it, and elsewhere this is skipped.

    python tests/test_golden.py      renews the file, after a change that is meant to change the search
"""

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
import torch

from eqdarts import DARTSRegressor

FILE = Path(__file__).parent / "golden.json"
RNG = np.random.default_rng(0)
X = RNG.uniform(0.5, 3, (120, 2))
NOISE = RNG.normal(size=120)
SIX = np.array([6.25, 12.5, 25, 50, 100, 200])[:, None]
WIDE = RNG.uniform(1, 2, (90, 24))
WAVE = np.linspace(0, 6, 80)[:, None]

#: X, y, weights, and options.
TABLES = {
    "quotient": (X, 1 / (1 + X[:, 0] * X[:, 1]) + 0.1 * X[:, 0] ** 2, None, {}),
    "noise": (X, X[:, 0] * np.exp(-X[:, 1]) * (1 + 0.02 * NOISE), None, {}),
    "weights": (X, np.sqrt(X[:, 0] + X[:, 1] ** 2) + 0.01 * NOISE, np.arange(1, 121) / 60, {}),
    "six rows": (SIX, np.array([0.5, 4.5, 10, 26, 37, 32]), None, {}),
    "many columns": (WIDE, WIDE[:, 3] ** 0.7 / (1 + WIDE[:, 11]), None, {"max_columns": 5}),
    "wave": (WAVE, WAVE[:, 0] * np.sin(9 * WAVE[:, 0]) + 0.1 * NOISE[:80], None, {}),
    "mixture": (X, X[:, 0] + np.exp(-X[:, 1]), None, {"relaxation": "softmax", "replicas": 3, "max_nodes": 1}),
}


def arithmetic() -> str:
    """Of this machine: a hash of what some functions return, to the bit."""
    A = np.random.default_rng(1).normal(size=(40, 40))
    parts = [np.linalg.svd(A)[1], A @ A.T, np.exp(A), np.log(np.abs(A)), np.linalg.lstsq(A, A[0])[0]]
    parts += [(torch.tensor(A) @ torch.tensor(A)).numpy(), torch.sin(torch.tensor(A)).numpy(), np.abs(A) ** 0.3]
    return hashlib.sha256(b"".join(part.tobytes() for part in parts)).hexdigest()[:16]


def found(name: str) -> dict[str, object]:
    """The front, the path of α and the reason to stop, of one table."""
    columns, y, weights, options = TABLES[name]
    settings = {"replicas": 96, "max_epochs": 5, "max_time": None, "random_state": 0, "verbose": 0, "n_jobs": 1}
    model = DARTSRegressor(**{**settings, **options}).fit(columns, y, sample_weight=weights)
    front = model.equations_
    return {
        "equations": front["equation"].tolist(),
        "losses": [float(loss).hex() for loss in front["loss"]],
        "origins": front["origin"].tolist(),
        "alpha": hashlib.sha256(np.ascontiguousarray(model.alpha_history_).tobytes()).hexdigest()[:16],
        "stop": model.stop_reason_,
    }


@pytest.mark.filterwarnings("ignore:the search sees")
@pytest.mark.parametrize("name", TABLES)
def test_fronts_are_the_same_to_the_bit(name):
    golden = json.loads(FILE.read_text(encoding="utf-8"))
    if golden["arithmetic"] != arithmetic():
        pytest.skip("recorded on a machine with other arithmetic")
    assert found(name) == golden["found"][name]


if __name__ == "__main__":
    record = {"arithmetic": arithmetic(), "found": {name: found(name) for name in TABLES}}
    FILE.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")

"""A search with a checkpoint that is written as often as can be, for tests that kill it at any moment.

    python killed_search.py PATH EPOCHS

It goes on if the file is there. At its end it writes what it found to PATH.found.
"""

import json
import os
import sys

import numpy as np
import pandas as pd

from eqdarts import DARTSRegressor
from eqdarts.checkpoint import keeper

RNG = np.random.default_rng(0)
X = pd.DataFrame(RNG.uniform(0.5, 3, (90, 2)), columns=["u", "v"])
y = (X.u * np.exp(-X.v) * (1 + 0.02 * RNG.normal(size=90))).rename("y")
OPTIONS = {"operations": ["linear", "power", "exp"], "max_nodes": 2, "links": ["identity"], "replicas": 24}
OPTIONS |= {"max_complexity": 12, "max_time": None, "random_state": 0, "verbose": 0, "n_jobs": 1}


def found(model):
    """What a search found, to the last bit."""
    front = [(repr(e.expression), e.loss.hex(), e.origin) for e in model.front_]
    return {"front": front, "alpha": model.alpha_history_.tobytes().hex(), "stop": model.stop_reason_}


def undisturbed(epochs):
    """What the search finds that nobody kills."""
    return found(DARTSRegressor(**OPTIONS, max_epochs=epochs).fit(X, y))


if __name__ == "__main__":
    print("loaded", flush=True)
    path, epochs = sys.argv[1], int(sys.argv[2])
    keeper.INTERVAL = keeper._SHARE = 0.0
    if os.path.exists(path):
        model = DARTSRegressor.resume(path, X, y)
    else:
        model = DARTSRegressor(**OPTIONS, max_epochs=epochs, checkpoint=path).fit(X, y)
    with open(path + ".found", "w") as file:
        json.dump(found(model), file)

"""``eqdarts demo``: a law that everyone can check."""

from __future__ import annotations

from eqdarts.cli.groups import grouped
from eqdarts.cli.messages import heard
from eqdarts.cli.output import Giving
from eqdarts.cli.searching import Searching, Seed

EXAMPLES = "eqdarts demo --output results/demo"


@grouped
def demo(*, searching: Searching, seed: Seed = 0, giving: Giving) -> None:
    """Rediscover y = x1·x2/x3² from 200 generated rows."""
    giving.check()
    import numpy as np
    import pandas as pd

    X = pd.DataFrame(np.random.default_rng(0).uniform(1, 5, (200, 3)), columns=["x1", "x2", "x3"])
    y = (X["x1"] * X["x2"] / X["x3"] ** 2).rename("y")
    with heard() as warnings:
        giving.give(searching.model(seed).fit(X, y), X, y, warnings)

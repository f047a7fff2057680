"""Makes the pictures of these pages anew, by the library itself: python docs/figures.py."""

from pathlib import Path

import numpy as np
import pandas as pd

from eqdarts import DARTSRegressor
from eqdarts.plots import overview, plot_alpha, plot_graph

ROOT = Path(__file__).resolve().parent.parent
PICTURES = ROOT / "docs" / "pictures"


def planets() -> None:
    """The picture of the README's first command, with epochs in place of seconds."""
    table = pd.read_csv(ROOT / "data" / "planets.csv")
    X, y = table[["semi_major_axis_au"]], table["period_days"]
    model = DARTSRegressor(max_epochs=8, max_time=None, random_state=0, verbose=0).fit(X, y)
    overview(model, X, y).savefig(PICTURES / "planets.png")


def damped() -> tuple[pd.DataFrame, pd.Series]:
    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.uniform(0.5, 3, (100, 2)), columns=["t", "a"])
    return X, (np.exp(-X.t) * np.sin(2 * X.a) + 0.5 * X.t).rename("y")


def graph() -> None:
    X, y = damped()
    model = DARTSRegressor(max_epochs=10, max_time=None, random_state=0, verbose=0, operations=["scale", "exp", "sin"])
    plot_graph(model.fit(X, y)).figure.savefig(PICTURES / "graph.png", dpi=110)


def weights() -> None:
    """How the weights of a relaxed search move; noise keeps it from ending when the law is found."""
    X = pd.DataFrame({"x": np.linspace(-2, 2, 100)})
    y = (3 * np.exp(-0.5 * X.x) + 1 + np.random.default_rng(0).normal(0, 0.05, 100)).rename("y")
    model = DARTSRegressor(
        relaxation="softmax", operations=["linear", "exp", "sin"], aggregators=("sum",), max_nodes=1, max_epochs=120,
        max_time=None, replicas=4, alpha_learning_rate=0.1, random_state=0, verbose=0,
    )  # fmt: skip
    plot_alpha(model.fit(X, y)).figure.savefig(PICTURES / "weights.png", dpi=110)


if __name__ == "__main__":
    PICTURES.mkdir(exist_ok=True)
    for make in (planets, graph, weights):
        make()

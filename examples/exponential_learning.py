"""The exponential law of learning from synthetic learning curves (made by data/make_learning_curves.py).

Expected: share = 1 − (1 − start) · exp(−0.03 · trial), with start the share of right answers before the first
trial.
Found: share = (start − 1) · exp(−0.02926 · trial) + 1. R² 0.9925.

No column holds what is left to learn, 1 − start: the search composes it. Each share is counted in 400
answers, which blurs it by up to 0.025 (one standard deviation).
"""

import pandas as pd
from _common import DATA, arguments, save_plot

from eqdarts import DARTSRegressor


def main() -> None:
    options = arguments(__doc__)

    table = pd.read_csv(DATA / "learning_curves.csv")
    X, y = table[["start", "trial"]], table["share_right"]

    model = DARTSRegressor(max_time=options.max_time, random_state=0)
    model.fit(X, y)

    print(model)
    print(model.latex())
    print(f"R² = {model.score(X, y):.6f}")

    save_plot(model, X, y, options.output / "exponential_learning.png")


if __name__ == "__main__":
    main()

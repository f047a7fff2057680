"""Logistic growth: the optical density of a DNase assay against the logarithm of the concentration.

Expected: density = 2.345 / (1 + exp((1.483 − log c) / 1.041)).
Found, with a slope of 1: 2.25 / (1 + 4 · exp(−log c)). R² 0.99899.

The slope 1.041 is close to 1, where the same curve reads 2.26 · c / (4.02 + c) in the concentration.
"""

import numpy as np
import pandas as pd
from _common import DATA, arguments, save_plot

from eqdarts import DARTSRegressor


def main() -> None:
    options = arguments(__doc__)

    table = pd.read_csv(DATA / "dnase_assay.csv")
    # Each concentration is a multiple of the one before it, so the steps of the experiment are logarithmic.
    X = pd.DataFrame({"log_concentration": np.log(table["concentration_ng_per_ml"])})
    y = table["optical_density"]

    model = DARTSRegressor(max_time=options.max_time, random_state=0)
    model.fit(X, y)

    print(model)
    print(model.latex())
    print(f"R² = {model.score(X, y):.6f}")

    save_plot(model, X, y, options.output / "logistic_growth.png")


if __name__ == "__main__":
    main()

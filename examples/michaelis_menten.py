"""Michaelis-Menten kinetics: the rate of an enzyme treated with puromycin against its substrate.

Expected: rate = 212.7 · c / (0.0641 + c), a saturation curve.
Not found: 212.3 · c^(1/4) is chosen, with R² 0.921.

Twelve noisy points do not settle the matter: 209 + 37 · log(c) has as many constants and fits them
slightly better (R² 0.965 against 0.961), although it is absurd near c = 0. Look at the front, not
only at the chosen equation.
"""

import pandas as pd
from _common import DATA, arguments, save_plot

from eqdarts import DARTSRegressor


def main() -> None:
    options = arguments(__doc__)

    table = pd.read_csv(DATA / "puromycin.csv")
    X, y = table[["concentration_ppm"]], table["rate_counts_per_min2"]

    model = DARTSRegressor(max_time=options.max_time, random_state=0)
    model.fit(X, y)

    print(model)
    print(model.latex())
    print(f"R² = {model.score(X, y):.6f}")

    save_plot(model, X, y, options.output / "michaelis_menten.png")


if __name__ == "__main__":
    main()

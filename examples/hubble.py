"""Hubble's law from the distances and velocities of 24 nebulae, as he published them in 1929.

Expected: velocity = K · distance; by least squares through the origin K = 424 km/s per megaparsec.
Found: velocity = 423.9 · distance. The rows do not decide: this form has less than half of the probability.

The distances were too small, by a factor of about six, but all in the same proportion. Each nebula moves by itself
as well, which no column tells: R² is 0.62.
"""

import pandas as pd
from _common import DATA, arguments, save_plot

from eqdarts import DARTSRegressor


def main() -> None:
    options = arguments(__doc__)

    table = pd.read_csv(DATA / "nebulae.csv")
    X, y = table[["distance_mpc"]], table["velocity_km_per_s"]

    model = DARTSRegressor(max_time=options.max_time, random_state=0)
    model.fit(X, y)

    print(model)
    print(model.latex())
    print(f"R² = {model.score(X, y):.6f}")

    save_plot(model, X, y, options.output / "hubble.png")


if __name__ == "__main__":
    main()

"""Kepler's third law from the axes and periods of nine bodies that orbit the Sun.

Expected: period = 365 · axis^(3/2), in days and astronomical units; the constant is the year of the Earth.
Found: period = 365.04 · axis^(3/2), with the default settings, seed 0 and 20 seconds, as in all examples.
"""

import pandas as pd
from _common import DATA, arguments, save_plot

from eqdarts import DARTSRegressor


def main() -> None:
    options = arguments(__doc__)

    # The names of the columns become the symbols of the equation.
    table = pd.read_csv(DATA / "planets.csv")
    X, y = table[["semi_major_axis_au"]], table["period_days"]

    model = DARTSRegressor(max_time=options.max_time, random_state=0)
    model.fit(X, y)

    print(model)  # the front: the best equation of each complexity, and the one that was chosen
    print(model.latex())
    print(f"R² = {model.score(X, y):.6f}")

    save_plot(model, X, y, options.output / "kepler.png")


if __name__ == "__main__":
    main()

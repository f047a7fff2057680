"""Boyle's law from his own table of 1662: air that is compressed by mercury.

Expected: pressure = K / volume.
Found: pressure = 1407 / volume. R² 0.99991.

His columns of mercury were read to a sixteenth of an inch, and the law holds to a quarter of one.
"""

import pandas as pd
from _common import DATA, arguments, save_plot

from eqdarts import DARTSRegressor


def main() -> None:
    options = arguments(__doc__)

    table = pd.read_csv(DATA / "boyle_air.csv")
    X, y = table[["volume"]], table["pressure_inhg"]

    model = DARTSRegressor(max_time=options.max_time, random_state=0)
    model.fit(X, y)

    print(model)
    print(model.latex())
    print(f"R² = {model.score(X, y):.6f}")

    save_plot(model, X, y, options.output / "boyle.png")


if __name__ == "__main__":
    main()

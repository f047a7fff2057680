"""The mobility of electrons in a semiconductor against the logarithm of their density.

Expected: a ratio of two cubics with seven constants, the model that comes with these data at NIST; it is no law.
Not found, but something shorter: 90.5 + 1397 · exp(−2.63e5 / (x + 6)⁸), with five constants, R² 0.99954. It misses the
rows by 11.9 (root mean square), the ratio with NIST's constants by 12.3.

It is no law either: a rival with 41 % of the probability, 89.3 + 1375 · exp(−0.133 · exp(−1.614 x)), does as well.
"""

import pandas as pd
from _common import DATA, arguments, save_plot

from eqdarts import DARTSRegressor


def main() -> None:
    options = arguments(__doc__)

    table = pd.read_csv(DATA / "electron_mobility.csv")
    X, y = table[["log_density"]], table["electron_mobility"]

    model = DARTSRegressor(max_time=options.max_time, random_state=0)
    model.fit(X, y)

    print(model)
    print(model.latex())
    print(f"R² = {model.score(X, y):.6f}")
    save_plot(model, X, y, options.output / "electron_mobility.png")


if __name__ == "__main__":
    main()

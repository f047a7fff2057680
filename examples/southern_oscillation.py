"""The difference of air pressure between Easter Island and Darwin over 168 months, which drives the trade winds.

Expected: an annual cycle, and two longer ones of about 44 and 26 months, which belong to El Niño.
Partly found: 10.61 + 3.1 · a sine of 11.9 months is chosen, the annual cycle, with R² 0.41; `print(model)` says that
more than noise is left. The longer cycles are half as high and did not come in time.

Where the number of cycles is known, `refit` finds their periods without starting values.
"""

import pandas as pd
from _common import DATA, arguments, compare, save_plot

from eqdarts import DARTSRegressor


def main() -> None:
    options = arguments(__doc__)

    table = pd.read_csv(DATA / "southern_oscillation.csv")
    X, y = table[["month"]], table["pressure_difference"]

    model = DARTSRegressor(max_time=options.max_time, random_state=0)
    model.fit(X, y)

    print(model)
    print(model.latex())
    print(f"R² = {model.score(X, y):.6f}")
    cycles = [f"a{k}*cos(w{k}*month) + b{k}*sin(w{k}*month)" for k in (1, 2, 3)]
    compare(model, " + ".join(["c", *cycles]), X, y)

    save_plot(model, X, y, options.output / "southern_oscillation.png")


if __name__ == "__main__":
    main()

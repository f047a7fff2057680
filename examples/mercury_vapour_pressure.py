"""Vapour pressure of mercury against absolute temperature.

Expected: pressure = exp(18.0 − 7164 / T), the law of Clausius and Clapeyron with a constant heat of
vaporisation. Antoine's form exp(A − B / (T + C)), one constant longer, fits still better.
Not found: 4.247e5 · tanh(0.001311 T − 0.2831)^9 is chosen, with a mean squared error of 0.0164, against 0.0605 for
the law and 0.0160 for Antoine's form. Which of several close rivals wins depends on how far the search gets.

The pressures span seven decades and the fit minimises absolute errors, so the hot end decides.
"""

import pandas as pd
from _common import DATA, arguments, save_plot

from eqdarts import DARTSRegressor


def main() -> None:
    options = arguments(__doc__)

    table = pd.read_csv(DATA / "mercury_vapour_pressure.csv")
    # The law is simple only in kelvin; the table is in degrees Celsius, as published.
    X = pd.DataFrame({"temperature_k": table["temperature_c"] + 273.15})
    y = table["vapour_pressure_mmhg"]

    model = DARTSRegressor(max_time=options.max_time, random_state=0)
    model.fit(X, y)

    print(model)
    print(model.latex())
    print(f"R² = {model.score(X, y):.6f}")

    save_plot(model, X, y, options.output / "mercury_vapour_pressure.png")


if __name__ == "__main__":
    main()

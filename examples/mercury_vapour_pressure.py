"""Vapour pressure of mercury against absolute temperature.

Expected: pressure = exp(18.0 − 7164 / T), the law of Clausius and Clapeyron with a constant heat of
vaporisation. Antoine's form exp(A − B / (T + C)), one constant longer, fits still better.
FOUND: to be measured

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

"""Relative humidity at an airport, from eight columns of which only two matter.

Expected: humidity = 100 · exp(B / T − B / D), with temperature T and dew point D in kelvin and B near
5390 K: the law of Clausius and Clapeyron again. Adding one offset C to both, exp(B / (T + C) − B / (D + C)),
gives Magnus' formula, from which weather services compute humidity; it fits to the last digit.
Not found: the search leaves out the six irrelevant columns, but what it chooses is a formula of 45 nodes that
fits as closely as Magnus' (mean squared error 8e-6).

Hour, wind, rain, pressure and visibility are real measurements that the law does not contain, though
some are correlated with humidity.
"""

import pandas as pd
from _common import DATA, arguments, save_plot

from eqdarts import DARTSRegressor

IRRELEVANT = ["hour", "wind_direction_deg", "wind_speed_mph", "precipitation_in", "pressure_mbar", "visibility_mi"]


def kelvin(fahrenheit: pd.Series) -> pd.Series:
    return (fahrenheit + 459.67) / 1.8


def main() -> None:
    options = arguments(__doc__)

    table = pd.read_csv(DATA / "weather.csv")
    X = table[IRRELEVANT].assign(temperature_k=kelvin(table["temperature_f"]), dew_point_k=kelvin(table["dew_point_f"]))
    y = table["relative_humidity_pct"]

    model = DARTSRegressor(max_time=options.max_time, random_state=0)
    model.fit(X, y)

    print(model)
    print(model.latex())
    print(f"R² = {model.score(X, y):.6f}")
    used = [str(symbol) for symbol in model.sympy().free_symbols]
    print("columns used:", ", ".join(sorted(used)))

    save_plot(model, X, y, options.output / "irrelevant_columns.png")


if __name__ == "__main__":
    main()

"""Stevens' power law from synthetic judgements of loudness (made by data/make_psychophysics.py).

Expected: loudness = (pressure / 2 mPa)^0.6 = 0.66 · pressure^0.6, under 10 % multiplicative noise.
Found: loudness = 0.6459 · pressure^0.6041.

Fechner's rival law, a + b · log(pressure), fits visibly worse here because the table was made with a
power. On real judgements the two are harder to tell apart.
"""

import pandas as pd
from _common import DATA, arguments, save_plot

from eqdarts import DARTSRegressor


def main() -> None:
    options = arguments(__doc__)

    table = pd.read_csv(DATA / "psychophysics.csv")
    X, y = table[["sound_pressure_millipascal"]], table["loudness_sone"]

    model = DARTSRegressor(max_time=options.max_time, random_state=0)
    model.fit(X, y)

    print(model)
    print(model.latex())
    print(f"R² = {model.score(X, y):.6f}")

    save_plot(model, X, y, options.output / "psychophysics.png")


if __name__ == "__main__":
    main()

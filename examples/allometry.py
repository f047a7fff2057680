"""The brains of 62 mammals against their bodies, from the shrew to the elephant.

Expected: brain = a · body^(3/4), or log(brain) = log(a) + 3/4 · log(body), as of many organs and rates (allometry).
Found: log(brain) = 3/4 · log(body) + 2, so brain = 7.4 g · (body / kg)^(3/4). R² 0.918 of the logarithms.
"""

import numpy as np
import pandas as pd
from _common import DATA, arguments, save_plot

from eqdarts import DARTSRegressor


def main() -> None:
    options = arguments(__doc__)

    table = pd.read_csv(DATA / "mammals.csv")
    # A species has twice or half of what the rule gives, not some grams more: errors are alike in logarithms.
    X, y = table[["body_kg"]], np.log(table["brain_g"]).rename("log_brain")

    model = DARTSRegressor(max_time=options.max_time, random_state=0)
    model.fit(X, y)

    print(model)
    print(model.latex())
    print(f"R² = {model.score(X, y):.6f}")

    save_plot(model, X, y, options.output / "allometry.png")


if __name__ == "__main__":
    main()

"""Which form of noise is a table taken to have before its search, and what does the right one buy?

python benchmarks/noise_forms.py --choice       # forms chosen, by law, number of rows and form of the errors; a minute
python benchmarks/noise_forms.py --constants    # mean square errors of a constant by `refit` in each form
"""

import argparse
import time
import warnings
from collections import Counter

import numpy as np
import pandas as pd

from eqdarts import refit
from eqdarts.data.noise import AUTO, FORMS, Noise
from eqdarts.data.table import Table
from eqdarts.search.noise import noise_of

#: Columns, their range, and the law, whose values are positive.
LAWS = {
    "decay": (1, (0, 7), lambda X: 1000 * np.exp(-X[:, 0])),
    "saturation": (1, (0.02, 7), lambda X: 200 * X[:, 0] / (X[:, 0] + 1)),
    "activation": (1, (250, 400), lambda X: 1e6 * np.exp(-3000 / X[:, 0])),
    "peak": (1, (0, 7), lambda X: 10 + 100 * np.exp(-((X[:, 0] - 3) ** 2))),
    "two decays": (1, (0, 10), lambda X: 100 * np.exp(-X[:, 0]) + 10 * np.exp(-0.1 * X[:, 0])),
    "wave": (1, (0, 7), lambda X: 100 + 80 * np.sin(4 * X[:, 0])),
    "power law": (3, (1, 5), lambda X: 50 * X[:, 0] * X[:, 1] / X[:, 2] ** 2),
    "sum": (3, (1, 5), lambda X: X[:, 0] * X[:, 1] ** 2 / 2 + 9.81 * X[:, 0] * X[:, 2]),
    "root": (4, (1, 5), lambda X: 20 * np.sqrt(X[:, 0] ** 2 + X[:, 1] ** 2 + X[:, 2] * X[:, 3])),
    "Planck": (3, (1, 5), lambda X: 100 * X[:, 0] ** 3 / (np.exp(X[:, 0] * X[:, 1] / X[:, 2]) - 1)),
}
ERRORS = {
    "none": lambda f, rng: f,
    "three digits": lambda f, rng: np.array([float(f"{v:.3g}") for v in f]),
    "equal, 1 %": lambda f, rng: f + 0.01 * f.std() * rng.normal(size=len(f)),
    "equal, 10 %": lambda f, rng: f + 0.1 * f.std() * rng.normal(size=len(f)),
    "2 % of each": lambda f, rng: f * (1 + 0.02 * rng.normal(size=len(f))),
    "10 % of each": lambda f, rng: f * (1 + 0.1 * rng.normal(size=len(f))),
    "counts": lambda f, rng: rng.poisson(f).astype(float),
}


def choices(tables: int) -> None:
    for n in (10, 40, 200):
        for errors, spoil in ERRORS.items():
            found: Counter[str] = Counter()
            start = time.process_time()
            for d, ends, law in LAWS.values():
                for seed in range(tables):
                    rng = np.random.default_rng(seed)
                    X = rng.uniform(*ends, (n, d))
                    found[noise_of(Table(X, spoil(law(X), rng)), Noise(AUTO))[1].form] += 1
            each = 1000 * (time.process_time() - start) / found.total()
            print(f"| {n} | {errors} |", *(f"{found[form]} |" for form in FORMS), f"{each:.0f} |", flush=True)


def constants(tables: int) -> None:
    t, noise = np.linspace(0, 7, 60), {}
    decay, wave = 1000 * np.exp(-t), 100 * np.sin(2 * t)
    noise["decay, 10 % of each"] = decay, lambda rng: 0.1 * decay * rng.normal(size=60)
    noise["decay, and 0.5 everywhere"] = decay, lambda rng: np.hypot(0.5, 0.1 * decay) * rng.normal(size=60)
    noise["decay, and 5 everywhere"] = decay, lambda rng: np.hypot(5, 0.1 * decay) * rng.normal(size=60)
    noise["decay, 30 everywhere"] = decay, lambda rng: 30 * rng.normal(size=60)
    noise["wave, 10 % of each and 0.5"] = wave, lambda rng: np.hypot(0.5, 0.1 * wave) * rng.normal(size=60)
    for name, (law, errors) in noise.items():
        form, start, constant, truth = (
            ("A*exp(-k*t)", {"A": 900, "k": 1.1}, "k", 1.0)
            if law is decay
            else ("A*sin(w*t)", {"A": 90, "w": 2.01}, "w", 2.0)
        )
        square = dict.fromkeys(("additive", "proportional", AUTO), 0.0)
        for seed in range(tables):
            y = law + errors(np.random.default_rng(seed))
            for said in square:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")  # the wrong form may not converge
                    found = refit(form, pd.DataFrame({"t": t}), y, start=start, n_starts=1, noise=said)
                square[said] += (found.constants.value[constant] - truth) ** 2 / tables
        print(f"| {name} | {constant} |", *(f"{np.sqrt(v):.4f} |" for v in square.values()), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--choice", action="store_true")
    parser.add_argument("--constants", action="store_true")
    parser.add_argument("--tables", type=int, default=6)
    options = parser.parse_args()
    if options.choice:
        choices(options.tables)
    if options.constants:
        constants(options.tables)


if __name__ == "__main__":
    main()

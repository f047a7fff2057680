"""What a starting equation that is nearly right is worth: noisy laws with and without it, in the same time.

Each law has a factor, a term or a dependence that its guess lacks. A law counts as found if the chosen equation is
within five per cent of the clean law, in units of its spread, on a box half as wide again as that of the rows: an
imitation of the rows is not.

    python benchmarks/guesses.py --seconds 15 --seeds 0 1

Where other work shares the machine, ``--cpu`` counts seconds of the processor instead of those on the wall.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from eqdarts import DARTSRegressor

ROWS, NOISE, FOUND = 80, 0.03, 0.05


@dataclass(frozen=True)
class Law:
    """A law, the ranges of its columns, and a guess that lacks a part of it."""

    name: str
    guess: str
    ranges: dict[str, tuple[float, float]]
    value: Callable[[pd.DataFrame], pd.Series]


LAWS = (
    Law("inhibited enzyme", "v*c/(K + c)", {"c": (0.2, 12), "i": (0, 6)},
        lambda X: 7.3 * X.c / (1.9 * (1 + X.i / 2.6) + X.c)),
    Law("Arrhenius, with a power", "A*exp(-E/T)", {"T": (1, 4), "p": (0.5, 3)},
        lambda X: 5.2 * X.p**0.7 * np.exp(-2.3 / X["T"])),
    Law("decay to a floor, two rates", "A*exp(-k*t)", {"t": (0, 5), "c": (0.2, 3)},
        lambda X: 6.1 * np.exp(-0.43 * X.c * X.t) + 1.7),
    Law("growth, with temperature", "K/(1 + exp(-r*(t - s)))", {"t": (0, 12), "q": (0, 3)},
        lambda X: 8.4 * np.exp(0.31 * X.q) / (1 + np.exp(-0.9 * (X.t - 5.2)))),
    Law("van der Waals", "R*T/V", {"T": (2, 6), "V": (1.2, 5)},
        lambda X: 1.3 * X["T"] / (X.V - 0.42) - 2.1 / X.V**2),
    Law("drag, two kinds", "c*A*v**2", {"A": (0.5, 3), "v": (0.3, 4)},
        lambda X: 0.62 * X.A * X.v**2 + 1.9 * X.v),
    Law("pendulum, wide swings", "c*sqrt(l)", {"l": (0.3, 4), "w": (0.1, 1.4)},
        lambda X: 2.1 * np.sqrt(X.l) * (1 + 0.27 * X.w**2)),
    Law("Monod, with losses", "m*s/(K + s)", {"s": (0.1, 9), "d": (0.2, 3)},
        lambda X: 4.7 * X.s / (2.3 + X.s) - 0.8 * X.d),
    Law("radiation", "a*x**3*exp(-b*x/T)", {"x": (0.5, 6), "T": (1, 3)},
        lambda X: 1.4 * X.x**3 / (np.exp(1.2 * X.x / X["T"]) - 1)),
    Law("light in water", "P*tanh(a*I)", {"I": (0.1, 5), "z": (0, 4)},
        lambda X: 6.6 * np.tanh(0.55 * X.I * np.exp(-0.38 * X.z))),
)  # fmt: skip


def rows_of(law: Law, rng: np.random.Generator, rows: int, wider: float = 0.0) -> pd.DataFrame:
    """Random rows; wider: by this share of each range, upwards."""
    return pd.DataFrame(
        {name: rng.uniform(low, high + wider * (high - low), rows) for name, (low, high) in law.ranges.items()}
    )


def run(law: Law, seed: int, seconds: float, guesses: list[str] | None) -> tuple[float, str, str, float]:
    """The error of the chosen equation beyond the range, itself, its origin, and the seconds it took."""
    rng = np.random.default_rng(seed)
    X = rows_of(law, rng, ROWS)
    clean = law.value(X)
    y = (clean + NOISE * clean.std() * rng.normal(size=ROWS)).rename("y")
    begin = time.monotonic()
    model = DARTSRegressor(max_time=seconds, guesses=guesses, random_state=seed, n_jobs=1, verbose=0).fit(X, y)
    spent = time.monotonic() - begin
    wide = rows_of(law, rng, 500, wider=0.5)
    truth = law.value(wide)
    with np.errstate(all="ignore"):
        off = float(np.sqrt(np.mean((model.front_[model.best_index_].predict(wide) - truth) ** 2)) / truth.std())
    chosen = model.front_[model.best_index_]
    return off if np.isfinite(off) else np.inf, chosen.text(), chosen.origin, spent


def main() -> None:
    """Print a line for each law and seed, and a table in Markdown."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=15.0)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1])
    parser.add_argument("--cpu", action="store_true")
    parser.add_argument("--laws", type=int, default=len(LAWS))
    options = parser.parse_args()
    if options.cpu:
        time.monotonic = time.process_time
    lines, found = [], np.zeros(2, dtype=int)
    for law in LAWS[: options.laws]:
        for seed in options.seeds:
            results = [run(law, seed, options.seconds, guesses) for guesses in (None, [law.guess])]
            for without, (off, text, origin, spent) in zip(("without", "with"), results, strict=True):
                print(f"{law.name}, seed {seed}, {without}: {off:.3f} in {spent:.1f} s, {origin}: {text}", flush=True)
            found += [result[0] < FOUND for result in results]
            cells = " | ".join(f"{'**' * (off < FOUND)}{off:.3f}{'**' * (off < FOUND)}" for off, *_ in results)
            lines.append(f"| {law.name} | `{law.guess}` | {seed} | {cells} |")
    print("\n| law | guess | seed | without | with the guess |\n|---|---|---|---|---|")
    print("\n".join(lines))
    print(f"\nfound: {found[0]} without, {found[1]} with, of {len(lines)}")


if __name__ == "__main__":
    main()

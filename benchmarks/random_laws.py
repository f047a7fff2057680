"""Laws drawn at random, which nobody chose: what share of them does the search find, without noise?

    python benchmarks/random_laws.py               # 100 laws, resumes where it stopped
    python benchmarks/random_laws.py --table

A law is a sum of one to three terms over one to three columns, each term a power or a function of a small part of the
columns, or a product of two of them, sometimes over 1 + f², on 20 to 200 rows of a box of usual size. *Exact* means
that the chosen equation misses the law by less than 1e-10 of its standard deviation on fresh rows of the same box,
and is at most three times as large.
"""

import time
import warnings
from dataclasses import dataclass
from statistics import median
from typing import Any

import numpy as np
import runner
import sympy
from forms import nodes

from eqdarts import DARTSRegressor

BOXES = ((-1.0, 1.0), (-3.0, 3.0), (-5.0, 5.0), (0.0, 2.0), (1.0, 5.0), (0.5, 10.0))
ROWS = (20, 50, 100, 200)
FRESH_ROWS, EXACT, MOST_TIMES_AS_LARGE = 500, 1e-10, 3


@dataclass(frozen=True, eq=False)
class Sample:
    """A law with a table of it, and fresh rows of the same box."""

    law: sympy.Expr
    X: np.ndarray
    y: np.ndarray
    X_fresh: np.ndarray
    y_fresh: np.ndarray


def sample(seed: int) -> Sample:
    """The first law of this seed that is defined, varies and is moderate on its rows."""
    rng = np.random.default_rng(seed)
    while True:
        low, high = BOXES[rng.integers(len(BOXES))]
        law = draw(rng, low, high)
        columns = sorted(law.free_symbols, key=str)
        X, X_fresh = (rng.uniform(low, high, (n, len(columns))) for n in (int(rng.choice(ROWS)), FRESH_ROWS))
        if columns:
            y, y_fresh = values(law, X), values(law, X_fresh)
            if np.isfinite(y).all() and np.isfinite(y_fresh).all() and np.std(y) > 1e-3 and np.abs(y).max() < 1e4:
                return Sample(law, X, y, X_fresh, y_fresh)


def values(law: sympy.Expr, X: np.ndarray) -> np.ndarray:
    function = sympy.lambdify(sorted(law.free_symbols, key=str), law, "numpy")
    with np.errstate(all="ignore"):
        return np.broadcast_to(np.asarray(function(*X.T), dtype=float), len(X)).copy()


def draw(rng: np.random.Generator, low: float, high: float) -> sympy.Expr:
    """A law whose columns lie between these bounds."""
    columns = sympy.symbols(f"x1:{rng.choice([1, 1, 2, 2, 3]) + 1}", real=True)
    one = sympy.Integer(1)

    def column() -> sympy.Symbol:
        return columns[rng.integers(len(columns))]

    def coefficient() -> sympy.Expr:
        random = sympy.Float(round(float(rng.uniform(0.2, 3.0)), 2))
        return (one, -one, 2 * one, one / 2, 3 * one, random)[rng.integers(6)]

    def part() -> sympy.Expr:
        x, z = column(), column()
        return (x, coefficient() * x, x + coefficient(), x**2, x * z, x + z)[rng.integers(6)]

    def factor() -> sympy.Expr:
        kind = rng.integers(9)
        if kind < 3:
            return column() ** int(rng.choice([1, 1, 2, 3, 4]))
        u = part()
        if kind == 3:
            return sympy.sin(u)
        if kind == 4:
            return sympy.cos(u)
        if kind == 5:
            return sympy.exp(-u if rng.random() < 0.6 else u / (1 if high <= 3 else 5))
        if kind == 6:
            return sympy.sqrt(u**2 + 1)
        if kind == 7:
            return sympy.log(u**2 + 1) if low < 0 else sympy.log(column() + 1)
        return 1 / (1 + u**2)

    terms = [
        coefficient() * factor() * (factor() if rng.random() < 0.4 else 1) for _ in range(rng.choice([1, 2, 2, 3]))
    ]
    law = sympy.Add(*terms)
    law = law / (1 + factor() ** 2) if rng.random() < 0.15 else law
    return law + coefficient() if rng.random() < 0.3 else law


def is_exact(expression: sympy.Expr, prediction: np.ndarray, drawn: Sample) -> bool:
    """Is it the law to rounding, and not a large approximation?"""
    missed = np.sqrt(np.mean((prediction - drawn.y_fresh) ** 2)) / np.std(drawn.y_fresh)
    return bool(missed < EXACT) and nodes(expression) <= MOST_TIMES_AS_LARGE * nodes(drawn.law)


def fit(job: runner.Job) -> dict[str, Any]:
    warnings.simplefilter("ignore")
    drawn = sample(job["law"])
    start = time.monotonic()
    model = DARTSRegressor(max_time=job["budget"], random_state=0, n_jobs=job["threads"], verbose=0)
    model.fit(drawn.X, drawn.y)
    return {
        "seconds": round(time.monotonic() - start, 2),
        "formula": str(drawn.law),
        "rows": len(drawn.y),
        "columns": drawn.X.shape[1],
        "expression": str(model.sympy()),
        "origin": model.equation().origin,
        "exact": is_exact(model.sympy(), model.predict(drawn.X_fresh), drawn),
    }


def markdown(records: list[dict[str, Any]]) -> str:
    rows: list[list[object]] = []
    for columns in sorted({r["columns"] for r in records if not r["error"]}):
        runs = [r for r in records if not r["error"] and r["columns"] == columns]
        good = [r["seconds"] for r in runs if r["exact"]]
        rows.append([columns, len(runs), len(good), f"{median(good):.1f}" if good else "–"])
    failed = sum(bool(r["error"]) for r in records)
    head: list[object] = ["columns", "laws", "exact", "median s of exact"]
    return f"{runner.table(head, rows)}\n\n{failed} of {len(records)} failed"


def main() -> None:
    parser = runner.parser(__doc__, "random_laws", budget=20.0, processes=2, threads=1)
    parser.add_argument("--laws", type=int, default=100)
    options = parser.parse_args()
    if options.table:
        print(markdown(runner.read(options.results)))
        return
    jobs = [{"law": seed, "budget": options.budget, "threads": options.threads} for seed in range(options.laws)]
    runner.run(jobs, fit, options.results, 3 * options.budget + 60, options.processes, options.threads)


if __name__ == "__main__":
    main()

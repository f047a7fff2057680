"""Ten seeds on four laws: how often does the search return the form itself?

    python benchmarks/forms.py                       # resumes where it stopped
    python benchmarks/forms.py --setting classic
    python benchmarks/forms.py --table

The form is recovered when the chosen equation agrees with the law on a box about twice as wide as the
data's, up to a constant factor or a constant offset, and has at most three times as many nodes.
"""

import time
from dataclasses import dataclass
from statistics import median
from typing import Any

import numpy as np
import pandas as pd
import runner
import sympy

from eqdarts import DARTSRegressor

ROWS, SEEDS, MAX_TIME, TOLERANCE = 200, range(10), 60, 1e-3

SETTINGS: dict[str, dict[str, Any]] = {
    "default": {},
    "classic": {"relaxation": "softmax", "optimizer": "adam", "order": 1, "aggregators": ("sum",)},
}


@dataclass(frozen=True)
class Law:
    formula: str
    low: float
    high: float

    @property
    def expression(self) -> sympy.Expr:
        return sympy.sympify(self.formula)

    @property
    def names(self) -> list[str]:
        return sorted(symbol.name for symbol in self.expression.free_symbols)

    def sample(self, rows: int, seed: int) -> tuple[pd.DataFrame, pd.Series]:
        """Rows of the box on which the law is searched."""
        return self._rows(self.low, self.high, rows, seed)

    def sample_wide(self, rows: int, seed: int) -> tuple[pd.DataFrame, pd.Series]:
        """Rows of a box about twice as wide; one that keeps its sign is widened by factors."""
        if self.low >= 0:
            return self._rows(self.low / 2, 2 * self.high, rows, seed)
        half = (self.high - self.low) / 2
        return self._rows(self.low - half, self.high + half, rows, seed)

    def _rows(self, low: float, high: float, rows: int, seed: int) -> tuple[pd.DataFrame, pd.Series]:
        generator = np.random.default_rng(seed)
        X = pd.DataFrame(generator.uniform(low, high, (rows, len(self.names))), columns=self.names)
        return X, pd.Series(evaluate(self.expression, X), name="y")


LAWS = {
    "decay": Law("3*exp(-0.5*x) + 1", 0, 5),
    "product": Law("x1*x2/x3**2", 1, 5),
    "wave": Law("2*sin(x) + x**2", -3, 3),
    "logistic": Law("5/(1 + exp(-(1.5*x1 - 0.8*x2)))", -3, 3),
}


def evaluate(expression: sympy.Expr, X: pd.DataFrame) -> np.ndarray:
    function = sympy.lambdify([sympy.Symbol(name) for name in X.columns], expression, "numpy")
    with np.errstate(all="ignore"):
        return np.broadcast_to(np.asarray(function(*X.to_numpy().T), dtype=float), len(X))


def nodes(expression: sympy.Expr) -> int:
    return sum(1 for _ in sympy.preorder_traversal(expression))


def is_form(expression: sympy.Expr, law: Law) -> bool:
    """Is it the law, up to a constant factor or offset, and not a large approximation?"""
    if nodes(expression) > 3 * nodes(law.expression):
        return False
    X, truth = law.sample_wide(2000, seed=0)
    y, found = truth.to_numpy(), evaluate(expression, X)
    if not np.isfinite(found).all() or not np.ptp(found) > 0:
        return False
    spread = np.abs(y - np.median(y))
    spread = np.maximum(spread, np.median(spread))
    offset = y - found - np.median(y - found)
    factor = y - found * np.median(y / found)
    return bool(min(np.max(np.abs(gap) / spread) for gap in (offset, factor)) < TOLERANCE)


def fit(job: runner.Job) -> dict[str, Any]:
    law, seed = LAWS[job["law"]], job["seed"]
    X, y = law.sample(ROWS, seed)
    start = time.monotonic()
    model = DARTSRegressor(max_time=MAX_TIME, random_state=seed, verbose=0, **SETTINGS[job["setting"]]).fit(X, y)
    return {
        "seconds": round(time.monotonic() - start, 2),
        "expression": str(model.sympy()),
        "r2": model.score(X, y),
        "recovered": is_form(model.sympy(), law),
        "on_front": any(is_form(e, law) for e in model.equations_["sympy"]),
        "stop_reason": model.stop_reason_,
    }


def markdown(records: list[dict[str, Any]]) -> str:
    rows: list[list[object]] = []
    for name, law in LAWS.items():
        for setting in SETTINGS:
            runs = [r for r in records if (r["law"], r["setting"]) == (name, setting)]
            if not runs:
                continue
            seconds = [r["seconds"] for r in runs if not r["error"]] or [float("nan")]
            counts = [f"{sum(bool(r.get(key)) for r in runs)} of {len(runs)}" for key in ("recovered", "on_front")]
            rows.append([f"`{law.formula}`", setting, *counts, f"{median(seconds):.1f}", f"{max(seconds):.1f}"])
    return runner.table(["law", "setting", "recovered", "on the front", "median s", "longest s"], rows)


def main() -> None:
    parser = runner.parser(__doc__, "forms", processes=1, threads=1)
    parser.add_argument("--setting", choices=SETTINGS, action="append", help="default: both")
    parser.add_argument("--law", choices=LAWS, action="append", help="default: all four")
    parser.add_argument("--limit", type=int, help="only the first so many fits")
    options = parser.parse_args()
    if options.table:
        print(markdown(runner.read(options.results)))
        return
    jobs = [
        {"law": law, "setting": setting, "seed": seed}
        for setting in options.setting or SETTINGS
        for law in options.law or LAWS
        for seed in SEEDS
    ]
    runner.run(jobs[: options.limit], fit, options.results, 3 * MAX_TIME, options.processes, options.threads)


if __name__ == "__main__":
    main()

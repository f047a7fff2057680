"""How many problems of a catalogue does the search solve?

    python benchmarks/recovery.py --kit DIR --suite feynman --budget 60     # resumes where it stopped
    python benchmarks/recovery.py --kit DIR --suite feynman --setting frozen  # α stays at its prior
    python benchmarks/recovery.py --kit DIR --suite feynman --irrelevant 10   # with random columns beside the inputs
    python benchmarks/recovery.py --kit DIR --table

DIR holds two modules: `catalog` (`load(suite)` gives problems, dicts with name, suite and variables;
`get(name)` gives one; `data(problem, n, noise, seed)` gives X, y, X_test, y_test) and `check`
(`judge(expression, problem, X_test, y_test, noise)` gives solved, form, r2; `any_solved(expressions, problem, noise)`).
"""

import importlib
import sys
import time
import warnings
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import pandas as pd
import runner

from eqdarts import PROPOSERS, DARTSRegressor


def without(source: str) -> dict[str, Any]:
    """Options of a fit with all sources but one."""
    return {"proposers": tuple(name for name in PROPOSERS if name != source)}


_CLASSIC = {"relaxation": "softmax", "optimizer": "adam", "aggregators": ("sum",)}
IRRELEVANT = "irrelevant_"
#: What an ablation compares: α frozen at uniform odds of its prior, no proposals by the gradient at a vertex, and
#: the mixture of the DARTS paper with both of its gradients.
SETTINGS: dict[str, dict[str, Any]] = {
    "default": {},
    "frozen": {"alpha_learning_rate": 0.0},
    "no symmetries": without("symmetry"),
    "unguided": without("gradient"),
    "classic": {**_CLASSIC, "order": 1},
    "classic second order": {**_CLASSIC, "order": 2},
}


def kit(folder: str, module: str) -> Any:
    """A module of the kit."""
    if folder not in sys.path:
        sys.path.insert(0, folder)
    return importlib.import_module(module)


def with_irrelevant(X: Any, names: list[str], columns: int, seed: int) -> pd.DataFrame:
    """The table with so many columns of uniform random numbers that y has nothing to do with."""
    extra = np.random.default_rng(seed).uniform(1, 5, (len(X), columns))
    table = pd.DataFrame(np.asarray(X), columns=names)
    return table.assign(**{f"{IRRELEVANT}{k + 1}": extra[:, k] for k in range(columns)})


def near(model: DARTSRegressor, X: Any, y: Any, clean: Any) -> bool:
    """Is the equation as near the law on the rows as a fit of the law would be? Then the rows do not tell them apart.

    What K fitted constants leave of the law is σ² times χ² with K degrees of freedom; four times K is beyond its 95 %.
    """
    constants = max(model.equation().n_constants, 1)
    off = float(np.mean((model.predict(X) - clean) ** 2))
    return off <= 4 * constants / len(y) * float(np.mean((y - clean) ** 2))


def judged(expression: str, front: list[str], problem: Any, check: Any, job: runner.Job, test: Any) -> dict[str, Any]:
    """The verdict of the kit; an equation with an irrelevant column is not the law."""
    solved = check.any_solved([text for text in front if IRRELEVANT not in text], problem, job["noise"])
    if IRRELEVANT in expression:
        return {"solved": False, "form": False, "front_solved": solved}
    return {**check.judge(expression, problem, *test, job["noise"]), "front_solved": solved}


def fit(job: runner.Job) -> dict[str, Any]:
    warnings.simplefilter("ignore")
    catalog, check = kit(job["kit"], "catalog"), kit(job["kit"], "check")
    problem = catalog.get(job["name"])
    X, y, X_test, y_test = catalog.data(problem, None, job["noise"], job["seed"])
    X = with_irrelevant(X, problem["variables"], job["irrelevant"], job["seed"])
    start = time.monotonic()
    options = SETTINGS[job["setting"]]
    model = DARTSRegressor(
        max_time=job["budget"], random_state=job["seed"], n_jobs=job["threads"], verbose=0, **options
    ).fit(X, y)
    seconds = time.monotonic() - start
    front = [str(e) for e in model.equations_["sympy"]]
    expression = front[model.best_index_]
    clean = catalog.data(problem, None, 0.0, job["seed"])[1]
    return {
        "probability": model.equation().probability,
        "near": near(model, X, y, clean),
        "seconds": round(seconds, 2),
        "over_time": seconds > 1.1 * job["budget"],
        "stop_reason": model.stop_reason_,
        "expression": expression,
        "front": front,
        **judged(expression, front, problem, check, job, (X_test, y_test)),
    }


def _group(record: dict[str, Any]) -> tuple[Any, ...]:
    return (
        record["suite"],
        record["setting"],
        record["noise"],
        record.get("irrelevant", 0),
        record["budget"],
        record["seed"],
        record["commit"],
    )


def markdown(records: list[dict[str, Any]]) -> str:
    def percent(runs: list[dict[str, Any]], key: str) -> str:
        return f"{100 * sum(bool(r.get(key)) for r in runs) / len(runs):.1f}"

    rows: list[list[object]] = []
    for group in sorted({_group(r) for r in records}):
        runs = [r for r in records if _group(r) == group]
        solved = [r["seconds"] for r in runs if r.get("solved")]
        over, failed = (sum(bool(r.get(key)) for r in runs) for key in ("over_time", "error"))
        shares = [percent(runs, key) for key in ("solved", "front_solved", "form")]
        middle = f"{median(solved):.2f}" if solved else "–"
        rows.append([*group, len(runs), *shares, middle, over, failed])
    head: list[object] = [
        "suite",
        "setting",
        "noise",
        "irrelevant columns",
        "budget s",
        "seed",
        "commit",
        "fits",
        "solved %",
        "on the front %",
        "form %",
        "median s of solved",
    ]
    return runner.table([*head, "over time", "failed"], rows)


BINS = (0.0, 0.5, 2 / 3, 0.8, 0.9, 0.99, 1.0)


def sureness(records: list[dict[str, Any]]) -> str:
    """Said probabilities of the chosen equations, and how many of them were the law, or near it."""
    rows: list[list[object]] = []
    known = [r for r in records if r.get("probability") is not None]
    for group in sorted({_group(r) for r in known}):
        for low, high in pairwise(BINS):
            some = [r for r in known if _group(r) == group and low <= r["probability"] < high + (high == 1)]
            form, right = sum(bool(r["form"]) for r in some), sum(bool(r["form"] or r["near"]) for r in some)
            if some:
                rows.append([*group, f"{low:.2f} to {high:.2f}", len(some), form, right])
    head = ["suite", "setting", "noise", "irrelevant columns", "budget s", "seed", "commit"]
    return runner.table([*head, "said", "fits", "of the law's form", "or as near as fits of it"], rows)


def main() -> None:
    parser = runner.parser(__doc__, "recovery", budget=60.0, processes=2, threads=1)
    parser.add_argument("--kit", type=Path, required=True, metavar="DIR", help="the folder of catalog.py and check.py")
    parser.add_argument("--suite", default="all", help="one or several, by commas")
    parser.add_argument("--noise", type=float, default=0.0, help="standard deviation, as a share of the target's")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--setting", choices=tuple(SETTINGS), default="default")
    parser.add_argument("--irrelevant", type=int, default=0, help="random columns beside the inputs")
    parser.add_argument("--every", type=int, default=1, help="only each so manyth problem")
    parser.add_argument("--limit", type=int, help="only the first so many problems")
    options = parser.parse_args()
    if options.table:
        print(markdown(runner.read(options.results)), sureness(runner.read(options.results)), sep="\n\n")
        return
    folder = str(options.kit.resolve())
    same = {name: getattr(options, name) for name in ("noise", "seed", "budget", "setting", "irrelevant")}
    problems = kit(folder, "catalog").load(options.suite)[:: options.every][: options.limit]
    jobs = [
        {"name": p["name"], "suite": p["suite"], **same, "kit": folder, "threads": options.threads} for p in problems
    ]
    # Judging comes on top of the budget, and may take its time over a large formula.
    seconds = 2 * options.budget + 120
    runner.run(jobs, fit, options.results, seconds, options.processes, options.threads)


if __name__ == "__main__":
    main()

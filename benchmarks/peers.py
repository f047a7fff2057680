"""eqdarts and other libraries of symbolic regression on the same tables, cores and seconds.

    pip install '.[bench]'                            # brings pyoperon, gplearn and autora-theorist-darts
    python benchmarks/peers.py --kit DIR --suite feynman --budget 20     # resumes where it stopped, then prints tables
    python benchmarks/peers.py --kit DIR --table

DIR holds the modules `catalog` and `check` that `recovery.py` describes. Libraries take turns on every problem, one fit
at a time, each in a process of its own that may use so many cores and no more. rils-rols takes part if it is installed
and named by `--library`.

Seconds are those that the library works (`libraries.py`), after it was loaded and has once worked on a table of twenty
rows, so that nobody waits for what is done once in a process. *Solved* is the judge's verdict on the formula that a
library chooses at its end. The *time to the exact form* is when it first held an accepted formula. A library that works
in steps is stopped when its chosen formula is accepted, and Operon goes on to the end of its budget. The *time to R² >
0.999* is when the best of what a library held first reached that on rows without noise that it never saw (eqdarts: on
its validation rows), if its chosen formula does so at the end.
"""

import importlib.metadata
import importlib.util
import os
import time
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import pandas as pd
import runner
from contest import Snapshot, Task, lost
from libraries import LIBRARIES
from recovery import kit

OURS, ANCESTOR = "eqdarts", "autora"
DEFAULT = ("eqdarts", "pyoperon", "gplearn", "autora")
CLOSE = 1e-3  # 1 − R²
REHEARSED = 20  # rows of the table before the one that counts
AIM_NOT_SLOWER, AIM_RATIO = 80.0, 100.0
JUDGING = 240.0  # seconds beyond the budget after which a fit is killed


def fit(job: runner.Job) -> dict[str, Any]:
    """One library on one problem."""
    warnings.simplefilter("ignore")
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: job["threads"]])
    catalog, check = kit(job["kit"], "catalog"), kit(job["kit"], "check")
    problem, noise = catalog.get(job["name"]), job["noise"]
    X, y, X_test, y_test = catalog.data(problem, None, noise, job["seed"])
    library = LIBRARIES[job["library"]]
    start = time.perf_counter()
    library.load()
    loading = time.perf_counter() - start
    start = time.perf_counter()
    library.work(rehearsal(job["threads"]))
    rehearsed = time.perf_counter() - start

    def accepted(text: str) -> bool:
        return bool(check.any_solved([text], problem, noise))

    def enough(held: Snapshot) -> bool:
        return accepted(held.texts[0])

    task = Task(X, y, X_test, y_test, job["budget"], job["seed"], job["threads"], enough)
    history = library.work(task)
    judge = Judge(catalog, problem, (X, np.asarray(y)), (X_test, np.asarray(y_test)), accepted)
    *_, end = history
    verdict = check.judge(end.texts[0], problem, X_test, y_test, noise)
    verdict["front_solved"] = bool(verdict["solved"] or check.any_solved(list(end.texts[1:]), problem, noise))
    losses = falling([(s.seconds, judge.loss(s)) for s in history])
    final = end.loss if end.loss is not None else judge.loss_of(end.texts[0])
    if end.loss is not None:
        verdict["r2"] = 1 - end.loss if np.isfinite(end.loss) else None
    return {
        "version": importlib.metadata.version(library.distribution),
        "loading": round(loading, 3),
        "rehearsal": round(rehearsed, 3),
        "seconds": round(end.seconds, 4),
        "over_time": end.seconds > 1.1 * job["budget"] + 1,
        "expression": end.texts[0],
        **verdict,
        "exact_seconds": first(history, judge.holds_law) if verdict["solved"] else None,
        "close_seconds": next((at for at, loss in losses if loss < CLOSE), None) if final < CLOSE else None,
        "losses": losses,
    }


def rehearsal(threads: int) -> Task:
    """A second at the most on y = x²."""
    X = pd.DataFrame({"x": np.linspace(1, 2, REHEARSED)})
    y = X.x.to_numpy() ** 2
    return Task(X, y, X, y, 1.0, 0, threads, lambda held: True)


class Judge:
    """Losses and verdicts of formulas, each worked out once.

    test: rows without noise   accepted: is a formula the law?
    """

    def __init__(
        self,
        catalog: Any,
        problem: dict[str, Any],
        train: tuple[Any, np.ndarray],
        test: tuple[Any, np.ndarray],
        accepted: Callable[[str], bool],
    ) -> None:
        self._catalog, self._names, self._accepted = catalog, problem["variables"], accepted
        self._train, self._test = train, test
        self._losses: dict[str, tuple[float, str]] = {}
        self._laws: dict[str, bool] = {}

    def loss_of(self, text: str) -> float:
        """1 − R² of a formula, infinite where it is undefined or cannot be read."""
        return self._scaled(text)[0]

    def loss(self, held: Snapshot) -> float:
        """1 − R² of the best that was held."""
        return held.loss if held.loss is not None else min(map(self.loss_of, held.texts), default=np.inf)

    def holds_law(self, held: Snapshot) -> bool:
        """Is one of the formulas the law? Only those that come close are judged, as the law would."""
        return any(self._is_law(text) for text in held.texts)

    def _is_law(self, text: str) -> bool:
        loss, scaled = self._scaled(text)
        if text not in self._laws:
            self._laws[text] = loss < CLOSE and (self._accepted(text) or self._accepted(scaled))
        return self._laws[text]

    def _scaled(self, text: str) -> tuple[float, str]:
        """Loss of the formula or of a·formula + b, fitted to the train rows, whichever is less, and the latter.

        Operon fits that line for each tree, and notes the tree alone.
        """
        if text not in self._losses:
            try:
                values = self._catalog.numeric(self._catalog.parse(text, self._names), self._names)
                (X, y), (X_test, y_test) = self._train, self._test
                a, b = line(values(np.asarray(X, dtype=float)), y)
                tested = values(np.asarray(X_test, dtype=float))
                loss = min(lost(y_test, tested), lost(y_test, a * tested + b))
                self._losses[text] = loss, f"({a!r})*({text}) + ({b!r})"
            except (ValueError, TypeError, ArithmeticError, SyntaxError, NameError, RecursionError):
                self._losses[text] = np.inf, text
        return self._losses[text]


def line(values: np.ndarray, y: np.ndarray) -> tuple[float, float]:
    """Factor and offset that bring the values closest to y; 1 and 0 where that is undefined."""
    if not np.isfinite(values).all() or np.ptp(values) == 0:
        return 1.0, 0.0
    (a, b), *_ = np.linalg.lstsq(np.column_stack([values, np.ones(len(values))]), y, rcond=None)
    return float(a), float(b)


def first(history: list[Snapshot], holds: Callable[[Snapshot], bool]) -> float:
    """Seconds of the first snapshot of which this holds; of the last if there is none."""
    return next((s.seconds for s in history if s.texts and holds(s)), history[-1].seconds)


def falling(losses: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """Only the (seconds, loss) that are better than all before."""
    found: list[tuple[float, float]] = []
    for at, loss in losses:
        if np.isfinite(loss) and (not found or loss < found[-1][1]):
            found.append((round(at, 4), loss))
    return found


def reached(losses: Sequence[Sequence[float]], loss: float) -> float | None:
    """Seconds until a history of (seconds, loss) came down to this loss."""
    return next((at for at, now in losses if now <= loss), None)


def summary(records: list[dict[str, Any]]) -> str:
    """A row for each library and setting."""
    rows: list[list[object]] = []
    for group in sorted({_group(r) for r in records}):
        for library in LIBRARIES:
            runs = [r for r in records if _group(r) == group and r["library"] == library]
            if not runs:
                continue
            versions = sorted({r["version"] for r in runs if r.get("version")})
            solved = [r for r in runs if r.get("solved")]
            close = [r["close_seconds"] for r in runs if r.get("close_seconds") is not None]
            shares = [100 * count / len(runs) for count in (len(solved), _count(runs, "front_solved"), len(close))]
            cells = [_median(close), _median([r["exact_seconds"] for r in solved])]
            cells += [_median([r["complexity"] for r in solved], 0)]
            cells += [_median([r["r2"] for r in runs if r.get("r2") is not None], 6)]
            cells += [_median([r["loading"] for r in runs if r.get("loading") is not None])]
            name = f"{library} {', '.join(versions)}".strip()
            counts = [_count(runs, key) for key in ("over_time", "error")]
            rows.append([*group, name, len(runs), *(f"{share:.1f}" for share in shares), *cells, *counts])
    head: list[object] = ["suite", "noise", "budget s", "threads", "library", "fits", "solved %", "on the front %"]
    head += ["R² > 0.999 %", "median s to that", "median s to the exact form", "median complexity of solved"]
    return runner.table([*head, "median R²", "median s of loading", "over time", "failed"], rows)


def pairs(records: list[dict[str, Any]]) -> str:
    """A row for each other library and setting: the problems that it and eqdarts both solve."""
    rows: list[list[object]] = []
    for group in sorted({_group(r) for r in records}):
        of = {name: _by_problem(records, group, name) for name in LIBRARIES}
        for other in LIBRARIES:
            if other == OURS or not of[other]:
                continue
            both = [k for k in of[OURS] if k in of[other] and of[OURS][k].get("solved") and of[other][k].get("solved")]
            times = [(of[OURS][k]["exact_seconds"], of[other][k]["exact_seconds"]) for k in both]
            share = 100 * sum(ours <= theirs for ours, theirs in times) / len(times) if times else float("nan")
            ratio = _median([theirs / ours for ours, theirs in times], 1)
            cell = f"{share:.0f}" if times else "–"
            if other == "pyoperon" and times:
                cell += f" (aim ≥ {AIM_NOT_SLOWER:.0f}: {'holds' if share >= AIM_NOT_SLOWER else 'missed'})"
            rows.append([*group, other, len(both), cell, ratio])
    head: list[object] = ["suite", "noise", "budget s", "threads", "other", "both solve", "eqdarts not slower %"]
    return runner.table([*head, "median of other's time / eqdarts'"], rows)


def same_loss(records: list[dict[str, Any]]) -> str:
    """A row for each setting: times to the lowest loss that AutoRA's DARTS reaches."""
    rows: list[list[object]] = []
    for group in sorted({_group(r) for r in records}):
        ours, theirs = (_by_problem(records, group, name) for name in (OURS, ANCESTOR))
        both = [k for k in ours if theirs.get(k, {}).get("losses") and ours[k].get("losses")]
        if not both:
            continue
        ends = {k: theirs[k]["losses"][-1] for k in both}
        times = {k: reached(ours[k]["losses"], ends[k][1]) for k in both}
        ratios = [ends[k][0] / at for k, at in times.items() if at is not None]
        found = f"{median(ratios):.0f}" if ratios else "–"
        verdict = "holds" if ratios and median(ratios) >= AIM_RATIO else "missed"
        shown = f"{min(ratios):.0f} to {max(ratios):.0f}" if ratios else "–"
        losses = f"{median(loss for _, loss in ends.values()):.3g}"
        rows.append([*group, len(both), losses, len(ratios), f"{found} (aim ≥ {AIM_RATIO:.0f}: {verdict})", shown])
    head: list[object] = ["suite", "noise", "budget s", "threads", "problems", "median of AutoRA's lowest 1 − R²"]
    return runner.table([*head, "eqdarts reaches it", "median of AutoRA's time / eqdarts'", "range"], rows)


def report(records: list[dict[str, Any]]) -> str:
    """All tables, and what failed."""
    failed = [f"failed: {r['library']}, {r['name']}: {r['error']}" for r in records if r.get("error")]
    return "\n\n".join([summary(records), pairs(records), same_loss(records), *failed])


def _group(record: dict[str, Any]) -> tuple[Any, ...]:
    return record["suite"], record["noise"], record["budget"], record["threads"]


def _by_problem(records: list[dict[str, Any]], group: tuple[Any, ...], library: str) -> dict[tuple[str, int], Any]:
    return {(r["name"], r["seed"]): r for r in records if _group(r) == group and r["library"] == library}


def _count(runs: list[dict[str, Any]], key: str) -> int:
    return sum(bool(r.get(key)) for r in runs)


def _median(values: list[float], digits: int = 2) -> str:
    return f"{median(values):.{digits}f}" if values else "–"


def alternating(problems: list[dict[str, Any]], libraries: Sequence[str], same: dict[str, Any]) -> list[runner.Job]:
    """A job for each problem and library, the libraries in turn."""
    return [{"library": name, "name": p["name"], "suite": p["suite"], **same} for p in problems for name in libraries]


def main() -> None:
    parser = runner.parser(__doc__, "peers", budget=20.0, threads=1)
    parser.add_argument("--kit", type=Path, required=True, metavar="DIR", help="the folder of catalog.py and check.py")
    parser.add_argument("--suite", default="all", help="one or several, by commas")
    parser.add_argument("--library", action="append", choices=tuple(LIBRARIES), help="may be repeated")
    parser.add_argument("--noise", type=float, default=0.0, help="standard deviation, as a share of the target's")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--every", type=int, default=1, help="only each so manyth problem")
    parser.add_argument("--limit", type=int, help="only the first so many problems")
    options = parser.parse_args()
    if not options.table:
        libraries = options.library or DEFAULT
        for name in libraries:
            if not installed(LIBRARIES[name].module):
                raise SystemExit(f"{name} is not installed: pip install {LIBRARIES[name].distribution}")
        folder = str(options.kit.resolve())
        same = {name: getattr(options, name) for name in ("noise", "seed", "budget", "threads")}
        problems = kit(folder, "catalog").load(options.suite)[:: options.every][: options.limit]
        jobs = alternating(problems, libraries, {**same, "kit": folder})
        # rils-rols works up to twice its budget, and judging comes on top.
        runner.run(jobs, fit, options.results, 2 * options.budget + JUDGING, threads=options.threads)
    print(report(runner.read(options.results)))


def installed(module: str) -> bool:
    """Can it be found? Loads only the packages above it."""
    try:
        return importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:
        return False


if __name__ == "__main__":
    main()

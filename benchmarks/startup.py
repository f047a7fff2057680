"""How long until something happens: imports, help, and a first equation.

    python benchmarks/startup.py                  # resumes where it stopped, then prints the table
    python benchmarks/startup.py --table

Every measurement is a fresh process; the kinds take turns, and round 0 only warms caches, so it is not counted.
Imports and help are wall times of a whole interpreter, `nothing` of one that does nothing. A first equation is timed
inside its process from the call of `fit`, with everything imported and the compiled loops on disk: until the callback's
first record, until the first one whose equation has a column in it, and for a fit of one epoch until its LaTeX.
"""

import subprocess
import sys
import time
import warnings
from statistics import median
from typing import Any

import numpy as np
import runner

ROUNDS, ROWS = 7, 200
HELP = "import sys; sys.argv = ['eqdarts', '--help']; from eqdarts.cli import main; main()"
#: What `python -c` runs.
PROGRAMS = {
    "nothing": "pass",
    "import torch, sklearn": "import torch, sklearn",
    "import eqdarts": "import eqdarts",
    "from eqdarts import DARTSRegressor": "from eqdarts import DARTSRegressor",
    "eqdarts --help": HELP,
}
#: What is timed inside a process, and the most epochs of its fit.
FITS = {"first record": 3, "first equation of the callback": 5, "LaTeX of one epoch": 1}
#: A bound of a kind, in seconds or as a multiple of another kind.
BOUNDS: dict[str, tuple[float, str | None]] = {
    "import eqdarts": (1.3, "import torch, sklearn"),
    "from eqdarts import DARTSRegressor": (1.3, "import torch, sklearn"),
    "eqdarts --help": (0.3, None),
    "first equation of the callback": (3.0, None),
    "LaTeX of one epoch": (3.0, None),
}


def measure(job: runner.Job) -> dict[str, Any]:
    """Seconds of one kind, once; None where there is nothing of that kind."""
    kind = job["kind"]
    return program(PROGRAMS[kind]) if kind in PROGRAMS else {"seconds": first(kind)}


def program(code: str) -> dict[str, Any]:
    """Wall time of an interpreter that runs this code, and whether it loaded torch."""
    start = time.perf_counter()
    subprocess.run([sys.executable, "-c", code], check=True, stdout=subprocess.DEVNULL, cwd=runner.ROOT)
    seconds = time.perf_counter() - start
    # In a run of its own, so that looking does not count.
    look = f"import atexit, sys; atexit.register(lambda: print('torch' in sys.modules)); {code}"
    shown = subprocess.run([sys.executable, "-c", look], check=True, capture_output=True, text=True, cwd=runner.ROOT)
    return {"seconds": round(seconds, 4), "torch": shown.stdout.split()[-1] == "True"}


def first(kind: str) -> float | None:
    """Seconds from the call of `fit`."""
    from eqdarts import DARTSRegressor
    from eqdarts.search.warm_up import compile_loops

    warnings.simplefilter("ignore")
    compile_loops()
    X, y = table(np.random.default_rng(0))
    seen: dict[str, float] = {}
    start = time.perf_counter()

    def note(record: Any) -> None:
        now = time.perf_counter() - start
        seen.setdefault("first record", now)
        if "x" in record.equation:
            seen.setdefault("first equation of the callback", now)

    model = DARTSRegressor(
        max_epochs=FITS[kind], max_time=None, random_state=0, n_jobs=1, verbose=0, callback=note
    ).fit(X, y)
    model.latex()
    seen["LaTeX of one epoch"] = time.perf_counter() - start
    return round(seen[kind], 4) if kind in seen else None


def table(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """200 rows of the energy of a mass that moves and is lifted, with an error of 1."""
    mass, speed, height = rng.uniform(1, 5, (3, ROWS))
    X = np.column_stack([mass, speed, height])
    return X, mass * speed**2 / 2 + 9.81 * mass * height + rng.normal(0, 1, ROWS)


def markdown(records: list[dict[str, Any]]) -> str:
    """A row for each kind: median, fastest, slowest, and its bound."""
    seconds = {
        kind: [r["seconds"] for r in records if r["kind"] == kind and r["round"] > 0 and r.get("seconds") is not None]
        for kind in (*PROGRAMS, *FITS)
    }
    rows: list[list[object]] = []
    for kind, values in seconds.items():
        mine = [r for r in records if r["kind"] == kind]
        if not mine:
            continue
        loads = {r["torch"] for r in mine if r.get("torch") is not None}
        torch = " or ".join("yes" if x else "no" for x in sorted(loads)) or "–"
        shown = [f"{f(values):.3f}" if values else "–" for f in (median, min, max)]
        rows.append([kind, len(values), *shown, torch, verdict(kind, seconds)])
    return runner.table(["what", "runs", "median s", "fastest", "slowest", "loads torch", "bound"], rows)


def verdict(kind: str, seconds: dict[str, list[float]]) -> str:
    """The bound of a kind and whether its median holds it."""
    if kind not in BOUNDS:
        return "–"
    bound, other = BOUNDS[kind]
    text = f"≤ {bound:g} s" if other is None else f"≤ {bound:g} × {other}"
    if not seconds[kind] or (other is not None and not seconds[other]):
        return f"{text}: not measured"
    limit = bound if other is None else bound * median(seconds[other])
    return f"{text}: {'holds' if median(seconds[kind]) <= limit else 'missed'}"


def main() -> None:
    parser = runner.parser(__doc__, "startup")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    options = parser.parse_args()
    if not options.table:
        jobs = [{"kind": kind, "round": k} for k in range(options.rounds + 1) for kind in (*PROGRAMS, *FITS)]
        runner.run(jobs, measure, options.results, seconds=180)
    print(markdown(runner.read(options.results)))


if __name__ == "__main__":
    main()

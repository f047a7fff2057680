"""How does a fit grow with the rows and the columns of its table?

    python benchmarks/scale.py                      # rows 10,000 and 10,000,000, columns 10 and 2,000; resumes
    python benchmarks/scale.py --rows 10000,200000 --columns 10,200
    python benchmarks/scale.py --table

Three of the columns are relevant. A case with many rows is a Parquet, a CSV file or arrays in memory; one with many
columns is in memory. Every table is written to a temporary folder by one process and fitted in another, whose peak
memory and time are those of the fit alone. An equation is shown when a callback gets it, which may be before it is
confirmed on all rows.
"""

import argparse
import multiprocessing
import resource
import sys
import tempfile
import time
import warnings
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import pandas as pd
import runner
import sympy

from eqdarts import DARTSRegressor
from eqdarts.search.warm_up import compile_loops

_BLOCK = 500_000  # rows that are made at once
_ROWS_COLUMNS, _COLUMNS_ROWS = 5, 1000  # columns of the tables with many rows, and rows of those with many columns
#: The target over relevant columns a, b and c, drawn from 1 to 5, or from −2 to 2 in the last.
LAWS = {
    "ratio": lambda a, b, c: a * b / c**2,
    "sum": lambda a, b, c: 0.5 * a * b**2 + 9.81 * c,
    "decay": lambda a, b, c: 3.0 * a * np.exp(-0.7 * b) + c,
    "centred product": lambda a, b, c: a * b + 2.0 * c,
}
RELEVANT = ("a", "b", "c")


def block(law: str, rows: int, columns: int, noise: float, rng: np.random.Generator) -> pd.DataFrame:
    """Rows of the table; the relevant columns stand at its end, behind those that do not matter."""
    low, high = (-2.0, 2.0) if law == "centred product" else (1.0, 5.0)
    names = [*(f"z{k + 1}" for k in range(columns - len(RELEVANT))), *RELEVANT]
    frame = pd.DataFrame(rng.uniform(low, high, (rows, columns)), columns=names)
    return frame.assign(y=LAWS[law](frame.a, frame.b, frame.c) + noise * rng.normal(size=rows))


def write(job: runner.Job, folder: str) -> None:
    """The table, in blocks."""
    rng = np.random.default_rng(job["seed"])
    path = Path(folder) / f"table.{job['source']}"
    sizes = [min(_BLOCK, job["rows"] - start) for start in range(0, job["rows"], _BLOCK)]
    blocks = (block(job["law"], size, job["columns"], job["noise"], rng) for size in sizes)
    if job["source"] == "csv":
        for k, part in enumerate(blocks):
            part.to_csv(path, index=False, mode="a", header=k == 0)
    elif job["source"] == "parquet":
        import pyarrow
        from pyarrow import parquet

        writer = None
        for part in blocks:
            data = pyarrow.Table.from_pandas(part, preserve_index=False)
            writer = writer or parquet.ParquetWriter(path, data.schema)
            writer.write_table(data)
        if writer is not None:
            writer.close()
    else:
        np.save(path.with_suffix(".npy"), pd.concat(blocks).to_numpy())


def fit(job: runner.Job) -> dict[str, Any]:
    warnings.simplefilter("ignore")
    with tempfile.TemporaryDirectory(prefix="eqdarts-scale-") as folder:
        writer = multiprocessing.get_context("spawn").Process(target=write, args=(job, folder))
        writer.start()
        writer.join()
        if writer.exitcode:
            raise RuntimeError("the table could not be written")
        return fitted(job, Path(folder))


def fitted(job: runner.Job, folder: Path) -> dict[str, Any]:
    model = DARTSRegressor(max_time=job["budget"], random_state=job["seed"], n_jobs=job["threads"], verbose=0)
    # Loading and compiling are the same for all tables.
    compile_loops()
    model.fit(np.linspace(1, 2, 20)[:, None], np.linspace(1, 2, 20) ** 2)
    path = folder / f"table.{job['source']}"
    table = None
    if job["source"] == "memory":
        names = list(block(job["law"], 1, job["columns"], 0.0, np.random.default_rng(0)).columns)
        table = pd.DataFrame(np.load(path.with_suffix(".npy")), columns=names)
    shown: dict[str, float] = {}
    before, start = _peak(), time.monotonic()
    model.set_params(callback=lambda record: shown.setdefault(record.equation, time.monotonic() - start))
    if table is None:
        model.fit_file(path, "y")
    else:
        model.fit(table.drop(columns="y"), table.y)
    expression = model.sympy()
    return {
        "seconds": round(time.monotonic() - start, 2),
        "shown": round(list(shown.values())[-1], 2),
        "peak_mb": round(_peak()),
        "grown_mb": round(_peak() - before),
        "stop_reason": model.stop_reason_,
        "expression": str(expression),
        "loss": model.equations_.loss[model.best_index_],
        "relevant": {s.name for s in expression.free_symbols} == set(RELEVANT),
        "same": is_law(expression, job["law"]),
    }


def is_law(expression: sympy.Expr, law: str) -> bool:
    """Does it give the values of the law on new rows, to a hundredth of their spread?"""
    names = {s.name for s in expression.free_symbols}
    if not names <= set(RELEVANT):
        return False
    rows = block(law, 200, len(RELEVANT), 0.0, np.random.default_rng(1))
    value = sympy.lambdify([sympy.Symbol(name) for name in RELEVANT], expression, "numpy")(rows.a, rows.b, rows.c)
    return bool(np.abs(value - rows.y).max() < 1e-2 * rows.y.std())


def _peak() -> float:
    """Of this process so far, in MB."""
    size = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return size / 2**20 if sys.platform == "darwin" else size / 2**10


def jobs(options: argparse.Namespace) -> list[runner.Job]:
    shared = {"noise": options.noise, "budget": options.budget, "threads": options.threads}
    rows = [
        {"axis": "rows", "source": source, "rows": n, "columns": _ROWS_COLUMNS}
        for source in options.sources
        for n in options.rows
    ]
    columns = [{"axis": "columns", "source": "memory", "rows": _COLUMNS_ROWS, "columns": d} for d in options.columns]
    return [
        {**case, "law": law, "seed": seed, **shared}
        for case in [*rows, *columns]
        for law in options.laws
        for seed in options.seeds
    ]


def markdown(records: list[dict[str, Any]]) -> str:
    """A line for each size of table: the median time, and its ratio to the smallest of the same kind."""
    keys = ("axis", "source", "noise", "budget", "rows", "columns")
    groups = sorted({tuple(r[k] for k in keys) for r in records})
    rows: list[list[object]] = []
    smallest: dict[tuple[Any, ...], float] = {}
    for group in groups:
        runs = [r for r in records if tuple(r[k] for k in keys) == group]
        good = [r for r in runs if not r["error"]]
        seconds, shown = (median([r.get(key, np.nan) for r in good] or [np.nan]) for key in ("seconds", "shown"))
        first = smallest.setdefault(group[:4], seconds)
        memory = max((r["grown_mb"] for r in good), default=float("nan"))
        same = sum(bool(r.get("same")) for r in runs)
        rows.append(
            [
                *group,
                len(runs),
                same,
                f"{shown:.2f}",
                f"{seconds:.2f}",
                f"{seconds / first:.2f}",
                memory,
                len(runs) - len(good),
            ]
        )
    return runner.table([*keys, "fits", "the law", "shown s", "median s", "ratio", "most MB grown", "failed"], rows)


def main() -> None:
    def numbers(text: str) -> list[int]:
        return [int(part) for part in text.split(",")]

    parser = runner.parser(__doc__, "scale", budget=60.0, threads=1)
    parser.add_argument("--rows", type=numbers, default=[10_000, 10_000_000], help="by commas; 0: none")
    parser.add_argument("--columns", type=numbers, default=[10, 2_000], help="by commas; 0: none")
    parser.add_argument("--sources", type=lambda t: t.split(","), default=["parquet"], help="of parquet, csv, memory")
    parser.add_argument("--laws", type=lambda t: t.split(","), default=list(LAWS), help="by commas")
    parser.add_argument("--seeds", type=numbers, default=[0], help="by commas")
    parser.add_argument("--noise", type=float, default=0.0, help="standard deviation of the error in y")
    options = parser.parse_args()
    if options.table:
        print(markdown(runner.read(options.results)))
        return
    options.rows, options.columns = ([n for n in sizes if n] for sizes in (options.rows, options.columns))
    # Writing and reading a long table comes on top of the budget. One fit at a time, so that times compare.
    runner.run(jobs(options), fit, options.results, 10 * options.budget + 600, 1, options.threads)


if __name__ == "__main__":
    main()

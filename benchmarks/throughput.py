"""How many graphs are fitted per second, on what the time goes, and how far that is from the machine's limit.

    python benchmarks/throughput.py               # resumes where it stopped, then prints the tables
    python benchmarks/throughput.py --engine compiled --replicas 256 --rows 64 --threads 1
    python benchmarks/throughput.py --table

R graphs drawn from the prior, with 3 latent nodes over 4 columns and n rows of noisy data, are fitted from the same
starting values by the compiled loops and by the torch program: with at most 6 steps each (as the search screens), with
at most 30, with 6 for all and 30 for the best fifth, and, by the loops, until their own rules end a fit (at most 300
steps). Steps are those of an average graph. Shares of the stages belong to the fit of 30 steps; see `stages.py`. The
limit is what torch reaches on arrays of the same size in the same process; the ratio is the time that the operations of
the 30 steps would take at the limit (`limit.py`), over the time that they took. Elementwise, torch reads and writes
memory where the loops stay in cache, so that a ratio above 1 is possible.

A whole fit is one of `DARTSRegressor` with default settings on a table of `data/`; see `sampler.py`. Idle is the part
of the cores' time that no thread of the fit used, be it that others did.
"""

import time
import warnings
from statistics import median
from typing import Any

import numpy as np
import pandas as pd
import runner
import torch
from limit import FUNCTIONS, Amounts, needs, rates, seconds_at
from sampler import ALL, OVERHEAD, sampled
from stages import REST, STAGES, Graphs, Watched, best_time, compiled_shares, count_calls, torch_shares

from eqdarts import DARTSRegressor
from eqdarts.darts.prior import log_odds
from eqdarts.darts.sampling import sample
from eqdarts.data.table import Table
from eqdarts.fit.compiled.graphs import Kernel
from eqdarts.fit.graphs import fit_graphs
from eqdarts.graph.genotype import constants_of
from eqdarts.graph.operations import DEFAULT_OPERATIONS
from eqdarts.graph.space import SearchSpace
from eqdarts.search.warm_up import compile_loops

ENGINES, WHOLE = ("compiled", "torch"), "whole fit"
REPLICAS, ROWS, THREADS = (256, 2048), (64, 120, 1000), (1, 2)
COLUMNS, NODES = 4, 3
SHORT, LONG, CONVERGED, FIFTH = 6, 30, 300, 5
TABLE, TARGET, FEATURES = "weather.csv", "relative_humidity_pct", ["temperature_f", "dew_point_f"]
AIM, MOST_OVERHEAD = 0.5, 0.1
_COUNTED = 256  # graphs whose steps to the end are counted


def drawn(replicas: int, n: int, seed: int = 0) -> Graphs:
    """R graphs of the prior, their starting values within their domains, and rows that none of them fits exactly."""
    rng = np.random.default_rng(seed)
    inputs = rng.uniform(0.2, 1.8, (COLUMNS, n))
    y = inputs[0] * inputs[1] / inputs[2] + np.sin(3 * inputs[3]) + rng.normal(0, 0.1, n)
    names = tuple(f"x{k + 1}" for k in range(COLUMNS))
    space = SearchSpace(names, NODES, DEFAULT_OPERATIONS, signed=(False,) * COLUMNS)
    beta = np.zeros((NODES, len(space.aggregators)))
    batch, w = sample(space, log_odds(space), beta, np.full(replicas, NODES), rng)
    table = Table(inputs.T, y, names)
    return Graphs(space, batch, Kernel(space).settled(batch, w, table), table)


def measure(job: runner.Job) -> dict[str, Any]:
    """One cell of the tables."""
    torch.set_num_threads(job["threads"])
    return whole_fit(job) if job["engine"] == WHOLE else core(job)


def core(job: runner.Job) -> dict[str, Any]:
    """Graphs per second, stages and limit for R graphs and n rows."""
    graphs, seconds = drawn(job["replicas"], job["rows"]), job["seconds"]
    size = len(graphs.batch)
    compiled = job["engine"] == "compiled"
    fit = _compiled_fit(graphs, job["threads"]) if compiled else _torch_fit(graphs)

    def mixed() -> None:
        w, loss = fit(slice(None), graphs.w, SHORT)
        best = np.argsort(loss)[: size // FIFTH]
        fit(best, w[best], LONG)

    fit(slice(0, 64), graphs.w[:64], 2)
    short = best_time(lambda: fit(slice(None), graphs.w, SHORT), seconds)
    watched = Watched(graphs)
    calls = count_calls(watched, size, LONG)
    until_end: dict[str, float] = {}
    if compiled:
        long = best_time(lambda: fit(slice(None), graphs.w, LONG), seconds)
        stages = compiled_shares(watched, LONG, seconds)
        until_end = {
            "converged": size / best_time(lambda: fit(slice(None), graphs.w, CONVERGED), seconds),
            "converged_steps": _steps(count_calls(watched, min(size, _COUNTED), CONVERGED)),
        }
    else:
        stages, long = torch_shares(graphs, LONG, seconds)
    columns = graphs.batch.readout.sum(axis=1)
    parameters = constants_of(graphs.space, graphs.batch) - columns
    sizes = (max(1, round(float(count.mean()))) for count in (parameters, columns))
    rate = rates(size, job["rows"], *sizes, seconds / 4)
    at_limit = seconds_at(rate, needs(graphs.space, graphs.batch, calls, job["rows"]))
    return {
        "parameters": round(float(parameters.mean()), 2),
        "steps": _steps(calls),
        "short": size / short,
        "long": size / long,
        "mixed": size / best_time(mixed, seconds),
        **until_end,
        "stages": stages,
        "limit": _flat(rate),
        "at_limit": at_limit,
        "ratio": sum(at_limit.values()) / long,
    }


def _steps(calls: np.ndarray) -> float:
    return round(float(calls[:, list(STAGES).index("linear solve")].mean()), 2)


def _compiled_fit(graphs: Graphs, threads: int) -> Any:
    kernel = Kernel(graphs.space, threads)

    def fit(places: Any, w: np.ndarray, steps: int) -> tuple[np.ndarray, np.ndarray]:
        w, _, loss = kernel.fit(graphs.batch.select(places), w, graphs.table, steps)
        return w, loss

    return fit


def _torch_fit(graphs: Graphs) -> Any:
    rows = graphs.table

    def fit(places: Any, w: np.ndarray, steps: int) -> tuple[np.ndarray, np.ndarray]:
        fitted = fit_graphs(graphs.space, graphs.batch.select(places), torch.as_tensor(w), rows, steps)
        return fitted.w.numpy(), fitted.loss.numpy()

    return fit


def _flat(rate: Amounts) -> dict[str, float]:
    return {**rate.functions, "mul": rate.mul, "matmul": rate.matmul, "solve": rate.solve, "readout": rate.readout}


def whole_fit(job: runner.Job) -> dict[str, Any]:
    """Shares of a fit with default settings."""
    warnings.simplefilter("ignore")
    compile_loops()
    table = pd.read_csv(runner.ROOT / "data" / TABLE)
    records: list[Any] = []
    model = DARTSRegressor(
        max_time=job["budget"], random_state=0, n_jobs=job["threads"], verbose=0, callback=records.append
    )
    cpu, start = time.process_time(), time.perf_counter()
    with sampled() as seconds:
        model.fit(table[FEATURES], table[TARGET])
    wall = time.perf_counter() - start
    busy = (time.process_time() - cpu) / (wall * job["threads"])
    return {
        "wall": round(wall, 3),
        "idle": max(0.0, 1 - busy),
        "kinds": seconds,
        "graphs": records[-1].graphs,
        "search": round(records[-1].seconds, 3),
    }


def shares(seconds: dict[str, float], names: Any) -> dict[str, float]:
    """Each named part's share of the sum of all."""
    total = sum(seconds.values())
    return {name: seconds.get(name, 0.0) / total if total > 0 else 0.0 for name in names}


def cores(records: list[dict[str, Any]]) -> str:
    """A row for each cell: graphs per second, ratio, stages."""
    rows: list[list[object]] = []
    for r in records:
        of = shares(r["stages"], (*STAGES, REST))
        per_second = [f"{r[key]:,.0f}" for key in ("short", "long", "mixed")]
        per_second += [f"{r['converged']:,.0f} ({r['converged_steps']:.0f} steps)" if r.get("converged") else "–"]
        size = [r[key] for key in ("engine", "threads", "replicas", "rows", "parameters", "steps")]
        rows.append([*size, *per_second, f"{r['ratio']:.2f}", *(f"{100 * share:.0f}" for share in of.values())])
    head: list[object] = ["engine", "threads", "R", "n", "P", f"steps, of {LONG}", f"graphs/s, {SHORT} steps"]
    head += [f"graphs/s, {LONG} steps", f"graphs/s, {SHORT}, and {LONG} for a fifth", "graphs/s, to the end"]
    return runner.table([*head, "ratio to limit", *(f"{name} %" for name in (*STAGES, REST))], rows)


def limits(records: list[dict[str, Any]]) -> str:
    """A row for each size: what torch reached, the best of all processes that looked."""
    rows: list[list[object]] = []
    names = [*FUNCTIONS, "mul", "matmul", "solve", "readout"]
    for key in sorted({(r["threads"], r["replicas"], r["rows"]) for r in records}):
        mine = [r["limit"] for r in records if (r["threads"], r["replicas"], r["rows"]) == key]
        best = {name: max(rate[name] for rate in mine) for name in names}
        rows.append([*key, *(f"{best[name] / 1e6:,.2f}" for name in names)])
    return runner.table(["threads", "R", "n", *(f"{name}, 10⁶/s" for name in names)], rows)


def wholes(records: list[dict[str, Any]]) -> str:
    """A row for each whole fit."""
    rows: list[list[object]] = []
    for r in records:
        of = shares(r["kinds"], ALL)
        overhead = sum(of[name] for name in OVERHEAD)
        verdict = f"{100 * overhead:.0f} ({'holds' if overhead < MOST_OVERHEAD else 'missed'})"
        start = [r["threads"], r["wall"], r["graphs"], f"{r['graphs'] / r['search']:,.0f}"]
        rows.append([*start, *(f"{100 * of[name]:.1f}" for name in ALL), verdict, f"{100 * r['idle']:.1f}"])
    head: list[object] = ["threads", "s", "graphs", "graphs/s of the search", *(f"{name} %" for name in ALL)]
    return runner.table([*head, f"all but fits % (aim < {100 * MOST_OVERHEAD:g})", "idle %"], rows)


def bottleneck(fits: list[dict[str, Any]], cells: list[dict[str, Any]]) -> str:
    """What to look at next: the largest part of whole fits, and where that is the loops, their largest stage."""
    if not fits:
        return "no whole fit was measured"
    parts = {name: median(shares(r["kinds"], ALL)[name] for r in fits) for name in ALL}
    largest = max(parts, key=lambda name: parts[name])
    text = f"{largest}, {100 * parts[largest]:.0f} % of a whole fit"
    compiled = [r for r in cells if r["engine"] == "compiled"]
    if largest != "compiled fits" or not compiled:
        return text
    stages = {name: median(shares(r["stages"], (*STAGES, REST))[name] for r in compiled) for name in (*STAGES, REST)}
    stage = max(stages, key=lambda name: stages[name])
    ratio = median(r["ratio"] for r in compiled)
    aim = "above" if ratio >= AIM else "below"
    return (
        f"{text}, and in them the {stage}, {100 * stages[stage]:.0f} % of a fit's time; "
        f"ratio to the limit {ratio:.2f}, {aim} the aim of {AIM:g}"
    )


def report(records: list[dict[str, Any]]) -> str:
    """All tables."""
    good = [r for r in records if not r.get("error")]
    cells = sorted(
        (r for r in good if r["engine"] in ENGINES), key=lambda r: (r["engine"], r["threads"], r["replicas"], r["rows"])
    )
    fits = sorted((r for r in good if r["engine"] == WHOLE), key=lambda r: r["threads"])
    failed = [
        f"failed: {r['engine']}, R = {r['replicas']}, n = {r['rows']}, {r['threads']} threads: {r['error']}"
        for r in records
        if r.get("error")
    ]
    parts = [cores(cells), limits(cells), wholes(fits), f"Next bottleneck: {bottleneck(fits, cells)}.", *failed]
    return "\n\n".join(parts)


def main() -> None:
    parser = runner.parser(__doc__, "throughput")
    parser.add_argument("--engine", action="append", choices=(*ENGINES, WHOLE), help="may be repeated; all by default")
    parser.add_argument("--replicas", type=int, action="append", help="may be repeated")
    parser.add_argument("--rows", type=int, action="append", help="may be repeated")
    parser.add_argument("--threads", type=int, action="append", help="may be repeated")
    parser.add_argument("--seconds", type=float, default=2.0, help="that each measurement is repeated; the best counts")
    parser.add_argument("--budget", type=float, default=10.0, help="seconds of the whole fit")
    options = parser.parse_args()
    engines = options.engine or (*ENGINES, WHOLE)
    for threads in () if options.table else options.threads or THREADS:
        same = {"threads": threads, "seconds": options.seconds, "budget": options.budget}
        jobs = [
            {"engine": engine, "replicas": R, "rows": n, **same}
            for R in options.replicas or REPLICAS
            for n in options.rows or ROWS
            for engine in engines
            if engine != WHOLE
        ]
        if WHOLE in engines:
            jobs.append({"engine": WHOLE, "replicas": None, "rows": None, **same})
        runner.run(jobs, measure, options.results, seconds=900, threads=threads)
    print(report(runner.read(options.results)))


if __name__ == "__main__":
    main()

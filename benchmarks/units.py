"""What units buy: the same noisy laws, seeds and seconds with and without the units of their columns.

    python benchmarks/units.py --kit DIR --noise 0.1 --every 3    # resumes where it stopped; one fit after another
    python benchmarks/units.py --kit DIR --check                  # are all laws consistent with their units?
    python benchmarks/units.py --table
    python benchmarks/units.py --prices 0,1,2.5,5,10              # what other prices of a unit would have chosen

DIR: as for `recovery.py`. The units of each problem, feynman_units.json, follow from its physics; AI Feynman's own
table (Udrescu & Tegmark 2020, Science Advances 6, eaay2631, units.csv) has them in powers of m, s, kg, K and V. One
process fits all of them, one after another, so that no import counts, and seconds are those of its processor, so that
whatever else the machine does takes nothing from either side.
"""

import json
import time
import warnings
from pathlib import Path
from typing import Any

import pandas as pd
import runner
from recovery import kit

from eqdarts import DARTSRegressor
from eqdarts.simplify.description import NATS_PER_UNIT

FILE = Path(__file__).with_name("feynman_units.json")
TARGET = "the target"
SUITE = "feynman"


def known_units(name: str) -> dict[str, str]:
    """Of the columns and the target of a problem."""
    columns, target = json.loads(FILE.read_text())[name.removeprefix(f"{SUITE}_")].split(" : ")
    return dict(pair.split("=") for pair in columns.split()) | {TARGET: target}


def consistent_laws(catalog: Any) -> None:
    """Raise unless every law has the units that are claimed, with no constant that carries one."""
    from eqdarts.dimensions.table_units import table_units
    from eqdarts.equation.constant_units import consistent
    from eqdarts.formula.parsing import parse_expression

    for problem in catalog.load(SUITE):
        names = tuple(problem["variables"])
        units, _ = table_units(known_units(problem["name"]), names, TARGET, {})
        found = consistent(parse_expression(problem["formula"], names), names, units)
        assert found is not None, problem["name"]
        assert not found.dimensional, (problem["name"], found)
        print(problem["name"])


def fit(job: runner.Job, problem: Any, catalog: Any, check: Any) -> dict[str, Any]:
    """One fit and its verdict."""
    X, y, *test = catalog.data(problem, None, job["noise"], job["seed"])
    units = known_units(problem["name"]) if job["units"] else None
    model = DARTSRegressor(max_time=job["budget"], random_state=job["seed"], n_jobs=1, verbose=0, units=units)
    table = pd.DataFrame(X, columns=problem["variables"])
    began = time.process_time()
    model.fit(table, pd.Series(y, name=TARGET))
    seconds = time.process_time() - began
    front = [str(e) for e in model.equations_["sympy"]]
    verdict = check.judge(str(model.sympy()), problem, *test, job["noise"])
    offered = [(str(e.expression), e.relative_loss, length, e.dimensional) for e, length in model.front_.offered[:40]]
    origin = model.front_[model.best_index_].origin
    return {
        "expression": str(model.sympy()), "seconds": seconds, "stop": model.stop_reason_, "rows": len(table),
        "dimensional": model.equation().dimensional, "epochs": len(model.history_), "offered": offered,
        **{name: verdict.get(name) for name in ("solved", "form", "r2")},
        "front_solved": verdict["solved"] or check.any_solved(front, problem, job["noise"]), "origin": origin,
    }  # fmt: skip


def table(records: list[dict[str, Any]]) -> str:
    """Solved, of the right form, and on the front, by noise; and what changed."""
    rows: list[list[object]] = []
    by = {(r["name"], r["noise"], r["seed"], r["budget"], r["units"]): r for r in records}
    pairs = [(r, by[(*key[:-1], False)]) for key, r in by.items() if key[-1] and (*key[:-1], False) in by]
    for noise in sorted({r["noise"] for r, _ in pairs}):
        some = [pair for pair in pairs if pair[0]["noise"] == noise]
        for label, k in (("without", 1), ("with", 0)):
            counts = [sum(bool(pair[k][what]) for pair in some) for what in ("solved", "form", "front_solved")]
            rows.append([f"{noise:.0%}", label, len(some), *counts])
        for what in ("solved", "form", "front_solved"):
            won = [a["name"] for a, b in some if a[what] and not b[what]]
            lost = [a["name"] for a, b in some if b[what] and not a[what]]
            print(f"{noise:.0%} {what}: won {', '.join(won) or 'none'}; lost {', '.join(lost) or 'none'}")
    return runner.table(["noise", "units", "laws", "solved", "form", "on the front"], rows)


def prices(records: list[dict[str, Any]], tried: list[float]) -> str:
    """What a constant with a unit might have cost, in nats: how many choices change, and which."""
    rows: list[list[object]] = []
    for price in tried:
        changed = []
        for record in records:
            offered = record["offered"] if record["units"] else []
            if offered:
                now = min(offered, key=lambda one: one[2])
                then = min(offered, key=lambda one: one[2] + (price - NATS_PER_UNIT) * one[3])
                changed += [f"{record['name']} at {record['noise']:.0%}: {then[0]}"] * (then != now)
        rows.append([price, len(changed), "; ".join(changed)])
    return runner.table(["nats", "other choices", "which"], rows)


def main() -> None:
    parser = runner.parser(__doc__, "units", budget=10.0)
    parser.add_argument("--kit", help="folder of the problems and their judge")
    parser.add_argument("--noise", type=float, default=0.1)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--every", type=int, default=1, help="only every so many problems")
    parser.add_argument("--first", type=int, default=0, help="from this one")
    parser.add_argument("--check", action="store_true", help="only test the units of the laws")
    parser.add_argument("--prices", help="nats, by commas: print what these would have chosen, and measure nothing")
    given = parser.parse_args()
    if given.prices:
        print(prices(runner.read(given.results), [float(price) for price in given.prices.split(",")]))
        return
    if given.table:
        print(table(runner.read(given.results)))
        return
    catalog, check = kit(given.kit, "catalog"), kit(given.kit, "check")
    if given.check:
        consistent_laws(catalog)
        return
    warnings.simplefilter("ignore")
    time.monotonic = time.process_time  # what the search reads
    given.results.parent.mkdir(parents=True, exist_ok=True)
    done = [
        {name: r[name] for name in ("name", "noise", "seed", "budget", "units")} for r in runner.read(given.results)
    ]
    for problem in catalog.load(SUITE)[given.first :: given.every]:
        for units in (True, False):
            job = {"name": problem["name"], "noise": given.noise, "seed": given.seed, "budget": given.budget}
            job["units"] = units
            if job in done:
                continue
            record = {**job, **fit(job, problem, catalog, check), "commit": runner.commit()}
            with given.results.open("a", encoding="utf-8") as file:
                file.write(json.dumps(record) + "\n")
            print({name: record[name] for name in ("name", "units", "solved", "form", "front_solved", "expression")})


if __name__ == "__main__":
    main()

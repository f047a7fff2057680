"""What do the architecture weights buy? Fits that differ in them alone, or in one source of graphs.

    python benchmarks/alpha.py                                        # 20 random laws; resumes where it stopped
    python benchmarks/alpha.py --irrelevant 10 --conditions frozen,learned,"told columns"
    python benchmarks/alpha.py --kit DIR --suite sciences --noise 0.01 --conditions frozen,learned
    python benchmarks/alpha.py --table

A problem is a random law of two or three columns and moderate size (`random_laws`), or one of a catalogue
(`recovery`). One that the frozen fit ends in its first epoch takes no part: linear algebra gives it, or the first draw
from the prior, with which most conditions start. All conditions of a problem are fitted in one process, one after the
other, in an order that turns with the problem, and their clock is the time of the process: other work on the machine
counts little. A law is solved as `random_laws` says, one of a catalogue as its judge says, under noise by its form.

Two conditions no search can have, as they know the law: *told functions* starts with four times the odds of the
functions in the law, and a tenth of those of the others; *told columns* with a fiftieth of the odds of irrelevant ones.
What they gain is about the most that odds of edges could.

The last two numbers of a row are to those of frozen, where both solve: seconds and graphs to the law. Other work on the
machine makes processes slower, too, and graphs tell that from a longer way.

Seconds are those up to the last epoch, which an exact equation ends; compiled loops are loaded off that clock. Of what
is not solved they count as the budget.
"""

import itertools
import time
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any
from unittest import mock

import numpy as np
import random_laws
import recovery
import runner
import sympy
from forms import nodes

from eqdarts import DARTSRegressor
from eqdarts.darts.prior import log_odds
from eqdarts.graph.space import SearchSpace

BUDGET, LARGEST = 4.0, 20
#: Options of the fits that are compared, and where α starts, if not at its prior. The others are held to the first.
CONDITIONS: dict[str, dict[str, Any]] = {
    "frozen": {"alpha_learning_rate": 0.0},
    "learned": {},
    "uniform": {"alpha_learning_rate": 0.0},
    "uniform, learned": {},
    "told functions": {"alpha_learning_rate": 0.0},
    "told columns": {"alpha_learning_rate": 0.0},
    "no moves": recovery.without("move"),
    "no neighbours": recovery.without("neighbour"),
    "no gradient": recovery.without("gradient"),
    "no symmetries": recovery.without("symmetry"),
}
TOLD, UNTOLD, IRRELEVANT = 4.0, 0.1, 0.02
FUNCTIONS: dict[str, tuple[Any, ...]] = {
    "sin": (sympy.sin, sympy.cos),
    "cos": (sympy.sin, sympy.cos),
    "exp": (sympy.exp,),
    "ln": (sympy.log,),
    "logistic": (),
    "tanh": (sympy.tanh,),
    "arcsin": (sympy.asin, sympy.acos),
}


def reweighed(space: SearchSpace, factor: np.ndarray) -> np.ndarray:
    """The prior with its odds times these factors [A, E, M], and as many edges of each kind absent as before."""
    logits = log_odds(space)
    odds = np.exp(logits)
    present = odds * factor
    present[..., space.zero] = 0.0
    total = present.sum(axis=-1, keepdims=True)
    share = np.where(total > 0, (1.0 - odds[..., [space.zero]]) / np.where(total > 0, total, 1.0), 0.0)
    present = present * share
    present[..., space.zero] = odds[..., space.zero]
    with np.errstate(divide="ignore"):
        return np.log(present)


def uniform(space: SearchSpace) -> np.ndarray:
    """The prior with the same odds for every operation that an edge may have."""
    odds = np.exp(log_odds(space))
    return reweighed(space, np.where(odds > 0, 1.0 / np.where(odds > 0, odds, 1.0), 0.0))


def told_functions(space: SearchSpace, law: sympy.Expr) -> np.ndarray:
    """The prior with more odds for the functions that the law has, and less for the others."""
    inner = any(one.base.is_Add and one.exp != 1 for one in law.atoms(sympy.Pow))
    has = {name: bool(forms) and law.has(*forms) for name, forms in FUNCTIONS.items()} | {"affine_power": inner}
    factor = [(TOLD if has[name] else UNTOLD) if name in has else 1.0 for name in space.operations]
    return reweighed(space, np.broadcast_to(factor, log_odds(space).shape))


def told_columns(space: SearchSpace, irrelevant: list[str]) -> np.ndarray:
    """The prior with edges from these columns nearly always absent, and from the others as if these were not there."""
    logits = log_odds(space)
    good = [name for name in space.inputs if name not in irrelevant]
    if len(good) in (0, space.n_inputs):
        return logits
    signed = tuple(s for name, s in zip(space.inputs, space.signed, strict=True) if name in good)
    narrow = SearchSpace(
        tuple(good), space.nodes, space.operations, space.aggregators, signed=signed, links=space.links
    )
    place = {edge: e for e, edge in enumerate(narrow.edges)}
    told = log_odds(narrow)
    for e, (i, j) in enumerate(space.edges):
        if i < space.n_inputs and space.inputs[i] in good:
            logits[:, e] = told[:, place[good.index(space.inputs[i]), j]]
        elif i < space.n_inputs:
            odds = IRRELEVANT * np.exp(logits[:, e])
            odds[:, space.zero] += 1.0 - odds.sum(axis=-1)
            with np.errstate(divide="ignore"):
                logits[:, e] = np.log(odds)
    return logits


def start_of(condition: str, job: runner.Job) -> Callable[[SearchSpace], np.ndarray]:
    """Where α starts."""
    if condition == "told functions":
        law = random_laws.sample(job["problem"]).law
        return lambda space: told_functions(space, law)
    if condition == "told columns":
        names = [f"{recovery.IRRELEVANT}{k + 1}" for k in range(job["irrelevant"])]
        return lambda space: told_columns(space, names)
    return uniform if condition.startswith("uniform") else log_odds


def table_of(job: runner.Job) -> tuple[Any, Any, Callable[[DARTSRegressor], bool]]:
    """The rows of a problem, and what says whether a fit has solved it."""
    if job["kit"]:
        catalog, check = (recovery.kit(job["kit"], name) for name in ("catalog", "check"))
        problem = catalog.get(job["problem"])
        X, y, *test = catalog.data(problem, None, job["noise"], job["seed"])
        X = recovery.with_irrelevant(X, problem["variables"], job["irrelevant"], job["seed"])

        def is_solved(model: DARTSRegressor) -> bool:
            verdict = recovery.judged(str(model.sympy()), [], problem, check, job, tuple(test))
            return bool(verdict["form" if job["noise"] else "solved"])

        return X, y, is_solved
    drawn = random_laws.sample(job["problem"])
    names = sorted(map(str, drawn.law.free_symbols))
    X, X_fresh = (
        recovery.with_irrelevant(x, names, job["irrelevant"], k) for k, x in enumerate((drawn.X, drawn.X_fresh))
    )
    return X, drawn.y, lambda model: random_laws.is_exact(model.sympy(), model.predict(X_fresh), drawn)


def fit(job: runner.Job) -> dict[str, Any]:
    warnings.simplefilter("ignore")
    X, y, is_solved = table_of(job)
    names = job["conditions"].split(",")
    turn = job["place"] % len(names)
    outcomes = {name: _outcome(job, name, X, y, is_solved) for name in names[turn:] + names[:turn]}
    return {"rows": len(X), "columns": X.shape[1] - job["irrelevant"], "outcomes": outcomes}


def _outcome(job: runner.Job, name: str, X: Any, y: Any, is_solved: Callable[[DARTSRegressor], bool]) -> dict[str, Any]:
    with (
        mock.patch("eqdarts.darts.architecture.log_odds", start_of(name, job)),
        mock.patch("time.monotonic", time.process_time),
    ):
        model = DARTSRegressor(
            max_time=job["budget"], random_state=job["seed"], n_jobs=1, verbose=0, **CONDITIONS[name]
        ).fit(X, y)
    return {
        "solved": is_solved(model),
        "seconds": round(float(model.history_["seconds"].iloc[-1]), 3),
        "epochs": len(model.history_),
        "graphs": int(model.history_["graphs"].iloc[-1]),
        "stop_reason": model.stop_reason_,
        "origin": model.equation().origin,
        "expression": str(model.sympy())[:300],
    }


def takes_part(record: dict[str, Any]) -> bool:
    """Was it not solved by what comes before α can matter?"""
    frozen = record["outcomes"].get("frozen", {"solved": False})
    return not (frozen["solved"] and frozen["epochs"] == 1)


def _kind(record: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(record[name] for name in ("suite", "noise", "irrelevant", "budget", "seed", "commit"))


def _rows(kind: tuple[Any, ...], records: list[dict[str, Any]]) -> Iterator[list[object]]:
    """One for every condition of these problems."""
    for name in dict.fromkeys(name for r in records for name in r["outcomes"]):
        held = [(r["outcomes"][name], r["outcomes"].get("frozen", r["outcomes"][name])) for r in records]
        solved = [one for one, _ in held if one["solved"]]
        more, less = (sum(f(one["solved"], other["solved"]) for one, other in held) for f in (int.__gt__, int.__lt__))
        spent = [
            min(one["seconds"], r["budget"]) if one["solved"] else r["budget"]
            for (one, _), r in zip(held, records, strict=True)
        ]
        both = [pair for pair in held if pair[0]["solved"] and pair[1]["solved"]]
        ratios = [
            f"{np.exp(np.mean([np.log(one[what] / other[what]) for one, other in both])):.2f}" if both else "–"
            for what in ("seconds", "graphs")
        ]
        origins = Counter(one["origin"].split(",")[0] for one in solved)
        yield [
            *kind, name, len(held), len(solved), f"+{more} −{less}", f"{np.mean(spent):.2f}",
            *ratios, ", ".join(f"{k} {n}" for k, n in origins.most_common()),
        ]  # fmt: skip


def markdown(records: list[dict[str, Any]]) -> str:
    """A row for every condition of every kind of problems."""
    good = [r for r in records if not r["error"]]
    hard = [r for r in good if takes_part(r)]
    rows = [
        row for kind in dict.fromkeys(map(_kind, hard)) for row in _rows(kind, [r for r in hard if _kind(r) == kind])
    ]
    head: list[object] = ["set", "noise", "irrelevant", "budget s", "seed", "commit", "condition", "problems", "solved"]
    table = runner.table([*head, "against frozen", "mean s", "times the seconds", "times the graphs", "from"], rows)
    return (
        f"{table}\n\nOf {len(records)} problems {len(good) - len(hard)} took no part, {len(records) - len(good)} failed"
    )


def problems_of(options: Any) -> list[Any]:
    """Names of the catalogue, or seeds of random laws."""
    if options.kit:
        return [p["name"] for p in recovery.kit(options.kit, "catalog").load(options.suite)[:: options.every]]
    drawn = ((seed, random_laws.sample(seed)) for seed in itertools.count(options.first))
    suited = (seed for seed, one in drawn if one.X.shape[1] > 1 and nodes(one.law) <= LARGEST)
    return list(itertools.islice(suited, options.laws))


def main() -> None:
    parser = runner.parser(__doc__, "alpha", budget=BUDGET, processes=1)
    parser.add_argument("--conditions", default="frozen,learned", help=f"by commas, of {', '.join(CONDITIONS)}")
    parser.add_argument("--laws", type=int, default=20, help="so many random laws")
    parser.add_argument("--first", type=int, default=80, help="of this seed or a later one")
    parser.add_argument("--kit", default="", metavar="DIR", help="the folder of catalog.py and check.py")
    parser.add_argument("--suite", default="random", help="of the kit, one or several, by commas")
    parser.add_argument("--every", type=int, default=1, help="only each so manyth problem of the kit")
    parser.add_argument("--noise", type=float, default=0.0, help="of the kit, as a share of the target's deviation")
    parser.add_argument("--irrelevant", type=int, default=0, help="random columns beside the inputs")
    parser.add_argument("--seed", type=int, default=0, help="of the search")
    options = parser.parse_args()
    if options.table:
        print(markdown(runner.read(options.results)))
        return
    conditions = options.conditions.split(",")
    if unknown := set(conditions) - set(CONDITIONS):
        parser.error(f"--conditions: {', '.join(sorted(unknown))} not known; choose of {', '.join(CONDITIONS)}")
    if options.kit and "told functions" in conditions:
        parser.error("--conditions: told functions is for random laws")
    if options.noise and not options.kit:
        parser.error("--noise is for problems of a kit")
    same = {n: getattr(options, n) for n in ("kit", "suite", "noise", "irrelevant", "seed", "budget", "conditions")}
    jobs = [{"problem": p, "place": k, **same} for k, p in enumerate(problems_of(options))]
    seconds = 60 + len(conditions) * (8 * options.budget + 60)  # of the wall, and with judging
    runner.run(jobs, fit, options.results, seconds, options.processes, 1)


if __name__ == "__main__":
    main()

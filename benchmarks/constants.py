"""Constants of NIST's certified problems: `eqdarts.refit` beside SciPy's `curve_fit` and lmfit.

    pip install '.[bench]'                        # brings lmfit
    python benchmarks/constants.py                # resumes where it stopped, then prints the tables
    python benchmarks/constants.py --table
    python benchmarks/constants.py --problem MGH09

27 problems (`data/strd/`), each from the far and the near start of its file, one process for each problem. All
methods get the same formula, rows and starting values and are left at their defaults; "tight" are the same with
tolerances of 1e-15 and 100,000 evaluations at the most. `curve_fit` and lmfit (its `leastsq`) get the formula as a
NumPy function, and derivatives by differences, as their users do. Digits are those on which the worst constant agrees
with the certified ones, 11 at the most; those of standard errors likewise. A fit that raises an error, or has no
finite constants, has 0. Seconds are the median of three fits, after another problem was fitted.
"""

import time
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import runner
import strd
import sympy
from scipy.optimize import curve_fit

from eqdarts import refit
from eqdarts.formula.parsing import parse_expression

REPEATS, GOOD, USABLE = 3, 7, 4
TIGHT, EVALUATIONS = 1e-15, 100_000
Found = tuple[dict[str, float], dict[str, float]]
Method = Callable[[strd.Problem, dict[str, float]], Found]


def by_refit(problem: strd.Problem, start: dict[str, float]) -> Found:
    table = refit(problem.formula, problem.X, problem.y, start).constants
    return dict(table["value"]), dict(table["std_error"])


def by_curve_fit(problem: strd.Problem, start: dict[str, float], tight: bool = False) -> Found:
    model = function(problem)
    options: dict[str, Any] = {"ftol": TIGHT, "xtol": TIGHT, "gtol": TIGHT, "maxfev": EVALUATIONS} if tight else {}
    columns, y = problem.X.to_numpy().T, problem.y.to_numpy()
    values, covariance = curve_fit(lambda X, *b: model(*X, *b), columns, y, list(start.values()), **options)
    errors = np.sqrt(np.diag(covariance))
    return dict(zip(start, values, strict=True)), dict(zip(start, errors, strict=True))


def by_lmfit(problem: strd.Problem, start: dict[str, float], tight: bool = False) -> Found:
    try:
        import lmfit
    except ModuleNotFoundError:
        raise SystemExit("This benchmark needs lmfit: pip install lmfit") from None
    model = function(problem)
    options: dict[str, Any] = {"ftol": TIGHT, "xtol": TIGHT, "gtol": TIGHT, "max_nfev": EVALUATIONS} if tight else {}
    parameters = lmfit.Parameters()
    for name, value in start.items():
        parameters.add(name, value=value)
    columns, y = problem.X.to_numpy().T, problem.y.to_numpy()
    found = lmfit.minimize(lambda p: model(*columns, *p.valuesdict().values()) - y, parameters, **options).params
    errors = {name: np.nan if p.stderr is None else p.stderr for name, p in found.items()}
    return {name: p.value for name, p in found.items()}, errors


METHODS: dict[str, Method] = {
    "refit": by_refit,
    "curve_fit": by_curve_fit,
    "curve_fit, tight": lambda problem, start: by_curve_fit(problem, start, tight=True),
    "lmfit": by_lmfit,
    "lmfit, tight": lambda problem, start: by_lmfit(problem, start, tight=True),
}


def function(problem: strd.Problem) -> Any:
    """The formula as a function of columns and constants."""
    names = [*problem.X.columns, *problem.values.index]
    return sympy.lambdify(sympy.symbols(names), parse_expression(problem.formula, tuple(problem.X.columns)), "numpy")


def fit(job: runner.Job) -> dict[str, Any]:
    """One problem by all methods from both starts."""
    problem = strd.read(strd.FOLDER / f"{job['problem']}.dat")
    first = strd.read(strd.FOLDER / "Misra1a.dat")
    fits = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name, method in METHODS.items():
            method(first, first.starts[1])
            fits += [{"method": name, "start": k + 1, **measured(method, problem, problem.starts[k])} for k in (0, 1)]
    return {"fits": fits}


def measured(method: Method, problem: strd.Problem, start: dict[str, float]) -> dict[str, Any]:
    """Digits and seconds of one method from one start."""
    seconds = []
    try:
        for _ in range(REPEATS):
            began = time.perf_counter()
            values, errors = method(problem, start)
            seconds.append(time.perf_counter() - began)
    except (ValueError, RuntimeError, TypeError, ArithmeticError, np.linalg.LinAlgError) as error:
        return {"digits": 0.0, "error_digits": 0.0, "seconds": None, "reason": f"{type(error).__name__}: {error}"[:90]}
    names = list(problem.values.index)
    return {
        "digits": strd.agreeing_digits([values[name] for name in names], problem.values),
        "error_digits": strd.agreeing_digits([errors[name] for name in names], problem.std_errors),
        "seconds": float(np.median(seconds)),
        "reason": None,
    }


def summary(records: list[dict[str, Any]]) -> str:
    """A row for each method."""
    rows: list[list[object]] = []
    for method in METHODS:
        of = [[f for f in r["fits"] if f["method"] == method] for r in records if r.get("fits")]
        if not of:
            continue
        worst = [min(f["digits"] for f in fits) for fits in of]
        errors = [min(f["error_digits"] for f in fits) for fits in of]
        seconds = [f["seconds"] for fits in of for f in fits if f["seconds"]]
        failures = sum(f["digits"] < USABLE for fits in of for f in fits)
        good, usable, usable_errors = (
            sum(d >= least for d in digits) for digits, least in ((worst, GOOD), (worst, USABLE), (errors, USABLE))
        )
        row = [method, len(of), good, usable, usable_errors, failures]
        rows.append([*row, f"{np.median(seconds):.3f}", f"{max(seconds):.2f}"])
    head: list[object] = ["method", "problems", f"≥ {GOOD} digits from both starts", f"≥ {USABLE} from both"]
    head += [f"standard errors ≥ {USABLE} from both", f"fits below {USABLE}", "median s", "longest s"]
    return runner.table(head, rows)


def details(records: list[dict[str, Any]]) -> str:
    """A row for each problem: digits from the far and the near start."""
    rows: list[list[object]] = []
    for record in sorted(records, key=lambda r: r["problem"]):
        problem = strd.read(strd.FOLDER / f"{record['problem']}.dat")
        cells = []
        for method in METHODS:
            of = {f["start"]: f["digits"] for f in record.get("fits") or [] if f["method"] == method}
            cells.append(", ".join(f"{of.get(start, 0.0):.1f}" for start in (1, 2)))
        rows.append([problem.name, problem.level.lower(), len(problem.values), *cells])
    return runner.table(["problem", "level", "constants", *METHODS], rows)


def main() -> None:
    parser = runner.parser(__doc__, "constants")
    names = [problem.name for problem in strd.problems()]
    parser.add_argument("--problem", action="append", choices=names, help="only this one; may be repeated")
    options = parser.parse_args()
    if not options.table:
        runner.run([{"problem": name} for name in options.problem or names], fit, options.results, seconds=300)
    records = runner.read(options.results)
    print(f"{summary(records)}\n\n{details(records)}")


if __name__ == "__main__":
    main()

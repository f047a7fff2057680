"""Differential equations from noisy trajectories: `eqdarts.dynamics.fit` beside pysindy, on the same observations.

    python benchmarks/dynamics.py                     # resumes; --method eqdarts or pysindy or weak_pysindy
    python benchmarks/dynamics.py --table

Systems, with constants as in their sources: logistic growth (Verhulst 1838), Lotka–Volterra (Lotka 1925), van der Pol
(1926), SIR without births (Kermack & McKendrick 1927), Lorenz (1963), Brusselator (Prigogine & Lefever 1968): those
that the collection ODEBench has too (d'Ascoli et al. 2024), written out here; and FitzHugh–Nagumo (FitzHugh 1961), a
damped pendulum, decay by Michaelis and Menten (1913), Duffing's oscillator (1918), a predator with a saturating
appetite (Rosenzweig & MacArthur 1963), and Rössler (1976). Each from two starts, with noise of 0, 1 and 5 % of the
standard deviation of each state.

Right: every right-hand side has the form of the law up to its constants (`eqdarts.simplify.form`), and no constant is
off by more than 20 %. And R² of a trajectory, integrated from a start that was not seen, over the time of the
observations (of Lorenz's chaos 3).

pysindy: monomials to degree 3, STLSQ on slopes by finite differences of fourth order, or smoothed by Savitzky and
Golay's filter with a window of 7, 11, 15 or 21 times; weak_pysindy: `WeakPDELibrary` with 200 domains. Window, and the
one of ten thresholds from 0.01 to 1, are those whose integrals over ten times leave least of the observations, with
half of ln n for each term: neither sees the law.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import sympy
from scipy.integrate import solve_ivp

from eqdarts import dynamics, parse_expression
from eqdarts.dynamics.candidates import freed
from eqdarts.errors import EqdartsError
from eqdarts.simplify.form import form_of

#: Names: right-hand sides, end of time, observations, two starts, and the start of the judged trajectory.
SYSTEMS = {
    "logistic": ({"x": "0.8*x - 0.08*x**2"}, 10, 150, ([0.5], [15]), [2]),
    "lotka_volterra": ({"x": "1.5*x - x*y", "y": "x*y - 3*y"}, 8, 200, ([10, 5], [2, 2]), [4, 1]),
    "van_der_pol": ({"x": "y", "y": "2*y - 2*x**2*y - x"}, 15, 200, ([1, 0], [-3, 2]), [0.5, 2]),
    "sir": ({"s": "-0.4*s*i", "i": "0.4*s*i - 0.14*i"}, 60, 150, ([0.99, 0.01], [0.9, 0.1]), [0.95, 0.03]),
    "lorenz": (
        {"x": "10*y - 10*x", "y": "28*x - x*z - y", "z": "x*y - 8*z/3"}, 8, 200, ([1, 1, 20], [-8, 7, 27]), [5, 5, 15],
    ),
    "brusselator": ({"x": "1 - 4*x + x**2*y", "y": "3*x - x**2*y"}, 20, 200, ([1, 1], [3, 2]), [0.5, 3]),
    "fitzhugh_nagumo": (
        {"v": "v - v**3/3 - w + 0.5", "w": "0.08*v + 0.056 - 0.064*w"}, 80, 200, ([-1, 1], [2, 0]), [0, -0.5],
    ),
    "pendulum": ({"q": "p", "p": "-4*sin(q) - 0.3*p"}, 12, 200, ([2.5, 0], [-1, 4]), [1.5, 1]),
    "michaelis_menten": ({"c": "-1.2*c/(0.5 + c)"}, 8, 150, ([6], [3]), [4.5]),
    "duffing": ({"x": "v", "v": "x - x**3 - 0.2*v"}, 20, 200, ([1.5, 0], [0.2, 1]), [-1, 0.8]),
    "saturated_predator": (
        {"x": "x - x**2/5 - x*y/(1 + x)", "y": "x*y/(1 + x) - 0.5*y"}, 30, 200, ([2, 1], [0.5, 2]), [4, 0.5],
    ),
    "rossler": (
        {"x": "-y - z", "y": "x + 0.2*y", "z": "0.2 + x*z - 5.7*z"}, 20, 200, ([1, 1, 0], [-4, 2, 0.1]), [3, 0, 0],
    ),
}  # fmt: skip
HORIZON = {"lorenz": 3}  # of the judged trajectory, where it is not the time of the observations
NOISES = (0.0, 0.01, 0.05)
METHODS = ("eqdarts", "pysindy", "weak_pysindy")
WINDOWS = (7, 11, 15, 21)
_GAP = 10  # times over which integrals are compared
THRESHOLDS = np.geomspace(0.01, 1.0, 10)


def sides_of(name: str) -> dict[str, sympy.Expr]:
    texts = SYSTEMS[name][0]
    return {state: parse_expression(text, tuple(texts)) for state, text in texts.items()}


def integrated(sides: dict[str, sympy.Expr], start: list[float], t: np.ndarray) -> np.ndarray | None:
    """States [n, k] at times t; None if they blow up."""
    slope = sympy.lambdify([list(map(sympy.Symbol, sides))], list(sides.values()), "numpy")
    far = 1e6

    def left(now: float, z: np.ndarray) -> float:
        return far - float(np.abs(z).max())

    left.terminal = True
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        found = solve_ivp(lambda _, z: slope(z), (t[0], t[-1]), start, t_eval=t, method="LSODA", rtol=1e-9, atol=1e-10,
                          events=left)  # fmt: skip
    return found.y.T if found.y.shape[1] == len(t) else None


def observations(name: str, start: int, noise: float) -> tuple[np.ndarray, pd.DataFrame]:
    texts, end, n, starts, _ = SYSTEMS[name]
    t = np.linspace(0, end, n)
    z = integrated(sides_of(name), starts[start], t)
    rng = np.random.default_rng([list(SYSTEMS).index(name), start, round(1000 * noise)])
    return t, pd.DataFrame(z + noise * z.std(axis=0) * rng.normal(size=z.shape), columns=list(texts))


def judged(name: str, found: dict[str, sympy.Expr]) -> dict[str, object]:
    true, end, n, _, start = sides_of(name), *SYSTEMS[name][1:]
    t = np.linspace(0, HORIZON.get(name, end), n)
    z, expected = integrated(found, start, t), integrated(true, start, t)
    r2 = -np.inf if z is None else float(
        np.mean(1 - ((z - expected) ** 2).sum(axis=0) / ((expected - expected.mean(axis=0)) ** 2).sum(axis=0))
    )  # fmt: skip
    names = tuple(true)
    forms = [same_form(found[s], true[s], names) for s in names]
    return {"right": all(same and near(found[s], true[s], names) for s, same in zip(names, forms, strict=True)),
            "forms": sum(forms), "r2": max(r2, -9.0),
            "equations": [str(freed(found[s]).xreplace(rounded(freed(found[s])))) for s in names]}  # fmt: skip


def rounded(expression: sympy.Expr) -> dict[sympy.Expr, sympy.Expr]:
    return {f: sympy.Float(f, 5) for f in expression.atoms(sympy.Float)}


def same_form(found: sympy.Expr, true: sympy.Expr, names: tuple[str, ...]) -> bool:
    """Up to constants; sums over a common denominator are compared as such."""
    one, other = (form_of(freed(e), names) for e in (found, true))
    if one == other:
        return True
    one, other = (sympy.together(sympy.nsimplify(e, rational=True)) for e in (found, true))
    if not (one.is_rational_function() and other.is_rational_function()):
        return False
    return all(
        form_of(freed(sympy.expand(a)), names) == form_of(freed(sympy.expand(b)), names)
        for a, b in zip(sympy.fraction(sympy.cancel(one)), sympy.fraction(sympy.cancel(other)), strict=True)
    )


def near(found: sympy.Expr, true: sympy.Expr, names: tuple[str, ...]) -> bool:
    """Are the constants, of expanded sums, within 20 %? Quotients are compared by their values."""
    a, b = (sympy.expand(freed(e)) for e in (found, true))
    if a.is_polynomial() and b.is_polynomial():
        one, other = (e.as_coefficients_dict() for e in (a, b))
        return set(one) == set(other) and all(abs(float(one[k] / other[k]) - 1) <= 0.2 for k in one)
    symbols = list(map(sympy.Symbol, names))
    places = np.random.default_rng(0).uniform(0.5, 3, (len(names), 50))
    one, other = (np.asarray(sympy.lambdify(symbols, e, "numpy")(*places)) for e in (found, true))
    return bool(np.abs(one - other).max() <= 0.2 * np.abs(other).max())


def by_eqdarts(t: np.ndarray, x: pd.DataFrame, budget: float) -> dict[str, sympy.Expr]:
    return dynamics.fit(t, x, max_time=budget, n_jobs=1, verbose=0, random_state=0).sympy()


def by_pysindy(t: np.ndarray, x: pd.DataFrame, weak: bool) -> dict[str, sympy.Expr]:
    """Monomials, STLSQ; window and threshold by what integrals of the right-hand side leave of the observations."""
    import pysindy

    library = pysindy.PolynomialLibrary(degree=3)
    values = x.to_numpy()
    tables = []
    if weak:
        grid = pysindy.WeakPDELibrary(
            function_library=pysindy.PolynomialLibrary(degree=3, include_bias=False), spatiotemporal_grid=t, K=200,
            include_bias=True, is_uniform=True,
        )  # fmt: skip
        tables.append((np.asarray(grid.fit_transform(values)), np.asarray(grid.convert_u_dot_integral(values))))
    else:
        for window in (None, *WINDOWS):
            smoother = pysindy.SmoothedFiniteDifference(smoother_kws={"window_length": window})
            method = smoother if window else pysindy.FiniteDifference(order=4)
            slopes = method(values, t)
            tables.append((np.asarray(library.fit_transform(method.smoothed_x_)), np.asarray(slopes)))
    everything = np.asarray(library.fit_transform(values))
    step = t[1] - t[0]
    areas = np.vstack([np.zeros(everything.shape[1]), np.cumsum((everything[1:] + everything[:-1]) / 2 * step, axis=0)])
    change, area = values[_GAP:] - values[:-_GAP], areas[_GAP:] - areas[:-_GAP]
    best, shortest = np.zeros((values.shape[1], everything.shape[1])), np.inf
    for threshold in THRESHOLDS:
        for matrix, target in tables:
            found = pysindy.STLSQ(threshold=threshold, alpha=1e-6).fit(matrix, target.reshape(len(matrix), -1)).coef_
            n = len(values) / _GAP * 2
            loss = ((change - area @ found.T) ** 2).mean(axis=0)
            length = 0.5 * n * np.log(loss + 1e-30).sum() + 0.5 * np.log(n) * (found != 0).sum()
            if length < shortest:
                shortest, best = length, found
    symbols = list(map(sympy.Symbol, x.columns))
    terms = [sympy.Mul(*(s ** int(p) for s, p in zip(symbols, row, strict=True))) for row in library.powers_]
    return {
        name: sympy.Add(*(sympy.Float(float(c)) * term for c, term in zip(row, terms, strict=True) if c))
        for name, row in zip(x.columns, best, strict=True)
    }


def measured(job: dict[str, object], budget: float) -> dict[str, object]:
    name, start, noise, method = job["system"], job["start"], job["noise"], job["method"]
    t, x = observations(name, start, noise)
    began = time.monotonic()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = by_eqdarts(t, x, budget) if method == "eqdarts" else by_pysindy(t, x, "weak" in method)
    except (EqdartsError, ValueError, np.linalg.LinAlgError) as error:
        return {**job, "seconds": time.monotonic() - began, "error": str(error)[:200], "right": False, "r2": -9.0}
    return {**job, "seconds": round(time.monotonic() - began, 1), **judged(name, found)}


def table(records: list[dict[str, object]]) -> str:
    """Markdown: a row per system and method, and a sum."""
    rows = pd.DataFrame(records)
    cells = {}
    for (name, method, noise), some in rows.groupby(["system", "method", "noise"], sort=False):
        good = int((some["r2"] > 0.9).sum())
        cells[name, method, noise] = f"{int(some['right'].sum())}, {good}"
    methods = [m for m in METHODS if m in set(rows["method"])]
    head = " | ".join(f"{m} {100 * noise:g} %" for m in methods for noise in NOISES)
    lines = [f"| system | {head} |", "| --- |" + " --- |" * (len(methods) * len(NOISES))]
    for name in SYSTEMS:
        values = " | ".join(cells.get((name, m, noise), "") for m in methods for noise in NOISES)
        lines.append(f"| {name.replace('_', ' ')} | {values} |")
    sums = rows.assign(good=rows["r2"] > 0.9).groupby(["method", "noise"])[["right", "good"]].sum()
    counts = rows.groupby(["method", "noise"]).size()
    known = [(m, n) for m in methods for n in NOISES if (m, n) in sums.index]
    total = [f"{int(sums.loc[k, 'right'])}, {int(sums.loc[k, 'good'])} of {counts[k]}" for k in known]
    return "\n".join([*lines, f"| **all** | {' | '.join(total)} |"])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--results", type=Path, default=Path("results/dynamics.jsonl"))
    parser.add_argument("--method", default=",".join(METHODS))
    parser.add_argument("--systems", default=",".join(SYSTEMS))
    parser.add_argument("--budget", type=float, default=30.0, help="seconds of each fit of eqdarts")
    parser.add_argument("--cpu", action="store_true", help="count seconds of the processor, where others share it")
    parser.add_argument("--table", action="store_true", help="print what the results say, and measure nothing")
    options = parser.parse_args()
    path = options.results
    records = [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []
    if options.table:
        print(table(records))
        return
    if options.cpu:
        time.monotonic = time.process_time
    path.parent.mkdir(parents=True, exist_ok=True)
    keys = ("system", "start", "noise", "method")
    done = {tuple(record[k] for k in keys) for record in records}
    jobs = [
        dict(zip(keys, (name, start, noise, method), strict=True))
        for start in (0, 1) for name in options.systems.split(",") for noise in NOISES
        for method in options.method.split(",")
    ]  # fmt: skip
    for job in jobs:
        if tuple(job[k] for k in keys) in done:
            continue
        record = measured(job, options.budget)
        with path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(record) + "\n")
        print(*record.values(), file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()

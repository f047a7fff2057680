"""Laws in five groups: what a search finds in all rows together, in single groups, and with ``groups=``.

    python benchmarks/groups.py --seconds 20 --seed 0

Eight laws with unrounded constants, five groups of 8 to 15 rows each, normal errors of 5 % of the deviation of y in the
group. A form is right if, with all its constants free, it can be the law in every group to a millionth of the variance,
and has at most five nodes more than the law as it is written here. The error is that of predictions of 200 new rows per
group within the range, against the law itself, as a share of the deviation of y in the group.
"""

from __future__ import annotations

import argparse
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
import sympy

from eqdarts import DARTSRegressor
from eqdarts.data.table import Table
from eqdarts.fit.formula import compile_template, fit_sets
from eqdarts.grouped.candidates import all_free
from eqdarts.simplify.description import size

GROUPS, NOISE = 5, 0.05


@dataclass(frozen=True)
class Law:
    """A law in groups.

    Attributes
    ----------
    text : str
        With g as the index of own constants.
    columns : dict of str to (low, high)
    value : callable
        Of columns [n, d] and own constants [k].
    own : tuple of (low, high)
        Ranges of the constants of a group.
    """

    text: str
    columns: dict[str, tuple[float, float]]
    value: Callable[[np.ndarray, np.ndarray], np.ndarray]
    own: tuple[tuple[float, float], ...]


LAWS = (
    Law("a_g*(1 - exp(-0.4173*t))", {"t": (0.2, 9)}, lambda X, p: p[0] * (1 - np.exp(-0.4173 * X[:, 0])), ((2, 9),)),
    Law("v_g*c/(2.1373 + c)", {"c": (0.2, 9)}, lambda X, p: p[0] * X[:, 0] / (2.1373 + X[:, 0]), ((2, 9),)),
    Law("a_g*x**0.7134", {"x": (0.2, 9)}, lambda X, p: p[0] * X[:, 0] ** 0.7134, ((1, 6),)),
    Law(
        "18.37 + b_g*exp(-0.3371*t)", {"t": (0, 9)}, lambda X, p: 18.37 + p[0] * np.exp(-0.3371 * X[:, 0]),
        ((20, 70),),
    ),
    Law("a_g*exp(-k_g*t)", {"t": (0, 9)}, lambda X, p: p[0] * np.exp(-p[1] * X[:, 0]), ((2, 9), (0.15, 0.7))),
    Law(
        "6.137/(1 + exp(m_g - 0.9371*t))", {"t": (0, 9)},
        lambda X, p: 6.137 / (1 + np.exp(p[0] - 0.9371 * X[:, 0])), ((2, 6),),
    ),
    Law(
        "a_g*x/(z + 1.3173)", {"x": (0.5, 5), "z": (0.2, 6)}, lambda X, p: p[0] * X[:, 0] / (X[:, 1] + 1.3173),
        ((1, 6),),
    ),
    Law("2.3713*x*exp(-0.3137*x)", {"x": (0.2, 9)}, lambda X, p: 2.3713 * X[:, 0] * np.exp(-0.3137 * X[:, 0]), ()),
)  # fmt: skip


@dataclass(frozen=True)
class Sample:
    """Rows of all groups, and new ones without errors."""

    X: pd.DataFrame
    y: pd.Series
    groups: pd.Series
    clean: tuple[Table, ...]


def draw(law: Law, rng: np.random.Generator) -> Sample:
    """Rows of a law."""
    X, y, labels, clean = [], [], [], []
    low, high = np.array(list(law.columns.values())).T
    for g in range(GROUPS):
        own = np.array([rng.uniform(*ends) for ends in law.own])
        rows = rng.uniform(low, high, (int(rng.integers(8, 16)), len(low)))
        value = law.value(rows, own)
        X.append(rows)
        y.append(value + NOISE * value.std() * rng.normal(size=len(rows)))
        labels += [f"group {g + 1}"] * len(rows)
        new = rng.uniform(rows.min(axis=0), rows.max(axis=0), (200, len(low)))
        clean.append(Table(new, law.value(new, own), tuple(law.columns), "y"))
    frame = pd.DataFrame(np.concatenate(X), columns=list(law.columns))
    return Sample(frame, pd.Series(np.concatenate(y), name="y"), pd.Series(labels, name="group"), tuple(clean))


def is_form(expression: sympy.Expr, law: Law, tables: tuple[Table, ...]) -> bool:
    """Can the formula, with all constants free, be the law in every one of these groups, and is it about as short?"""
    names = tables[0].names
    own = {s: sympy.Float(1.2345) for s in expression.free_symbols if s.name not in names}
    if size(expression) > size(sympy.sympify(law.text, {n: sympy.Symbol(n) for n in names})) + 5:
        return False
    form = all_free(expression.xreplace(own), tuple(map(sympy.Symbol, names)))
    if form is None:
        return False
    K = len(form.values)
    rng = np.random.default_rng(0)
    starts = np.concatenate([form.values[None], form.values * np.exp(rng.normal(size=(60, K)))])
    code, free = compile_template(form), np.ones((len(starts), K), dtype=bool)
    return all(np.nanmin(fit_sets(code, starts, free, table, 80)[1]) < 1e-6 for table in tables)


def error(predicted: list[np.ndarray], tables: tuple[Table, ...]) -> float:
    """The median over groups of the root mean square error over the deviation of y."""
    pairs = zip(predicted, tables, strict=True)
    return float(np.median([np.sqrt(np.mean((p - t.y) ** 2)) / t.y.std() for p, t in pairs]))


def main() -> None:
    """Print a row for each law."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=20.0, help="of a search with all rows; single groups share it")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--cpu", action="store_true", help="count seconds of the processor, where others share it")
    given = parser.parse_args()
    if given.cpu:
        time.monotonic = time.process_time
    warnings.simplefilter("ignore")
    common = {"random_state": 0, "verbose": 0, "n_jobs": 1}
    print("law | pooled: form, error | single groups: forms right of 5, error | groups=: form, error, found | seconds")
    for k, law in enumerate(LAWS):
        sample = draw(law, np.random.default_rng([given.seed, k]))
        pooled = DARTSRegressor(max_time=given.seconds, **common).fit(sample.X, sample.y)
        alone = []
        for name in sorted(set(sample.groups)):
            mine = (sample.groups == name).to_numpy()
            one = DARTSRegressor(max_time=given.seconds / GROUPS, **common)
            alone.append(one.fit(sample.X[mine], sample.y[mine]))
        start = time.monotonic()
        model = DARTSRegressor(max_time=given.seconds, **common).fit(sample.X, sample.y, groups=sample.groups)
        seconds = time.monotonic() - start
        X = [pd.DataFrame(t.X, columns=list(t.names)) for t in sample.clean]
        together = [model.predict(x, groups=name) for x, name in zip(X, model.groups_, strict=True)]
        right = sum(is_form(m.sympy(), law, (t,)) for m, t in zip(alone, sample.clean, strict=True))
        print(
            law.text,
            f"{'yes' if is_form(pooled.sympy(), law, sample.clean) else 'no'}, "
            f"{error([pooled.predict(x) for x in X], sample.clean):.3f}",
            f"{right}, {error([m.predict(x) for m, x in zip(alone, X, strict=True)], sample.clean):.3f}",
            f"{'yes' if is_form(model.sympy(), law, sample.clean) else 'no'}, {error(together, sample.clean):.3f}, "
            f"{model.equation().text()}",
            f"{seconds:.0f}",
            sep=" | ",
            flush=True,
        )


if __name__ == "__main__":
    main()

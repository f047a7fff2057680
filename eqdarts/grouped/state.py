"""A formula in several groups: which of its constants are a group's own, which are shared, and which are simple."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
import sympy

from eqdarts.data.zero import Target
from eqdarts.fit.formula import Compiled, Template, compile_template, fit_sets
from eqdarts.fit.joint import GroupRows, JointFit, fit_jointly
from eqdarts.grouped.rows import GroupedTable
from eqdarts.simplify.description import joint_length

_OWN = "own constant {}"  # the name of a symbol, until the formula is written
_TRUE_RANK = 1e-9  # singular values of slopes of unit length below this share of the largest are rounding


@dataclass(frozen=True, eq=False)
class Family:
    """A formula all of whose constants are free, ready to be fitted.

    Attributes
    ----------
    form : Template
    code : Compiled
    origin : str
        What found it.
    """

    form: Template
    code: Compiled
    origin: str

    @classmethod
    def of(cls, form: Template, origin: str) -> Family:
        """With its program."""
        return cls(form, compile_template(form), origin)

    def __len__(self) -> int:
        return len(self.form.values)

    @cached_property
    def factor(self) -> int:
        """The place of the constant before the whole of it, which each of `eqdarts.grouped.candidates` has."""
        return self.form.constants.index(factors_of(self.form)[0])


@dataclass(frozen=True, eq=False)
class State:
    """A family with constants that are own, shared or held, fitted to all groups.

    Attributes
    ----------
    family : Family
    own : bool array [K]
    held : dict of int to sympy.Expr
        Constants that are simple numbers, the same in all groups.
    fit : JointFit
    length : float
        Of its description, in nats.
    """

    family: Family
    own: np.ndarray
    held: dict[int, sympy.Expr]
    fit: JointFit
    length: float = field(default=np.inf)

    @property
    def free(self) -> np.ndarray:
        """bool [K]"""
        free = np.ones(len(self.own), dtype=bool)
        free[list(self.held)] = False
        return free

    @property
    def key(self) -> tuple[object, ...]:
        """What tells states of one family apart."""
        return tuple(self.own.tolist()), tuple(sorted(self.held.items()))

    @cached_property
    def expression(self) -> sympy.Expr:
        """With a symbol for each own constant, and numbers for the others."""
        numbers: list[sympy.Expr] = []
        for k, value in enumerate(self.fit.values[0]):
            if k in self.held:
                numbers.append(self.held[k])
            else:
                numbers.append(own_symbol(k) if self.own[k] else sympy.Float(value))
        return self.family.form.at(numbers, as_written=True)  # 2.5·(1 − exp(x)) stays a product


def factors_of(form: Template) -> list[sympy.Symbol]:
    """The constants before the whole of a formula, of which none stands elsewhere in it as well."""
    before = set(sympy.Mul.make_args(form.expression)).intersection(form.constants)
    return [c for c in form.constants if c in before and _occurrences(c, form.expression) == 1]


def _occurrences(symbol: sympy.Symbol, expression: sympy.Expr) -> int:
    return sum(node == symbol for node in sympy.preorder_traversal(expression))


def own_symbol(k: int) -> sympy.Symbol:
    """Stands for constant k of a family in each group."""
    return sympy.Symbol(_OWN.format(k))


def fitted(
    family: Family, table: GroupedTable, start: np.ndarray, own: np.ndarray, held: dict[int, sympy.Expr], steps: int
) -> State:
    """The state after so many steps from `start` [G, K], with its length.

    A constant that starts with other values in each group and is shared begins at their mean by precision.
    """
    rows, values = table.stacked, np.array(start, dtype=float)
    free = np.ones(len(own), dtype=bool)
    for k, number in held.items():
        values[:, k], free[k] = float(number), False
    shared = free & ~own
    values[:, shared] = np.median(values[:, shared], axis=0)
    found = State(family, own & free, held, fit_jointly(family.code, rows, values, own & free, free, steps))
    return replace(found, length=length_of(found, table))


def length_of(state: State, table: GroupedTable) -> float:
    """Nats to describe all groups by a fitted state."""
    loss = table.loss(state.fit.squares)
    if not np.isfinite(loss):
        return np.inf
    expression = state.expression
    if expression.has(sympy.nan, sympy.zoo, sympy.oo, sympy.I):
        return np.inf
    left = expression.free_symbols | expression.atoms(sympy.Float)
    own = sum(own_symbol(k) in left for k in np.flatnonzero(state.own).tolist())
    shared = int((state.free & ~state.own).sum())
    return joint_length(loss, expression, table.stacked.counts, own, shared)


def pooled(family: Family, table: GroupedTable, steps: int = 30) -> np.ndarray:
    """All constants shared [K], from the values of the family."""
    K = len(family)
    found, _ = fit_sets(family.code, family.form.values[None], np.ones((1, K), dtype=bool), table.pooled, steps)
    return found[0] if np.isfinite(found).all() else family.form.values


def separate(family: Family, table: GroupedTable, first: np.ndarray, steps: int = 30, passed: int = 3) -> np.ndarray:
    """Each group on its own: constants [G, K]. first: [K], where they start

    Groups then start from where those that fitted best came to, as a poor start is no reason for a poor fit.
    """
    K = len(family)
    start, out, losses = np.stack([first, family.form.values]), [], []
    for group in table.groups:
        values, loss = fit_sets(family.code, start, np.ones((len(start), K), dtype=bool), group, steps)
        loss = np.where(np.isfinite(loss) & np.isfinite(values).all(axis=1), loss, np.inf)
        k = int(np.argmin(loss))
        out.append(values[k] if np.isfinite(loss[k]) else first)
        losses.append(loss[k])
    found, order = np.array(out), np.argsort(losses, kind="stable")
    others = found[order[:passed]]
    for g, group in enumerate(table.groups):
        values, loss = fit_sets(family.code, others, np.ones((len(others), K), dtype=bool), group, steps)
        loss = np.where(np.isfinite(loss) & np.isfinite(values).all(axis=1), loss, np.inf)
        k = int(np.argmin(loss))
        if loss[k] < losses[g]:
            found[g] = values[k]
    return found


def effective(family: Family, rows: GroupRows, values: np.ndarray) -> int:
    """How many constants the rows can tell apart, at values [K]."""
    with np.errstate(all="ignore"):
        _, J = family.code.linearise(rows.X, values[None])
        J = np.nan_to_num(J[0], nan=0.0, posinf=0.0, neginf=0.0)
        size = np.sqrt((J**2).sum(axis=1))
        J = J[(size > 0) & np.isfinite(size)] / size[(size > 0) & np.isfinite(size), None]
    if not len(J):
        return 0
    singular = np.linalg.svd(J, compute_uv=False)
    return int((singular > _TRUE_RANK * singular[0]).sum())


def relative(squares: float, measure: Target, total: float) -> float:
    """A weighted sum of squares as a loss."""
    return float(measure.loss(squares / total))

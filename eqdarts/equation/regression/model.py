"""A formula with free constants on the rows of a table: residuals, slopes, and the constants that are solved for."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import sympy

from eqdarts.data.table import Table
from eqdarts.equation.regression.affine import linear_constants
from eqdarts.fit.flat import lengths
from eqdarts.formula.tape import Array, Tape, tape

_RANK = 1e-13  # singular values of a basis of unit columns below this share of the largest are rounding
_MOST_DECIMALS = 20_000  # values that are read as decimals, a microsecond each


def scale_of(table: Table) -> float:
    """A power of two near the root mean square of y."""
    return table.once(_scale)


def _scale(table: Table) -> float:
    largest = float(np.abs(table.y).max()) if len(table) else 0.0
    if largest == 0:
        return 1.0
    size = largest * float(np.sqrt(np.mean((table.y / largest) ** 2)))
    return float(2.0 ** np.round(np.log2(size)))


def _factor(table: Table) -> np.ndarray | float:
    return (1.0 if table.root_weights is None else table.root_weights) / scale_of(table)


def _decimals(table: Table) -> tuple[np.ndarray, np.ndarray]:
    """X and y in extended precision, each number as the shortest decimal that its double stands for.

    Measured numbers are decimals. Where a formula fits to their last digits, what the doubles miss of them is a visible
    share of the residuals.
    """
    if table.X.size > _MOST_DECIMALS:
        return table.X.astype(np.longdouble), table.y.astype(np.longdouble)

    def exact(values: np.ndarray) -> np.ndarray:
        flat = [np.longdouble(repr(v)) for v in values.ravel().tolist()]
        return np.array(flat, dtype=np.longdouble).reshape(values.shape)

    return exact(table.X), exact(table.y)


@dataclass(frozen=True, eq=False)
class Model:
    """y ≈ f(x; θ).

    Attributes
    ----------
    form : sympy.Expr
        f over the symbols of columns and constants.
    columns, constants : tuple of Symbol
    rows : Table
        With the columns that stand in the form.
    lower, upper : array [K]
        Bounds of θ.
    """

    form: sympy.Expr
    columns: tuple[sympy.Symbol, ...]
    constants: tuple[sympy.Symbol, ...]
    rows: Table
    lower: np.ndarray
    upper: np.ndarray
    code: Tape = field(init=False)
    linear: np.ndarray = field(init=False)  # bool [K]: solved for

    def __post_init__(self) -> None:
        object.__setattr__(self, "code", tape(self.form, [*self.columns, *self.constants]))
        linear = linear_constants(self.form, self.unbounded)
        object.__setattr__(self, "linear", np.array([c in linear for c in self.constants], dtype=bool))

    @property
    def unbounded(self) -> list[sympy.Symbol]:
        """The constants that may take any value."""
        return [c for c, low, up in zip(self.constants, self.lower, self.upper, strict=True) if low == -up == -np.inf]

    def on(self, rows: Table) -> Model:
        """The same formula on other rows."""
        other = object.__new__(type(self))
        for name, value in self.__dict__.items():
            object.__setattr__(other, name, value)
        object.__setattr__(other, "rows", rows)
        return other

    @property
    def scale(self) -> float:
        """A power of two near the root mean square of y, in which sums of squares are counted."""
        return scale_of(self.rows)

    @property
    def factor(self) -> np.ndarray | float:
        """What a residual is multiplied by, so that sums of squares are weighted and of magnitude 1."""
        return self.rows.once(_factor)

    def residual(self, theta: np.ndarray) -> np.ndarray:
        """(f − y)·factor [n]; NaN off the domain of f."""
        with np.errstate(all="ignore"):
            return np.asarray((self.code.value(*self.rows.X.T, *theta) - self.rows.y) * self.factor)

    def fine_residual(self, theta: np.ndarray) -> np.ndarray:
        """The same in extended precision, where the platform has one."""
        X, y = self.rows.once(_decimals)
        with np.errstate(all="ignore"):
            return np.asarray((self.code.value(*X.T, *theta, precision=np.longdouble) - y) * self.factor)

    def linearise(self, theta: np.ndarray, by: np.ndarray | None = None) -> tuple[Array, Array]:
        """The residual [n] and its slopes [n, K]; those by some constants only (bool [K]) if these are named."""
        chosen = np.arange(len(self.constants)) if by is None else np.flatnonzero(by)
        value, slopes = self.code.linearise((len(self.columns) + chosen).tolist(), *self.rows.X.T, *theta)
        J = np.empty((len(self.rows), len(self.constants)))
        with np.errstate(all="ignore"):
            for k, slope in zip(chosen, slopes, strict=True):
                J[:, k] = slope * self.factor
            return np.broadcast_to((value - self.rows.y) * self.factor, (len(self.rows),)), J

    def held(self, theta: np.ndarray) -> np.ndarray:
        """Which constants a bound keeps from lowering the sum of squares; bool [K]."""
        at_lower, at_upper = theta <= self.lower, theta >= self.upper
        if not (at_lower | at_upper).any():
            return np.zeros(len(theta), dtype=bool)
        residual, J = self.linearise(theta)
        with np.errstate(all="ignore"):
            gradient = J.T @ residual
        return (at_lower & (gradient >= 0)) | (at_upper & (gradient <= 0))

    def solved(self, theta: np.ndarray) -> tuple[np.ndarray, Array | None]:
        """θ with the linear constants at their least-squares values, and an orthonormal basis of their columns.

        NaN in θ, and no basis, where the formula is undefined.
        """
        theta = theta.copy()
        if not self.linear.any():
            return theta, None
        theta[self.linear] = 0.0
        residual, J = self.linearise(theta, self.linear)
        basis = J[:, self.linear]
        if not (np.isfinite(basis).all() and np.isfinite(residual).all()):
            theta[:] = np.nan
            return theta, None
        norm = lengths(basis.T)
        norm[norm == 0] = 1.0
        U, s, Vt = np.linalg.svd(basis / norm, full_matrices=False)
        used = s > _RANK * max(s[0], 1e-300)
        U = U[:, used]
        theta[self.linear] = -(Vt[used].T @ ((U.T @ residual) / s[used])) / norm
        return theta, U

"""How many random examples a property has, and what they are made of."""

import numpy as np
import pandas as pd
import sympy
from hypothesis import settings
from hypothesis import strategies as st
from random_expressions import formulas, is_defined

from eqdarts.graph.to_sympy import plain

_USUAL = 25  # examples of the short profile in conftest


def examples(count, **more):
    """As many examples of a property, and in the same proportion more by --long."""
    return settings(max_examples=max(count * settings.default.max_examples // _USUAL, 1), **more)


#: Names of columns that mean something else somewhere: to the parser, LaTeX, a page, a terminal, SymPy, a spreadsheet.
ODD_NAMES = (
    "pi", "e", "E", "I", "S", "N", "oo", "zoo", "nan", "lambda", "sin", "exp", "Max", "x1", "x_1", "alpha", "Alpha",
    "α",
    "alpha_1", "xabs", "xnorm", "xbar", "xhat", "xprime", "x", "x 1", "Δv (km/s)", "50%_dose", "_", "__", "a__b",
    "a_b_c",
    "x^2", "x{1}", "$5 {a} & #~\\", r"\frac{1}{2}", r"\pi", "<b>x</b>", "&amp;", "__import__('os')", "a`b", "``", "`",
    "x\x1b[31m", "x\ny", "x\x00", "\u202ex", " ", " x", "x ", "1", "1.5", "-x", "=1+1", "@x", "+x", "a,b", 'a"b',
    "'", "c0",
    "(x)", "x)", "^", "ｘ", "𝐱", "x²", "é", "e\u0301", "😀", "None", "x" * 99, "e1", "10^{3}", "left", "cdot", "d",
)  # fmt: skip

names = st.one_of(st.sampled_from(ODD_NAMES), st.text(min_size=1, max_size=12))

#: Constants of any size, whole ones, and round ones, of either sign.
numbers = st.one_of(
    st.floats(1e-12, 1e12),
    st.floats(1e-300, 1e300),
    st.integers(1, 10**6).map(float),
    st.integers(-30, 30).map(lambda power: 10.0**power),
).flatmap(lambda size: st.sampled_from([size, -size]))


@st.composite
def expressions(draw, columns=("u", "v")):
    """Formulas over columns of these names, with any constants in them."""
    formula = plain(draw(formulas))
    floats = sorted(formula.atoms(sympy.Float), key=sympy.srepr)
    values = {number: sympy.Float(draw(numbers)) for number in floats if draw(st.booleans())}
    renamed = dict(zip(sympy.symbols("u v"), map(sympy.Symbol, columns), strict=True))
    changed = formula.xreplace({**values, **renamed})
    return changed if is_defined(changed) and _readable(changed) else formula.xreplace(renamed)


def _readable(formula):
    """The parser reads no exponents beyond a million."""
    return all(abs(power.exp) <= 1e6 for power in formula.atoms(sympy.Pow) if power.exp.is_number)


_cells = st.one_of(
    st.floats(-10, 10),
    st.floats(),
    st.integers(-5, 5),
    st.integers(-(10**30), 10**30),
    st.booleans(),
    st.none(),
    st.text(max_size=5),
    st.sampled_from([np.nan, np.inf, -np.inf, 1e308, 5e-324, pd.NaT, pd.NA, 1j, b"x", (1, 2), [1], {"a": 1}, object]),
)


def _column(rows):
    """Values of one kind for so many rows: numbers mostly, of any dtype, and whatever else a frame may hold."""
    size = {"min_size": rows, "max_size": rows}
    plain = st.lists(st.floats(-10, 10), **size)
    dtypes = st.sampled_from(
        ["float64", "float32", "float16", "Float64", "int64", "Int32", "uint8", "object", "complex"]
    )
    return st.one_of(
        plain,
        plain,
        st.lists(st.floats(allow_nan=False, allow_infinity=False), **size),
        st.lists(st.floats(), **size),
        st.tuples(st.lists(st.integers(0, 9), **size), dtypes).map(lambda t: pd.Series(t[0], dtype=t[1])),
        st.lists(st.booleans(), **size),
        st.lists(st.sampled_from("abc"), **size),
        st.lists(st.sampled_from("abc"), **size).map(lambda values: pd.Series(values, dtype="category")),
        st.lists(st.integers(0, 9), **size).map(lambda values: pd.to_datetime(values, unit="D")),
        st.lists(st.integers(0, 9), **size).map(lambda values: pd.to_timedelta(values, unit="h")),
        st.floats(-10, 10).map(lambda value: [value] * rows),
        st.lists(_cells, **size).map(lambda values: pd.Series(values, dtype=object)),
    )


@st.composite
def frames(draw):
    """Tables of any shape, dtypes, names and index; half of them have different names and numbers only."""
    rows, width, sound = draw(st.sampled_from([0, 1, 2, 3, 5, 8, 12, 20])), draw(st.integers(1, 4)), draw(st.booleans())
    kind = st.lists(st.floats(-10, 10), min_size=rows, max_size=rows) if sound else _column(rows)
    columns = [pd.Series(draw(kind)).reset_index(drop=True) for _ in range(width)]
    frame = pd.concat(columns, axis=1)
    labels = st.one_of(names, names, st.integers(0, 3), st.none(), st.floats(0, 1), st.tuples(st.text(max_size=2)))
    found = draw(st.lists(names if sound else labels, min_size=width, max_size=width, unique=sound))
    frame.columns = pd.Index(found, dtype=object, tupleize_cols=False)
    if draw(st.integers(0, 4)) == 0:
        frame.index = draw(st.sampled_from([np.zeros(rows), np.arange(rows)[::-1], [f"r{k}" for k in range(rows)]]))
    return frame

"""Random formulas with float constants, in columns that are positive (u) or of both signs (v)."""

import numpy as np
import sympy
from hypothesis import strategies as st

u, v = COLUMNS = (sympy.Symbol("u", positive=True), sympy.Symbol("v", real=True))
rng = np.random.default_rng(20240229)
X = np.column_stack([rng.uniform(0.2, 2.5, 23), rng.uniform(-2.5, 2.5, 23)])

floats = st.floats(-3, 3, allow_nan=False).filter(lambda x: abs(x) > 0.01).map(lambda x: sympy.Float(round(x, 3)))
exact = st.sampled_from([sympy.Integer(2), sympy.Integer(-1), sympy.Rational(1, 2), sympy.Rational(-3, 2), sympy.pi])
exponents = st.one_of(floats, st.sampled_from([2, -1, 3, -2, sympy.Rational(1, 2), sympy.Rational(-2, 3)]))


def grow(children):
    return st.one_of(
        st.builds(lambda a, b: a + b, children, children),
        st.builds(lambda a, b: a * b, children, children),
        st.builds(lambda a, b, c: a * c + b, floats, floats, children),
        st.builds(lambda a, c: a * c, floats, children),
        st.builds(lambda a, p: a**p, children, exponents),
        st.builds(lambda a, p: sympy.Abs(a) ** p, children, exponents),
        st.builds(lambda a, p: sympy.sign(a) * sympy.Abs(a) ** p, children, exponents),
        st.builds(sympy.exp, children),
        st.builds(lambda a: sympy.log(sympy.Abs(a)), children),
        st.builds(sympy.log, children),
        st.builds(sympy.sin, children),
        st.builds(sympy.tanh, children),
    )


def is_defined(expression):
    return not expression.has(sympy.zoo, sympy.nan, sympy.oo, sympy.I)


formulas = st.recursive(st.one_of(st.sampled_from(COLUMNS), floats, exact), grow, max_leaves=7).filter(is_defined)


def values(expression, rows=X, columns=COLUMNS):
    """On rows [n, d]; NaN outside the domain."""
    function = sympy.lambdify(columns, expression, "numpy", dummify=True)
    with np.errstate(all="ignore"):
        value = np.asarray(function(*rows.T))
    if np.iscomplexobj(value):
        value = np.where(value.imag == 0, value.real, np.nan)
    return np.broadcast_to(value.astype(float), (len(rows),))

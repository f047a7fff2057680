"""How many random examples a property has, and what they are made of."""

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

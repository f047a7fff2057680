"""The registry: both forms of every operation agree, and bad declarations are refused."""

import numpy as np
import pytest
import sympy
import torch
from hypothesis import assume, given
from hypothesis import strategies as st

from eqdarts import OPERATIONS, InputDataError, register_operation
from eqdarts.darts.prior import log_odds
from eqdarts.graph.operations import SAFE_POINT, in_order, lookup
from eqdarts.graph.space import SearchSpace

NAMES = sorted(OPERATIONS)
numbers = st.floats(-3, 3, allow_nan=False)


@given(st.sampled_from(NAMES), numbers, st.tuples(numbers, numbers, numbers))
def test_numeric_agrees_with_symbolic_in_the_domain(name, x, w):
    op = OPERATIONS[name]
    w = w[: len(op.parameters)]
    tensors = [torch.tensor([v], dtype=torch.float64) for v in (x, *w)]
    assume(op.domain is None or op.domain(*tensors).all())
    number = float(op.numeric(*tensors)[0])
    symbols = sympy.symbols(f"x:{1 + len(w)}", real=True)
    expression = op.symbolic(*symbols)
    with np.errstate(all="ignore"):
        expected = float(sympy.lambdify(symbols, expression, "numpy")(np.float64(x), *map(np.float64, w)))
    if np.isfinite(expected):
        assert number == pytest.approx(expected, rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("name", NAMES)
def test_safe_point_is_in_the_domain_with_finite_derivatives(name):
    op = OPERATIONS[name]
    at = [torch.full((3,), SAFE_POINT, dtype=torch.float64, requires_grad=True) for _ in range(1 + len(op.parameters))]
    assert op.domain is None or op.domain(*at).all()
    value = op.numeric(*at)
    if value.requires_grad:
        for gradient in torch.autograd.grad(value.sum(), at, allow_unused=True):
            assert gradient is None or torch.isfinite(gradient).all()


def test_a_registered_operation_is_found_and_a_second_of_its_name_is_refused():
    register_operation("double", lambda x: 2 * x, lambda x: 2 * x)
    try:
        assert lookup(("double", "zero"))[0].name == "double"
        with pytest.raises(InputDataError, match="new identifier"):
            register_operation("double", lambda x: 2 * x, lambda x: 2 * x)
    finally:
        del OPERATIONS["double"]


@pytest.mark.parametrize(
    ("numeric", "symbolic", "reason"),
    [
        (lambda x: 2 * x, lambda x: 3 * x, "the SymPy form"),
        (lambda x: x.sum(), lambda x: x, "elementwise"),
        (lambda x: torch.log(-x), lambda x: sympy.log(-x), "finite"),
        (torch.relu, lambda x: sympy.Piecewise((x, x > 0), (0, True)), "without conditions"),
    ],
)
def test_forms_that_disagree_are_refused(numeric, symbolic, reason):
    with pytest.raises(InputDataError, match=reason):
        register_operation("odd_one", numeric, symbolic)
    assert "odd_one" not in OPERATIONS


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"slopes": lambda f, x, a: (a, 2 * x)}, "its slope by a is 1.0, but automatic differentiation gives 0.5"),
        ({"slopes": lambda f, x, a: (a,)}, "1 slopes, but x and its parameters are 2"),
        ({"scalar": lambda x, a: (a * x, a, 2 * x)}, "its slope by a is 1.0, but automatic differentiation gives 0.5"),
        ({"scalar": lambda x, a: (a + x, a, x)}, "the torch form gives 0.25 and the scalar form 1.0"),
        ({"scalar": lambda x, a: a * x}, "numba cannot compile the scalar form"),
        ({"inside": (0.0, np.inf)}, "whose first two parameters are a and b"),
        ({"simple": ((1.0,), (2.0,))}, "1 parameters but 2 sets of simple values"),
        ({"simple": ((),)}, "give some values for each parameter"),
        ({"odds": (0.1, 0.1)}, "four numbers from 0 to 1, for input to sum, latent to sum"),
        ({"odds": (0.1, 0.1, 2.0, 0.1)}, "four numbers from 0 to 1"),
        ({"initial": ()}, "1 parameters but 0 initial ranges"),
    ],
)
def test_fields_that_do_not_fit_are_refused(fields, reason):
    with pytest.raises(InputDataError, match=reason):
        register_operation("odd_one", lambda x, a: a * x, lambda x, a: a * x, ("a",), **fields)
    assert "odd_one" not in OPERATIONS


@pytest.mark.parametrize("inside", [(-1.0, 2.0), (-np.inf, np.inf), (1.0, -1.0), (np.nan, np.inf)])
def test_only_ranges_that_starts_can_be_moved_to_are_taken(inside):
    with pytest.raises(InputDataError, match=r"give \(low, inf\) or \(-c, c\)"):
        register_operation("odd_one", lambda x, a, b: a * x + b, lambda x, a, b: a * x + b, ("a", "b"), inside=inside)


def test_odds_of_a_registered_operation_are_where_alpha_starts():
    register_operation(
        "own", lambda x: x**4, lambda x: x**4, odds=(0.3, 0.1, 0.05, 0.2), slopes=lambda f, x: (4 * x**3,)
    )
    try:
        space = SearchSpace(("u",), 2, ("zero", "scale", "own"))
        odds = np.exp(log_odds(space))  # [A, E, M]; edges: from the column, from the column, from a node
        rows = {("sum", 0): (0.25, 0.6, 0.3), ("sum", 2): (0.35, 0.12, 0.1), ("product", 0): (0.08, 0.0, 0.05)}
        for (aggregator, edge), row in rows.items():
            wanted = np.array(row) / sum(row)
            np.testing.assert_allclose(odds[space.aggregators.index(aggregator), edge], wanted)
    finally:
        del OPERATIONS["own"]


def test_registered_operations_come_last_and_by_name():
    names = ("zeta", "power", "alpha", "scale", "zero")
    assert in_order(names) == in_order(names[::-1]) == ("zero", "scale", "power", "alpha", "zeta")


def test_unknown_names_are_listed_with_the_known_ones():
    with pytest.raises(InputDataError, match=r"'cosh' not known; the registry has zero, identity"):
        lookup(("zero", "cosh"))


@pytest.mark.parametrize("name", [name for name in NAMES if OPERATIONS[name].slopes is not None])
def test_slopes_equal_automatic_differentiation(name):
    op = OPERATIONS[name]
    generator = torch.Generator().manual_seed(0)
    at = [torch.rand(11, dtype=torch.float64, generator=generator) * 0.4 + 0.3 for _ in range(1 + len(op.parameters))]
    leaves = [v.clone().requires_grad_() for v in at]
    expected = torch.autograd.grad(op.numeric(*leaves).sum(), leaves)
    for slope, gradient in zip(op.slopes(op.numeric(*at), *at), expected, strict=True):
        torch.testing.assert_close(slope.expand_as(gradient), gradient)

"""Operations that have no loops of their own, in the compiled ones: the same as in torch, and no burden to others."""

import math

import numpy as np
import pytest
import sympy
import torch
from random_graphs import draw_graphs, draw_inputs, space_of, table_of

from eqdarts import OPERATIONS, DARTSRegressor, Operation, register_operation
from eqdarts.fit.backend import CompiledBackend, TorchBackend, backend_of
from eqdarts.fit.compiled.expressions import RARE_KINDS
from eqdarts.fit.compiled.own import OwnOperations, own_slopes, own_value
from eqdarts.graph.space import SearchSpace
from eqdarts.graph.tensor_program import differentiate

CPU = torch.device("cpu")
n = 23

SOFT = (
    lambda x, a, b: torch.logaddexp(a * x + b, torch.zeros_like(x)),
    lambda x, a, b: sympy.log(1 + sympy.exp(a * x + b)),
)


def scalar(x, a, b):
    u = a * x + b
    slope = 1 / (1 + math.exp(-u))
    return max(u, 0.0) + math.log1p(math.exp(-abs(u))), a * slope, x * slope, slope


#: Three become tapes, and one is compiled. That of "steep" would be infinite where it need not be, "bessel" is none.
OWN = {
    "sinc": (
        lambda x, a: torch.sin(a * x) / (a * x), lambda x, a: sympy.sin(a * x) / (a * x), ("a",), ((0.3, 3.0),)
    ),
    "bell": (lambda x: torch.exp(-(x**2)) - x / 2, lambda x: sympy.exp(-(x**2)) - x / 2),
    "soft": (*SOFT, ("a", "b")),
    "compiled": (*SOFT, ("a", "b")),
    "steep": (*SOFT, ("a", "b"), ((-20.0, 20.0), (-1.0, 1.0))),
    "bessel": (torch.special.bessel_j0, lambda x: sympy.besselj(0, x)),
}  # fmt: skip
TAPES = ("sinc", "bell", "soft")


@pytest.fixture(autouse=True)
def registered():
    for name, row in OWN.items():
        register_operation(name, *row, scalar=scalar if name == "compiled" else None)
    yield
    for name in OWN:
        del OPERATIONS[name]


def assert_as_in_torch(op, is_tape):
    rng = np.random.default_rng(0)
    count = len(op.parameters)
    x, w, flow = 2 * rng.normal(size=n), rng.uniform(0.3, 1.0, count + 3), rng.normal(size=n)
    value, by_x, by_w = np.empty(n), np.empty(n), np.full((count + 2, n), 7.0)
    own = OwnOperations([op])
    assert (own.table[0, 0] == 0) == is_tape
    assert len(own.calling) == (not is_tape and op.scalar is None)
    own_value(own.table[0], x, w, value)
    own_slopes(own.table[0], x, w, value, flow, by_x, by_w)
    own.check()
    at_x, *at_w = torch.as_tensor(x)[None], *torch.as_tensor(w[:count]).view(-1, 1, 1)
    expected, slopes = differentiate(op, at_x, at_w, latent=True)
    np.testing.assert_allclose(value, expected[0], rtol=1e-12, atol=1e-14)
    for found, slope in zip([by_x, *by_w[:count]], slopes, strict=True):
        wanted = np.zeros(n) if slope is None else flow * slope.expand(1, n).numpy()[0]
        fine = np.isfinite(value) & np.isfinite(wanted)
        assert fine.sum() > 3
        np.testing.assert_allclose(found[fine], wanted[fine], rtol=1e-10, atol=1e-13)
    assert (by_w[count:] == 7.0).all()  # slopes of other edges


@pytest.mark.parametrize("function", RARE_KINDS, ids=str)
def test_functions_that_only_such_operations_have(function):
    if function in (sympy.Max, sympy.Min):
        extreme = torch.maximum if function is sympy.Max else torch.minimum
        forms = lambda x, a: extreme(a * x, 0.2 - x), lambda x, a: function(a * x, 0.2 - x)
    else:
        numeric = getattr(torch, function.__name__)
        forms = lambda x, a: numeric(a * x), lambda x, a: function(a * x)
    assert_as_in_torch(Operation("own", ("a",), *forms, initial=((0.5, 3.0),)), is_tape=True)


@pytest.mark.parametrize("name", OWN)
def test_values_and_slopes_are_those_of_the_torch_form(name):
    assert_as_in_torch(OPERATIONS[name], name in TAPES)


@pytest.mark.parametrize("steps", [0, 2])
def test_backends_agree_on_graphs_that_carry_them(steps):
    space = space_of(2, operations=("zero", "linear", "power", *OWN))
    rng = np.random.default_rng(1)
    graphs = draw_graphs(space, 31, rng)
    rows = table_of(draw_inputs(space, rng, n), rng.normal(size=n))
    one, two = CompiledBackend(space, 1), TorchBackend(space, CPU)
    w, c, loss = one.fit(graphs.batch, graphs.w.numpy(), rows, steps)
    expected = two.fit(graphs.batch, graphs.w.numpy(), rows, steps)
    fine = np.isfinite(loss)
    assert fine.sum() > 15
    np.testing.assert_array_equal(fine, np.isfinite(expected[2]))
    same = np.isclose(loss[fine], expected[2][fine], rtol=1e-6)
    assert same.all() if steps == 0 else same.mean() > 0.8  # some steps turn on rounding
    for found, wanted in (
        (one.node_values(graphs.batch, w, rows), two.node_values(graphs.batch, w, rows)),
        (one.measure(graphs.batch, w, c, rows)[0], two.measure(graphs.batch, w, c, rows)[0]),
    ):
        np.testing.assert_allclose(found[fine], wanted[fine], rtol=1e-9, atol=1e-12)


def test_graphs_without_them_are_fitted_as_if_they_were_not_there():
    plain = ("zero", "scale", "linear", "power", "exp", "sin")
    rng = np.random.default_rng(2)
    bare, more = space_of(2, operations=plain), space_of(2, operations=(*plain, *OWN))
    graphs = draw_graphs(bare, 31, rng)
    rows = table_of(draw_inputs(bare, rng, n), rng.normal(size=n))
    backends = [backend_of(space, CPU, 1) for space in (bare, more)]
    assert isinstance(backends[1], CompiledBackend)
    one, two = (b.fit(graphs.batch, graphs.w.numpy(), rows, 3) for b in backends)
    for found, expected in zip(two, one, strict=True):
        np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("threads", [1, 2])
def test_what_a_torch_form_raises_comes_out(threads):
    broken = []

    def numeric(x):
        if broken:
            raise ZeroDivisionError("of the user")
        return torch.special.bessel_j1(x)

    register_operation("broken", numeric, lambda x: sympy.besselj(1, x))
    try:
        space = SearchSpace(("u",), 1, ("zero", "broken"))
        rng = np.random.default_rng(3)
        graphs = draw_graphs(space, 67, rng, absent=0.0)
        rows = table_of(draw_inputs(space, rng, n), rng.normal(size=n))
        backend = CompiledBackend(space, threads)
        broken.append(True)
        for ask in (backend.node_values, lambda *given: backend.fit(*given, 1)):
            with pytest.raises(ZeroDivisionError, match="of the user"):
                ask(graphs.batch, graphs.w.numpy(), rows)
        broken.clear()
        assert np.isfinite(backend.node_values(graphs.batch, graphs.w.numpy(), rows)).any()
    finally:
        del OPERATIONS["broken"]


@pytest.mark.parametrize("name", ["sinc", "bessel"])
def test_a_law_with_one_is_found_with_all_sources_of_graphs(name):
    x = np.linspace(0.3, 9.0, 41)
    function = {"sinc": np.sinc(1.5 * x / np.pi), "bessel": torch.special.bessel_j0(torch.as_tensor(x)).numpy()}[name]
    model = DARTSRegressor(
        operations=["scale", "linear", "power", name], replicas=60, max_epochs=5, max_nodes=2, max_time=None,
        random_state=0, n_jobs=1, verbose=0,
    )  # fmt: skip
    model.fit(x[:, None], 3 * function + np.sqrt(x) + 1e-4 * np.random.default_rng(0).normal(size=len(x)))
    assert model.equations_.loss.min() < 1e-6
    history = model.history_
    assert history.gradient_graphs.sum() > 0
    assert history.library_graphs.sum() > 0


@pytest.mark.parametrize("inside", [(0.0, np.inf), (-0.5, np.inf), (-2.0, 2.0)])
def test_starts_are_moved_to_where_one_is_defined(inside):
    low, high = inside
    within = lambda x, a, b: torch.where((a * x + b > low) & (a * x + b < high), a * x + b, torch.nan)  # noqa: E731
    register_operation("within", within, lambda x, a, b: a * x + b, ("a", "b"), inside=inside)
    try:
        space = SearchSpace(("u",), 1, ("zero", "within"))
        rng = np.random.default_rng(4)
        graphs = draw_graphs(space, 31, rng, absent=0.0)
        w = 2 * graphs.w.numpy()
        backend = CompiledBackend(space, 1)
        rows = table_of(draw_inputs(space, rng, n), np.ones(n))
        before = np.isfinite(backend.node_values(graphs.batch, w, rows)).all(axis=(1, 2))
        moved = backend.settled(graphs.batch, w, rows)
        assert 0 < before.sum() < 31
        assert np.isfinite(backend.node_values(graphs.batch, moved, rows)).all()
        np.testing.assert_array_equal(moved[before], w[before])
    finally:
        del OPERATIONS["within"]

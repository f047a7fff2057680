"""Links: inverses, slopes and symbols of every g, and which of them a table allows."""

import numpy as np
import pytest
import sympy

from eqdarts import InputDataError
from eqdarts.graph.links import LINK_NAMES, LINKS, check_links, usable
from eqdarts.graph.space import SearchSpace
from eqdarts.options import SearchConfig

n = 53
RANGES = {
    "arcsin": (-1.5, 1.5),
    "arccos": (0.05, 3.1),
    "identity": (-3.0, 3.0),
    "ln": (-3.0, 3.0),
    "logistic": (0.03, 0.96),
}


@pytest.fixture(params=LINKS.values(), ids=LINKS.keys())
def link(request):
    return request.param


def targets(link):
    """Some y that g can give, reciprocals of both signs among them."""
    rng = np.random.default_rng(1)
    y = rng.uniform(*RANGES.get(link.name, (0.1, 3.0)), n)
    return y * rng.choice([-1.0, 1.0], n) if link.name == "reciprocal" else y


def test_value_undoes_inverse(link):
    y = targets(link)
    assert link.covers(y)
    np.testing.assert_allclose(link.value(link.inverse(y)), y, rtol=1e-12, atol=1e-14)


def test_slope_is_that_of_the_value(link):
    y, step = targets(link), 1e-6
    f = link.inverse(y)
    h = step * np.maximum(np.abs(f), 1e-2)
    inside = np.isfinite(link.value(np.abs(f) + h)) if link.name in ("arcsin", "arccos") else np.full(n, True)
    with np.errstate(all="ignore"):
        numeric = np.abs(link.value(f + h) - link.value(f - h)) / (2 * h)
    np.testing.assert_allclose(link.slope(y)[inside], numeric[inside], rtol=1e-4)


def test_symbols_agree_with_numbers(link):
    f = link.inverse(targets(link))
    x = sympy.Symbol("x")
    function = sympy.lambdify(x, link.symbolic(x), "numpy")
    np.testing.assert_allclose(np.broadcast_to(function(f), f.shape), link.value(f), rtol=1e-12)


def test_weights_are_slopes_up_to_a_cap(link):
    y = targets(link)
    f, weight = link.target(y)
    np.testing.assert_array_equal(f, link.inverse(y))
    slope = link.slope(y)
    low = slope <= 10 * np.median(slope)
    np.testing.assert_array_equal(weight[low], slope[low])
    np.testing.assert_allclose(weight[~low], 10 * np.median(slope))
    assert np.isfinite(f).all()
    assert (weight > 0).all()


def test_a_steep_row_does_not_outweigh_the_rest():
    """√f is infinitely steep at 0."""
    y = np.array([1e-6, 1.0, 1.1, 1.2, 0.9])
    _, weight = LINKS["sqrt"].target(y)
    assert weight.max() <= 10 * np.median(weight)


def test_scale_matters_only_where_a_link_says_so(link):
    """y/s = g(a·f + b) for some a and b, so a linear readout reaches the scaled target as well."""
    y, s = targets(link), 1.7
    f = link.inverse(y)
    with np.errstate(all="ignore"):
        scaled = link.inverse(y / s)
    if not link.homogeneous and link.name != "ln":
        return  # y/s may leave the range
    design = np.column_stack([f, np.ones(n)])
    solution = np.linalg.lstsq(design, scaled, rcond=None)[0]
    exact = bool(np.abs(design @ solution - scaled).max() < 1e-9 * np.abs(scaled).max())
    assert exact == link.homogeneous


@pytest.mark.parametrize(
    ("y", "without"),
    [
        ([0.5, 1.0, 2.0], {"arcsin", "logistic"}),
        ([0.5, 1.0, 1.5], {"logistic"}),
        ([-0.5, 1.0, 1.5], {"sqrt", "reciprocal_sqrt", "arccos", "logistic"}),
        ([0.0, 1.0, 1.5], {"reciprocal", "sqrt", "reciprocal_sqrt", "arccos", "logistic"}),
        ([-50.0, 20.0, 40.0], set(LINKS) - {"identity", "reciprocal"}),
    ],
)
def test_links_that_cannot_give_every_target_are_left_out(y, without):
    assert set(usable(LINK_NAMES, np.array(y), scaled=False)) == set(LINKS) - without


def test_of_scaled_targets_only_those_that_do_not_mind():
    names = usable(LINK_NAMES, np.array([0.5, 1.0, 1.5]), scaled=True)
    assert set(names) == {name for name, link in LINKS.items() if link.homogeneous}


def test_identity_remains_where_no_link_is_usable():
    assert usable(("reciprocal_sqrt", "sqrt"), np.array([-1.0, 1.0]), scaled=False) == ("identity",)


def test_names_keep_their_order_and_unknown_ones_are_refused():
    assert LINK_NAMES[0] == "identity"
    assert all(link.name == name for name, link in LINKS.items())
    check_links(LINK_NAMES)
    for build in (
        check_links,
        lambda names: SearchConfig(links=names),
        lambda names: SearchSpace(("u",), 1, ("zero", "scale"), links=names),
    ):
        with pytest.raises(InputDataError, match="links: 'cosh'; choose from identity, reciprocal"):
            build(("identity", "cosh"))
        with pytest.raises(InputDataError, match="links: none given"):
            build(())

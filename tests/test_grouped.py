"""One form for several groups, and which of its constants they share."""

import time

import numpy as np
import pytest
import sympy

from eqdarts import DARTSRegressor
from eqdarts.data.noise import Noise
from eqdarts.data.table import Table
from eqdarts.equation.equation import Equation
from eqdarts.equation.front import Front
from eqdarts.grouped.candidates import all_free, distinct, searches
from eqdarts.grouped.discover import _mean, _ranked, at_observations, discover_groups, weighed
from eqdarts.grouped.rows import GroupedTable, error_factors
from eqdarts.grouped.sharing import first_states, shared_out
from eqdarts.grouped.state import Family, own_symbol
from eqdarts.grouped.writing import as_equation
from eqdarts.runtime.interrupts import Interrupts
from eqdarts.search.discover import Found
from eqdarts.search.fit_options import fit_options

t = sympy.Symbol("t")
LABELS = ("A", "B", "C", "D", "E")


def table_of(law, own, shared, noise=0.03, n=11, seed=0):
    """law(t, own constants, shared)   own: [G, ...]"""
    rng, groups = np.random.default_rng(seed), []
    for constants in own:
        x = np.sort(rng.uniform(0.3, 9, n))
        y = law(x, constants, shared)
        groups.append(Table(x[:, None], y + noise * y.std() * rng.normal(size=n), ("t",), "y"))
    return GroupedTable(tuple(groups), LABELS[: len(groups)])


def best_of(expression, table):
    form = all_free(sympy.sympify(expression), (t,))
    with np.errstate(all="ignore"):
        states = list(shared_out(first_states(Family.of(form, "given"), table), table, np.inf))
    return min(states, key=lambda s: s.length)


def written(state, table):
    return as_equation(state, table, "rabbit", np.ones(len(table)), np.ones(len(table)))


HEIGHTS = np.array([2.13, 4.71, 3.38, 7.46, 5.59])


LAWS = [  # law(t, own, shared), where the fit begins, own constants, the shared one, and what is to be written
    (lambda x, a, k: a * (1 - np.exp(-k * x)), "1.3 - 1.1*exp(-0.5*t)", HEIGHTS, 0.4173, "a_g*(1 - exp(-c*t))"),
    (lambda x, v, K: v * x / (K + x), "2.2*t/(1.3 + 1.1*t)", HEIGHTS, 2.1373, "a_g*t/(c + t)"),
    (lambda x, K, v: v * x / (K + x), "2.2*t/(1.3 + 1.1*t)", HEIGHTS / 2, 6.173, "c*t/(a_g + t)"),
    (
        lambda x, p, _: p[0] * np.exp(-p[1] * x), "2.2*exp(-0.5*t)", np.stack([HEIGHTS, HEIGHTS[::-1] / 11], axis=1),
        None, "a_g*exp(-b_g*t)",
    ),
    (lambda x, _, k: k * np.sqrt(x), "2.2*t**0.5", HEIGHTS, 3.473, "c*sqrt(t)"),
]  # fmt: skip


@pytest.mark.parametrize(("law", "start", "own", "shared", "form"), LAWS, ids=[law[-1] for law in LAWS])
def test_constants_are_shared_as_they_were_made(law, start, own, shared, form):
    table = table_of(law, own, shared)
    found = written(best_of(start, table), table)
    names = {name: sympy.Symbol(name) for name in ("a_g", "b_g", "c", "t")}
    symbols = {f: names["c"] if f > 0 else -names["c"] for f in found.expression.atoms(sympy.Float)}
    assert found.expression.xreplace(symbols) == sympy.sympify(form, names)
    known = found.by_group
    if shared is not None:
        ((value, error),) = known.shared.values()
        assert abs(abs(value) - shared) < 4 * error
    if known.names:
        assert (np.abs(known.values - own.reshape(5, -1)) < 4 * known.errors).all()


def test_the_order_of_groups_does_not_matter():
    table = table_of(lambda x, v, K: v * x / (K + x), HEIGHTS, 2.1373)
    order = [3, 0, 4, 2, 1]
    other = GroupedTable(tuple(table.groups[k] for k in order), tuple(LABELS[k] for k in order))
    one, two = (best_of("2.2*t/(1.3 + 1.1*t)", some) for some in (table, other))
    assert one.length == pytest.approx(two.length, abs=1e-6)
    a, b = written(one, table).by_group, written(two, other).by_group
    np.testing.assert_allclose(a.table.loc[list(b.labels), "a_g"], b.table["a_g"], rtol=1e-5)


def test_a_negative_constant_of_all_groups_is_written_with_its_sign():
    table = table_of(lambda x, a, _: 3.0 - a * x, HEIGHTS, None)
    found = written(best_of("1.5 - 0.7*t", table), table)
    assert found.expression.coeff(t) == -sympy.Symbol("a_g")


def test_errors_of_groups_differ_only_where_the_rows_show_it():
    rng = np.random.default_rng(0)
    counts = np.full(5, 12)
    alike = rng.chisquare(10, 5)
    assert error_factors(alike, counts, 2, exact=False) is None
    factors = error_factors(alike * np.array([1, 1, 400, 1, 1]), counts, 2, exact=False)
    assert factors.argmin() == 2
    assert factors[2] < factors[0] / 50
    assert error_factors(alike * np.array([1, 1, 400, 1, 1]), counts, 2, exact=True) is None


@pytest.mark.parametrize("form", ["proportional", "auto"])
def test_weights_of_noise_are_those_at_the_law(form):
    rng, groups = np.random.default_rng(0), []
    law = 300 * np.exp(-0.4 * np.linspace(0.3, 9, 12))
    for size in (0.01, 0.2, 1):
        groups.append(
            Table(np.linspace(0.3, 9, 12)[:, None], size * law * (1 + 0.08 * rng.normal(size=12)), ("t",), "y")
        )
    given = GroupedTable(tuple(groups), LABELS[:3])
    best = Family.of(all_free(sympy.sympify("2.0*exp(-0.5*t)"), (t,)), "given")
    with np.errstate(all="ignore"):
        table, noise = at_observations(given, Noise(form))
        table, noise, counts = weighed(given, table, [best], noise)
    assert noise.form == "proportional"
    ratio = counts[:12] / counts[24:] * 0.01**2  # of the largest group and the smallest one at the same t
    above = given.groups[0].y > 3 * noise.floor
    np.testing.assert_allclose(ratio[above], 1, rtol=0.5)


def test_searches_see_all_rows_levelled_ones_and_the_largest_groups():
    table = table_of(lambda x, a, k: a * (1 - np.exp(-k * x)), HEIGHTS, 0.4)
    assert [s.what for s in searches(table)] == ["pooled", "levelled", "group A", "group B", "group C"]
    levelled = searches(table)[1].table.y.reshape(5, 11)
    sizes = np.sqrt((levelled**2).mean(axis=1))
    np.testing.assert_allclose(sizes, sizes[0])


def test_families_of_one_form_are_one():
    forms = [all_free(sympy.sympify(e), (t,)) for e in ("2.5*exp(-0.3*t)", "1.1*exp(0.7*t)", "2*t + 1.0")]
    some = [Family.of(form, "given") for form in forms]
    assert distinct(iter(some), ("t",)) == [some[0], some[2]]


def test_where_time_is_over_a_family_of_few_constants_was_tried():
    """Those of the first search, which came first, may be long."""
    table = table_of(lambda x, a, k: a * np.exp(-k * x), HEIGHTS, 0.4)
    texts = ("2.1*t**2 + 1.3*t + 0.7*sin(1.1*t + 0.3) + 0.2", "2.2*exp(-0.3*t)")
    long, short = (Family.of(all_free(sympy.sympify(text), (t,)), "given") for text in texts)
    assert _ranked([long, short, _mean(table)], table, time.monotonic() - 1)[0] is short


def test_no_equation_is_larger_than_allowed(monkeypatch):
    x = sympy.Symbol("t")
    found = [Equation(e, ("t",), "y", 1.0, 0.1, "sample") for e in (1.3 * x, 1.3 * x + 0.2 * x**2)]
    front = Front(rows=22)
    for equation in found:
        front = front.offer(equation)
    searched = Found(front, None, None, None, None, None)
    monkeypatch.setattr("eqdarts.grouped.discover.run_searches", lambda *_: [("pooled", searched)])
    table, none = table_of(lambda x, v, b: v * x + b * x**2, HEIGHTS[:2], 0.37), Interrupts()
    sizes = []
    for limit in (None, 3):
        options = fit_options(DARTSRegressor(max_complexity=limit).get_params())
        with np.errstate(all="ignore"):
            groups = discover_groups(
                table.groups, table.labels, options, np.random.default_rng(0), time.monotonic(), none
            )
        sizes.append(max(equation.complexity for equation in groups.front))
    assert sizes[0] > 3
    assert sizes[1] == 3


def test_time_that_is_over_leaves_the_first_state():
    table = table_of(lambda x, v, K: v * x / (K + x), HEIGHTS, 2.1373)
    form = all_free(sympy.sympify("2.2*t/(1.3 + 1.1*t)"), (t,))
    states = first_states(Family.of(form, "given"), table)
    assert len(list(shared_out(states, table, time.monotonic() - 1))) >= 1
    assert own_symbol(0) not in {t}

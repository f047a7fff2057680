"""Shapes that everyone tries first: the curves of textbooks, started where the rows of a column may show them.

Saturation, sigmoids, decays, peaks, damped waves: functions that many sciences share, each a small graph of the space.
None of them is far for a search, but few noisy rows leave no time to come upon them one edge at a time, and a centre or
a rate is only found from a start near it. So each is given from several starts, by the range of the column and by where
the target is highest and lowest, alone, times another column, and divided by it. (Self-starting models are an old idea:
Bates & Watts 1988, ch. 3.) In the search they stay or go as all other graphs do. Of noisy rows the best of them become
equations in any case: where the rows do not decide, what everyone tries first should be there to be compared with.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations, product

import numpy as np
from scipy.ndimage import median_filter
from scipy.signal import find_peaks

from eqdarts.darts.sampling import blank
from eqdarts.data.table import Table
from eqdarts.graph.genotype import GenotypeBatch
from eqdarts.graph.space import SearchSpace
from eqdarts.propose.parts import powers_of
from eqdarts.propose.proposer import Effort, Graphs, Judged, Question, Situation
from eqdarts.propose.terms import Edge, Node, Term, graphs_of

_MOST_COLUMNS = 3  # tables with more get no shapes: a law of many columns is no curve of one of them
_QUANTILES = (0.1, 0.3, 0.5, 0.7, 0.9)  # of a column, where centres start; none of these numbers is tuned
_RATES = (1.0, 4.0, 15.0)  # of exponentials, per range of the column
_SLOPES = (5.0, 15.0)  # of sigmoids, per range
_WIDTHS = (0.04, 0.12, 0.35)  # of peaks, as a share of the range
_POWERS = (1.0, 2.0, 4.0)  # of Hill's function
_OWN = ((-1.0, -2.0), (1.5, -1.0))  # powers of a column and of its distance from a point, in their products
_LEAST_CENTRE = 1e-150  # the inverse square of smaller ones is beyond the doubles
_SMOOTHED, _PROMINENT, _MOST_PEAKS = 5, 0.1, 3  # rows under a median; of the range of y; peaks of either sign
_PERIODS = 3.0  # of damped waves within the range where the table shows no frequency


@dataclass(frozen=True)
class _Column:
    """What starts need of one column: its range, quantiles, and where y, or what a line leaves of it, is extreme."""

    place: int
    low: float
    range: float
    centres: tuple[float, ...]
    extremes: tuple[float, ...]
    frequencies: tuple[float, ...]

    @classmethod
    def of(cls, place: int, x: np.ndarray, y: np.ndarray, frequencies: tuple[float, ...]) -> _Column:
        """Column x [n] at this place, for a target y [n]."""
        trend = np.polynomial.Polynomial.fit(x, y, 1)(x) if np.ptp(x) else y
        peaks = {float(x[np.argmax(s * v)]) for v in (y, y - trend) for s in (1, -1)}
        peaks |= {p for s in (1, -1) for p in _summits(x, s * y)}
        width = float(np.ptp(x))
        # Off the rows: a power of a distance is not defined where that is zero.
        extremes = tuple(p + 1e-3 * width for p in _apart(sorted(peaks), _WIDTHS[0] * width))
        centres = tuple(map(float, np.quantile(x, _QUANTILES)))
        return cls(place, float(x.min()), width, centres, extremes, frequencies)


def _summits(x: np.ndarray, y: np.ndarray) -> list[float]:
    """Where y [n] has its most prominent peaks along x [n], a little smoothed; an end of the range is none."""
    order = np.argsort(x, kind="stable")
    smooth = median_filter(y[order], _SMOOTHED, mode="nearest")
    places, about = find_peaks(smooth, prominence=_PROMINENT * float(np.ptp(smooth)) or np.inf)
    best = np.argsort(-about["prominences"], kind="stable")[:_MOST_PEAKS]
    return [float(x[order[k]]) for k in places[best]]


def _apart(places: list[float], least: float) -> list[float]:
    """These places in their order without those that are no farther than the least from one before."""
    kept: list[float] = []
    for place in places:
        if not kept or place - kept[-1] > least:
            kept.append(place)
    return kept


class Shapes:
    """Those of each column of few, at the start of every run, and once more when the table turns out to be noisy.

    They are a solver as well, whose graphs are fitted for long and become equations.
    """

    name, in_addition = "shape", True

    def __init__(self) -> None:
        self._graphs: Graphs | None = None
        self._was_noisy = False

    def propose(self, now: Situation) -> Graphs | None:
        """Always the same, as the table is."""
        turned = now.noisy and not self._was_noisy
        self._was_noisy = now.noisy
        if now.age and not turned:
            return None
        if self._graphs is None:
            rows = now.assessor.train if now.assessor.everything is None else now.assessor.everything
            self._graphs = Graphs(*graphs_with_shapes(now.space, rows))
        return self._graphs if len(self._graphs.batch) else None

    def solve(self, question: Question) -> list[Graphs]:
        """All of them, once, if the table is noisy."""
        if question.effort < Effort.BESIDE or not question.noisy or question.asked:
            return []
        batch, w = graphs_with_shapes(question.space, question.rows)
        return [Graphs(batch, w, judged=Judged.LONG)] if len(batch) else []


def graphs_with_shapes(space: SearchSpace, rows: Table) -> tuple[GenotypeBatch, np.ndarray]:
    """The shapes that the space has as graphs [R] to start from, and their w."""
    d = space.n_inputs
    sums: list[tuple[str, list[Term]]] = []
    for i in range(d if d <= _MOST_COLUMNS else 0):
        column = _Column.of(i, rows.columns[i], rows.y, space.frequencies[i])
        shapes = list(_shapes(d, column)) if column.range > 0 else []
        factors = [factor for j in range(d) if j != i for factor in powers_of(space, j)]
        sums += [("identity", terms) for terms in shapes]
        sums += [("identity", [_times(d, term, factor) for term in terms]) for terms in shapes for factor in factors]
        sums += [("reciprocal", [term]) for term in _reciprocals(d, column)] if "reciprocal" in space.links else []
    sums = [(link, terms) for link, terms in sums if _is_in(space, terms)]
    return graphs_of(space, sums) if sums else blank(space, 0)


def _is_in(space: SearchSpace, terms: list[Term]) -> bool:
    """Are there as many nodes, and all of these operations and aggregators, in the space?"""
    nodes = [node for term in terms for node in term.nodes]
    return (
        len(nodes) <= space.nodes
        and all(node.aggregator in space.aggregators for node in nodes)
        and all(operation in space.operations for node in nodes for _, operation, _ in node.edges)
    )


def _times(d: int, term: Term, factor: Edge) -> Term:
    """The term times a power of another column of d."""
    return Term((*term.nodes, Node("product", (factor, (d + len(term.nodes) - 1, "linear", (1.0, 0.0))))))


def _chain(d: int, *edges: tuple[str, tuple[float, ...]], place: int) -> Term:
    """One function of another: the first is of the column at this place, each next one of what is before it."""
    sources = [place, *range(d, d + len(edges) - 1)]
    return Term(tuple(Node("sum", ((source, *edge),)) for source, edge in zip(sources, edges, strict=True)))


def _shapes(d: int, column: _Column) -> Iterator[list[Term]]:
    """All shapes of a column of d, each from its starts, as terms of a sum."""
    yield from ([term] for term in _saturations(d, column))
    yield from ([term] for term in _sigmoids(d, column))
    yield from _decays(d, column)
    yield from ([term] for term in _activations(d, column))
    yield from ([term] for term in _products(d, column))
    yield from _means(d, column)
    yield from _peaks(d, column)
    yield from ([term] for term in _waves(d, column))


def _reciprocals(d: int, column: _Column) -> Iterator[Term]:
    """1/(a + b·f) of a column, which has no offset: Michaelis–Menten's, Hill's, the logistic one.

    As sums they take a constant more, which is no constant of theirs.
    """
    i = column.place
    for rate in _RATES:
        for sign in (-1.0, 1.0):
            yield _chain(d, ("exp", (sign * rate / column.range,)), place=i)
    if column.low > 0:
        for power in (-1.0, -2.0, -4.0, 2.0):
            yield _chain(d, ("power", (power,)), place=i)


def _saturations(d: int, column: _Column) -> Iterator[Term]:
    """1/(x + k), log(x + k), and powers and logarithms of the distance from a point below the column."""
    i, low, width = column.place, column.low, column.range
    for share in (0.02, 0.2, 1.0):
        shift = share * width - low
        for power in (-1.0, 0.5, -2.0):
            yield _chain(d, ("affine_power", (1.0, shift, power)), place=i)
        yield _chain(d, ("ln", (1.0, shift)), place=i)
    if low > 0:
        for share in (0.02, 0.2, 1.0):
            yield _chain(d, ("affine_power", (1.0, share * width, -1.0)), place=i)
            yield _chain(d, ("ln", (1.0, share * width)), place=i)


def _sigmoids(d: int, column: _Column) -> Iterator[Term]:
    """Logistic, and for columns of positive values Hill's; Gompertz's."""
    i = column.place
    for slope, centre in product(_SLOPES, column.centres):
        a = slope / column.range
        yield _chain(d, ("logistic", (a, -a * centre)), place=i)
        if abs(a * centre) < 30:  # beyond, one of the exponentials is 0 or ∞ on all rows
            yield _chain(d, ("exp", (-a,)), ("exp", (-float(np.exp(a * centre)),)), place=i)
    if column.low > 0:
        for power, centre in product(_POWERS, column.centres):
            yield _chain(d, ("ln", (1.0, 0.0)), ("logistic", (power, -power * float(np.log(centre)))), place=i)


def _decays(d: int, column: _Column) -> Iterator[list[Term]]:
    """Exponentials, falling and rising, sums of two, the stretched one (Weibull's), and x·exp(−r·x)."""
    i = column.place
    rates = [sign * rate / column.range for rate in _RATES for sign in (-1.0, 1.0)]
    single = {rate: _chain(d, ("exp", (rate,)), place=i) for rate in rates}
    yield from ([term] for term in single.values())
    yield from ([single[a], single[b]] for k, a in enumerate(rates) for b in rates[:k] if a < 0 and b < 0)
    yield from ([single[rate], single[-rate]] for rate in rates if rate > 0)
    if column.low >= 0:
        for power, centre in product((0.5, 2.0), column.centres[1::2]):
            if centre > _LEAST_CENTRE:
                yield [_chain(d, ("power", (power,)), ("exp", (-(centre**-power),)), place=i)]
        for rate in _RATES:
            decay = Node("sum", ((i, "exp", (-rate / column.range,)),))
            yield [Term((decay, Node("product", ((i, "power", (1.0,)), (d, "power", (1.0,))))))]


def _activations(d: int, column: _Column) -> Iterator[Term]:
    """exp(a/x) and exp(a/(x + b)): Arrhenius, Antoine, Vogel."""
    i = column.place
    if column.low <= 0:
        return
    for times in (-10.0, -2.0, 2.0):
        yield _chain(d, ("power", (-1.0,)), ("exp", (times * column.centres[2],)), place=i)
        yield from _shifted_activations(d, column, times)


def _shifted_activations(d: int, column: _Column, times: float) -> Iterator[Term]:
    """exp(a/(x + b)), a so many times the middle of the column."""
    for shift in (-0.5, 0.5):
        inner = ("affine_power", (1.0, shift * column.low, -1.0))
        yield _chain(d, inner, ("exp", (times * column.centres[2],)), place=column.place)


def _products(d: int, column: _Column) -> Iterator[Term]:
    """x^p·(x + k)^q, x^p·exp(a/x) (Eyring), the slope of Vogel's, x^p/(exp(r·x) − 1) (Planck), and (x² + k)^p."""
    i, width = column.place, column.range
    if column.low <= 0:
        return
    for (own, power), share in product(_OWN, (0.2, 1.0)):
        distance = Node("sum", ((i, "affine_power", (1.0, share * width, power)),))
        yield Term((distance, Node("product", ((i, "power", (own,)), (d, "linear", (1.0, 0.0))))))
    for times in (-10.0, -2.0, 2.0):
        activation = _chain(d, ("power", (-1.0,)), ("exp", (times * column.centres[2],)), place=i)
        yield Term((*activation.nodes, Node("product", ((i, "power", (1.0,)), (d + 1, "linear", (1.0, 0.0))))))
        for shifted in _shifted_activations(d, column, times):
            yield Term((*shifted.nodes, Node("product", ((d, "power", (2.0,)), (d + 1, "linear", (1.0, 0.0))))))
    for rate, own in product(_RATES, (1.0, 3.0)):
        growth = Node("sum", ((i, "exp", (rate / width,)),))
        yield Term((growth, Node("product", ((i, "power", (own,)), (d, "affine_power", (1.0, -1.0, -1.0))))))
    for power, share in product((-1.0, 0.5, 3.0), (0.2, 1.0)):
        yield _chain(d, ("power", (2.0,)), ("affine_power", (1.0, (share * width) ** 2, power)), place=i)


def _means(d: int, column: _Column) -> Iterator[list[Term]]:
    """(exp(r·x) − 1)/x, tanh(r·x)/x, log(1 + r·x)/x, (x − c)/log(x/c), and coth(r·x) − 1/x (Langevin's).

    Means of an exponential, of a saturation, of two numbers, of a dipole: laws of one dimensionless group.
    """
    i, width = column.place, column.range
    if column.low <= 0:
        return
    for rate in (s * r / width for r in _RATES for s in (-1.0, 1.0)):
        growth = Node("sum", ((i, "exp", (rate,)),))
        yield [Term((growth, Node("product", ((i, "power", (-1.0,)), (d, "linear", (1.0, -1.0))))))]
    for rate in (r / width for r in _RATES):
        saturation, logarithm = Node("sum", ((i, "tanh", (rate, 0.0)),)), Node("sum", ((i, "ln", (rate, 1.0)),))
        for function in (saturation, logarithm):
            yield [Term((function, Node("product", ((i, "power", (-1.0,)), (d, "linear", (1.0, 0.0))))))]
        yield [_chain(d, ("tanh", (rate, 0.0)), ("power", (-1.0,)), place=i), _chain(d, ("power", (-1.0,)), place=i)]
    for centre in column.centres[::2]:
        ratio = Node("sum", ((i, "ln", (1.0 / centre, 0.0)),))
        yield [Term((ratio, Node("product", ((i, "linear", (1.0, -centre)), (d, "power", (-1.0,))))))]


def _peaks(d: int, column: _Column) -> Iterator[list[Term]]:
    """Gaussian and Lorentzian ones where the target has extremes, and two of one kind."""
    i = column.place
    for share in _WIDTHS:
        width = share * column.range
        for last in (("exp", (-0.5 / width**2,)), ("affine_power", (1.0, width**2, -1.0))):
            peaks = [_chain(d, ("linear", (1.0, -c)), ("power", (2.0,)), last, place=i) for c in column.extremes]
            yield from ([peak] for peak in peaks)
            if share < _WIDTHS[-1]:
                yield from map(list, combinations(peaks, 2))


def _waves(d: int, column: _Column) -> Iterator[Term]:
    """Damped and growing sines."""
    i = column.place
    for omega in column.frequencies[:2] or (2 * np.pi * _PERIODS / column.range,):
        for rate in (-1.0, -4.0, 1.0):
            wave = Node("sum", ((i, "sin", (float(omega), 0.0)),))
            envelope: Edge = (i, "exp", (rate / column.range,))
            yield Term((wave, Node("product", (envelope, (d, "linear", (1.0, 0.0))))))

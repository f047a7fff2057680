"""Waves: frequencies that the table shows, as starting values of sines and as graphs to start from.

A graph is fitted from drawn constants, and a frequency is only found from a start within half a period over the range
of its column. So peaks of periodograms, of the target against each column, say where to start.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from eqdarts.darts.sampling import blank
from eqdarts.data.table import Table, unevenly
from eqdarts.fit.assess import Assessor
from eqdarts.fit.backend import Pursuable
from eqdarts.fit.periodogram import (
    Plane,
    chance,
    line_of,
    peaks,
    plane_chance,
    plane_of,
    plane_peaks,
    polished,
    successive,
    successive_planes,
)
from eqdarts.graph.genotype import GenotypeBatch, concatenate
from eqdarts.graph.links import below
from eqdarts.graph.population import Population
from eqdarts.graph.space import SearchSpace
from eqdarts.propose.features import Features
from eqdarts.propose.parts import Part, can_add, with_factor
from eqdarts.propose.proposer import Graphs, Situation
from eqdarts.propose.terms import Edge, Node, Term, graphs_of

_MOST_ROWS, _MOST_COLUMNS = 300, 8
_MOST_FACTORS = 3  # columns of tables in which each is tried as an amplitude
_MOST_WAVES = 3  # of a sum
_MOST_PLANES = 2  # of a sum
_MOST_PAIRS = 3  # columns of tables in which waves along two of them are looked for
_LEAST_PERIODS = 1.0  # within the range: slower waves are found from any start
_BY_CHANCE = 1e-6  # a peak that is more likely in noise is none
_LEAST_GAIN = 0.05  # share of what the trend leaves
_PLAIN, _GROWING = (1, 0), (2, 1)  # degrees of trend and amplitude


def frequencies_of(rows: Table, column: int, shape: tuple[int, int], amplitude: np.ndarray | None = None) -> np.ndarray:
    """Angular frequencies of a column that stand out, best first; none that the search would find from any start."""
    line = line_of(rows.columns[column], rows.y, rows.roots, amplitude)
    if line is None:
        return np.zeros(0)
    first = peaks(line, 1, *shape)
    if not len(first.omega) or first.omega[0] * line.half < np.pi * _LEAST_PERIODS:
        return np.zeros(0)
    if first.gain[0] < _LEAST_GAIN or chance(first.gain, line, *shape)[0] > _BY_CHANCE:
        return np.zeros(0)
    found = successive(line, _MOST_WAVES, *shape)
    good = (chance(found.gain, line, *shape) < _BY_CHANCE) & (found.gain > _LEAST_GAIN)
    count = len(good) if good.all() else int(np.argmin(good))
    return polished(line, found.omega[:count], *shape)


def pairs_of(rows: Table, i: int, j: int) -> np.ndarray:
    """Pairs of angular frequencies [K, 2] that stand out, best first, of waves along two columns."""
    plane = plane_of(rows.columns[i], rows.columns[j], rows.y, rows.roots)
    if plane is None:
        return np.zeros((0, 2))
    if not _stand_out(plane, *plane_peaks(plane, 1), len(rows)).any():
        return np.zeros((0, 2))  # others beside it take time, and would not be looked at
    omega, gain = successive_planes(plane, _MOST_PLANES)
    good = _stand_out(plane, omega, gain, len(rows))
    return omega[: len(good) if good.all() else int(np.argmin(good))]


def _stand_out(plane: Plane, omega: np.ndarray, gain: np.ndarray, n: int) -> np.ndarray:
    """Which waves of pairs of frequencies [K, 2] are fast, and explain more than chance: bool [K]"""
    fast = (np.abs(omega) * plane.half > 0.5 * np.pi * _LEAST_PERIODS).all(axis=1)
    return np.asarray(fast & (gain > _LEAST_GAIN) & (plane_chance(gain, n) < _BY_CHANCE))


class Waves:
    """Graphs with the sines that the table shows, at the start of every run.

    Of several columns they are looked for below the first link at first, and below all from the second run on: that
    takes a second or two, for which a law without waves need not wait in every search that a symmetry leaves.
    """

    name, in_addition = "wave", True

    def __init__(self) -> None:
        self._graphs: Graphs | None = None
        self._runs = self._links = 0

    def propose(self, now: Situation) -> Graphs | None:
        """In the first epoch of a run; the same in all after the first, as the table is."""
        if now.age:
            return None
        self._runs += 1
        least = 1 if self._runs == 1 and now.space.n_inputs > 1 else len(now.space.links)
        if self._links < least:
            links = now.space.links[:least]
            found = graphs_with_waves(now.space, rows_of_waves(now.assessor), now.is_over, links)
            self._graphs, self._links = Graphs(*found), least
        return self._graphs


def _below(rows: Table, link: str = "identity") -> Table:
    """What lies below a link, on a part of the rows."""
    return below(rows, link).unevenly(_MOST_ROWS)


def has_waves(space: SearchSpace) -> bool:
    """May a graph of the space have a sine of a column?"""
    return bool({"sin", "cos"} & set(space.operations)) and space.n_inputs <= _MOST_COLUMNS


def rows_of_waves(assessor: Assessor) -> Table:
    """All rows, if they are there: a period is the better seen the more of it there is."""
    return assessor.train if assessor.everything is None else assessor.everything


def _never() -> bool:
    return False


def with_frequencies(space: SearchSpace, rows: Table, is_over: Callable[[], bool] = _never) -> SearchSpace:
    """The space with the frequencies that the table shows, at which drawn sines start.

    is_over: is no time left to look for more?
    """
    if not has_waves(space):
        return space
    found = _found(space, _below(rows), is_over)
    return replace(space, frequencies=tuple(tuple(float(w) for w in np.concatenate(each)) for each in found))


def graphs_with_waves(
    space: SearchSpace, rows: Table, is_over: Callable[[], bool] = _never, links: tuple[str, ...] | None = None
) -> tuple[GenotypeBatch, np.ndarray]:
    """Sums of waves at the frequencies of the table as graphs [R] to start from, and their w.

    is_over: as above   links: below which they are looked for, by default all
    """
    sums: list[tuple[str, list[Term]]] = []
    links = space.links if links is None else links
    for link in links if any(space.frequencies) and has_waves(space) else ():
        linked = _below(rows, link)
        found = _found(space, linked, is_over)
        sums += [(link, terms) for i in range(space.n_inputs) for terms in _sums(space, linked, i, found[i])]
    # Below other links they are looked for only if there are some here.
    along_two = _planes(space, _below(rows), is_over) if has_waves(space) else []
    sums += [("identity", terms) for terms in along_two if "identity" in links]
    for link in links if along_two else ():
        sums += [(link, terms) for terms in _planes(space, _below(rows, link), is_over) if link != "identity"]
    sums = [(link, terms) for link, terms in sums if sum(len(term.nodes) for term in terms) <= space.nodes]
    return graphs_of(space, sums) if sums else blank(space, 0)


def with_waves_of_residuals(
    space: SearchSpace, features: Features, parents: Population, rows: Table, backend: Pursuable
) -> Features:
    """The features, and waves that stand out in what graphs leave of the target. rows: those of the backend"""
    if not has_waves(space):
        return features
    linear = backend.linearise(parents.batch, parents.w, parents.coefficients)
    sums: list[tuple[str, list[Term]]] = []
    some = unevenly(len(rows), _MOST_ROWS)
    for residual in linear.residual[:, some]:
        left = replace(rows.rows(some), y=residual, weights=None)
        for i in range(space.n_inputs) if np.isfinite(residual).all() else ():
            one = np.ones(len(residual))
            for w in frequencies_of(left, i, _PLAIN):
                sums += [("identity", _phased(space, left, i, [_Wave(w, None, one)]))]
    if not sums:
        return features
    batch, w = graphs_of(space, sums)
    values = backend.node_values(batch, w)[:, 0]
    return Features(
        concatenate([features.batch, batch]), np.concatenate([features.w, w]), np.concatenate([features.values, values])
    )


def _found(space: SearchSpace, rows: Table, is_over: Callable[[], bool]) -> list[list[np.ndarray]]:
    """Frequencies of waves of each input: of constant and of growing amplitude, and times each other input."""
    found = []
    for i in range(space.n_inputs):
        plain = np.zeros(0) if is_over() else frequencies_of(rows, i, _PLAIN)
        growing = frequencies_of(rows, i, _GROWING) if len(plain) else plain
        few = space.n_inputs <= _MOST_FACTORS and not is_over()
        others = [j for j in range(space.n_inputs) if few and j != i]
        found.append([plain, growing, *(frequencies_of(rows, i, _PLAIN, rows.columns[j])[:1] for j in others)])
    return found


def _planes(space: SearchSpace, rows: Table, is_over: Callable[[], bool]) -> list[list[Term]]:
    """Waves along two columns, sin(k·x_i + l·x_j + φ), and products of a wave of each."""
    if not 2 <= space.n_inputs <= _MOST_PAIRS:
        return []
    out = []
    for i in range(space.n_inputs):
        for j in range(i):
            pairs = np.zeros((0, 2)) if is_over() else pairs_of(rows, j, i)
            for k, pair in enumerate(pairs):
                out += _along(space, rows, (j, i), pairs[: k + 1]) + _crossed(space, rows, (j, i), np.abs(pair))
    return out


def _along(space: SearchSpace, rows: Table, columns: tuple[int, int], pairs: np.ndarray) -> list[list[Term]]:
    """A sum of waves along both columns."""
    if not can_add(space):
        return []
    X = rows.columns[list(columns)]
    angle = pairs @ (X - X.mean(axis=1, keepdims=True))
    c = _solved(rows, np.concatenate([np.sin(angle), np.cos(angle)])).reshape(2, -1)
    terms = []
    for pair, a, b in zip(pairs, *c, strict=True):
        inner = Node("sum", ((columns[0], "scale", (pair[0],)), (columns[1], "scale", (pair[1],))))
        phase = np.arctan2(b, a) - pair @ X.mean(axis=1)
        terms.append(Term((inner, Node("sum", ((space.n_inputs, *_function(space, 1.0, phase)),)))))
    return [terms]


def _crossed(space: SearchSpace, rows: Table, columns: tuple[int, int], pair: np.ndarray) -> list[list[Term]]:
    """A wave of one column times a wave of the other, as standing waves are."""
    if "product" not in space.aggregators:
        return []
    middle = rows.columns[list(columns)].mean(axis=1)
    angles = [w * (rows.columns[i] - m) for w, i, m in zip(pair, columns, middle, strict=True)]
    waves = [(np.sin(angle), np.cos(angle)) for angle in angles]
    c = _solved(rows, np.stack([one * other for one in waves[0] for other in waves[1]])).reshape(2, 2)
    # Of rank one if the law is a product: its singular vectors are amplitudes of sine and cosine in each factor.
    left, _, right = np.linalg.svd(c)
    phases = [np.arctan2(b, a) - w * m for (a, b), w, m in zip((left[:, 0], right[0]), pair, middle, strict=True)]
    edges = tuple((i, *_function(space, w, p)) for i, w, p in zip(columns, pair, phases, strict=True))
    return [[Term((Node("product", edges),))]]


def _solved(rows: Table, waves: np.ndarray) -> np.ndarray:
    """Amplitudes of waves [K, n] beside a constant."""
    basis = np.vstack([np.ones(len(rows)), waves])
    return np.asarray(np.linalg.lstsq((basis * rows.roots).T, rows.y * rows.roots, rcond=None)[0][1:])


def _function(space: SearchSpace, omega: float, phase: float) -> tuple[str, tuple[float, float]]:
    """sin(ω·x + phase), as a cosine where there are no sines."""
    name = "sin" if "sin" in space.operations else "cos"
    phase = phase - (0.0 if name == "sin" else np.pi / 2)
    return name, (float(omega), float(np.remainder(phase + np.pi, 2 * np.pi) - np.pi))


@dataclass(frozen=True, eq=False)
class _Wave:
    """sin(ω·x_i + φ) times an amplitude that an edge gives."""

    omega: float
    factor: Edge | None
    amplitude: np.ndarray  # [n]


def _sums(space: SearchSpace, rows: Table, column: int, found: list[np.ndarray]) -> list[list[Term]]:
    """Of waves of one column, whose frequencies are those found."""
    one = np.ones(len(rows))
    plain = [_Wave(w, None, one) for w in found[0]]
    choices = [plain[:k] for k in range(1, len(plain) + 1)]
    if "product" in space.aggregators:
        for w in found[1][:2]:
            constant = _Wave(w, None, one)
            varying = [_Wave(w, edge, values) for edge, values in _amplitudes(space, rows, column, w)]
            choices += [[constant], *([v] for v in varying), *([constant, v] for v in varying)]
        others = [j for j in range(space.n_inputs) if j != column]
        for other, beside in zip(others, found[2:], strict=False):
            choices += [[_Wave(w, _as_it_is(space, other), rows.columns[other])] for w in beside]
    out = []
    for waves in choices:
        terms = _phased(space, rows, column, waves)
        out += [terms, [*terms, Term(column=column)]] if space.readout_inputs else [terms]
    return out


def _as_it_is(space: SearchSpace, column: int) -> Edge:
    """A column as a factor."""
    return (column, "linear", (1.0, 0.0)) if "linear" in space.operations else (column, "power", (1.0,))


def _amplitudes(space: SearchSpace, rows: Table, column: int, omega: float) -> list[tuple[Edge, np.ndarray]]:
    """Factors of the same column that a wave's amplitude may be: x, 1/x, and the exponential nearest to it."""
    x = rows.columns[column]
    found: list[tuple[Edge, np.ndarray]] = []
    if "linear" in space.operations or "power" in space.operations:
        found.append((_as_it_is(space, column), x))
    if "power" in space.operations and not space.signed[column]:
        found.append(((column, "power", (-1.0,)), 1 / x))
    if "exp" in space.operations:
        u = (x - x.mean()) / (np.ptp(x) / 2)
        phase = omega * (x - x.mean())
        basis = np.stack([one * wave for one in (np.ones(len(x)), u) for wave in (np.cos(phase), np.sin(phase))], 1)
        c = np.linalg.lstsq(
            np.column_stack([basis, np.ones(len(x)), u]) * rows.roots[:, None], rows.y * rows.roots, rcond=None
        )[0]
        ends = [np.hypot(c[0] + at * c[2], c[1] + at * c[3]) for at in (-0.5, 0.5)]
        rate = float(np.log(ends[1] / ends[0]) * 2 / np.ptp(x)) if min(ends) > 0 else 0.0
        if np.isfinite(rate) and rate != 0 and abs(rate) * np.abs(x).max() < 100:
            found.append(((column, "exp", (rate,)), np.exp(rate * x)))
    return found


def _phased(space: SearchSpace, rows: Table, column: int, waves: list[_Wave]) -> list[Term]:
    """The terms of a sum of waves, with the phases that fit best, a line beside them."""
    x = rows.columns[column]
    middle = (x.min() + x.max()) / 2
    columns = [np.ones(len(x)), x - middle]
    for wave in waves:
        angle = wave.omega * (x - middle)
        columns += [wave.amplitude * np.sin(angle), wave.amplitude * np.cos(angle)]
    c = np.linalg.lstsq(np.stack(columns, 1) * rows.roots[:, None], rows.y * rows.roots, rcond=None)[0][2:]
    terms = []
    for k, wave in enumerate(waves):
        # a·sin(ωv) + b·cos(ωv) = √(a² + b²)·sin(ωv + atan2(b, a)), with v = x − middle
        function = _function(space, wave.omega, np.arctan2(c[2 * k + 1], c[2 * k]) - wave.omega * middle)
        if "product" in space.aggregators:
            terms.append(with_factor(space, Part((), column), function, wave.factor))
        else:
            terms.append(Term((Node("sum", ((column, *function),)),)))
    return terms

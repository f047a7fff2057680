"""Constants inside sines and cosines: their starting values are peaks of a periodogram, not draws of a magnitude.

A sum of squares has a valley at every few periods of a wave, and the right one is as narrow as one over the range of
its column, so draws of the right magnitude miss it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum, auto

import numpy as np
import sympy

from eqdarts.equation.regression.model import Model
from eqdarts.equation.regression.scales import natural_values
from eqdarts.fit.periodogram import line_of, peaks, plane_of, plane_peaks, successive, successive_planes
from eqdarts.formula.tape import number, on_rows

_WAVES = (sympy.sin, sympy.cos, sympy.tan)
_SINGLE = 6  # highest peaks of each periodogram
_FREE = 0.25  # share of draws with any frequency that the rows can show
_SAME = 1e-6  # peaks closer than this are one
_SHAPES = ((1, 0), (2, 1))  # degrees of trend and amplitude
_FLAT = 0, 0
_WITHOUT_POLES = 0.1, 0.9  # quantiles at which values are cut
_BANDS, _CARRIERS = 6, 3  # waves that a wave with another one as phase is split into, and those that may be its own
_FAR = 2.0  # halves of its range between zero and the middle of a column: from there on frequencies say the phase
_BESIDE = 100  # whole turns more and fewer at the middle that are tried at once
_BEST_FIRST = 0.6  # odds of each candidate relative to the one before it


class _Kind(Enum):
    """How a wave stands in a formula."""

    PLAIN = auto()
    TANGENT = auto()
    CARRIER = auto()  # its argument has another wave
    PHASE = auto()  # that other one


@dataclass(frozen=True, eq=False)
class Wave:
    """A constant c that gives a wave its frequency: the argument has a term (c^power·others)·column.

    Attributes
    ----------
    place : int
    power : float
    others : tuple of (int, float)
        Constants beside it, and their powers.
    column : array [n]
    range : tuple of (float, float)
        Angular frequencies that the rows can show.
    candidates : array
        The most promising, the best first.
    """

    place: int
    power: float
    others: tuple[tuple[int, float], ...]
    column: np.ndarray
    range: tuple[float, float]
    candidates: np.ndarray

    @property
    def turn(self) -> float:
        """By how much a frequency must change for one turn more at the middle of a column far from zero; else 0."""
        low, high = float(self.column.min()), float(self.column.max())
        middle, half = abs(low + high) / 2, (high - low) / 2
        return 2 * np.pi / middle if middle > _FAR * half else 0.0

    def beside(self, theta: np.ndarray, searched: np.ndarray) -> np.ndarray:
        """θ [count, K] with frequencies that have the same phase at the middle of the column, up to a resolution away.

        Where a column is far from zero, each of them is an optimum, and the best of all looks like its neighbours. Half
        a turn turns the sign of the wave, so with it others of the searched constants (places) have theirs turned.
        """
        omega = np.abs(theta[self.place]) ** self.power
        for k, power in self.others:
            omega = omega * np.abs(theta[k]) ** power
        most = 2 * self.range[0] / self.turn  # range[0] is half a period within the column
        whole = np.unique(np.round(np.geomspace(1, max(1.0, most), _BESIDE)))
        half = np.append(0.5, whole + 0.5)
        turned = [np.ones(len(theta))]
        for k in searched[searched != self.place]:
            turned.append(np.where(np.arange(len(theta)) == k, -1.0, 1.0))
        trials = []
        for turns, signs in ((whole, turned[:1]), (half, turned)):
            found = omega + self.turn * np.concatenate([-turns, turns])
            found = found[found > 0]
            for sign in signs:
                some = np.tile(theta * sign, (len(found), 1))
                some[:, self.place] = np.copysign(self.value(found, some), theta[self.place])
                trials.append(some)
        return np.concatenate(trials)

    def value(self, omega: np.ndarray, drawn: np.ndarray) -> np.ndarray:
        """The constant [count] that gives frequencies beside the others; what was drawn where none does."""
        with np.errstate(all="ignore"):
            size, sign = np.abs(omega), np.sign(omega)
            for k, power in self.others:
                size = size / np.abs(drawn[:, k]) ** power
            value = sign * size ** (1 / self.power)
        return np.where(np.isfinite(value), value, drawn[:, self.place])


@dataclass(frozen=True, eq=False)
class Plane:
    """Two constants of one wave, whose argument has two columns.

    Attributes
    ----------
    waves : tuple of Wave
        What each alone may be.
    candidates : array [K, 2]
        Frequencies, the best first; those of the second have signs.
    """

    waves: tuple[Wave, Wave]
    candidates: np.ndarray


@dataclass(frozen=True, eq=False)
class Periods:
    """What a formula's waves need for their starts.

    Attributes
    ----------
    waves : tuple of Wave
    planes : tuple of Plane
    phases : dict of int to float
        Constants that only shift a wave, and the number beside each.
    """

    waves: tuple[Wave, ...] = ()
    planes: tuple[Plane, ...] = ()
    phases: dict[int, float] = field(default_factory=dict)

    def into(self, drawn: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Draws [count, K] with frequencies from the candidates, most often the best ones, and any phases."""
        drawn, count = drawn.copy(), len(drawn)
        for place, beside in self.phases.items():
            drawn[:, place] = rng.uniform(-np.pi, np.pi, count) / beside
        taken: list[tuple[np.ndarray, np.ndarray]] = []  # columns, and the places of the candidates that they have
        for wave in self.waves:
            low, high = wave.range
            omega = np.exp(rng.uniform(np.log(low), np.log(high), count))
            if len(wave.candidates):
                odds = np.tile(_BEST_FIRST ** np.arange(len(wave.candidates)), (count, 1))
                for column, places in taken:
                    if column is wave.column and len(wave.candidates) > 1:  # two waves of one frequency are one
                        odds[np.arange(count), places] *= 0.1
                shares = np.cumsum(odds, axis=1) / odds.sum(axis=1, keepdims=True)
                places = np.minimum((shares < rng.random(count)[:, None]).sum(axis=1), len(wave.candidates) - 1)
                taken.append((wave.column, places))
                omega = np.where(rng.random(count) < _FREE, omega, wave.candidates[places])
            if wave.turn:  # any phase at the middle
                omega = omega + rng.uniform(-0.5, 0.5, count) * wave.turn
            drawn[:, wave.place] = wave.value(omega, drawn)
        for plane in self.planes:
            places = np.minimum(rng.geometric(1 - _BEST_FIRST, count) - 1, len(plane.candidates) - 1)
            use = rng.random(count) >= _FREE
            for wave, omega in zip(plane.waves, plane.candidates[places].T, strict=True):
                drawn[use, wave.place] = wave.value(omega, drawn)[use]
        return drawn


NO_PERIODS = Periods()


def periods(model: Model) -> Periods:
    """The waves of a formula, with the peaks of periodograms of y."""
    found: dict[int, Wave] = {}
    phases: dict[int, float] = {}
    nodes = sorted(model.form.atoms(*_WAVES), key=sympy.default_sort_key)
    nodes = [node for node in nodes if node.free_symbols & set(model.constants)]
    if not nodes:
        return NO_PERIODS
    reader = _Reader(model, len(nodes))
    by_node: dict[sympy.Expr, list[Wave]] = {}
    for node in nodes:
        own = by_node.setdefault(node, [])
        for term in sympy.Add.make_args(sympy.expand_mul(node.args[0])):
            if term.has(*_WAVES):
                continue  # a phase that changes: its own frequency is read where it stands
            if not term.free_symbols & set(model.columns):
                coefficient, base = term.as_coeff_Mul()
                if base in model.constants:
                    phases[model.constants.index(base)] = number(coefficient)
                continue
            wave = reader.wave(node, term, {*found})
            if wave is not None:
                found[wave.place] = wave
                own.append(wave)
    pairs = [waves for waves in by_node.values() if len(waves) == 2]
    products = sorted(model.form.atoms(sympy.Mul), key=sympy.default_sort_key)
    # cos(u)·cos(v) consists of the waves cos(u + v) and cos(u − v).
    factors = [[f for f in product.args if len(by_node.get(f, [])) == 1] for product in products]
    pairs += [[by_node[a][0], by_node[b][0]] for a, b in (f for f in factors if len(f) == 2)]
    along_two = [reader.plane(first, second) for first, second in pairs]
    return Periods(
        tuple(found.values()),
        tuple(plane for plane in along_two if plane is not None),
        {k: v for k, v in phases.items() if k not in found},
    )


def within_a_turn(model: Model, theta: np.ndarray) -> np.ndarray:
    """θ with phases between −π and π, where that changes nothing."""
    theta = theta.copy()
    for k, c in enumerate(model.constants):
        inside = [node for node in model.form.atoms(*_WAVES) if node.has(c)]
        bare = model.form.xreplace({node: sympy.Integer(0) for node in inside})
        slopes = {sympy.expand_mul(node.args[0]).diff(c) for node in inside}
        # An integer times a whole turn more is the same angle.
        if not slopes or bare.has(c) or not all(s.is_Integer for s in slopes) or not np.isinf(model.upper[k]):
            continue
        if np.isinf(model.lower[k]):
            theta[k] = theta[k] - 2 * np.pi * np.round(theta[k] / (2 * np.pi))
    return theta


class _Reader:
    """Reads waves and looks for their frequencies, once for every column and factor."""

    def __init__(self, model: Model, waves: int) -> None:
        self._model, self._count = model, waves
        products = model.form.atoms(sympy.Mul, sympy.Pow)
        self._multiplied = any(
            sum(a.has(*_WAVES) for a in p.args) > 1 or (p.is_Pow and p.has(*_WAVES)) for p in products
        )
        self._natural = natural_values(model)
        self._known: dict[tuple[sympy.Expr, sympy.Expr, _Kind], tuple[np.ndarray, tuple[float, float], np.ndarray]] = {}

    def wave(self, node: sympy.Expr, term: sympy.Expr, taken: set[int]) -> Wave | None:
        """The wave whose argument has this term; None without a constant that gives a frequency.

        taken: constants whose frequency another term gives
        """
        powers: list[tuple[int, float]] = []
        rest: list[sympy.Expr] = []
        for factor in sympy.Mul.make_args(term):
            base, power = factor.as_base_exp()
            if base in self._model.constants and power.is_number:
                powers.append((self._model.constants.index(base), number(power)))
            else:
                rest.append(factor)
        powers.sort(key=lambda p: p[0] in taken)
        if not powers or powers[0][0] in taken:
            return None
        beside = sympy.Mul(*rest)
        key = beside, self._factor(node), self._kind(node)
        if key not in self._known:
            self._known[key] = self._looked_for(*key)
        (place, power), *others = powers
        column, ends, candidates = self._known[key]
        return Wave(place, power, tuple(others), column, ends, candidates) if ends[1] > ends[0] > 0 else None

    def plane(self, first: Wave, second: Wave) -> Plane | None:
        """Both as one wave of two columns; None where none stands out."""
        rows = self._model.rows
        plane = plane_of(first.column, second.column, rows.y, rows.roots)
        if plane is None:
            return None
        pairs = np.concatenate([successive_planes(plane, min(self._count, 2))[0], plane_peaks(plane, _SINGLE)[0]])
        return Plane((first, second), pairs) if len(pairs) else None

    def _kind(self, node: sympy.Expr) -> _Kind:
        if isinstance(node, sympy.tan):
            return _Kind.TANGENT
        within = any(outer.args[0].has(node) for outer in self._model.form.atoms(*_WAVES) if outer != node)
        return _Kind.PHASE if within else _Kind.CARRIER if node.args[0].has(*_WAVES) else _Kind.PLAIN

    def _factor(self, node: sympy.Expr) -> sympy.Expr:
        """What multiplies the wave in the first term that has it, without other waves and what holds no column."""
        columns = set(self._model.columns)
        for term in sympy.Add.make_args(self._model.form):
            factors = sympy.Mul.make_args(term)
            if node in factors:
                return sympy.Mul(*(f for f in factors if f.free_symbols & columns and not f.has(*_WAVES)))
        return sympy.Integer(1)

    def _looked_for(
        self, beside: sympy.Expr, factor: sympy.Expr, kind: _Kind
    ) -> tuple[np.ndarray, tuple[float, float], np.ndarray]:
        model, y = self._model, self._model.rows.y
        column = on_rows(beside.xreplace(self._natural), model.columns, model.rows.X)
        root = model.rows.roots
        if kind is _Kind.TANGENT:
            line = line_of(column, _without_poles(y), root)
            if line is None:
                return column, (0.0, 0.0), np.zeros(0)
            # tan(u) has half the period of sin(u).
            waves = successive(line, self._count + 1, *_FLAT).omega, peaks(line, _SINGLE, *_FLAT).omega
            ends = 0.25 * np.pi / line.half, line.limit / line.half / 2
            return column, ends, _different((np.concatenate(waves) / 2).tolist())
        if model.form.has(sympy.tan):  # its poles would hide the periods of other waves
            y = np.clip(y, *np.quantile(y, _WITHOUT_POLES))
        line = line_of(column, y, root)
        if line is None:
            return column, (0.0, 0.0), np.zeros(0)
        ranges = 0.5 * np.pi / line.half, line.limit / line.half
        if kind in (_Kind.CARRIER, _Kind.PHASE):
            return column, ranges, _modulated(successive(line, _BANDS, *_FLAT).omega, kind, line.half)
        found: list[float] = []
        singles: list[float] = []
        sources = [(line, shape) for shape in _SHAPES]
        if factor.free_symbols:
            own = line_of(column, y, root, on_rows(factor.xreplace(self._natural), model.columns, model.rows.X))
            sources = ([(own, _SHAPES[0])] if own is not None else []) + sources
        for source, (trend, amplitude) in sources:
            found += successive(source, self._count + 1, trend, amplitude).omega.tolist()
            singles += peaks(source, _SINGLE, trend, amplitude).omega.tolist()
        tops = found[:4]
        # Products of waves have their sums and differences, squares twice their frequency.
        derived = [(a + s * b) / 2 for i, a in enumerate(tops) for b in tops[:i] for s in (1, -1)]
        derived += [w / 2 for w in tops[:2]]
        order = [*derived, *found, *singles] if self._multiplied else [*found, *singles, *derived]
        return column, ranges, _different(order)


def _modulated(bands: np.ndarray, kind: _Kind, half: float) -> np.ndarray:
    """Candidates from the peaks of sin(w·x + b·sin(v·x)), which are at w, w ± v, w ± 2v, … (Carson 1922), best first.

    Which of them is w depends on b: it may be missing, half way between two others. v is how far most are apart.
    half: of the range of the column, by which peaks have a width
    """
    if kind is _Kind.CARRIER:
        between = [(a + b) / 2 for i, a in enumerate(bands) for b in bands[:i]]
        return _different([*bands[:_CARRIERS], *between, *bands])
    apart = np.array([abs(a - b) for i, a in enumerate(bands) for b in bands[:i]])
    alike = (np.abs(apart[:, None] - apart) < 0.5 * np.pi / half).sum(axis=1)
    return _different([*apart[np.argsort(-alike, kind="stable")], *bands])


def _without_poles(y: np.ndarray) -> np.ndarray:
    """sin(2u) of y = c + A·tan(u): where u takes all angles alike, c is the median, and |A| that of |y − c|."""
    above = y - np.median(y)
    above = above / (np.median(np.abs(above)) or 1.0)
    return np.asarray(2 * above / (1 + above**2))


def _different(omega: list[float]) -> np.ndarray:
    kept: list[float] = []
    for w in map(abs, omega):
        if w > 0 and not any(abs(w - k) < _SAME * k for k in kept):
            kept.append(w)
    return np.array(kept)

"""The softmax likelihood of K − 1 scores, and all of their constants fitted by it at once.

P(class k | x) = exp(s_k) / Σ_j exp(s_j), where the score of one class, the baseline, is 0. The step is Fisher's
(McCullagh & Nelder 1989, section 2.5) with the slopes of nonlinear scores, damped as by Levenberg and Marquardt where
it would go too far.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import sympy
from scipy.special import log_softmax

from eqdarts.equation.regression.naming import floats_as_symbols
from eqdarts.fit.covariance import inverses
from eqdarts.fit.damped import Damping, Step, descended
from eqdarts.fit.formula import Compiled
from eqdarts.formula.substitution import put_in
from eqdarts.formula.tape import tape

_STEPS = 200  # at the most; a fit that needs them all is said not to have converged (not tuned)
#: Fisher's steps are full ones, and damped where they go too far; one that promises 1e-10 nats is the last (not tuned).
_DAMPING = Damping(first=0.0, least=1e-4, below=0.0, most=1e12, nats=1e-10)
_ZERO = 1e-8  # of its error: a constant that is smaller is what rounding leaves of nothing
_RANK = 1e-12  # eigenvalues of the information, of a diagonal of ones, below this share of the largest are rounding
#: Rows that a constant's class and the others share, each by P(1 − P), below which their scores tell them apart: the
#: constants may grow as they like then.
_APART = 0.05


@dataclass(frozen=True, eq=False)
class ClassRows:
    """Rows whose classes are known.

    Attributes
    ----------
    X : array [n, d]
    names : tuple of str
        Of the columns.
    shares : array [n, K]
        Of each class in a row, which add up to 1.
    weights : array [n]
        How many observations a row stands for.
    baseline : int
        The place of the class whose score is 0.
    """

    X: np.ndarray
    names: tuple[str, ...]
    shares: np.ndarray
    weights: np.ndarray
    baseline: int

    @property
    def scored(self) -> tuple[int, ...]:
        """The places of the K − 1 classes that have scores, in their order."""
        return tuple(k for k in range(self.shares.shape[1]) if k != self.baseline)

    @property
    def total(self) -> float:
        """How many observations there are."""
        return float(self.weights.sum())

    @property
    def saturated(self) -> float:
        """The log-likelihood of the shares themselves: 0 of labels."""
        with np.errstate(divide="ignore", invalid="ignore"):
            terms = np.where(self.shares > 0, self.shares * np.log(self.shares), 0.0)
        return float(self.weights @ terms.sum(axis=1))

    def log_likelihood(self, scores: np.ndarray) -> float:
        """In nats, of scores [n, K]; −∞ where one is no number."""
        if not np.isfinite(scores).all():
            return -np.inf
        return float(self.weights @ (self.shares * log_softmax(scores, axis=1)).sum(axis=1))

    @property
    def smoothed(self) -> ClassRows:
        """With one more observation, spread over all rows, that is of each class as often as that occurs."""
        share = 1 / self.total
        frequency = self.weights @ self.shares / self.total
        shares = (self.shares + share * frequency) / (1 + share)
        return ClassRows(self.X, self.names, shares, self.weights * (1 + share), self.baseline)

    def some(self, places: np.ndarray) -> ClassRows:
        """These rows, which stand for all of them."""
        weights = self.weights[places]
        weights = weights * (self.total / weights.sum())
        return ClassRows(self.X[places], self.names, self.shares[places], weights, self.baseline)


@dataclass(frozen=True, eq=False)
class ScoreForm:
    """A score with symbols for its constants.

    Attributes
    ----------
    form : sympy.Expr
    constants : tuple of Symbol
    values : array [P]
        Those that it came with.
    used : tuple of int
        Places of the columns that stand in it.
    code : Compiled
    """

    form: sympy.Expr
    constants: tuple[sympy.Symbol, ...]
    values: np.ndarray
    used: tuple[int, ...]
    code: Compiled

    @classmethod
    def of(cls, expression: sympy.Expr, names: Sequence[str]) -> ScoreForm:
        form, constants, values = floats_as_symbols(expression, names)
        used = tuple(k for k, name in enumerate(names) if sympy.Symbol(name) in form.free_symbols)
        columns = [sympy.Symbol(names[k]) for k in used]
        code = Compiled(tape(form, [*columns, *constants]), len(columns), len(constants))
        return cls(form, constants, values, used, code)

    def linearise(self, X: np.ndarray, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The score [n], NaN off its domain, and its slopes by the constants [P, n]."""
        value, slopes = self.code.linearise(X[:, self.used], values[None])
        return value[0], slopes[0]

    def value(self, X: np.ndarray, values: np.ndarray) -> np.ndarray:
        """The score [n]."""
        with np.errstate(all="ignore"):
            return np.asarray(self.code.value(X[:, self.used], values), dtype=float)

    def at(self, values: np.ndarray) -> sympy.Expr:
        """With numbers for its constants."""
        return put_in(self.form, {c: sympy.Float(v) for c, v in zip(self.constants, values, strict=True)})


@dataclass(frozen=True, eq=False)
class JointFit:
    """Constants of all scores at the maximum of the likelihood.

    Attributes
    ----------
    values : tuple of array [P_k]
    log_likelihood : float
        In nats; −∞ if a score is not defined on some row.
    covariance : array [P, P]
        Inverse of Fisher's information, in the order of `values`; NaN where the rows do not determine a constant.
    errors : tuple of array [P_k]
        Standard errors; infinite there.
    probabilities : array [n, K]
    converged : bool
    """

    values: tuple[np.ndarray, ...]
    log_likelihood: float
    covariance: np.ndarray
    errors: tuple[np.ndarray, ...]
    probabilities: np.ndarray
    converged: bool


def fit_scores(forms: Sequence[ScoreForm], rows: ClassRows, starts: Sequence[np.ndarray] | None = None) -> JointFit:
    """The constants of all scores by the likelihood of all rows, from `starts` or those that the forms came with.

    Where a class is told apart without a doubtful row there is no maximum: the steeper the score, the likelier. Then
    it is that of the rows with one more observation, which is of each class as often as that occurs.
    """
    start = np.concatenate([np.zeros(0), *([f.values for f in forms] if starts is None else starts)])
    ends = np.cumsum([0, *(len(form.values) for form in forms)])
    parts = [slice(a, b) for a, b in pairwise(ends.tolist())]
    theta, now, converged = _climbed(forms, rows, start, parts)
    if not np.isfinite(now):
        lost, values = np.full((len(theta), len(theta)), np.nan), tuple(theta[part] for part in parts)
        return JointFit(values, now, lost, tuple(np.full(len(v), np.nan) for v in values), rows.shares * np.nan, False)
    _, information, probabilities = _curvature(forms, rows, theta, parts)
    apart = rows.weights @ (probabilities * (1 - probabilities)) < _APART
    if apart.any():
        theta, _, converged = _climbed(forms, rows.smoothed, start, parts)
        _, information, probabilities = _curvature(forms, rows, theta, parts)
        now = _likelihood(forms, rows, theta, parts)
    free = np.ones(len(theta), dtype=bool)
    for k, part in zip(rows.scored, parts, strict=True):
        free[part] = not (apart[k] or apart[rows.baseline])
    covariance, errors = _inverse(information, free)
    theta[np.abs(theta) < _ZERO * np.where(np.isfinite(errors), errors, 0.0)] = 0.0
    values = tuple(theta[part] for part in parts)
    return JointFit(values, now, covariance, tuple(errors[part] for part in parts), probabilities, converged)


def _climbed(
    forms: Sequence[ScoreForm], rows: ClassRows, theta: np.ndarray, parts: Sequence[slice]
) -> tuple[np.ndarray, float, bool]:
    """Constants [P] of a maximum, its log-likelihood, and whether it was reached."""

    def look(at: np.ndarray) -> tuple[float, Step]:
        def step(damping: float) -> tuple[np.ndarray, float]:
            return _step(*_curvature(forms, rows, at, parts)[:2], damping)

        return -_likelihood(forms, rows, at, parts), step

    found = descended(theta, look, _DAMPING, _STEPS)
    return found.values, -found.loss, found.converged


def _likelihood(forms: Sequence[ScoreForm], rows: ClassRows, theta: np.ndarray, parts: Sequence[slice]) -> float:
    scores = [form.value(rows.X, theta[part]) for form, part in zip(forms, parts, strict=True)]
    return rows.log_likelihood(_with_baseline(scores, rows))


def scores_of(forms: Sequence[ScoreForm], values: Sequence[np.ndarray], rows: ClassRows) -> np.ndarray:
    """All scores [n, K], that of the baseline included."""
    return _with_baseline([form.value(rows.X, v) for form, v in zip(forms, values, strict=True)], rows)


def _with_baseline(scores: Sequence[np.ndarray], rows: ClassRows) -> np.ndarray:
    all_scores = np.zeros(rows.shares.shape)  # [n, K]
    for k, score in zip(rows.scored, scores, strict=True):
        all_scores[:, k] = score
    return all_scores


def _curvature(
    forms: Sequence[ScoreForm], rows: ClassRows, theta: np.ndarray, parts: Sequence[slice]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Slopes of the log-likelihood [P], Fisher's information [P, P], and the probabilities [n, K]."""
    found = [form.linearise(rows.X, theta[part]) for form, part in zip(forms, parts, strict=True)]
    probabilities = np.exp(log_softmax(_with_baseline([value for value, _ in found], rows), axis=1))
    slopes = [np.nan_to_num(J, nan=0.0, posinf=0.0, neginf=0.0) for _, J in found]  # [P_k, n] each
    gradient, information = np.zeros(len(theta)), np.zeros((len(theta), len(theta)))
    for a, (k, part, J) in enumerate(zip(rows.scored, parts, slopes, strict=True)):
        p = probabilities[:, k]
        gradient[part] = J @ (rows.weights * (rows.shares[:, k] - p))
        information[part, part] = (J * (rows.weights * p * (1 - p))) @ J.T
        for b in range(a):
            q = probabilities[:, rows.scored[b]]
            block = -(J * (rows.weights * p * q)) @ slopes[b].T
            information[part, parts[b]], information[parts[b], part] = block, block.T
    return gradient, information, probabilities


def _step(gradient: np.ndarray, information: np.ndarray, damping: float) -> tuple[np.ndarray, float]:
    """Fisher's step, and the nats that it promises."""
    sizes = np.sqrt(np.diag(information))
    sizes[sizes == 0] = 1.0
    unit = information / np.outer(sizes, sizes) + damping * np.eye(len(sizes))
    values, vectors = np.linalg.eigh(unit)
    along = vectors.T @ (gradient / sizes)
    kept = values > _RANK * max(values[-1], 1e-300)
    step = vectors[:, kept] @ (along[kept] / values[kept]) / sizes
    return step, float(gradient @ step) / 2


def _inverse(information: np.ndarray, free: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Covariance [P, P] and standard errors [P] of the constants that the rows determine.

    free: bool [P], of which the rows may say something
    """
    covariance, errors = np.full(information.shape, np.nan), np.full(len(free), np.inf)
    places = np.flatnonzero(free)
    if not len(places):
        return covariance, errors
    block = information[np.ix_(places, places)]
    sizes = np.sqrt(np.diag(block))
    sizes[sizes == 0] = 1.0
    ((inverse,), (lost,)) = inverses((block / np.outer(sizes, sizes))[None], _RANK)
    inverse /= np.outer(sizes, sizes)
    covariance[np.ix_(places[~lost], places[~lost])] = inverse[np.ix_(~lost, ~lost)]
    errors[places[~lost]] = np.sqrt(np.diag(inverse)[~lost])
    return covariance, errors

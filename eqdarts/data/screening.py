"""Which columns of a wide table are worth a search: those on which the target depends, alone or in pairs.

A column may matter only in a product with another one, as in y = x1·x2 with both centred at zero, where y is
correlated with neither. So columns are judged by the largest correlation among many: of the target and of its
distance from the middle with waves of the column's ranks, and of the target with products of two columns. That is
independence screening (Fan & Lv 2008) with nonparametric marginals (Fan, Feng & Song 2011). What the columns found
so far explain is taken away before the next are looked for, so that a strong term hides no weak one, and copies of a
column do not crowd out the others.
"""

from __future__ import annotations

import time

import numpy as np
from scipy.stats import norm, rankdata

from eqdarts.data.columns import listed
from eqdarts.data.table import Table
from eqdarts.errors import warn

_ROWS = (500, 2000)  # rows that are looked at: at least and at most
_VALUES = 2_000_000  # values that are looked at, which decide in between
_AMPLE = 0.5  # seconds with less of which only the least number of rows is looked at; not tuned
_WAVES = 6  # half waves over the range of a column, at the most
_TREES = 60
_ROUNDS = 6
_PICKS = 4  # columns that a round adds
_CLEAR = 3.0  # evidence of which noise gives as much in about one table of twenty
_COPY = 0.9  # a correlation from which one column stands for the other until the next round
_BLOCK = 256  # columns whose products with all others are looked at at once


def screen(X: np.ndarray, y: np.ndarray, most: int, rng: np.random.Generator, deadline: float = np.inf) -> np.ndarray:
    """Places of the columns that a search for y should see.

    Parameters
    ----------
    X : array [n, d]
        Finite, no column constant.
    y : array [n]
    most : int
        How many columns are kept at the most; all if there are no more.
    rng : numpy.random.Generator
        Where the rows of a large table and the trees come from.
    deadline : float
        In `time.monotonic`. After it no more products are looked at, and nothing is taken away for another round.

    Returns
    -------
    int array
        In the order of the table: all columns that clearly matter, and from half of `most` on only these.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(500, 100))
    >>> set([7, 42]) <= set(screen(X, X[:, 7] * X[:, 42], 5, rng).tolist())
    True
    """
    n, d = X.shape
    if d <= most:
        return np.arange(d)
    ample = time.monotonic() + _AMPLE < deadline
    rows = max(_ROWS[0], min(_ROWS[1], _VALUES // d if ample else 0))
    if n > rows:
        chosen = np.sort(rng.choice(n, rows, replace=False))
        X, y = X[chosen], y[chosen]
    waves = _waves(X)
    target = _normal_scores(y)
    rest, found = target, np.zeros(0, dtype=np.intp)
    evidence = np.full(d, -np.inf)
    for _ in range(_ROUNDS):
        now = _evidence(waves, rest, found, deadline)
        now[found] = -np.inf
        evidence = np.maximum(evidence, now)
        new = _picked(now, waves[0], min(_PICKS, most - len(found)))
        if not len(new):
            break
        found = np.concatenate([found, new])
        if len(found) == most or time.monotonic() > deadline:
            break
        rest = _unexplained(waves[0, found].T, target, rng)
    evidence[found] = np.inf
    kept = max(len(found), (most + 1) // 2)
    return np.sort(np.argsort(-evidence, kind="stable")[:kept])


def screened(table: Table, most: int | None, rng: np.random.Generator, deadline: float = np.inf) -> Table:
    """The table with its most promising columns only; as it is if it has no more than `most`, or `most` is None.

    deadline: as in `screen`

    Warns
    -----
    SearchWarning
        Naming the columns that stay.
    """
    d = len(table.names)
    if most is None or d <= most:
        return table
    kept = table.select(screen(table.X, table.y, most, rng, deadline))
    warn(
        f"the search sees the {len(kept.names)} most promising of {d} columns, {listed(kept.names)}; the other "
        f"{d - len(kept.names)} are left out; choose the columns, raise max_columns, or set it to None to search all"
    )
    return kept


def _waves(X: np.ndarray) -> np.ndarray:
    """cos(kπu) of the relative ranks u of each column, of mean 0 and mean square 1: [K, d, n]."""
    first = np.cos(np.pi * ((rankdata(X.T, axis=1) - 0.5) / len(X)).astype(np.float32))
    waves = [np.ones_like(first), first]
    for _ in range(_WAVES - 1):
        waves.append(2 * first * waves[-1] - waves[-2])  # Chebyshev's recurrence
    return np.stack([_standardised(wave) for wave in waves[1:]])


def _standardised(values: np.ndarray) -> np.ndarray:
    """Rows of mean 0 and mean square 1, or of zeros if they are constant. values: [..., n]"""
    values = values - values.mean(axis=-1, keepdims=True)
    size = np.sqrt(np.einsum("...n,...n->...", values, values) / values.shape[-1])[..., None]
    return (values / np.where(size > 1e-4, size, np.inf)).astype(np.float32)


def _normal_scores(values: np.ndarray) -> np.ndarray:
    """The values by rank, as a normal distribution has them, so that no outlier decides."""
    return _standardised(norm.ppf((rankdata(values) - 0.5) / len(values)))


def _evidence(waves: np.ndarray, rest: np.ndarray, found: np.ndarray, deadline: float) -> np.ndarray:
    """How far the log-likelihood ratio of the best term with a column exceeds that of the best of noise, [d]."""
    d, n = waves.shape[1:]
    targets = np.stack([_normal_scores(rest), _normal_scores(np.abs(rest - np.median(rest)))])  # [2, n]
    alone = _largest(targets, waves)
    pairs = _pairs(targets[0], waves[0], deadline)
    evidence = np.maximum(_ratio(alone, n, d * targets.shape[0] * len(waves)), _ratio(pairs, n, d * d))
    if len(found):
        factors = waves[:2, found].reshape(-1, n)
        with_found = _largest(_standardised(factors * targets[0]), waves[:3])
        evidence = np.maximum(evidence, _ratio(with_found, n, d * len(factors) * 3))
    return evidence


def _largest(targets: np.ndarray, waves: np.ndarray) -> np.ndarray:
    """Of each column the largest correlation of a wave with a target. targets: [t, n]   returns: [d]"""
    return np.max([np.abs(wave @ targets.T).max(axis=1) for wave in waves], axis=0) / targets.shape[1]


def _pairs(target: np.ndarray, columns: np.ndarray, deadline: float) -> np.ndarray:
    """Of each column the largest correlation of its product with another one. columns: [d, n]   returns: [d]

    Those of the first columns at least, and of the others until the deadline.
    """
    d, n = columns.shape
    largest = np.zeros(d)
    for start in range(0, d, _BLOCK):
        if start and time.monotonic() > deadline:
            break
        block = columns[start : start + _BLOCK]
        products = np.abs((block * target) @ columns[start:].T)
        np.fill_diagonal(products, 0.0)  # squares are waves
        stop = start + len(block)
        largest[start:stop] = np.maximum(largest[start:stop], products.max(axis=1))
        largest[start:] = np.maximum(largest[start:], products.max(axis=0))
    return largest / n


def _ratio(correlation: np.ndarray, n: int, tests: int) -> np.ndarray:
    return -n / 2 * np.log1p(-(np.minimum(correlation, 1 - 1e-9) ** 2)) - np.log(tests)


def _picked(evidence: np.ndarray, columns: np.ndarray, most: int) -> np.ndarray:
    """The columns of greatest evidence, if it is clear; of near copies only the first."""
    picked: list[int] = []
    for place in np.argsort(-evidence, kind="stable"):
        if len(picked) == most or not evidence[place] > _CLEAR:
            break
        if all(abs(columns[place] @ columns[other]) < _COPY * columns.shape[1] for other in picked):
            picked.append(int(place))
    return np.array(picked, dtype=np.intp)


def _unexplained(columns: np.ndarray, target: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """What trees on these columns miss of each row of the target that they were not grown on."""
    # Only wide tables need it, and it takes longer to import than all of eqdarts' search.
    from sklearn.ensemble import ExtraTreesRegressor

    trees = ExtraTreesRegressor(
        _TREES,
        min_samples_leaf=2,
        max_features=1.0,
        bootstrap=True,
        oob_score=True,
        random_state=int(rng.integers(2**31 - 1)),
    ).fit(columns, target)
    return target - trees.oob_prediction_

"""The class whose score is 0, and against which the others are searched."""

from __future__ import annotations

import numpy as np
from sklearn.naive_bayes import GaussianNB

# None of these is tuned.
_ROWS = 5000  # at which the classes are looked at
_DIGITS = 3  # of the share of rows in doubt; classes that are alike in these are told by their frequency


def baseline_of(X: np.ndarray, shares: np.ndarray, weights: np.ndarray) -> int:
    """The place of the baseline: of two classes the first; of more the one that shares most rows with others.

    s_k − s_0 is learned from the rows of two classes (Begg & Gray 1984). A baseline that nothing is confused with would
    teach nothing: any border between it and a class would do, and none of them told that class from a third. How many
    rows are in doubt is read off a naive Bayes classifier, by P(1 − P). The most frequent class is also the one of most
    doubtful rows, if all are mixed alike.

    X: [n, d]   shares: [n, K]   weights: [n]
    """
    if shares.shape[1] == 2:
        return 0
    counts = weights @ shares
    places = np.linspace(0, len(X) - 1, min(len(X), _ROWS)).round().astype(int)
    own = shares[places].argmax(axis=1)
    with np.errstate(all="ignore"):
        size = np.abs(X).max(axis=0)
        rows = X[places] / np.where(size > 0, size, 1.0)
        known = GaussianNB().fit(rows, own, sample_weight=weights[places] + np.finfo(float).tiny)
        found = np.zeros((len(places), shares.shape[1]))
        found[:, known.classes_] = np.nan_to_num(known.predict_proba(rows))
    doubt = weights[places] @ (found * (1 - found)) / weights[places].sum()
    ranked = sorted(range(len(counts)), key=lambda k: (-round(float(doubt[k]), _DIGITS), -counts[k], k))
    return ranked[0]

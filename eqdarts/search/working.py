"""From y and a loss to the table that a search sees: a working response of the score, and its weights."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from eqdarts.data.table import Table
from eqdarts.fit.pilot import pilot
from eqdarts.losses.goal import Goal
from eqdarts.losses.loss import Loss, working
from eqdarts.losses.robust import softness


def piloted(table: Table, loss: Loss, weights: np.ndarray | None, pools: bool) -> tuple[Table, Goal]:
    """The working table of a search, and its goal.

    table: rows with a positive weight, which says how often each counts
    pools: may rows that agree in X become one?
    """
    counts = np.ones(len(table)) if weights is None else weights
    rows = replace(table, weights=counts)
    rows = pooled(rows) if pools and loss.pools else rows
    counts = np.ones(len(rows)) if rows.weights is None else rows.weights
    first = pilot(rows, loss, counts)
    return at_score(rows, Goal(first.loss, rows.y, counts), first.score)


def at_score(rows: Table, goal: Goal, score: np.ndarray) -> tuple[Table, Goal]:
    """The working table near these scores [n]. rows: with the user's y"""
    mean = goal.loss.link.mean(score)
    soft = 0.0 if goal.loss.is_family else softness(goal.y, mean, goal.weights)
    z, W = working(goal.loss, goal.y, score, goal.weights, soft)
    return replace(rows, y=z, weights=W), goal


def pooled(table: Table) -> Table:
    """Rows that agree in X as one, with their mean and the sum of their weights."""
    weights = np.ones(len(table)) if table.weights is None else table.weights
    X, place = np.unique(table.X, axis=0, return_inverse=True)
    total = np.bincount(place.reshape(-1), weights=weights, minlength=len(X))
    y = np.bincount(place.reshape(-1), weights=weights * table.y, minlength=len(X)) / total
    return replace(table, X=np.ascontiguousarray(X), y=y, weights=total)

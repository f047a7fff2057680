"""A formula fitted by a loss: least squares near the present means, repeated until nothing moves.

Every turn fits the working response of `eqdarts.losses.loss`, so a turn that moves nothing is at a place where the loss
itself has no slope. Of a family this is the maximum of the likelihood, and W = 1/variance at its means gives the
expected information JᵀWJ (McCullagh & Nelder 1989, section 2.5). Of other losses constants are M-estimates, with the
covariance E ψ²/(E ψ')² · (JᵀJ)⁻¹ (Huber 1981, section 7.6; of quantiles Koenker 2005, section 3.2).
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import sympy
from scipy import sparse, stats
from scipy.optimize import linprog

from eqdarts.data.table import Table
from eqdarts.equation.evaluation import evaluate
from eqdarts.equation.regression.minimise import Optimum, minimise, sum_of_squares
from eqdarts.equation.regression.model import Model
from eqdarts.equation.regression.report import FitReport
from eqdarts.equation.reweighting import Reweighted, optimum_of
from eqdarts.formula.substitution import put_in
from eqdarts.losses.goal import Goal
from eqdarts.losses.loss import Loss, mean_loss
from eqdarts.losses.noise import LossNoise, rows_of_fit
from eqdarts.losses.own import Own
from eqdarts.losses.robust import Quantile, softness, weighted_quantile
from eqdarts.simplify.description import description_length

_TURNS, _FEW, _HALVINGS, _PROGRAMS = 60, 15, 12, 20  # few turns before linear programs; not tuned
_STAYS = 1e-13  # share of the loss by which a turn must lower it
_NEAR = 1e-8  # the same where the loss may have kinks, near which turns gain less and less
_SOFT = 1e-6  # of the median size of residuals: smaller ones are not told from zero
_STEP = 1e-4  # of the median size of residuals, for slopes of a smooth loss's slope


def scored(model: Model, known: np.ndarray, n_starts: int, seed: int, noise: LossNoise) -> Reweighted:
    """The best fit by the loss of this noise, whose parameters the rows give where it has such."""
    on, first, aside = optimum_of(model, known, n_starts, seed)
    y, counts = on.rows.y, np.ones(len(on.rows)) if on.rows.weights is None else on.rows.weights
    theta, loss = first.theta, noise.loss.settled(y, _mean(on, first.theta), counts)
    total, settled = mean_loss(loss, y, _mean(on, theta), counts), not len(theta)
    turns, kinked = 0, isinstance(loss, Quantile | Own)
    while turns < (_FEW if isinstance(loss, Quantile) else _TURNS) and not settled:
        turns += 1
        mean = _mean(on, theta)
        soft = 0.0 if loss.is_family else softness(y, mean, counts, _SOFT)
        if np.isfinite(total):
            z, W = loss.working(y, mean, counts, soft)
        else:  # least squares may give means that the family has not
            middle = np.full(len(y), loss.constant(y, counts))
            z, W = loss.working(y, np.where(np.isfinite(mean) & (mean > 0), mean, middle), counts, soft)
        near = on.on(replace(on.rows, y=z, weights=W / W.mean()))
        best = minimise(near, theta, 1, np.random.default_rng(seed))
        if best is None:
            break
        new, now = _lowered(on, loss, counts, theta, best.theta, total)
        settled = bool(np.isfinite(now)) and total - now <= (_NEAR if kinked else _STAYS) * abs(now)
        theta = new if now <= total else theta
        loss = loss.settled(y, _mean(on, theta), counts)
        total = mean_loss(loss, y, _mean(on, theta), counts)
    if isinstance(loss, Quantile):
        theta, ended = _by_linear_programs(on, loss, counts, theta)
        settled = settled or ended
    fitted = put_in(model.form, {c: sympy.Float(v) for c, v in zip(model.constants, theta, strict=True)})
    noise = replace(noise, loss=loss, scale=scale_of_errors(loss, y, _mean(on, theta), counts, len(theta)))
    weighed = on.on(weighed_at(on.rows, noise, _mean(on, theta)))
    message = f"{'converged' if settled else 'stopped'} after {turns} turns of weighted least squares"
    optimum = Optimum(
        theta, sum_of_squares(weighed, theta), settled, message, first.starts, first.agreeing, 0.0 if settled else 1.0
    )
    rows = weighed_at(model.rows, noise, evaluate(fitted, model.rows.names, model.rows.X))
    return Reweighted(weighed, optimum, aside, fitted, rows, noise)


def weighed_at(rows: Table, noise: LossNoise, mean: np.ndarray) -> Table:
    """Rows with the weights by which standard errors of constants follow, with y as it is."""
    return rows_of_fit(rows, noise, mean) if noise.loss.is_family else rows


def with_likelihood(found: FitReport, loss: Loss, table: Table, expression: sympy.Expr) -> FitReport:
    """A report with the statistics of the loss in place of those of least squares.

    table: with the weights that the user gave   expression: the formula with its numbers
    """
    counts = np.ones(len(table)) if table.weights is None else table.weights
    goal = Goal(loss, table.y, counts)
    mean = evaluate(expression, table.names, table.X)
    parameters = len(found.names) + loss.n_parameters
    with np.errstate(all="ignore"):
        minus = -2 * loss.log_likelihood(table.y, mean, counts)
    average, relative = goal.judged(mean)
    return replace(
        found,
        aic=float(minus + 2 * parameters),
        bic=float(minus + np.log(_observations(loss, counts)) * parameters),
        mdl=description_length(relative, expression, goal.evidence),
        deviance=float(average * counts.sum()),
        noise=replace(found.noise, null=goal.null) if isinstance(found.noise, LossNoise) else found.noise,
    )


def _observations(loss: Loss, counts: np.ndarray) -> float:
    """The n of ln(n) in the BIC: rows as often as each counts, of shares the trials.

    A count is one observation however large it is: rows are what was drawn independently, and other programs for
    Poisson regression count them too. Each trial of a share is one, as its successes might as well be rows of 0 and 1,
    whose likelihood is the same up to a constant, so that the criterion must not tell the two apart.
    """
    return float(counts.sum()) if loss.is_family else float(len(counts))


def scale_of_errors(loss: Loss, y: np.ndarray, mean: np.ndarray, weights: np.ndarray, constants: int) -> float:
    """The s of s²·(JᵀWJ)⁻¹, W the weights of rows; 1 of a family, and NaN without degrees of freedom."""
    if loss.is_family:
        return 1.0
    n = len(y)
    if n <= constants:
        return np.nan

    def slope(at: np.ndarray) -> np.ndarray:
        z, W = loss.working(y, at, weights)
        return np.asarray(W * (at - z) / np.where(weights > 0, weights, 1.0))

    step = _bandwidth(loss, y - mean, weights)
    if not step > 0:
        return 0.0
    bent = float(np.average((slope(mean + step) - slope(mean - step)) / (2 * step), weights=weights))
    square = float(np.sum(weights * slope(mean) ** 2)) / float(weights.sum()) * n / (n - constants)
    found = np.sqrt(square * weights.mean()) / bent if bent > 0 else np.nan
    return float(found)


def _bandwidth(loss: Loss, residuals: np.ndarray, weights: np.ndarray) -> float:
    """The distance over which slopes of the loss are compared.

    Where the loss has a kink, or may have one, it is the bandwidth of Hall & Sheather (1988) for the density of
    residuals there.
    """
    q = 0.5 if isinstance(loss, Own) else getattr(loss, "q", None)
    size = weighted_quantile(np.abs(residuals), weights, 0.5)
    if q is None:
        return _STEP * size
    n, at = len(residuals), stats.norm.ppf(q)
    share = stats.norm.ppf(0.975) ** (2 / 3) * (1.5 * stats.norm.pdf(at) ** 2 / (2 * at**2 + 1) / n) ** (1 / 3)
    share = min(share, 0.5 * q, 0.5 * (1 - q)) if q - share <= 0 or q + share >= 1 else share
    spread = weighted_quantile(residuals, weights, 0.75) - weighted_quantile(residuals, weights, 0.25)
    kappa = min(float(np.sqrt(np.cov(residuals, aweights=weights))), spread / 1.34)
    return float(kappa * (stats.norm.ppf(q + share) - stats.norm.ppf(q - share)) / 2)


def _by_linear_programs(model: Model, loss: Quantile, counts: np.ndarray, theta: np.ndarray) -> tuple[np.ndarray, bool]:
    """The quantile at a corner: least Σ w·(q·u + (1 − q)·v) with y = m + J·δ + u − v (Koenker & Bassett 1978).

    m and J are of the present constants; of a formula that is not linear in them some steps are taken. And do they end
    where another one gains nothing?
    """
    if not len(theta) or not np.isinf(np.concatenate([model.lower, model.upper])).all():
        return theta, False
    K, n = len(theta), len(model.rows)
    y, total = model.rows.y, mean_loss(loss, model.rows.y, _mean(model, theta), counts)
    cost = np.concatenate([np.zeros(K), loss.q * counts, (1 - loss.q) * counts])
    bounds = [(None, None)] * K + [(0, None)] * (2 * n)
    for _ in range(_PROGRAMS):
        by = range(len(model.columns), len(model.columns) + K)
        mean, slopes = model.code.linearise(by, *model.rows.X.T, *theta)
        J = np.column_stack([np.broadcast_to(slope, n) for slope in slopes])
        if not np.isfinite(J).all():
            return theta, False
        size = np.abs(J).max(axis=0)
        size[size == 0] = 1.0
        equal = sparse.hstack([sparse.csr_matrix(J / size), sparse.identity(n), -sparse.identity(n)], format="csr")
        found = linprog(cost / counts.sum(), A_eq=equal, b_eq=y - mean, bounds=bounds, method="highs")
        if found.x is None:
            return theta, False
        new, now = _lowered(model, loss, counts, theta, theta + found.x[:K] / size, total)
        if not now < total * (1 - _NEAR):
            return theta, True
        theta, total = new, now
    return theta, False


def _mean(model: Model, theta: np.ndarray) -> np.ndarray:
    """Means [n] of the rows."""
    with np.errstate(all="ignore"):
        return np.broadcast_to(model.code.value(*model.rows.X.T, *theta), (len(model.rows),))


def _lowered(
    model: Model, loss: Loss, counts: np.ndarray, theta: np.ndarray, new: np.ndarray, total: float
) -> tuple[np.ndarray, float]:
    """The new constants, or some on the way to them, at which the loss is less; and that loss."""
    for _ in range(_HALVINGS):
        now = mean_loss(loss, model.rows.y, _mean(model, new), counts)
        if now <= total or not np.isfinite(total):
            return new, now
        new = (new + theta) / 2
    return theta, total

"""Levenberg–Marquardt of rows in memory: how a step is damped, whether it is taken, and when a fit is over.

Two kinds of code follow this page: the loops in `eqdarts.fit.compiled`, one graph or formula at a time, and
`eqdarts.fit.least_squares`, R replicas at once. So the functions take numbers, or tensors [R]; of `next_damping` the
batch has its own form, as it cannot branch. A pass over a large table is dear, so `eqdarts.fit.stream` damps in its own
way, and `refit` takes the trust region of SciPy.
"""

from __future__ import annotations

from typing import Any, NamedTuple


class Policy(NamedTuple):
    """The numbers, none of them tuned. A tuple, as compiled loops read those.

    Attributes
    ----------
    first : float
        Damping λ of the first step, (JᵀJ + λ diag JᵀJ)⁻¹ Jᵀr, which is nearly that of Gauss and Newton.
    lowered, raised : float
        Factors of λ after a step that is taken, and one that is not. One failure undoes one success.
    least : float
        λ does not fall further: below the ridge it changes nothing, and it must be able to rise again.
    most : float
        A damping at which a step no longer moves anything: the fit is over.
    flat, light : float
        A step that promises less than the share `flat` of the loss ends the fit, unless its damping is above `light`: a
        heavily damped one promises little wherever it stands.
    slow, patience : float, int
        A step after which more than the share `slow` of the loss is left is slow; so many of them in a row end the fit.
    reach : float
        Steps are no longer than this. Parameters of graphs are of the order of 1, as columns are scaled; constants of
        formulas, which may be larger, are near their optimum when a fit begins.
    ridge, tiny : float
        `ridge` times the largest diagonal entry of JᵀJ, plus `tiny`, is added to each: where the data do not determine
        a parameter, JᵀJ still has a Cholesky factor.
    readout_ridge : float
        The same of the Gram matrix of unit readout columns; solving once more for the residual undoes its bias.
    """

    first: float = 1e-2
    lowered: float = 0.2
    raised: float = 5.0
    least: float = 1e-12
    most: float = 1e8
    flat: float = 1e-10
    light: float = 0.1
    slow: float = 0.999999
    patience: int = 5
    reach: float = 4.0
    ridge: float = 1e-13
    tiny: float = 1e-300
    readout_ridge: float = 1e-14


POLICY = Policy()


def accepts(new: Any, old: Any) -> Any:
    """Is a step from one loss to a new one taken? Not if the new one is NaN or infinite."""
    return new < old


def next_damping(damping: float, taken: bool) -> float:
    """After a step that was taken, or not."""
    return max(damping * POLICY.lowered, POLICY.least) if taken else damping * POLICY.raised


def promises_little(promise: Any, squares: Any, damping: Any) -> Any:
    """Is the step that comes the last one?

    promise: its product with Jᵀr, twice the fall that a quadratic model expects   squares: sum of squares now
    """
    return (promise < POLICY.flat * squares) & (damping <= POLICY.light)


def slow_steps(before: Any, new: Any, old: Any) -> Any:
    """How many steps in a row gained next to nothing, after one more that was taken."""
    return (before + 1) * (new > POLICY.slow * old)


def is_over(last: Any, slow: Any, damping: Any) -> Any:
    """Is the fit over, for another reason than that nothing is left?

    last: was the step the last one   slow: as of `slow_steps`
    """
    return last | (slow >= POLICY.patience) | (damping > POLICY.most)

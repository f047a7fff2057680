"""The damped loop that groups, templates and classes share."""

import numpy as np
import pytest
from scipy.optimize import least_squares

from eqdarts.fit.damped import Damping, descended

TIGHT = Damping(share=1e-14, nats=1e-20)


def squares(residual, jacobian):
    """Looks at the sum of squares of residuals."""

    def look(x):
        r, J = residual(x), jacobian(x)

        def step(damping):
            change = -np.linalg.solve(J.T @ J * (np.eye(len(x)) * damping + 1), J.T @ r)
            return change, -float(change @ (J.T @ r))

        return float(r @ r), step

    return look


VALLEY = squares(
    lambda x: np.array([10 * (x[1] - x[0] ** 2), 1 - x[0]]), lambda x: np.array([[-20 * x[0], 10.0], [-1.0, 0.0]])
)


@pytest.mark.parametrize("start", [(-1.2, 1.0), (3.0, -2.0), (0.0, 5.0), (1.0, 1.0)])
def test_a_curved_valley_is_followed_to_its_end(start):
    found = descended(np.array(start), VALLEY, TIGHT, 100)
    assert found.converged
    np.testing.assert_allclose(found.values, [1, 1], atol=1e-8)


def test_it_ends_where_scipy_does():
    t = np.linspace(0, 4, 23)
    y = 3 * np.exp(-0.7 * t) + 0.1 * np.random.default_rng(0).normal(size=23)

    def residual(x):
        return x[0] * np.exp(x[1] * t) - y

    def jacobian(x):
        return np.column_stack([np.exp(x[1] * t), x[0] * t * np.exp(x[1] * t)])

    found = descended(np.array([1.0, 0.0]), squares(residual, jacobian), TIGHT, 50)
    right = least_squares(residual, [1.0, 0.0], jac=jacobian, xtol=1e-15, ftol=1e-15, gtol=1e-15)
    assert found.converged
    np.testing.assert_allclose(found.values, right.x, rtol=1e-6)


def test_the_best_that_was_seen_is_returned_where_a_wall_is_in_the_way():
    seen = []

    def look(x):
        loss, step = VALLEY(x)
        inside = x[0] < 0.9
        seen.extend([loss] * int(inside))
        return (loss if inside else np.nan), step

    found = descended(np.array([-1.2, 1.0]), look, TIGHT, 100)
    assert not found.converged
    assert found.loss == min(seen) < seen[0]


def test_values_of_which_there_is_no_loss_are_returned():
    start = np.array([1.0, 2.0])
    found = descended(start, lambda x: (np.nan, None), TIGHT, 10)
    assert (found.values == start).all()
    assert not found.converged


def test_equations_that_cannot_be_solved_are_damped():
    """A Hessian of zeros has no solution until something stands on its diagonal."""

    def look(x):
        def step(damping):
            change = np.linalg.solve(np.diag([1.0, 0.0]) + damping * np.eye(2), [1 - x[0], 0.0])
            return change, float(change[0] * (1 - x[0]))

        return float((1 - x[0]) ** 2), step

    found = descended(np.zeros(2), look, Damping(first=0.0, least=1e-4, below=0.0, nats=1e-12), 50)
    assert found.converged
    np.testing.assert_allclose(found.values, [1, 0], atol=1e-5)


def test_steps_are_counted():
    assert not descended(np.array([-1.2, 1.0]), VALLEY, TIGHT, 1).converged
    assert descended(np.array([-1.2, 1.0]), VALLEY, TIGHT, 0).loss == VALLEY(np.array([-1.2, 1.0]))[0]

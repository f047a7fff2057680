"""Separable least squares: an exact readout, known optima, and replicas that leave each other alone."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from eqdarts.fit.least_squares import Status, solve, solve_readout

R, Q, n = 3, 5, 13


def numbers(values):
    return torch.tensor(values, dtype=torch.float64)


class Exponentials:
    """φ_q = exp(w_q x) for q < P, and the constant one: P + 1 basis functions."""

    shrinks = False

    def __init__(self, x):
        self.x = x

    def linearise(self, w):
        values = torch.exp(w[:, :, None] * self.x)
        basis = torch.cat([values, torch.ones_like(values[:, :1])], dim=1)
        return basis, lambda c: c[:, :-1, None] * values * self.x


class Constant:
    """φ = 1, nothing to move."""

    shrinks = False

    def __init__(self, rows):
        self.rows = rows

    def linearise(self, w):
        return w.new_ones(len(w), 1, self.rows), lambda c: w.new_zeros(len(w), 0, self.rows)


class Planck:
    """φ = x³ / (exp(w x) − 1)."""

    shrinks = False

    def __init__(self, x):
        self.x = x

    def linearise(self, w):
        grown = torch.exp(w[:, :, None] * self.x)
        basis = self.x**3 / (grown - 1)
        return basis, lambda c: -c[:, :, None] * self.x**4 * grown / (grown - 1) ** 2


def uniform(rng, *size):
    return torch.as_tensor(rng.uniform(-1, 1, size))


def everything(replicas, columns):
    return torch.ones(replicas, columns, dtype=torch.bool)


def lstsq_residual(columns, y):
    norm = columns.norm(dim=1, keepdim=True).clamp(min=1e-300)
    solution = torch.as_tensor(np.linalg.lstsq((columns / norm).T.numpy(), y.numpy(), rcond=1e-12)[0])
    return y - solution @ (columns / norm), solution / norm[:, 0]


@given(st.integers(0, 2**32 - 1))
def test_readout_equals_lstsq_on_the_used_columns(seed):
    rng = np.random.default_rng(seed)
    basis, y = uniform(rng, R, Q, n), uniform(rng, n)
    basis = basis * torch.as_tensor(10.0 ** rng.uniform(-9, 9, (R, Q, 1)))
    used = torch.as_tensor(rng.random((R, Q)) < 0.7)
    readout = solve_readout(basis, used, y)
    assert (readout.coefficients[~used] == 0).all()
    for r in range(R):
        residual, solution = lstsq_residual(basis[r, used[r]], y)
        torch.testing.assert_close(readout.coefficients[r, used[r]], solution, rtol=1e-7, atol=0)
        torch.testing.assert_close(readout.residual[r], residual, rtol=0, atol=1e-10)
        torch.testing.assert_close(readout.loss[r], residual.square().mean(), rtol=1e-9, atol=1e-24)


@given(st.integers(0, 2**32 - 1))
def test_readout_fits_as_well_as_lstsq_with_collinear_columns(seed):
    rng = np.random.default_rng(seed)
    basis, y = uniform(rng, R, Q, n), uniform(rng, n)
    basis[:, 3] = -3 * basis[:, 1]
    basis[:, 4] = basis[:, 0] + 2 * basis[:, 1]
    basis[1, 2] = 0.0
    readout = solve_readout(basis, everything(R, Q), y)
    for r in range(R):
        residual, _ = lstsq_residual(basis[r], y)
        torch.testing.assert_close(readout.residual[r], residual, rtol=0, atol=1e-8)
    by_hand = y - torch.einsum("rq,rqn->rn", readout.coefficients, basis)
    torch.testing.assert_close(readout.residual, by_hand, rtol=0, atol=1e-8)


def test_readout_reaches_rounding_where_an_exact_combination_exists():
    rng = np.random.default_rng(2)
    basis = uniform(rng, R, Q, n)
    for r in range(R):
        y = uniform(rng, Q) @ basis[r]
        assert solve_readout(basis[[r]], everything(1, Q), y).loss < 1e-29


@given(st.integers(0, 2**32 - 1))
def test_fixed_coefficients_are_kept_and_the_rest_fitted(seed):
    rng = np.random.default_rng(seed)
    basis, y = uniform(rng, R, Q, n), uniform(rng, n)
    used = torch.as_tensor(rng.random((R, Q)) < 0.8)
    fixed = torch.where(torch.as_tensor(rng.random((R, Q)) < 0.5), uniform(rng, R, Q), torch.nan)
    readout = solve_readout(basis, used, y, fixed)
    for r in range(R):
        kept, fitted = used[r] & ~fixed[r].isnan(), used[r] & fixed[r].isnan()
        assert torch.equal(readout.coefficients[r, kept], fixed[r, kept])
        residual, solution = lstsq_residual(basis[r, fitted], y - fixed[r, kept] @ basis[r, kept])
        torch.testing.assert_close(readout.coefficients[r, fitted], solution, rtol=1e-7, atol=1e-10)
        torch.testing.assert_close(readout.residual[r], residual, rtol=0, atol=1e-10)
    assert (readout.coefficients[~used] == 0).all()


def test_an_unused_column_may_be_undefined():
    rng = np.random.default_rng(4)
    basis, y = uniform(rng, R, Q, n), uniform(rng, n)
    used = everything(R, Q)
    used[:, 2] = False
    clean = solve_readout(basis, used, y)
    basis[:, 2] = torch.nan
    assert torch.equal(solve_readout(basis, used, y).loss, clean.loss)


def test_every_replica_may_have_its_own_y():
    rng = np.random.default_rng(5)
    basis, y = uniform(rng, R, Q, n), uniform(rng, R, n)
    together = solve_readout(basis, everything(R, Q), y)
    for r in range(R):
        alone = solve_readout(basis[[r]], everything(1, Q), y[r])
        torch.testing.assert_close(together.coefficients[r], alone.coefficients[0], rtol=1e-9, atol=1e-12)


def test_exponentials_are_found_exactly():
    x = torch.linspace(0, 3, 23, dtype=torch.float64)
    y = 3 * torch.exp(-0.5 * x) + 0.7 * torch.exp(-2.5 * x) + 1
    start = numbers([[-0.1, -1.0], [-1.0, -4.0], [-3.0, -0.3]])
    solution = solve(Exponentials(x), start, y, everything(R, 3), steps=60)
    assert (solution.loss < 1e-22).all()
    assert (solution.status == Status.CONVERGED).all()
    order = solution.w.argsort(dim=1, descending=True)
    torch.testing.assert_close(solution.w.gather(1, order), numbers([[-0.5, -2.5]] * R), rtol=0, atol=1e-6)
    torch.testing.assert_close(
        solution.coefficients[:, :2].gather(1, order), numbers([[3.0, 0.7]] * R), rtol=0, atol=1e-5
    )


def test_the_law_of_planck_is_found_exactly():
    x = torch.linspace(0.2, 6, 31, dtype=torch.float64)
    y = 2.5 * x**3 / (torch.exp(1.7 * x) - 1)
    start = numbers([[0.4], [1.0], [5.0]])
    solution = solve(Planck(x), start, y, everything(R, 1), steps=60)
    assert (solution.status == Status.CONVERGED).all()
    torch.testing.assert_close(solution.w, numbers([[1.7]] * R), rtol=1e-10, atol=0)
    torch.testing.assert_close(solution.coefficients, numbers([[2.5]] * R), rtol=1e-10, atol=0)


def test_with_noise_the_gradient_vanishes_at_the_optimum():
    rng = np.random.default_rng(6)
    x = torch.linspace(0, 3, 23, dtype=torch.float64)
    y = 3 * torch.exp(-0.5 * x) + 1 + 0.1 * uniform(rng, 23)
    solution = solve(Exponentials(x), numbers([[-1.3]]), y, everything(1, 2), steps=40)
    assert solution.status == Status.CONVERGED

    def loss(w):
        return solve_readout(Exponentials(x).linearise(w)[0], everything(1, 2), y).loss

    for step in (1e-3, -1e-3):
        assert loss(solution.w + step) > solution.loss
    slope = (loss(solution.w + 1e-5) - loss(solution.w - 1e-5)) / 2e-5
    assert abs(float(slope)) < 1e-8


@given(st.integers(0, 2**32 - 1))
def test_loss_never_rises_and_is_that_of_the_constants(seed):
    rng = np.random.default_rng(seed)
    x, y = uniform(rng, n), uniform(rng, n)
    model, start = Exponentials(x), 3 * uniform(rng, R, 2)
    previous = torch.full((R,), torch.inf).double()
    for steps in range(7):
        solution = solve(model, start, y, everything(R, 3), steps)
        assert (solution.loss <= previous).all()
        residual = y - torch.einsum("rq,rqn->rn", solution.coefficients, model.linearise(solution.w)[0])
        torch.testing.assert_close(residual.square().mean(dim=1), solution.loss, rtol=1e-8, atol=1e-15)
        previous = solution.loss


def test_parameters_that_are_not_free_stay():
    x = torch.linspace(0, 3, 23, dtype=torch.float64)
    y = 3 * torch.exp(-0.5 * x) + 0.7 * torch.exp(-2.5 * x) + 1
    start = numbers([[-0.1, -1.0], [-1.0, -2.5]])
    free = torch.tensor([[True, False], [True, False]])
    solution = solve(Exponentials(x), start, y, everything(2, 3), steps=60, free=free)
    assert torch.equal(solution.w[:, 1], start[:, 1])
    assert solution.loss[0] > 1e-9
    torch.testing.assert_close(solution.w[1, 0], numbers(-0.5), rtol=1e-8, atol=0)


def test_fixed_coefficients_hold_while_the_parameters_move():
    x = torch.linspace(0, 3, 23, dtype=torch.float64)
    y = torch.exp(-0.5 * x) + 4
    fixed = numbers([[1.0, torch.nan]])
    solution = solve(Exponentials(x), numbers([[-1.3]]), y, everything(1, 2), steps=40, fixed=fixed)
    torch.testing.assert_close(solution.w[0, 0], numbers(-0.5), rtol=1e-9, atol=0)
    torch.testing.assert_close(solution.coefficients[0], numbers([1.0, 4.0]), rtol=1e-9, atol=0)


@pytest.mark.parametrize("poison", [torch.nan, torch.inf, 1e6])
def test_a_replica_undefined_at_the_start_diverges_alone(poison):
    rng = np.random.default_rng(8)
    x = torch.linspace(0.1, 3, 23, dtype=torch.float64)
    y = 3 * torch.exp(-0.5 * x) + 0.1 * uniform(rng, 23)
    start = numbers([[-1.0], [poison], [-0.3]])  # exp(1e6 x) overflows
    solution = solve(Exponentials(x), start, y, everything(R, 2), steps=15)
    assert solution.status[1] == Status.DIVERGED
    assert solution.loss[1] == torch.inf
    healthy = torch.tensor([0, 2])
    alone = solve(Exponentials(x), start[healthy], y, everything(2, 2), steps=15)
    torch.testing.assert_close(solution.loss[healthy], alone.loss, rtol=1e-12, atol=0)
    torch.testing.assert_close(solution.w[healthy], alone.w, rtol=1e-9, atol=0)
    assert torch.equal(solution.status[healthy], alone.status)


def test_a_replica_alone_equals_itself_in_the_batch():
    rng = np.random.default_rng(9)
    x, y = uniform(rng, n), uniform(rng, n)
    start = 3 * uniform(rng, 7, 2)
    together = solve(Exponentials(x), start, y, everything(7, 3), steps=4)
    for r in range(7):
        alone = solve(Exponentials(x), start[[r]], y, everything(1, 3), steps=4)
        torch.testing.assert_close(together.loss[r], alone.loss[0], rtol=1e-7, atol=0)


def test_without_parameters_only_the_readout_is_solved():
    rng = np.random.default_rng(10)
    y = uniform(rng, n)
    solution = solve(Constant(n), torch.zeros(R, 0).double(), y, everything(R, 1), steps=9)
    torch.testing.assert_close(solution.coefficients[:, 0], y.mean().expand(R))
    assert (solution.status == Status.RUNNING).all()

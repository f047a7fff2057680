"""One policy of Levenberg–Marquardt: the same for a number in a loop and for a batch of replicas."""

import numpy as np
import torch

from eqdarts.fit import policy
from eqdarts.fit.compiled import separable
from eqdarts.fit.least_squares import _next_damping
from eqdarts.fit.policy import POLICY

LOSSES = [0.0, 1e-30, 0.3, 0.3 * 0.9999995, 0.3 * 0.99999, 1.0, np.inf, np.nan]
DAMPINGS = [POLICY.least, 1e-9, POLICY.light, 0.11, 1.0, POLICY.most]


def same(name, *columns):
    """Of every row of numbers: the function, its compiled form, and that of tensors."""
    plain, compiled = getattr(policy, name), getattr(separable, name)
    found = [plain(*row) for row in zip(*columns, strict=True)]
    assert [compiled(*row) for row in zip(*columns, strict=True)] == found
    assert plain(*(torch.from_numpy(np.array(column)) for column in columns)).tolist() == found
    return found


def pairs(a, b):
    return [list(column) for column in zip(*((x, y) for x in a for y in b), strict=True)]


def test_a_step_is_taken_if_it_leaves_less():
    new, old = pairs(LOSSES, [0.3])
    assert same("accepts", new, old) == [True, True, False, True, True, False, False, False]


def test_slow_steps_are_counted_in_a_row():
    new, old = pairs([0.1, 0.3 * 0.9999995, 0.3 * 0.99999], [0.3])
    assert same("slow_steps", [3, 3, 3], new, old) == [0, 4, 0]


def test_a_step_that_promises_little_is_the_last_unless_it_was_damped():
    promise, damping = pairs([0.5e-10, 2e-10], [1e-9, 1.0])
    assert same("promises_little", promise, [1.0] * 4, damping) == [True, False, False, False]


def test_a_fit_is_over_after_slow_steps_or_when_none_moves_anything():
    slow, damping = pairs([0, POLICY.patience], [1.0, 2 * POLICY.most])
    assert same("is_over", [False] * 4, slow, damping) == [False, True, True, True]
    assert policy.is_over(True, 0, 1.0)


def test_damping_falls_and_rises_alike_in_loops_and_batches():
    for taken in (True, False):
        one = [policy.next_damping(damping, taken) for damping in DAMPINGS]
        assert [separable.next_damping(damping, taken) for damping in DAMPINGS] == one
        assert _next_damping(torch.from_numpy(np.array(DAMPINGS)), torch.tensor(taken)).tolist() == one
    assert policy.next_damping(policy.next_damping(1.0, False), True) == 1.0

"""A loss that a user wrote in torch: its slopes come of automatic differentiation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor

from eqdarts.errors import InputDataError
from eqdarts.losses.link import IDENTITY, Link
from eqdarts.losses.robust import Plain

_FLOOR = 1e-6  # of the median curvature; a flat loss has weights no smaller
_EXAMPLE = "def loss(y_pred, y_true, weight): return weight * (y_pred - y_true) ** 2"


@dataclass(frozen=True)
class Own(Plain):
    """loss(y_pred, y_true, weight) of a user.

    Its weights in least squares are slope/(y_pred − y_true), which are those of a quadratic through the same slope with
    its least value at y_true; where that is not positive, the curvature has to do. So Σ W·(z − m)² always has the slope
    of the loss itself, and what is found when steps end is a place where the loss has none.

    Attributes
    ----------
    function : callable
        Of three tensors [n]; returns losses [n] times the weights, or one number.
    """

    function: Callable[[Tensor, Tensor, Tensor], Tensor] | None = field(repr=False)
    label: str = "own"
    link: Link = field(default=IDENTITY, repr=False)

    @property
    def name(self) -> str:  # type: ignore[override]
        return self.label

    def check(self, y: np.ndarray, weights: np.ndarray | None, target: str) -> None:
        if np.ptp(y) == 0:
            return
        counts = np.ones(len(y)) if weights is None else weights
        slope, _ = self._slopes(y, np.full(len(y), float(np.mean(y))), counts)
        if not (np.isfinite(slope).all() and slope.any()):
            raise InputDataError(
                f"loss: the function {self.name!r} has no finite slope by y_pred where y_pred is the mean of the "
                f"target {target!r}; write it in torch, such as {_EXAMPLE}"
            )

    def per_row(self, y: np.ndarray, mean: np.ndarray) -> np.ndarray:
        """Beyond what remains where the prediction is right; NaN of a function that returns one number."""
        lost, least = (
            self._called(torch.from_numpy(np.array(at, dtype=float)), y, np.ones(len(y))).detach() for at in (mean, y)
        )
        if not lost.ndim:
            return np.full(len(y), np.nan)
        return (lost - torch.where(torch.isfinite(least), least, torch.zeros_like(least))).numpy()

    def total(self, y: np.ndarray, mean: np.ndarray, weights: np.ndarray) -> float:
        """Beyond what remains where every prediction is right."""
        least = self._mean(y, y, weights)
        return self._mean(y, mean, weights) - (least if np.isfinite(least) else 0.0)

    def working(
        self, y: np.ndarray, mean: np.ndarray, weights: np.ndarray, soft: float = 0.0
    ) -> tuple[np.ndarray, np.ndarray]:
        # Halves, as Σ W·(z − m)² has the slope 2·W·(m − z).
        slope, curvature = (part / 2 for part in self._slopes(y, mean, weights))
        away = mean - y
        away = np.where(np.abs(away) < soft, np.copysign(soft, away), away)
        with np.errstate(all="ignore"):
            secant = slope / away
        good = np.isfinite(secant) & (secant > 0)
        usual = float(np.median(np.concatenate([secant[good], curvature[curvature > 0], [0.0]]))) or 1.0
        W = np.maximum(np.where(good, secant, curvature), _FLOOR * usual)
        return mean - slope / W, W

    def _mean(self, y: np.ndarray, mean: np.ndarray, weights: np.ndarray) -> float:
        value = self._called(torch.from_numpy(np.array(mean, dtype=float)), y, weights)
        return float(value.detach().sum()) / (float(weights.sum()) if value.ndim else 1.0)

    def _slopes(self, y: np.ndarray, mean: np.ndarray, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """By each prediction, the first and the second; zero where a loss has none."""
        at = torch.from_numpy(np.array(mean, dtype=float)).requires_grad_()
        total = self._called(at, y, weights).sum()
        if not total.requires_grad:
            return np.zeros(len(y)), np.zeros(len(y))
        (slope,) = torch.autograd.grad(total, at, create_graph=True)
        curvature = None
        if slope.requires_grad:
            (curvature,) = torch.autograd.grad(slope.sum(), at, allow_unused=True)
        bent = np.zeros(len(y)) if curvature is None else curvature.numpy(force=True)
        return slope.numpy(force=True).copy(), np.nan_to_num(bent, nan=0.0, posinf=0.0, neginf=0.0)

    def _called(self, mean: Tensor, y: np.ndarray, weights: np.ndarray) -> Tensor:
        if self.function is None:
            raise InputDataError(f"the loss {self.name!r} is a function, which no file holds; hand it over as loss=")
        true, weight = (torch.from_numpy(np.array(a, dtype=float)) for a in (y, weights))
        try:
            value: Any = self.function(mean, true, weight)
        except Exception as error:
            raise InputDataError(
                f"loss: the function {self.name!r} raised {type(error).__name__}: {error}; it is called with three "
                f"tensors, such as {_EXAMPLE}"
            ) from error
        if not isinstance(value, Tensor) or value.shape not in ((), mean.shape):
            came = f"a tensor of the shape {tuple(value.shape)}" if isinstance(value, Tensor) else type(value).__name__
            raise InputDataError(
                f"loss: the function {self.name!r} returned {came}; return a number or a value for each row, such as "
                f"{_EXAMPLE}"
            )
        return value

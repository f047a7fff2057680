"""The relaxed graph: every edge carries a mixture of all candidates, for R replicas at once.

Rows stand last in memory: a source is [R, n], the candidates of e edges are [R, e, M, n].
"""

from __future__ import annotations

from functools import reduce

import torch
from torch import Tensor

from eqdarts.darts.architecture import Architecture
from eqdarts.darts.relaxation import Relaxation
from eqdarts.fit.graphs import Tensors
from eqdarts.graph.operations import SAFE_POINT, WAVE_PARAMETERS, Operation
from eqdarts.graph.space import SearchSpace

#: Larger values count as undefined: below it, products of a few nodes and their squared errors stay finite.
LARGEST = 1e60


def initial_architecture(
    space: SearchSpace,
    replicas: int,
    generator: torch.Generator,
    dtype: torch.dtype = torch.float64,
    device: torch.device | str = "cpu",
) -> Architecture:
    """α and β near zero, 10⁻³ · N(0, 1), so that every candidate starts with the same weight (Liu et al. 2019)."""
    size = (replicas, len(space.aggregators), len(space.edges), len(space.operations))
    alpha = 1e-3 * torch.randn(size, generator=generator, dtype=dtype, device=generator.device)
    size_of_beta = (replicas, space.nodes, len(space.aggregators))
    beta = 1e-3 * torch.randn(size_of_beta, generator=generator, dtype=dtype, device=generator.device)
    return Architecture(alpha.to(device), beta.to(device))


def initial_parameters(
    space: SearchSpace,
    replicas: int,
    generator: torch.Generator,
    dtype: torch.dtype = torch.float64,
    device: torch.device | str = "cpu",
) -> tuple[Tensor, Tensor]:
    """Draw w from the `initial` ranges of the operations, and small coefficients of the readout.

    Returns
    -------
    w : Tensor [R, E, M, P]
        0 where an operation has fewer than P parameters.
    coefficients : Tensor [R, Q]
        Uniform in ±1/√Q where fitted; otherwise the value that `readout` gives them.
    """
    ranges = torch.zeros(len(space.operations), space.n_parameters, 2, dtype=dtype)
    for m, op in enumerate(space.rows):
        for p, bounds in enumerate(op.initial):
            ranges[m, p] = torch.tensor(bounds, dtype=dtype)
    low, high = ranges.to(device).unbind(dim=-1)  # [M, P] each
    size = (replicas, len(space.edges), len(space.operations), space.n_parameters)
    w = torch.rand(size, generator=generator, dtype=dtype, device=generator.device).to(device)
    drawn = torch.rand((replicas, space.n_readout), generator=generator, dtype=dtype, device=generator.device)
    small = (2 * drawn.to(device) - 1) / space.n_readout**0.5
    return _with_frequencies(space, low + (high - low) * w), readout(space, small)


def _with_frequencies(space: SearchSpace, w: Tensor) -> Tensor:
    """w [R, E, M, P], in every other replica with waves of a column at frequencies that the table shows, and any phase.

    Replica r has the frequency r/2, counted round and round.
    """
    for m, op in enumerate(space.rows):
        for e, (i, _) in enumerate(space.edges if op.parameters == WAVE_PARAMETERS else ()):
            known = space.frequencies[i] if i < space.n_inputs else ()
            if known:
                (low, high), half = op.initial[1], w[::2, e, m]  # [R/2, P]
                half[:, 0] = torch.tensor(known, dtype=w.dtype)[torch.arange(len(half)) % len(known)].to(w.device)
                half[:, 1] = torch.pi * (2 * (half[:, 1] - low) / (high - low) - 1)
    return w


def readout_used(space: SearchSpace, device: torch.device | str = "cpu") -> Tensor:
    """Which columns of the readout (nodes, inputs, one) the space has: bool [Q]."""
    used = [True] * space.nodes + [space.readout_inputs] * space.n_inputs + [space.readout_intercept]
    return torch.tensor(used, device=device)


def readout_fitted(space: SearchSpace, device: torch.device | str = "cpu") -> Tensor:
    """Which coefficients of the readout are fitted: bool [Q].

    Without `SearchSpace.readout_coefficients` only the intercept is.
    """
    used = readout_used(space, device)
    if not space.readout_coefficients:
        used[:-1] = False
    return used


def readout(space: SearchSpace, coefficients: Tensor) -> Tensor:
    """The coefficients as they take effect: as given where fitted, 1 where fixed, 0 where the space has no column.

    coefficients: [R, Q]   returns: [R, Q], with a gradient only where fitted
    """
    fixed = readout_used(space, coefficients.device).to(coefficients.dtype)
    return torch.where(readout_fitted(space, coefficients.device), coefficients, fixed)


def forward(
    space: SearchSpace, relaxation: Relaxation, logits: Architecture, w: Tensor, coefficients: Tensor, X: Tensor
) -> tuple[Tensor, Tensor]:
    """Blend the candidates of every edge, integrate them at every node, combine the nodes linearly.

    Node j is k_j = Σ_a weight_a · agg_a over its edges i of ō_ij(x_i), with ō(x) = Σ_m weight_m · o_m(x; w)
    (Liu et al. 2019, eq. 2), and the output is Σ_q c_q · (k_1 … k_N, x_1 … x_d, 1)_q. An absent edge ("zero")
    adds 0 to a sum and multiplies a product by 1.

    An operation that is undefined on any row of a replica has weight 0 there, and the others share what it
    would have had. Which are undefined at a node shows only when its predecessors are known, so weights are
    computed here, node by node.

    Parameters
    ----------
    space : SearchSpace
    relaxation : Relaxation
    logits : Architecture
        α and β, or what `Relaxation.perturb` made of them.
    w : Tensor [R, E, M, P]
    coefficients : Tensor [R, Q]
    X : Tensor [n, d]

    Returns
    -------
    prediction : Tensor [R, n]
    defined : bool Tensor [R, E, M]
        Which operations are defined on every row.

    Examples
    --------
    >>> space = SearchSpace(("x",), 1, ("zero", "square"), ("sum",), readout_inputs=False)
    >>> logits = Architecture(torch.zeros(1, 1, 1, 2), torch.zeros(1, 1, 1))
    >>> coefficients = torch.tensor([[1.0, 0.0, 5.0]])  # of k_1, x, one
    >>> X = torch.tensor([[0.0], [2.0], [4.0]])
    >>> forward(space, Relaxation("softmax"), logits, torch.zeros(1, 1, 2, 0), coefficients, X)[0]
    tensor([[ 5.,  7., 13.]])
    """
    allowed = torch.as_tensor(space.allowed, device=X.device)  # [E, M]
    node_weights = relaxation.node_weights(logits.beta)  # [R, N, A]
    sources = [column.expand(w.shape[0], -1) for column in X.T]  # d of [R, n]
    defined = []
    for j in range(space.nodes):
        into = space.into(j)
        values, inside = evaluate(space.rows, torch.stack(sources, dim=1), w[:, into])
        mask = (allowed[into] & inside).unsqueeze(1)  # [R, 1, e, M]
        weights = relaxation.edge_weights(logits.alpha[:, :, into], mask)  # [R, A, e, M]
        sources.append(integrate(space, values, weights, node_weights[:, j]))
        defined.append(inside)
    inputs, nodes = sources[: space.n_inputs], sources[space.n_inputs :]
    columns = torch.stack([*nodes, *inputs, torch.ones_like(inputs[0])], dim=1)  # [R, Q, n]
    prediction = torch.einsum("rq,rqn->rn", readout(space, coefficients), columns)
    return prediction, torch.cat(defined, dim=1)


def evaluate(operations: tuple[Operation, ...], x: Tensor, w: Tensor) -> tuple[Tensor, Tensor]:
    """All candidates of e edges, finite everywhere.

    x: [R, e, n]   w: [R, e, M, P]   returns: values [R, e, M, n], defined [R, e, M]

    An operation that leaves its domain on any row of a replica is evaluated at the safe point instead.
    Masking its output would not do: 0 · NaN is NaN, and so would be the gradient.
    """
    values, defined = [], []
    for m, op in enumerate(operations):
        arguments = [x, *(w[:, :, m, p, None] for p in range(len(op.parameters)))]  # [R, e, n] and P of [R, e, 1]
        with torch.no_grad():
            inside = op.numeric(*arguments).abs() <= LARGEST  # false for NaN too
            if op.domain is not None:
                inside &= op.domain(*arguments)
            everywhere = inside.all(dim=-1)  # [R, e]
        values.append(op.numeric(*(torch.where(everywhere[..., None], v, SAFE_POINT) for v in arguments)))
        defined.append(everywhere)
    return torch.stack(values, dim=2), torch.stack(defined, dim=2)


def integrate(space: SearchSpace, values: Tensor, weights: Tensor, node_weights: Tensor) -> Tensor:
    """One node from the candidates of its e incoming edges, Σ_a weight_a · agg_a(ō_1 … ō_e).

    values: [R, e, M, n]   weights: [R, A, e, M]   node_weights: [R, A]   returns: [R, n]
    """
    mixed = torch.einsum("raem,remn->raen", weights, values)
    total = torch.zeros_like(mixed[:, 0, 0])
    for a, aggregator in enumerate(space.aggregators):
        if aggregator == "sum":
            node = mixed[:, a].sum(dim=1)
        else:
            # "zero" means absent, so as a factor it is 1. One factor after another: the derivative of
            # `prod` divides by its factors, and needs a case of its own where one is 0.
            factors = mixed[:, a] + weights[:, a, :, space.zero, None]  # [R, e, n]
            node = reduce(torch.mul, factors.unbind(dim=1))
        total = total + node_weights[:, a, None] * node
    return total


def mean_squared_error(
    space: SearchSpace, relaxation: Relaxation, rows: Tensors, logits: Architecture, w: Tensor, coefficients: Tensor
) -> Tensor:
    """Mean squared error of every replica, Σ_i s_i (ŷ_i − y_i)² / Σ_i s_i with row weights s: [R]."""
    prediction, _ = forward(space, relaxation, logits, w, coefficients, rows.inputs.T)
    square = (prediction - rows.y).square()  # [R, n]
    if rows.root_weights is None:
        return square.mean(dim=1)
    weight = rows.root_weights.square()
    return square @ weight / weight.sum()

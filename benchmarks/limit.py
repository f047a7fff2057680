"""How fast a fit of many graphs could be on this machine: the operations that it needs, at the rates of torch.

Counted is what the method needs and not what the loops happen to do: logarithms of inputs are known beforehand, powers
of inputs in a product share one exponential, and of a symmetric product half is enough. A multiplication fused with an
addition, or a division, counts once. The rates are those of torch on arrays of the same size, without allocations.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from stages import STAGES, best_time

from eqdarts.graph.genotype import GenotypeBatch, live_nodes
from eqdarts.graph.space import AGGREGATORS, SearchSpace

FUNCTIONS = ("exp", "log", "sin", "tanh", "asin", "sqrt")


@dataclass(frozen=True)
class Cost:
    """Operations per row of an edge.

    value, slope: functions such as exp   plain: sums and products of the value
    by_w, by_x: those of the slopes by its parameters, and by its source if that is a latent node
    """

    plain: int
    by_w: int
    by_x: int
    value: tuple[str, ...] = ()
    slope: tuple[str, ...] = ()


COSTS = {
    "scale": Cost(1, 1, 2),
    "linear": Cost(1, 1, 2),
    "power": Cost(1, 2, 4, ("log", "exp")),
    "odd_power": Cost(2, 2, 4, ("log", "exp")),
    "affine_power": Cost(2, 7, 2, ("log", "exp")),
    "exp": Cost(1, 2, 2, ("exp",)),
    "ln": Cost(1, 3, 2, ("log",)),
    "sin": Cost(1, 2, 2, ("sin",), ("sin",)),
    "cos": Cost(1, 2, 2, ("sin",), ("sin",)),
    "logistic": Cost(3, 4, 2, ("exp",)),
    "tanh": Cost(1, 3, 2, ("tanh",)),
    "arcsin": Cost(1, 4, 2, ("asin",), ("sqrt",)),
}
POWERS = ("power", "odd_power")


@dataclass(frozen=True)
class Amounts:
    """Operations, or how many of them per second.

    functions: elements of exp, log, …   mul: elements of sums and products along graphs
    matmul: multiply-adds of dot products over rows
    solve, readout: systems of the parameters, and of the readout columns
    """

    functions: dict[str, float]
    mul: float
    matmul: float
    solve: float
    readout: float


def needs(space: SearchSpace, batch: GenotypeBatch, calls: np.ndarray, n: int) -> Amounts:
    """What fits with these calls [R, S] of the stages need on n rows, summed over graphs.

    With F parameters and Q readout columns, normal equations are F(F + 3)/2 + F·Q dot products; a readout is
    Q(Q + 1)/2 + 2Q of them and 2Q updates of the residual.
    """
    forwards, readouts, jacobians, normals, steps = (calls[:, k].astype(float) for k in range(len(STAGES)))
    live = live_nodes(space, batch)
    product = batch.aggregators == AGGREGATORS.index("product")
    functions, mul, parameters = dict.fromkeys(FUNCTIONS, 0.0), 0.0, np.zeros(len(batch))
    monomial = np.zeros((len(batch), space.nodes), dtype=bool)
    for e, (source, node) in enumerate(space.edges):
        latent = source >= space.n_inputs
        for m, row in enumerate(space.rows):
            here = live[:, node] & (batch.operations[:, e] == m)
            if row.name == "zero" or not here.any():
                continue
            parameters += here * len(row.parameters)
            cost = COSTS[row.name]
            alone = here
            if row.name in POWERS and not latent:
                factor = here & product[:, node]
                monomial[:, node] |= factor
                mul += float((forwards + 2 * jacobians)[factor].sum())
                alone = here & ~factor
            for name in cost.value:
                known = name == "log" and row.name in POWERS and not latent
                functions[name] += 0.0 if known else float(forwards[alone].sum())
            for name in cost.slope:
                functions[name] += float(jacobians[alone].sum())
            # Edges of a node are joined by one operation; in a product each slope needs the other factors.
            mul += float(((cost.plain + 1) * forwards)[alone].sum())
            mul += float(((cost.by_w + latent * cost.by_x + 3 * product[:, node]) * jacobians)[alone].sum())
    together = monomial.sum(axis=1)
    functions["exp"] += float((together * forwards).sum())
    mul += float((together * (2 * forwards + 3 * jacobians)).sum())
    columns = batch.readout.sum(axis=1)
    dots = normals * (parameters * (parameters + 3) / 2 + parameters * columns)
    dots += readouts * (columns * (columns + 1) / 2 + 4 * columns)
    functions = {name: n * count for name, count in functions.items()}
    return Amounts(functions, n * mul, n * float(dots.sum()), float(steps.sum()), float(readouts.sum()))


def rates(replicas: int, n: int, parameters: int, columns: int, seconds: float) -> Amounts:
    """What torch reaches per second on arrays [R, n], products of [R, P, n], and systems [R, P, P] and [R, Q, Q].

    In float64.   seconds: how long each is repeated; the fastest counts
    """
    generator = torch.Generator().manual_seed(0)

    def random(*shape: int) -> torch.Tensor:
        return torch.rand(*shape, generator=generator, dtype=torch.float64)

    x, jacobian = 0.1 + 0.8 * random(replicas, n), random(replicas, parameters, n)
    out, gram = torch.empty_like(x), torch.empty(replicas, parameters, parameters, dtype=torch.float64)

    def rate(work: float, call: Callable[[], object]) -> float:
        call()
        return work / best_time(call, seconds)

    def elementwise(name: str) -> float:
        function = getattr(torch, name)
        return rate(x.numel(), lambda: function(x, out=out))

    def systems(size: int) -> float:
        half = random(replicas, size, size)
        matrix, right = half @ half.mT + torch.eye(size, dtype=torch.float64), random(replicas, size, 1)
        return rate(replicas, lambda: torch.cholesky_solve(right, torch.linalg.cholesky_ex(matrix)[0]))

    return Amounts(
        {name: elementwise(name) for name in FUNCTIONS},
        rate(x.numel(), lambda: torch.mul(x, x, out=out)),
        rate(replicas * parameters**2 * n, lambda: torch.bmm(jacobian, jacobian.mT, out=gram)),
        systems(parameters),
        systems(columns),
    )


def seconds_at(rate: Amounts, need: Amounts) -> dict[str, float]:
    """Seconds that the operations would take at these rates, by kind."""
    functions = {name: count / rate.functions[name] for name, count in need.functions.items()}
    return {
        **functions,
        "mul": need.mul / rate.mul,
        "matmul": need.matmul / rate.matmul,
        "solve": need.solve / rate.solve,
        "readout": need.readout / rate.readout,
    }

"""Random graphs with random constants, for laws that hold for all of them."""

import numpy as np
import torch

from eqdarts.darts.sampling import draw_parameters
from eqdarts.data.table import Table
from eqdarts.fit.graphs import FittedGraphs
from eqdarts.graph.genotype import GenotypeBatch
from eqdarts.graph.operations import OPERATIONS
from eqdarts.graph.space import AGGREGATORS, SearchSpace

ALL = tuple(OPERATIONS)
ROWS = 11


def space_of(nodes=3, inputs=("u", "v"), operations=ALL, **options):
    return SearchSpace(inputs, nodes, operations, **options)


def draw_batch(space, replicas, rng, absent=0.4):
    """Any operation on any edge that allows it, absent with a chance of its own; any aggregators and readout."""
    chances = np.where(space.allowed, 1.0, 0.0)
    chances[:, space.zero] = 0.0
    chances /= chances.sum(axis=1, keepdims=True)
    operations = np.stack(
        [[rng.choice(len(row), p=row) for row in chances] for _ in range(replicas)]  # [R, E]
    )
    operations[rng.random(operations.shape) < absent] = space.zero
    places = [AGGREGATORS.index(a) for a in space.aggregators]
    aggregators = rng.choice(places, size=(replicas, space.nodes))
    readout = rng.random((replicas, space.n_readout)) < 0.7
    readout[:, space.nodes - 1] = True
    return GenotypeBatch(operations, aggregators, readout)


def table_of(inputs, y, root_weights=None):
    """Columns [d, n], y and the roots of weights [n] as a table."""
    inputs, y = np.asarray(inputs), np.asarray(y)
    return Table(inputs.T, y, weights=None if root_weights is None else np.asarray(root_weights) ** 2)


def draw_inputs(space, rng, rows=ROWS):
    """Values away from 0, of both signs in the columns that are signed: [d, n]."""
    X = rng.uniform(0.4, 1.6, (space.n_inputs, rows))
    X *= np.where(np.array(space.signed)[:, None], rng.choice([-1.0, 1.0], X.shape), 1.0)
    return torch.as_tensor(X)


def draw_graphs(space, replicas, rng, absent=0.4):
    batch = draw_batch(space, replicas, rng, absent)
    w = torch.as_tensor(draw_parameters(space, batch, rng))
    coefficients = torch.as_tensor(np.where(batch.readout, rng.uniform(-2, 2, batch.readout.shape), 0.0))
    return FittedGraphs(batch, w, coefficients, torch.zeros(replicas, dtype=torch.float64))


def node_values(space, batch, w, inputs):
    """The nodes of each graph, one edge after another, as the definition has it: [R, N, n]."""
    out = torch.zeros(len(batch), space.nodes, inputs.shape[1], dtype=torch.float64)
    for r in range(len(batch)):
        sources = list(inputs)
        for j in range(space.nodes):
            product = AGGREGATORS[batch.aggregators[r, j]] == "product"
            node = torch.full_like(sources[0], float(product))
            into = space.into(j)
            for e in range(into.start, into.stop):
                op = space.rows[batch.operations[r, e]]
                if op.name != "zero":
                    constants = [w[r, e, p].expand(1) for p in range(len(op.parameters))]
                    value = op.numeric(sources[space.edges[e][0]], *constants)
                    node = node * value if product else node + value
            sources.append(node)
            out[r, j] = node
    return out


def well_conditioned(values, limit=1e3):
    """Replicas [R] all of whose values [R, ..., n] are finite and moderate."""
    return (values.abs() < limit).flatten(1).all(dim=1)

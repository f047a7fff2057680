"""Where the vertices of a graph stand: inputs on the left, latent nodes, the target on the right."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
from matplotlib.path import Path

from eqdarts.graph.genotype import Genotype, GenotypeBatch, prune
from eqdarts.graph.space import SearchSpace

ACROSS, APART = 1.55, 0.85  # between columns of vertices, and between vertices of a column
RADIUS, GAP = 0.24, 0.06  # of a node, and between a vertex and its edges


class Layout:
    """A layered drawing: a vertex per column along every edge, ordered to keep edges from crossing."""

    def __init__(self, genotype: Genotype, d: int) -> None:
        operations = tuple(dict.fromkeys(("zero", "identity", *genotype.operations)))
        space = SearchSpace(tuple(f"x{i}" for i in range(d)), len(genotype.aggregators), operations)
        graph = prune(space, GenotypeBatch.of(space, [genotype])).genotype(space, 0)
        self.d, self.aggregators, self.intercept = d, graph.aggregators, graph.readout[-1]
        end = d + space.nodes  # number of the output vertex
        self.end = end
        edges = [(i, d + j, o) for (i, j), o in zip(space.edges, graph.operations, strict=True) if o != "zero"]
        edges += [(d + j, end, "") for j in range(space.nodes) if graph.readout[j]]
        edges += [(i, end, "") for i in range(d) if graph.readout[space.nodes + i]]
        column = dict.fromkeys(range(d), 0)
        for vertex in range(d, end + 1):
            sources = [column[i] for i, j, _ in edges if j == vertex]
            if sources:
                column[vertex] = 1 + max(sources)
        column.setdefault(end, 1)
        self.edges, self.depth = edges, column[end]
        self.used = {i for i, _, _ in edges}
        # Vertices by column; an edge that skips columns passes through a dummy vertex (edge, column) in each.
        columns: list[list[Any]] = [[] for _ in range(self.depth + 1)]
        for vertex, c in column.items():
            if vertex >= d or vertex in self.used or d <= 8:
                columns[c].append(vertex)
        self.chains: list[list[Any]] = []
        for k, (i, j, _) in enumerate(edges):
            dummies = [("dummy", k, c) for c in range(column[i] + 1, column[j])]
            for c, dummy in zip(range(column[i] + 1, column[j]), dummies, strict=True):
                columns[c].append(dummy)
            self.chains.append([i, *dummies, j])
        self.rows = max(map(len, columns))
        self._place(columns)

    def _place(self, columns: list[list[Any]]) -> None:
        links = [(a, b) for chain in self.chains for a, b in pairwise(chain)]
        height = {v: -float(k) for column in columns for k, v in enumerate(column)}
        for sweep in range(8):
            for column in columns[1:] if sweep % 2 == 0 else columns[-2::-1]:
                if column is columns[0]:
                    continue  # inputs keep the order of the table
                near = {
                    v: [height[b if a == v else a] for a, b in links if v in (a, b) and (sweep % 2 == 1) == (a == v)]
                    for v in column
                }
                column.sort(key=lambda v, near=near: -np.mean(near[v]) if near[v] else -height[v])  # type: ignore[misc]
                for k, v in enumerate(column):
                    height[v] = (len(column) - 1) / 2 - k
            for k, v in enumerate(columns[0]):
                height[v] = (len(columns[0]) - 1) / 2 - k
        self.at = {v: (ACROSS * c, APART * height[v]) for c, column in enumerate(columns) for v in column}

    def path(self, k: int) -> Path:
        """Of edge k, from the rim of its source to that of its target."""
        return self._curve(self.chains[k])

    def direct(self, i: int, j: int, bend: float = 0.0) -> Path:
        """From one vertex to another, above what stands between; bent upwards by so much more."""
        curve = self._curve([i, j])
        bend += 0.45 * max(0, round((self.at[j][0] - self.at[i][0]) / ACROSS) - 1)
        corners = np.array(curve.vertices, dtype=np.float64)
        corners[1:3, 1] += bend
        return Path(corners, curve.codes)

    def _curve(self, chain: list[Any]) -> Path:
        points = [np.array(self.at[v]) for v in chain]
        points[0] = points[0] + [RADIUS + GAP / 2 if chain[0] >= self.d else GAP, 0.0]
        points[-1] = points[-1] - [RADIUS + GAP / 2 if chain[-1] != self.end else GAP, 0.0]
        return _smooth(points)

    def labels(self) -> list[tuple[str, tuple[float, float]]]:
        """Each label on its edge, where it is farthest from the labels set before and from the nodes."""
        placed: list[tuple[float, float, float]] = []
        solid = [(*p, 0.3) for v, p in self.at.items() if not isinstance(v, tuple)]
        labels = []
        for chain, (_, _, operation) in zip(self.chains, self.edges, strict=True):
            if not operation:
                continue
            line = _sampled(_smooth([np.array(self.at[v]) for v in chain]))
            half = 0.04 * len(operation) + 0.08
            best, most = (0.0, 0.0), -np.inf
            for share in (0.5, 0.42, 0.58, 0.35, 0.65, 0.28, 0.72):
                x, y = line[round(share * (len(line) - 1))]
                free = [max(abs(x - a) / (half + b), abs(y - c) / 0.26) for a, c, b in placed]
                free += [max(abs(x - a) / (half + b), abs(y - c) / 0.4) for a, c, b in solid]
                room = min([1.0, *free]) - 0.1 * abs(share - 0.5)
                if room > most:
                    best, most = (float(x), float(y)), room
            placed.append((*best, half))
            labels.append((operation, best))
        return labels


def _sampled(path: Path, n: int = 25) -> np.ndarray:
    """Points along cubic curves, so many of each [k, 2]."""
    corners, t = np.asarray(path.vertices), np.linspace(0, 1, n)[:, None]
    parts = []
    for k in range(0, len(corners) - 1, 3):
        a, b, c, d = corners[k : k + 4]
        parts.append((1 - t) ** 3 * a + 3 * t * (1 - t) ** 2 * b + 3 * t**2 * (1 - t) * c + t**3 * d)
    return np.concatenate(parts)


def _smooth(points: list[np.ndarray]) -> Path:
    """Cubic curves through the points, horizontal at each."""
    vertices, codes = [points[0]], [Path.MOVETO]
    for a, b in pairwise(points):
        reach = np.array([0.5 * (b[0] - a[0]), 0.0])
        vertices += [a + reach, b - reach, b]
        codes += [Path.CURVE4] * 3
    return Path(vertices, codes)

"""One fixed graph in compiled loops: its live edges, its node values, and the Jacobian of its parameters."""

from __future__ import annotations

import math

from eqdarts.fit.compiled.elementary import LOG_ZERO, ODD_POWER, POWER, ZERO, apply, pull_back
from eqdarts.runtime.loops import compiled

PRODUCT = 1  # place of "product" in AGGREGATORS


@compiled
def lay_out(operations, readout, sources, targets, counts, d, code, source, node, first):
    """The live edges of a graph, in order; returns how many edges and parameters there are.

    operations: codes [E]   readout: bool [Q]   counts: parameters per code
    code, source, node, first: [E], filled with the code, source, node and first parameter of each live edge
    """
    nodes = targets[-1] + 1
    live = readout[:nodes].copy()
    for e in range(len(sources) - 1, -1, -1):
        if sources[e] >= d and live[targets[e]] and operations[e] != ZERO:
            live[sources[e] - d] = True
    edges, parameters = 0, 0
    for e in range(len(sources)):
        if operations[e] != ZERO and live[targets[e]]:
            code[edges], source[edges], node[edges] = operations[e], sources[e], targets[e]
            first[edges] = parameters
            parameters += counts[operations[e]]
            edges += 1
    return edges, parameters


@compiled
def pack(w, edges, sources, targets, counts, code, source, node, packed):
    """The parameters of the live edges out of w [E, P], one after the other, into packed."""
    position, k = 0, 0
    for e in range(len(sources)):
        if k < edges and targets[e] == node[k] and sources[e] == source[k]:
            for p in range(counts[code[k]]):
                packed[position] = w[e, p]
                position += 1
            k += 1


@compiled
def is_factor(code, source, product, d):
    """Is this edge a power of an input in a product? All such of a node are one exponential of Σ p·log|x|."""
    return product and source < d and code in (POWER, ODD_POWER)


@compiled
def forward(edges, code, source, node, first, product, w, own, inputs, logs, signs, nodes, values, inner):
    """Node values [N, n] into `nodes`, edge values [L, n] into `values`; what slopes need into `inner` [L, n].

    product: bool [N]   w: [P]   own: as in `apply`   inputs, logs (log|x|), signs: [d, n]
    """
    d, n = inputs.shape
    k = 0
    for j in range(nodes.shape[0]):
        total = nodes[j]
        total[:] = 1.0 if product[j] else 0.0
        monomial = -1  # the first of the edges that are powers of inputs
        while k < edges and node[k] == j:
            if is_factor(code[k], source[k], product[j], d):
                if monomial < 0:
                    monomial = k
                    values[k] = 1.0
                    inner[k] = 0.0
                exponent, log = w[first[k]], logs[source[k]]
                if exponent < 0.0:
                    # Infinite for good where the input is 0: another factor that is 0 there must not cancel it.
                    for i in range(n):
                        inner[monomial, i] += exponent * log[i] if log[i] > LOG_ZERO else math.inf
                else:
                    for i in range(n):
                        inner[monomial, i] += exponent * log[i]
                if code[k] == ODD_POWER:
                    for i in range(n):
                        values[monomial, i] *= signs[source[k], i]
            else:
                x = inputs[source[k]] if source[k] < d else nodes[source[k] - d]
                apply(code[k], x, w[first[k] :], own, values[k], inner[k])
                if product[j]:
                    for i in range(n):
                        total[i] *= values[k, i]
                else:
                    for i in range(n):
                        total[i] += values[k, i]
            k += 1
        if monomial >= 0:
            for i in range(n):
                values[monomial, i] *= math.exp(inner[monomial, i])
                total[i] *= values[monomial, i]


@compiled
def jacobian(
    edges, code, source, node, first, product, w, own, inputs, logs, nodes, values, inner, coefficients,
    delta, flow, before, by_x, out,
):  # fmt: skip
    """Derivative [P, n] of Σ_j c_j·k_j by every parameter, after `forward`.

    delta: [N, n], flow: [n], before: [L, n], by_x: [n] are scratch
    """
    d, n = inputs.shape
    for j in range(nodes.shape[0]):
        delta[j] = coefficients[j]
    last = edges - 1
    for j in range(nodes.shape[0] - 1, -1, -1):
        start = last
        while start >= 0 and node[start] == j:
            start -= 1
        start += 1
        monomial = -1
        if product[j]:
            # before[k] holds the product of the factors of lower number; flow gathers those of higher number.
            running = by_x
            running[:] = 1.0
            for k in range(start, last + 1):
                if is_factor(code[k], source[k], True, d):
                    if monomial >= 0:
                        continue
                    monomial = k
                for i in range(n):
                    before[k, i] = running[i]
                    running[i] *= values[k, i]
            after = flow
            after[:] = 1.0
            for k in range(last, start - 1, -1):
                if k != monomial and is_factor(code[k], source[k], True, d):
                    continue
                for i in range(n):
                    before[k, i] *= after[i] * delta[j, i]
                    after[i] *= values[k, i]
        for k in range(start, last + 1):
            if is_factor(code[k], source[k], product[j], d):
                log, place = logs[source[k]], out[first[k]]
                for i in range(n):
                    place[i] = before[monomial, i] * (values[monomial, i] * log[i])
                continue
            latent = source[k] >= d
            x = nodes[source[k] - d] if latent else inputs[source[k]]
            flowing = before[k] if product[j] else delta[j]
            pull_back(code[k], x, w[first[k] :], own, values[k], inner[k], flowing, latent, by_x, out[first[k] :])
            if latent:
                target = delta[source[k] - d]
                for i in range(n):
                    target[i] += by_x[i] if math.isfinite(by_x[i]) else 0.0
        last = start - 1

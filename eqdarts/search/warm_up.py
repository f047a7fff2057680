"""Compiles what a search runs before its clock counts, on a tiny table of its own."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import sympy

from eqdarts.data.table import Table
from eqdarts.fit.assess import Assessor
from eqdarts.fit.formula import compile_template, fit_constants, template
from eqdarts.graph.operations import DEFAULT_OPERATIONS
from eqdarts.graph.space import SearchSpace
from eqdarts.options import SearchConfig
from eqdarts.search.sampled import SampledSearch


def are_compiled() -> bool:
    """Are the loops there?"""
    return compile_loops.cache_info().currsize > 0


@cache
def compile_loops() -> None:
    """Compile what the sampled search runs, or load it from numba's cache: some seconds once per installation.

    A search on a tiny table of its own calls every loop with the types of the real one.
    """
    space = SearchSpace(("x", "z"), 4, DEFAULT_OPERATIONS, links=("identity", "reciprocal"))
    x = np.linspace(1, 2, 60)
    # Something is left to explain by every graph, or else no gradient would be followed.
    rows = Table(np.column_stack([x, x[::-1] ** 2]), 1 / (x + 2) + np.cos(50 * x))
    searcher = SampledSearch(space, SearchConfig(replicas=64), Assessor(space, rows, rows), np.random.default_rng(0))
    state = replace(searcher.start(), epochs=1, grown=4)  # the first epoch begins without loops
    for _ in range(2):
        state = searcher.epoch(state, 0.0)
    column, constant = sympy.Symbol("x"), sympy.Float(1.5)
    form = template(constant * sympy.exp(column) + column**constant, (column,))
    fit_constants(compile_template(form), form.values, Table(x[:, None], rows.y))

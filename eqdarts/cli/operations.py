"""``eqdarts operations``: what an edge may carry."""

from __future__ import annotations

import sys

EXAMPLES = "eqdarts fit data.csv --target y --operations scale,power,exp,sin"


def operations() -> None:
    """List the candidate operations of an edge."""
    import sympy
    from rich.box import SIMPLE
    from rich.console import Console
    from rich.table import Table

    from eqdarts.graph.operations import DEFAULT_OPERATIONS, OPERATIONS

    table = Table(box=SIMPLE)
    for heading in ("operation", "formula", "parameters", "complexity", "default"):
        table.add_column(heading, justify="right" if heading == "complexity" else "left", no_wrap=True)
    for op in OPERATIONS.values():
        formula = str(op.symbolic(*sympy.symbols(["x", *op.parameters], real=True)))
        default = "yes" if op.name in DEFAULT_OPERATIONS else ""
        table.add_row(op.name, formula, ", ".join(op.parameters), str(op.complexity), default)
    Console(width=None if sys.stdout.isatty() else 120, highlight=False).print(table)

"""Solves an equation for a column, in a process of its own that can be stopped.

SymPy's solver has no time limit, and nothing inside a process can stop it safely. Formulas go to the other process and
come back as text that the whitelist parser reads; `main` is what runs there.
"""

from __future__ import annotations

import json
import subprocess  # nosec B404 # no shell, and formulas go in as text on its input
import sys
from pathlib import Path

import sympy

from eqdarts.equation.exports.formula import Formula
from eqdarts.errors import InputDataError, check_range
from eqdarts.formula.parsing import parse_expression
from eqdarts.formula.text import format_expression

_HOME = str(Path(__file__).resolve().parents[2])
# Isolated, so that no file of the folder it is started in is imported.
_COMMAND = "import sys; sys.path.insert(0, sys.argv[1]); from eqdarts.equation.exports.solving import main; main()"


def solve_for(formula: Formula, column: str, max_time: float) -> list[sympy.Expr]:
    """Expressions for a column, over the other columns and a symbol named like the target."""
    check_range("max_time", max_time, 0)
    if column not in formula.used:
        there = ", ".join(map(repr, formula.used)) or "none"
        raise InputDataError(f"{column!r} does not stand in the equation; it has {there}")
    if formula.target in formula.used:
        raise InputDataError(f"the target and a column are both called {column!r}; rename one of them")
    question = {"expression": format_expression(formula.expression), "target": formula.target, "column": column}
    try:
        process = subprocess.run(  # nosec B603 # this Python, and constants of this module
            [sys.executable, "-I", "-c", _COMMAND, _HOME],
            input=json.dumps(question), capture_output=True, encoding="utf-8", timeout=max_time, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired as error:
        raise InputDataError(f"no solution for {column!r} in {max_time:g} seconds; raise max_time") from error
    except OSError as error:
        raise InputDataError(f"solving needs a process of its own, which cannot be started ({error})") from error
    answers = json.loads(process.stdout) if process.returncode == 0 else []
    if not answers:
        raise InputDataError(f"SymPy finds no solution for {column!r} in real elementary functions")
    return [parse_expression(text, evaluate=False) for text in answers]


def main() -> None:
    """Read a question from the standard input, and write the solutions that can be written."""
    question = json.load(sys.stdin)
    solutions = _solutions(parse_expression(question["expression"], evaluate=False), question)
    sys.stdout.write(json.dumps(solutions))


def _solutions(expression: sympy.Expr, question: dict[str, str]) -> list[str]:
    """Floats become positive symbols while SymPy solves: it would turn them into fractions of many digits."""
    floats: dict[sympy.Symbol, sympy.Float] = {}

    def without_floats(node: sympy.Expr) -> sympy.Expr:
        if isinstance(node, sympy.Float):
            floats[symbol := sympy.Dummy(positive=True)] = abs(node)
            return -symbol if node < 0 else symbol
        return node.func(*map(without_floats, node.args)) if node.args else node

    real = {s: sympy.Symbol(s.name, real=True) for s in expression.free_symbols}
    target = sympy.Symbol(question["target"], real=True)
    form = without_floats(expression).xreplace(real)
    found = sympy.solve(form - target, sympy.Symbol(question["column"], real=True))
    plain = {s: sympy.Symbol(s.name) for s in [*real.values(), target]}
    texts = []
    for solution in found:
        try:
            texts.append(format_expression(solution.xreplace({**floats, **plain})))
        except InputDataError:
            continue  # it holds complex numbers or functions that are not elementary
    return texts

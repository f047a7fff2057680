"""How long it takes to write a formula down: its size, its constants, and what it leaves of the data."""

from __future__ import annotations

import numpy as np
import sympy

from eqdarts.data.zero import LADDER
from eqdarts.fit.formula import is_round, magnitude_of
from eqdarts.formula.known import KnownConstant
from eqdarts.graph.operations import rarity

NATS_PER_SYMBOL = 2.5  # log of about a dozen symbols that could stand in a node, if all were as likely
#: They are not: what stands around a node tells most of it, as in a law it is mostly a sum or a product of columns and
#: constants. Of equations offered for measured tables those chosen hold most often at 0.75 to 1.25, and for laws with
#: noise the choice is right from 0.75 on (benchmarks/README.md, "What a node costs").
NATS_PER_NODE = 1.0
#: A constant that carries a unit is a quantity of nature which is no column: beside its digits and its node it costs
#: the symbol that a law writes for it (benchmarks/README.md, "With and without units").
NATS_PER_UNIT = NATS_PER_SYMBOL
_USUAL_EXPONENT = 4.0  # in size; few laws have larger ones
_NATS_PER_EXPONENT = 0.5  # for each unit beyond: an exponential prior, so decisive rows overrule it; neither is tuned


def size(expression: sympy.Expr) -> int:
    """Complexity: the nodes of the expression tree; a number counts once, be it 3/4, 0.1234 or the 2π of a product."""
    if not expression.args or expression.is_number:
        return 1
    # The root in 4·√6·x is a number of its own: otherwise some root would stand for every constant.
    with_pi = expression.is_Mul and sympy.pi in expression.args and expression.args[0].is_Rational
    return 1 + sum(map(size, expression.args)) - with_pi


def count_constants(expression: sympy.Expr) -> int:
    """Floats in the expression: the constants that were fitted. Equal ones, unless they are round, are one."""
    floats = [
        magnitude_of(float(node)) for node in sympy.preorder_traversal(expression) if isinstance(node, sympy.Float)
    ]
    return len({f for f in floats if not is_round(f)}) + sum(map(is_round, floats))


def description_length(loss: float, expression: sympy.Expr, n: int) -> float:
    """Nats to write down the residuals, the constants and the tree (Rissanen 1978), up to a constant.

    A constant is written to the precision that the data give it, about the noise over √n beside its own size: the
    less noise, the more digits. (The Occam factor of MacKay 1992 is the same charge.)

    loss: as a share of the variance of y, beyond rounding (`eqdarts.data.zero`)
    """
    fit = 0.5 * n * np.log(max(loss, LADDER.exact))
    digits = 0.5 * np.log(n / max(min(loss, 1.0), LADDER.exact)) * count_constants(expression)
    return float(fit + digits + digits_of(expression) + _structure(expression))


def joint_length(loss: float, expression: sympy.Expr, counts: np.ndarray, own: int, shared: int) -> float:
    """The same for one formula in G groups of rows: its structure once, its constants in each group or for all.

    A constant that a group has of its own is written to the precision that the rows of this group give it.

    counts: int [G], rows of each group   own, shared: constants of each kind
    """
    n, left = int(counts.sum()), max(loss, LADDER.exact)
    digits = 0.5 * (shared * np.log(n) + own * np.log(counts).sum())
    digits -= 0.5 * (shared + own * len(counts)) * np.log(min(left, 1.0))
    return float(0.5 * n * np.log(left) + digits + digits_of(expression) + _structure(expression))


def _structure(expression: sympy.Expr) -> float:
    return NATS_PER_NODE * size(expression) + oddity_of(expression) + rarity_of(expression)


def oddity_of(expression: sympy.Expr) -> float:
    """Nats against large exponents: a power of 26 of a year is an exponential that was written another way."""
    powers = (node for node in sympy.preorder_traversal(expression) if node.is_Pow and node.base.free_symbols)
    exponents = (abs(float(node.exp)) for node in powers if node.exp.is_number and node.exp.is_real)
    return sum(_NATS_PER_EXPONENT * max(0.0, p - _USUAL_EXPONENT) for p in exponents)


def rarity_of(expression: sympy.Expr) -> float:
    """Nats against functions that laws seldom have: tanh, asin or |·| where an exponential would do.

    The odds are those by which graphs are drawn. Rows decide as often with them as without (benchmarks/README.md,
    "What a node costs"); where they do not decide, the more usual law is the better answer.
    """
    functions = (node for node in sympy.preorder_traversal(expression) if isinstance(node, sympy.Function))
    return sum(rarity(node.func) for node in functions if node.free_symbols)


def digits_of(expression: sympy.Expr) -> float:
    """Nats to write the exact numbers beside their nodes: log(|p|·q) of p/q, one more symbol for π, a root or a known
    constant, and which of these it is.
    """
    return float(
        sum(
            _digits_of_node(node)
            for node in sympy.preorder_traversal(expression)
            if isinstance(node, sympy.Rational | KnownConstant) or node is sympy.pi or (node.is_Pow and node.is_number)
        )
    )


def _digits_of_node(node: sympy.Expr) -> float:
    if isinstance(node, sympy.Rational):
        return float(np.log(max(1, abs(node.p)) * float(node.q)))
    return NATS_PER_SYMBOL + (float(np.log(node.choices)) if isinstance(node, KnownConstant) else 0.0)

"""Equations as a table in LaTeX for a paper, with rules of the package booktabs."""

from __future__ import annotations

from collections.abc import Sequence

from eqdarts.data.noise import ADDITIVE, Noise
from eqdarts.equation.equation import Equation
from eqdarts.equation.figures import level, percent, r2
from eqdarts.formula.latex import number_latex, symbol_latex


def latex_table(
    equations: Sequence[Equation],
    chosen: int | None = None,
    noise: Noise = ADDITIVE,
    precision: int | None = None,
    errors: bool = True,
    caption: str | None = None,
    label: str | None = None,
) -> str:
    """A ``tabular``, in a ``table`` if it has a caption or a label. What no equation has is no column.

    chosen: the place of the one with an arrow   errors: of constants, where they are known
    """
    known = any(equation.left_out is not None for equation in equations)
    rated = any(equation.probability is not None for equation in equations)
    share = r" (\%)" if noise.form == "proportional" else ""
    heads = [rf"${symbol_latex(equations[0].target)}$", "Complexity", "$R^{2}$", f"Error{share}"]
    heads += [f"Left out{share}"] * known + ["Probability"] * rated
    lines = [
        rf"\begin{{tabular}}{{ll{'r' * (len(heads) - 1)}}}",
        r"\toprule",
        " & ".join(["", *heads]) + r" \\",
        r"\midrule",
        *(
            " & ".join(
                [
                    r"$\rightarrow$" if k == chosen else "",
                    f"${_right(equation, precision, errors)}$",
                    str(equation.complexity),
                    f"${number_latex(r2(equation), 5)}$",
                    _figure(level(equation.loss, noise)),
                    *[_figure(level(equation.left_out, noise))] * known,
                    *[_share(percent(equation.probability))] * rated,
                ]
            )
            + r" \\"
            for k, equation in enumerate(equations)
        ),
        r"\bottomrule",
        r"\end{tabular}",
    ]
    if caption is not None or label is not None:
        below = [rf"\caption{{{caption}}}"] * (caption is not None) + [rf"\label{{{label}}}"] * (label is not None)
        lines = [r"\begin{table}", r"\centering", *below, *lines, r"\end{table}"]
    return "\n".join(lines) + "\n"


def _right(equation: Equation, precision: int | None, errors: bool) -> str:
    """The right-hand side: the head of the column is the left one."""
    typeset = equation.latex(precision, errors=errors and equation.fit is not None)
    return typeset.removeprefix(f"{symbol_latex(equation.target)} = ")


def _figure(value: float | None) -> str:
    return "" if value is None else f"${number_latex(value, 3)}$"


def _share(share: str) -> str:
    """99 %, or a bound of it."""
    return f"${share.removesuffix(' %')}$\\,\\%" if share else ""

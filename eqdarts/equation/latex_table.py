"""Equations as a table in LaTeX for a paper, with rules of the package booktabs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from eqdarts.data.noise import ADDITIVE, Noise
from eqdarts.equation.equation import Equation
from eqdarts.equation.figures import level, percent, r2
from eqdarts.formula.latex import number_latex, symbol_latex, text_latex


def latex_table(
    equations: Sequence[Equation],
    chosen: int | None = None,
    noise: Noise = ADDITIVE,
    precision: int | None = None,
    errors: bool = True,
    caption: str | None = None,
    label: str | None = None,
    units: Mapping[str, str] = MappingProxyType({}),
) -> str:
    """A ``tabular``, in a ``table`` if it has a caption or a label. What no equation has is no column.

    chosen: the place of the one with an arrow   errors: of constants, where they are known
    units: by names; that of the target stands beside it, and those of columns in the caption
    """
    known = any(equation.left_out is not None for equation in equations)
    rated = any(equation.probability is not None for equation in equations)
    share = r" (\%)" if noise.form == "proportional" else ""
    heads = [_with_unit(equations[0].target, units), "Complexity", "$R^{2}$", f"Error{share}"]
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
    used = sorted({name for equation in equations for name in equation.formula.used if name in units})
    if caption is not None and used:
        caption = f"{caption} Units: {', '.join(_with_unit(name, units) for name in used)}."
    if caption is not None or label is not None:
        below = [rf"\caption{{{caption}}}"] * (caption is not None) + [rf"\label{{{label}}}"] * (label is not None)
        lines = [r"\begin{table}", r"\centering", *below, *lines, r"\end{table}"]
    return "\n".join(lines) + "\n"


def _with_unit(name: str, units: Mapping[str, str]) -> str:
    return f"${symbol_latex(name)}$" + (f" in ${text_latex(units[name])}$" if name in units else "")


def _right(equation: Equation, precision: int | None, errors: bool) -> str:
    """The right-hand side: the head of the column is the left one."""
    typeset = equation.latex(precision, errors=errors and equation.fit is not None)
    return typeset.removeprefix(f"{symbol_latex(equation.target)} = ")


def _figure(value: float | None) -> str:
    return "" if value is None else f"${number_latex(value, 3)}$"


def _share(share: str) -> str:
    """99 %, or a bound of it."""
    return f"${share.removesuffix(' %')}$\\,\\%" if share else ""

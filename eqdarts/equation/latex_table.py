"""Equations as a table in LaTeX for a paper, with rules of the package booktabs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from eqdarts.data.noise import ADDITIVE, Noise
from eqdarts.equation.by_group import ByGroup
from eqdarts.equation.equation import Equation
from eqdarts.equation.figures import explained, level, percent
from eqdarts.formula.latex import number_latex, symbol_latex, text_latex
from eqdarts.formula.numbers import DIGITS, Measured


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
    heads = [_with_unit(equations[0].target, units), "Complexity", _share_head(noise), f"Error{share}"]
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
                    _explained(equation, noise),
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
    return _in_table(lines, caption, label)


def group_table(own: ByGroup, caption: str | None = None, label: str | None = None) -> str:
    """The constants of each group as a ``tabular``, with their standard errors, those that are shared below a rule.

    In a ``table`` if it has a caption or a label.
    """
    width = 2 + len(own.names)
    lines = [
        rf"\begin{{tabular}}{{l{'r' * (width - 1)}}}",
        r"\toprule",
        " & ".join([f"${symbol_latex(own.column)}$", *(f"${symbol_latex(n)}$" for n in own.names), "Rows"]) + r" \\",
        r"\midrule",
        *(
            " & ".join([f"${text_latex(name)}$", *map(_measured, own.values[g], own.errors[g]), str(own.rows[g])])
            + r" \\"
            for g, name in enumerate(own.labels)
        ),
    ]
    if own.shared:
        lines.append(r"\midrule")
        shared = ", ".join(rf"${symbol_latex(name)}$ = {_measured(*pair)}" for name, pair in own.shared.items())
        lines.append(rf"\multicolumn{{{width}}}{{l}}{{Shared: {shared}}} \\")
    return _in_table([*lines, r"\bottomrule", r"\end{tabular}"], caption, label)


def _measured(value: float, error: float) -> str:
    """A value with its standard error, as the number of digits of the error allows."""
    shown = Measured.of(abs(float(value)), float(error), DIGITS)
    sign, spread = "-" if value < 0 else "", rf" \pm {shown.error}".replace("∞", r"\infty") if shown.error else ""
    times = rf" \cdot 10^{{{shown.power}}}" if shown.power else ""
    inner = f"{shown.value}{spread}"
    return f"${sign}({inner}){times}$" if spread and (times or sign) else f"${sign}{inner}{times}$"


def _in_table(lines: list[str], caption: str | None, label: str | None) -> str:
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


def _share_head(noise: Noise) -> str:
    return "$R^{2}$" if noise.explained_key == "r2" else noise.explained_name.capitalize()


def _explained(equation: Equation, noise: Noise) -> str:
    share = explained(equation, noise)
    return "" if share != share else f"${number_latex(share, 5)}$"


def _share(share: str) -> str:
    """99 %, or a bound of it."""
    return f"${share.removesuffix(' %')}$\\,\\%" if share else ""

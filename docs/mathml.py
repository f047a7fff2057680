"""Formulas of the pages as MathML, which browsers draw by themselves: no script, nothing from the network."""

import html
import re
from typing import Any

from latex2mathml.converter import convert

FORMULA = re.compile(
    r'<(?:span|div) class="arithmatex">\s*(?:\\\((?P<inline>.*?)\\\)|\\\[(?P<block>.*?)\\\])\s*</(?:span|div)>',
    re.DOTALL,
)


def mathml(found: re.Match[str]) -> str:
    inline, block = found["inline"], found["block"]
    formula = convert(html.unescape(inline or block), display="inline" if inline else "block")
    if "\\" in formula:
        raise ValueError(f"no MathML for a command in {inline or block}")
    return formula


def on_page_content(content: str, **_: Any) -> str:
    """Hook of MkDocs: what `pymdownx.arithmatex` marked becomes MathML."""
    return FORMULA.sub(mathml, content)

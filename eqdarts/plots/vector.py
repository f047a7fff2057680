"""Figures as SVG that stands in a page: no header, no clashes with other figures, colours that follow the page."""

from __future__ import annotations

import hashlib
import io
import re
from threading import Lock
from typing import Any
from xml.etree import ElementTree  # nosec B405 # reads what matplotlib wrote just before

import matplotlib as mpl
from matplotlib.figure import Figure

from eqdarts.plots.style import INK, PALETTE

_XLINK = "{http://www.w3.org/1999/xlink}"
_OF_MATPLOTLIB = re.compile(r"(figure|axes|patch|text|legend|line2d|[xy]tick|matplotlib\.axis|\w*Collection)_\d+")
_LOCK = Lock()  # matplotlib reads how to write SVG from settings that all threads share
_HOW: Any = {"svg.fonttype": "path", "svg.hashsalt": "eqdarts", "svg.image_inline": True}


def svg(figure: Figure, prefix: str | None = None, title: str = "") -> str:
    """The figure as an ``<svg>`` element for an HTML page.

    Its background is transparent and letters are outlines, so it looks the same wherever it is read. What is black
    takes the colour of the text around it, and each colour of `eqdarts.plots.style.PALETTE` can be set by the page, as
    ``--plot-blue``; `--plot-ink` and `--plot-paper` are text and the ground behind labels.

    Parameters
    ----------
    figure : Figure
    prefix : str, optional
        Of all ids, which have to differ from those of other figures of a page; by default made of the picture.
    title : str
        What there is to see, for those who do not.

    Returns
    -------
    str
        The same for the same picture.

    Examples
    --------
    >>> figure = Figure((3, 2))
    >>> _ = figure.add_subplot().set_xlabel("mass & <more>")
    >>> svg(figure, title="An empty one").split(" ", 3)[:3]
    ['<svg', 'width="216pt"', 'height="144pt"']
    """
    file = io.StringIO()
    nothing = dict.fromkeys(("Creator", "Date", "Format", "Type"))
    with _LOCK, mpl.rc_context(_HOW):
        figure.savefig(file, format="svg", transparent=True, metadata=nothing)
    written = file.getvalue()
    root = ElementTree.fromstring(written)  # nosec B314 # by matplotlib, which escapes names
    if prefix is None:
        prefix = f"f{hashlib.sha256(written.encode()).hexdigest()[:10]}-"
    _clean(root, prefix)
    root.attrib |= {"xmlns": "http://www.w3.org/2000/svg", "fill": f"var(--plot-ink, {INK})", "role": "img"}
    root.set("style", "stroke-linejoin: round; stroke-linecap: butt; max-width: 100%; height: auto")
    if title:
        root.set("aria-label", title)
        shown = ElementTree.Element("title")
        shown.text = title
        root.insert(0, shown)
    return ElementTree.tostring(root, encoding="unicode")


def _clean(root: ElementTree.Element, prefix: str) -> None:
    """Names without namespaces, ids with the prefix, colours by name; what speaks to a whole page is left out."""
    for parent in root.iter():
        for child in list(parent):
            if child.tag.rpartition("}")[2] in ("style", "metadata"):
                parent.remove(child)
    for element in root.iter():
        element.tag = element.tag.rpartition("}")[2]
        if _XLINK + "href" in element.attrib:
            element.set("href", element.attrib.pop(_XLINK + "href"))
        if _OF_MATPLOTLIB.fullmatch(element.get("id", "")):
            del element.attrib["id"]
        for key, value in element.attrib.items():
            if key == "id":
                element.set(key, prefix + value)
            elif key == "href" and value.startswith("#"):
                element.set(key, f"#{prefix}{value[1:]}")
            elif key in ("style", "clip-path", "fill", "stroke"):
                element.set(key, _by_name(value.replace("url(#", f"url(#{prefix}")))


def _by_name(style: str) -> str:
    return re.sub("#[0-9a-fA-F]{6}", lambda found: _VARIABLES.get(found[0].lower(), found[0]), style)


_VARIABLES = {color.lower(): f"var(--plot-{name}, {color})" for name, color in PALETTE.items()}
_VARIABLES |= {"#000000": f"var(--plot-ink, {INK})", "#ffffff": "var(--plot-paper, transparent)"}

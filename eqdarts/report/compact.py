"""The same drawing in fewer characters: matplotlib writes six digits after the point, and a group for each dot."""

from __future__ import annotations

import re
from xml.etree import ElementTree  # nosec B405 # for its elements alone

Element = ElementTree.Element

_NUMBER = re.compile(r"-?\d+\.\d+")
_SPACES = re.compile(r"\s*([MLQCHVzZ])\s*")
_PLACES = ("x", "y", "d", "transform", "points", "width", "height")
#: What children take from their group, so that it can be said once.
_INHERITED = ("fill", "stroke", "stroke-width", "stroke-linejoin", "stroke-linecap", "fill-opacity", "stroke-opacity")


def compact(root: Element) -> None:
    """Change a drawing in place; its texts and ids stay."""
    for element in root.iter():
        for name in _PLACES:
            if name in element.attrib and element is not root:
                element.set(name, _short(element.attrib[name]))
        if element.tag not in ("title", "text", "tspan"):
            element.text = None
        element.tail = None
    _flatten(root)


def _short(places: str) -> str:
    """Coordinates to a hundredth of a point; numbers below one, which are scales, as they are."""
    rounded = _NUMBER.sub(lambda found: _rounded(found[0]), places)
    return _SPACES.sub(r"\1", rounded).strip()


def _rounded(number: str) -> str:
    return number if abs(float(number)) < 1 else f"{float(number):.2f}".rstrip("0").rstrip(".")


def _flatten(parent: Element) -> None:
    """Groups that say nothing give way to what they hold; neighbours that say the same are one."""
    children: list[Element] = []
    for child in parent:
        _flatten(child)
        if child.tag == "defs" and not len(child):
            continue
        inside = list(child) if child.tag == "g" and not child.attrib else [child]
        for one in inside:
            before = children[-1] if children else None
            if before is not None and one.tag == before.tag == "g" and one.attrib == before.attrib:
                before.extend(one)
            else:
                children.append(one)
    parent[:] = children
    if parent.tag == "g" and len(parent) > 1 and all(child.tag == "use" for child in parent):
        _say_once(parent)


def _say_once(group: Element) -> None:
    for name in _INHERITED:
        values = {child.get(name) for child in group}
        if len(values) == 1 and None not in values and group.get(name) in (None, *values):
            group.set(name, values.pop() or "")
            for child in group:
                del child.attrib[name]

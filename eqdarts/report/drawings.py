"""Pictures of eqdarts.plots as parts of one page: letters that all share are kept once, and nothing needs a style.

A page that allows one style and one script, by their hashes, allows no ``style`` attribute; so those of the pictures
become presentation attributes, which say the same.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from xml.etree import ElementTree  # nosec B405 # reads what `svg` wrote just before

from markupsafe import Markup
from matplotlib.figure import Figure

from eqdarts.plots.vector import svg
from eqdarts.report.compact import compact


@dataclass
class Sheet:
    """All pictures of a page.

    Attributes
    ----------
    letters : dict of (str, str) to str
        The id of each outline that pictures refer to, by its path and its transformation.
    drawn : int
        Pictures so far.
    """

    letters: dict[tuple[str, str], str] = field(default_factory=dict)
    drawn: int = 0

    def draw(self, figure: Figure, title: str) -> Markup:
        """The figure as an ``<svg>`` element; title: what there is to see, for those who do not."""
        self.drawn += 1
        root = ElementTree.fromstring(svg(figure, prefix=f"p{self.drawn}-", title=title))  # nosec B314 # a tree of ours
        for element in root.iter():
            element.tag = element.tag.rpartition("}")[2]
            _as_attributes(element)
        renamed = self._take_letters(root)
        for element in root.iter("use"):
            reference = element.get("href", "")[1:]
            element.set("href", f"#{renamed.get(reference, reference)}")
        compact(root)
        return _markup(root)

    def letter_sheet(self) -> Markup:
        """The outlines, for a place in the page that is not shown."""
        root = ElementTree.Element("svg", {"class": "letters", "aria-hidden": "true", "width": "0", "height": "0"})
        outlines = ElementTree.SubElement(root, "defs")
        for (path, transform), name in self.letters.items():
            outline = ElementTree.SubElement(outlines, "path", {"id": name, "d": path})
            if transform:
                outline.set("transform", transform)
        return _markup(root)

    def _take_letters(self, root: ElementTree.Element) -> dict[str, str]:
        """Take plain outlines out of a picture; what they were called, and what they are called on the sheet."""
        renamed = {}
        for definitions in root.iter("defs"):
            for shape in list(definitions):
                if shape.tag == "path" and set(shape.attrib) - {"transform"} == {"id", "d"}:
                    outline = " ".join(shape.get("d", "").split()), shape.get("transform", "")
                    renamed[shape.get("id", "")] = self.letters.setdefault(outline, f"g{len(self.letters)}")
                    definitions.remove(shape)
        return renamed


def _as_attributes(element: ElementTree.Element) -> None:
    for rule in element.attrib.pop("style", "").split(";"):
        name, colon, value = rule.partition(":")
        if colon and name.strip() not in ("max-width", "height", "mix-blend-mode"):
            element.set(name.strip(), value.strip())


def _markup(root: ElementTree.Element) -> Markup:
    return Markup(ElementTree.tostring(root, encoding="unicode"))  # nosec B704 # ElementTree escapes

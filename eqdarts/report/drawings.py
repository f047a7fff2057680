"""Pictures of eqdarts.plots as parts of one page: letters that all share are kept once, and nothing needs a style.

A page that allows one style and one script, by their hashes, allows no ``style`` attribute; so those of the pictures
become presentation attributes, which say the same.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from xml.etree import ElementTree

from markupsafe import Markup
from matplotlib.figure import Figure

from eqdarts.plots.vector import svg


@dataclass
class Sheet:
    """All pictures of a page.

    Attributes
    ----------
    letters : dict of str to str
        The id of each outline that pictures refer to, by its path.
    drawn : int
        Pictures so far.
    """

    letters: dict[str, str] = field(default_factory=dict)
    drawn: int = 0

    def draw(self, figure: Figure, title: str) -> Markup:
        """The figure as an ``<svg>`` element; title: what there is to see, for those who do not."""
        self.drawn += 1
        root = ElementTree.fromstring(svg(figure, prefix=f"p{self.drawn}-", title=title))
        for element in root.iter():
            element.tag = element.tag.rpartition("}")[2]
        renamed = self._take_letters(root)
        for element in root.iter():
            _as_attributes(element)
            reference = element.get("href", "")
            if reference[1:] in renamed:
                element.set("href", f"#{renamed[reference[1:]]}")
        return _markup(root)

    def letter_sheet(self) -> Markup:
        """The outlines, for a place in the page that is not shown."""
        root = ElementTree.Element("svg", {"class": "letters", "aria-hidden": "true", "width": "0", "height": "0"})
        outlines = ElementTree.SubElement(root, "defs")
        for path, name in self.letters.items():
            outlines.append(ElementTree.Element("path", {"id": name, "d": path}))
        return _markup(root)

    def _take_letters(self, root: ElementTree.Element) -> dict[str, str]:
        """Take plain outlines out of a picture; what they were called, and what they are called on the sheet."""
        renamed = {}
        for definitions in root.iter("defs"):
            for shape in list(definitions):
                if shape.tag == "path" and set(shape.attrib) == {"id", "d"}:
                    path = shape.get("d", "")
                    renamed[shape.get("id", "")] = self.letters.setdefault(path, f"g{len(self.letters)}")
                    definitions.remove(shape)
        return renamed


def _as_attributes(element: ElementTree.Element) -> None:
    for rule in element.attrib.pop("style", "").split(";"):
        name, colon, value = rule.partition(":")
        if colon and name.strip() not in ("max-width", "height", "mix-blend-mode"):
            element.set(name.strip(), value.strip())


def _markup(root: ElementTree.Element) -> Markup:
    return Markup(ElementTree.tostring(root, encoding="unicode"))  # ElementTree escapes

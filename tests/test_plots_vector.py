"""Figures for a page: well-formed, alone in their ids, in the page's colours."""

import re
from xml.etree import ElementTree

import matplotlib as mpl
import pytest
from matplotlib.figure import Figure

from eqdarts.plots.style import BLUE
from eqdarts.plots.vector import svg

NAME = "a<b> & --> <script>alert(1)</script> $x_1$ 'q' \"r\""


@pytest.fixture(scope="module")
def figure():
    figure = Figure((3, 2))
    ax = figure.add_subplot()
    ax.plot([1, 2], [1, 2], color=BLUE)
    ax.scatter([1, 2], [2, 1], gid="row-3", hatch="//")
    ax.imshow([[1, 2], [2, 1]])
    ax.set_xlabel(NAME, parse_math=False)
    return figure


def test_every_reference_has_its_id_and_no_id_is_that_of_another_figure(figure):
    first, second = svg(figure), svg(figure, prefix="other-")
    for text in (first, second):
        ids = [e.get("id") for e in ElementTree.fromstring(text).iter() if e.get("id")]
        assert len(ids) == len(set(ids))
        used = set(re.findall(r'href="#([^"]+)"', text)) | set(re.findall(r"url\(#([^)]+)\)", text))
        assert used
        assert used <= set(ids)
    assert not set(re.findall(r' id="([^"]+)"', first)) & set(re.findall(r' id="([^"]+)"', second))
    assert ' id="other-row-3"' in second


def test_it_is_one_element_without_header_scripts_styles_or_addresses(figure):
    before = dict(mpl.rcParams)
    text = svg(figure, title=NAME)
    assert dict(mpl.rcParams) == before
    assert text == svg(figure, title=NAME)
    assert text.startswith("<svg ")
    assert not re.search(r"<(script|style|metadata|!)", text)
    assert set(re.findall(r"https?://[^\"]*", text)) == {"http://www.w3.org/2000/svg"}
    assert ElementTree.fromstring(text)[0].text == NAME


def test_colours_can_be_set_by_the_page(figure):
    text = svg(figure)
    assert f"var(--plot-blue, {BLUE})" in text
    assert "var(--plot-ink, currentColor)" in text
    assert "#000000" not in text

"""What a notebook shows of models, fronts and equations; and that names are nothing but text there."""

import re
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest
import sympy
from matplotlib.mathtext import MathTextParser
from sklearn import config_context
from sklearn.pipeline import make_pipeline

from eqdarts import DARTSRegressor, Equation, Front, InputDataError, refit
from eqdarts.data.noise import Noise
from eqdarts.equation.card import card
from eqdarts.equation.latex_table import latex_table
from eqdarts.equation.markup import equations_markup

F = sympy.Float
NASTY = ("<script>alert(1)</script>", "$5 & 10 %", "`back` \"quotes\" 'more'", "a\\b {c}~#^_\n\x1b")
VOID = {"br", "hr", "img", "input", "meta", "link"}


class Balanced(HTMLParser):
    """Fails on an element that is closed out of order; keeps the tags, and the text outside of styles."""

    def __init__(self):
        super().__init__()
        self.open, self.tags, self.text = [], [], ""

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if "style" not in self.open:
            self.text += data


def read(html):
    parser = Balanced()
    parser.feed(html)
    parser.close()
    assert not parser.open
    return parser


def front(columns=("m", "v", "h"), target="E"):
    m, v, h = (sympy.Symbol(name) for name in columns)
    expressions = (F(109.6), m * (F(9.8) * h + v**2 / 2), F(9.8) * h * m + F(0.49) * m * v**2 - F(0.11))
    sure = ((3000.0, 0.0, 3100.0), (1.05, 0.985, 1.1), (1.02, 0.0144, None))
    return Front(
        tuple(
            Equation(e, columns, target, loss, loss / 3000, "t", probability=p, left_out=out)
            for e, (loss, p, out) in zip(expressions, sure, strict=True)
        )
    )


def test_the_card_says_what_was_found_how_good_it_is_and_how_sure():
    found = front()
    page = read(card(found, 1, found[1], 200, automatic=2, leaves_something=True))
    assert "200 rows · R² 0.99965 · error 1.02 (1.05 on rows left out) · probability of this form 98 %" in page.text
    assert f"the automatic choice is that of complexity {found[2].complexity}" in page.text
    assert "leaves more than noise" in page.text
    assert page.tags.count("math") == 4
    assert not {"script", "img", "link"} & set(page.tags)
    marked = re.search(
        r'<tr class="eqdarts-chosen" aria-current="true"><td>(.*?)</td>', equations_markup(found, chosen=1)
    )
    assert marked[1] == "▸ 1"


@pytest.mark.parametrize(
    ("noise", "said"),
    [
        (Noise("proportional", unit=2.0), "error 51.2 % of the value (52.4 on rows left out)"),
        (Noise("poisson", unit=2.0), "error 0.512 times the root of the value"),
        (Noise("given", unit=2.0), "residuals are 0.512 times the errors"),
    ],
)
def test_noise_is_said_in_its_form(noise, said):
    found = front()
    assert said in read(card(found, 1, found[1], 200, noise)).text.replace("  ", " ")


def test_rivals_that_the_rows_do_not_tell_apart_are_named():
    found = front()
    rivals = [Equation(sympy.Symbol("m") * k, ("m",), "E", 1.0, 0.1, "t", probability=0.5 - 0.01 * k) for k in (1, 2)]
    page = read(card(found, 1, found[1], 9, rivals=rivals))
    assert "The rows do not decide between these two:" in page.text
    assert "49 %" in page.text
    assert page.tags.count("math") == 6


def test_names_are_text_in_cards_fronts_and_tables():
    found = front(NASTY[:3], NASTY[3])
    for html in (card(found, 1, found[1], 20), found._repr_html_()):
        page = read(html)
        assert "script" not in page.tags
        assert NASTY[0] in page.text
        assert r"a\b {c}~#^_\n\x1b" in page.text
    assert "\x1b" not in found[1]._repr_latex_()
    assert "\n" not in repr(found[1])
    well_formed(latex_table(found.equations, 1))


def well_formed(text):
    """As many cells in each row as the head has, and formulas that can be typeset."""
    lines = text.splitlines()
    rows = [line for line in lines if line.endswith(r"\\")]
    columns = len(re.fullmatch(r"\\begin\{tabular\}\{(l*r*)\}", lines[lines.index(r"\toprule") - 1])[1])
    for line in rows:
        assert len(re.findall(r"(?<!\\)&", line)) == columns - 1
        formulas = re.split(r"(?<!\\)\$", line)
        assert len(formulas) % 2, "a $ is not closed"
        assert all(re.fullmatch(r"[\s\w()&,\\%.]*", between) for between in formulas[::2])
        for formula in formulas[1::2]:
            if "textasci" not in formula and "textbackslash" not in formula:  # mathtext does not know these
                MathTextParser("path").parse(f"${formula}$")
    depth = np.cumsum([{"{": 1, "}": -1}.get(c, 0) for c in re.sub(r"\\[{}\\]", "", text)])
    assert depth.min() >= 0
    assert depth[-1] == 0
    assert re.findall(r"\\begin\{(\w+)\}", text) == re.findall(r"\\end\{(\w+)\}", text)[::-1]
    return rows


def test_a_table_for_the_paper_has_constants_with_errors_and_marks_the_choice():
    x = np.linspace(1, 2, 9)
    law = refit("a*x1", x, 2 * x + 0.1 * np.cos(9 * x))
    text = latex_table((law, *front(("x1", "v", "h"), "y")), 0, caption="What was found.", label="tab:front")
    rows = well_formed(text)
    assert rows[0].split(" & ")[1:4] == ["$y$", "Complexity", "$R^{2}$"]
    assert re.match(r"\$\\rightarrow\$ & \$\\left\([12]\.\d+ \\pm 0\.\d+\\right\) x_\{1\}\$ & 3 & ", rows[1])
    assert rows[3].endswith(r"& $1.02$ & $1.05$ & $98$\,\% \\")
    assert text.startswith(
        "\\begin{table}\n\\centering\n\\caption{What was found.}\n\\label{tab:front}\n\\begin{tabular}"
    )
    assert "Error (\\%)" in latex_table((law,), noise=Noise("proportional"))
    assert "Probability" not in latex_table((law,))


@pytest.fixture(scope="module")
def model():
    x = np.linspace(1, 3, 40)
    return DARTSRegressor(max_epochs=2, replicas=16, verbose=0, random_state=0).fit(
        pd.DataFrame({"<b>x": x}), pd.Series(x**2, name="F")
    )


def test_a_model_shows_what_it_found_above_scikit_learns_diagram(model):
    bundle = model._repr_mimebundle_()
    assert bundle["text/html"].startswith('<div class="eqdarts">')
    assert "sk-top-container" in bundle["text/html"]
    assert "<b>x" not in bundle["text/html"]
    assert bundle["text/latex"] == r"$\displaystyle F = \text{<b>x}^{2}$"
    assert bundle["text/plain"] == str(model)
    assert model._repr_html_().count("<math") >= 3
    assert "max_epochs=2" in repr(model)
    assert "\n" not in repr(model.front_)


def test_it_shows_text_where_scikit_learn_is_told_so_and_the_diagram_before_a_fit(model):
    with config_context(display="text"):
        assert not hasattr(model, "_repr_html_")
        assert "text/html" not in model._repr_mimebundle_()
    new = DARTSRegressor()
    assert 'class="eqdarts"' not in new._repr_html_()
    assert set(new._repr_mimebundle_()) == {"text/plain", "text/html"}
    assert "DARTSRegressor" in make_pipeline(model)._repr_html_()


def test_a_table_of_some_rows_has_the_arrow_where_it_belongs(model):
    assert well_formed(model.latex_table())[1 + model.best_index_].startswith(r"$\rightarrow$")
    assert "rightarrow" not in model.latex_table([0])
    assert model.latex_table([1, 0]).index("rightarrow") < model.latex_table([1, 0]).index(model.latex(0)[4:8])
    for rows in ([7], [], [-1]):
        with pytest.raises(InputDataError, match=r"rows"):
            model.latex_table(rows)

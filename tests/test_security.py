"""Names and texts from anywhere stay data: every format is read back by a reader of its own."""

import ast
import csv
import io
import json
import re
import subprocess
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import openpyxl
import pandas as pd
import pytest
import sympy
from command_line import run_here
from drawn_models import GENOTYPE
from hostile import CANARY, NAMES
from ready_searches import ReadySearch
from test_exports import COMPILER, needs_compiler
from test_report import Elements

import eqdarts.classifier
from eqdarts import Constraints, DARTSClassifier, DARTSRegressor, InputDataError, plots, refit
from eqdarts.cli import screen
from eqdarts.cli.output import _numbered
from eqdarts.equation.equation import Equation
from eqdarts.equation.front import Front
from eqdarts.equation.latex_table import latex_table
from eqdarts.formula.latex import symbol_latex, text_latex
from eqdarts.formula.mathml import mathml
from eqdarts.formula.parsing import parse_expression
from eqdarts.formula.text import format_expression
from eqdarts.formula.visible import csv_text, visible
from eqdarts.report import report_html
from eqdarts.results import equations_csv

every_name = pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
#: Without what pandas cannot hold.
WRITTEN = {key: name for key, name in NAMES.items() if key != "surrogate"}
every_column = pytest.mark.parametrize("name", WRITTEN.values(), ids=WRITTEN)
#: All of them as one, for what takes long to make. What ends a text there begins the next one.
ALL = " ".join(WRITTEN.values())
TINY = {
    "max_epochs": 1, "max_time": None, "replicas": 16, "max_nodes": 1, "operations": ["scale", "power"],
    "links": ["identity"], "random_state": 0, "verbose": 0,
}  # fmt: skip


def law_of(name):
    """An equation in which a name is a column, and begins that of the target."""
    x, b = sympy.Symbol(name), sympy.Symbol("b")
    return Equation(2.5 * x / b**2 + sympy.exp(-x), (name, "b"), f"{name} y", 0.5, 0.1, "test")


def fitted(name):
    """A model that has it for a column, a target, and units."""
    rows = np.random.default_rng(0).uniform(1, 2, (20, 2))
    X = pd.DataFrame(rows, columns=[name, "b"])
    y = pd.Series(2.5 * rows[:, 0] / rows[:, 1] ** 2, name=f"{name} y")
    X.attrs["units"], y.attrs["units"] = {name: f"{name} u"}, {y.name: name}
    return DARTSRegressor(**TINY).fit(X, y), X, y


def is_plain(text):
    """Is nothing in it but what is printed, line ends, and the signs of mathematics that MathML does not show?"""
    return all(line == visible(line) for line in re.sub("[\u2061\u2062]", "", text).split("\n"))


@every_name
def test_text_reads_back_as_the_same_formula(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    law = law_of(name)
    assert parse_expression(format_expression(law.expression), law.columns, evaluate=False) == law.expression
    for given in (repr(law), repr(Front((law,), 20))):  # text() and str() are for programs, to be read back
        assert is_plain(given)
    with pytest.raises(InputDataError) as refused:
        parse_expression(f"a*{name.replace('`', '')} +", ("a",))
    assert is_plain(str(refused.value))
    assert not list(tmp_path.iterdir())


def undressed(latex):
    """The text in a `text` of LaTeX, by its own rules: a backslash escapes a sign or names a command."""
    signs = {"textbackslash": "\\", "textasciitilde": "~", "textasciicircum": "^"}
    inner = re.fullmatch(r"\\(?:text|mathrm)\{(.*)\}", latex)[1]
    out = ""
    while inner:
        token = re.match(r"\\([a-z]+)\{\}|\\([&%$#_{}])|([^\\&%$#_{}~^])", inner)
        assert token, f"{inner!a} means something"
        out += signs[token[1]] if token[1] else token[2] or token[3]
        inner = inner[token.end() :]
    return out


@every_name
def test_latex_has_the_name_and_no_command_of_it(name):
    assert undressed(symbol_latex(name)) == undressed(text_latex(name)) == visible(name)
    law, plain = law_of(name), law_of("long word").latex()
    commands = set(re.findall(r"\\[A-Za-z]+", law.latex().replace(symbol_latex(name), "")))
    ours = {r"\textbackslash", r"\textasciitilde", r"\textasciicircum"}
    assert commands - ours <= set(re.findall(r"\\[A-Za-z]+", plain))
    table = latex_table([law], 0, units={name: name})
    assert table.count(r"\end{") == 1
    assert is_plain(table)


@every_name
def test_mathml_and_cards_have_the_tags_of_any_other_name(name):
    law = law_of(name)
    root = ElementTree.fromstring(mathml(law.expression, law.target))
    assert visible(name) in {element.text for element in root.iter()}
    shown, *usual = (
        Elements(Front((one,), 20)._repr_html_()) for one in (law, *map(law_of, ("long word", "word", "x")))
    )
    known = {(tag, word) for page in usual for tag, has, _ in page.found for word in ("", *has)}
    assert {(tag, word) for tag, has, _ in shown.found for word in ("", *has)} <= known
    assert visible(name) in "".join(shown.texts("math"))


@pytest.fixture(scope="module")
def everything():
    return fitted(ALL)


def test_a_page_with_all_of_them_has_the_tags_of_a_page_with_none(everything):
    model, X, y = everything
    pages = [
        report_html(model, X, y, title=ALL, notes=[ALL]),
        report_html(*fitted("long word"), title="a", notes=["b"]),
    ]
    assert is_plain(pages[0])
    hostile, usual = map(Elements, pages)
    kinds = [{(tag, *sorted(has)) for tag, has, _ in page.found} for page in (hostile, usual)]
    assert {tag for tag, *_ in kinds[0]} <= {tag for tag, *_ in kinds[1]} | {"tspan", "br"}
    assert {word for _, *has in kinds[0] for word in has} <= {word for _, *has in kinds[1] for word in has}
    assert hostile.texts("h1") == [visible(ALL)]
    for _, has, _ in hostile.found:
        assert all(has.get(place, "#").startswith(("#", "data:image/png")) for place in ("href", "src", "action"))


def test_pictures_with_all_of_them_are_drawn(everything):
    model, X, y = everything
    root = ElementTree.fromstring(plots.svg(plots.overview(model, X, y)))
    tags = {element.tag.rpartition("}")[2] for element in root.iter()}
    assert tags <= {"svg", "g", "path", "use", "defs", "clipPath", "rect", "title", "text", "image"}
    plots.plot_graph(GENOTYPE, inputs=[ALL, "b", "c"]).figure.canvas.draw()


def test_the_terminal_gets_no_escapes(monkeypatch, capsys):
    monkeypatch.setenv("TERM", "dumb")
    for key, name in WRITTEN.items():
        model, X, _ = fitted(name)
        print(model)
        with pytest.raises(InputDataError) as refused:
            model.predict(X[["b"]])
        print(refused.value)
        screen.show_model(model)
        screen.show_heading(name)
        screen.show_cells([name, "y"], [[name, name]], 1)
        written = capsys.readouterr().out
        assert is_plain(written), key
        if len(visible(name)) < 20:
            assert visible(name) in written


@every_name
def test_python_is_one_function_and_its_text(name):
    tree = ast.parse(law_of(name).python())
    assert [type(part) for part in tree.body] == [ast.Import, ast.FunctionDef]
    called = {ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    assert called == {"np.asarray", "np.errstate", "np.exp"}


@needs_compiler
def test_c_is_one_function_for_each_name(tmp_path):
    sources = [law_of(name).c(f"law{k}") for k, name in enumerate(NAMES.values())]
    path = tmp_path / "laws.c"
    path.write_text("\n".join(sources), encoding="utf-8")
    flags = ["-std=c99", "-trigraphs", "-Wall", "-Wextra", "-Werror", "-c", str(path), "-o", f"{path}.o"]
    done = subprocess.run([COMPILER, *flags], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    names = re.findall(rb"\x00([a-z_]\w*)(?=\x00)", (tmp_path / "laws.c.o").read_bytes())
    assert CANARY.encode() not in names
    assert b"system" not in names


@every_column
def test_spreadsheets_see_text_and_the_csv_reader_the_same_cells(name):
    table = pd.DataFrame({name: [1.5], f"{name} y": [name], "group": [name], "equation": [f"-`{name}`"]})
    (head, cells) = csv.reader(io.StringIO(csv_text(table, index=False)))
    assert len(head) == len(cells) == 4
    sheet = openpyxl.Workbook().active
    sheet.append(head)
    sheet.append(cells)
    assert {cell.data_type for row in sheet for cell in row} == {"s"}
    for text in (*head, *cells[1:]):
        assert text[0] not in "=+-@\t\r\n＝＋－＠"
    assert visible(name) in head[0]
    assert name not in law_of(name).excel()
    with pytest.raises(InputDataError, match="not a cell or a name"):
        law_of(name).excel({name: name})


@every_name
def test_json_reads_back_as_the_same_name(name):
    law = law_of(name)
    assert Equation.from_json(law.to_json()) == law
    assert law.to_json().isascii()


@every_name
def test_a_name_leads_to_no_other_file(name, tmp_path):
    (page,) = _numbered(tmp_path / "page.html", [name])
    assert page.parent == tmp_path
    assert re.fullmatch(r"page_1\w*\.html", page.name)


@pytest.mark.filterwarnings("ignore::eqdarts.errors.SearchWarning")
@every_name
def test_options_that_are_formulas_run_nothing(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    X, y = pd.DataFrame({"a": [1.0, 2, 3, 4], "b": [1.0, 3, 2, 5]}), pd.Series([1.0, 2, 4, 7], name="y")
    for attempt in (
        lambda: refit(f"k*{name}*a", X, y),
        lambda: DARTSRegressor(template=f"f(a) + {name}", **TINY).fit(X, y),
        lambda: DARTSRegressor(guesses=[f"{name}*a"], **TINY).fit(X, y),
        lambda: DARTSRegressor(constraints=Constraints(must=[name]), **TINY).fit(X, y),
        lambda: DARTSRegressor(units={"a": f"{name} m"}, **TINY).fit(X, y),
        lambda: DARTSRegressor(loss=name, **TINY).fit(X, y),
        lambda: DARTSRegressor(operations=[name], **{k: v for k, v in TINY.items() if k != "operations"}).fit(X, y),
    ):
        told = ""
        try:
            attempt()
        except InputDataError as refused:  # but for +1+1, which is a formula
            told = str(refused)
        assert is_plain(told)
    assert not list(tmp_path.iterdir())


def test_commands_with_all_of_them(tmp_path, monkeypatch, capsys):
    """In a header, as the name of a file, and in what commands print and write."""
    monkeypatch.chdir(tmp_path)
    name = " ".join(name for name in NAMES.values() if name.isprintable())  # others are refused in a header
    rows = np.random.default_rng(0).uniform(1, 2, (20, 2))
    table = pd.DataFrame({name: rows[:, 0], "b": rows[:, 1], "=y": 2.5 * rows[:, 0] / rows[:, 1] ** 2})
    table.to_csv("=\x1b[2J.csv", index=False)
    limits = ("--max-epochs", "1", "--max-time", "600", "--quiet")
    done = run_here(["fit", "=\x1b[2J.csv", "--target", "=y", *limits, "--output", "out"], capsys)
    assert done.returncode == 0, ascii(done.stderr)
    again = run_here(["predict", "out/model.json", "=\x1b[2J.csv", "--output", "p.csv"], capsys)
    assert again.returncode == 0, ascii(again.stderr)
    wrong = run_here(["fit", "=\x1b[2J.csv", "--target", name[::-1]], capsys)
    assert wrong.returncode == 2
    for text in (done.stdout, done.stderr, again.stdout, again.stderr, wrong.stderr):
        assert is_plain(text), ascii(text)
    document = json.loads(run_here(["show", "out/model.json", "--json"], capsys).stdout)
    assert document["columns"] == [name, "b"]
    for file in ("out/equations.csv", "p.csv"):
        with open(file, encoding="utf-8", newline="") as written:
            cells = [cell for row in csv.reader(written) for cell in row]
        numbers = re.compile(r"-?[\d.]+(e[+-]?\d+)?")
        assert not [cell for cell in cells if cell[:1] in set("=+-@\t\r") and not numbers.fullmatch(cell)]
    assert {path.name for path in tmp_path.iterdir()} == {"=\x1b[2J.csv", "out", "p.csv"}


def rabbits(name, folder):
    """A model in groups, of which one, and their column, are called so."""
    text = Path(__file__).with_name("rabbits.json").read_text(encoding="utf-8")
    as_json = json.dumps(name)[1:-1]
    (folder / "rabbits.json").write_text(text.replace('"A"', f'"{as_json}"').replace('"rabbit"', f'"{as_json} r"'))
    return DARTSRegressor.load(folder / "rabbits.json")


def test_labels_of_groups_stay_text(tmp_path):
    model = rabbits(ALL, tmp_path)
    assert ALL in model.constants_.index
    hostile, usual = (Elements(report_html(one)) for one in (model, rabbits("long word", tmp_path)))
    assert {tag for tag, _, _ in hostile.found} == {tag for tag, _, _ in usual.found}
    table = model.latex_groups()
    for text in (str(model), table, equations_csv(model, None, None).decode()):
        assert is_plain(text)
    assert not re.search(r"\\(input|immediate|write)|\\end\{document", table)


def test_labels_of_classes_stay_text(monkeypatch):
    monkeypatch.setattr(eqdarts.classifier, "DARTSRegressor", ReadySearch)
    pages = []
    for label in (ALL, "long word"):
        labels = np.where((np.arange(40) * 7) % 40 > np.arange(40), label, f"={label}")
        X = pd.DataFrame({label: np.linspace(0.1, 2, 40)})
        model = DARTSClassifier(verbose=0, random_state=0, model_selection="accuracy")
        model.fit(X, pd.Series(labels, name=f"{label} y"))
        for text in (str(model), model.latex(), equations_csv(model, None, None).decode()):
            assert is_plain(text)
        assert not re.search(r"\\(input|immediate|write)|\\end\{document", model.latex())
        pages.append(Elements(report_html(model, title=label)))
    assert {tag for tag, _, _ in pages[0].found} == {tag for tag, _, _ in pages[1].found}
    assert pages[0].texts("h1") == [visible(ALL)]

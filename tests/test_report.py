"""The report: what stands in it, that names of a user's stay text, and that it works in a browser."""

import base64
import hashlib
import re
import shutil
from html.parser import HTMLParser
from importlib import import_module
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import eqdarts
from eqdarts import DARTSRegressor, InputDataError
from eqdarts.equation.figures import percent
from eqdarts.report import report_html, write_report
from eqdarts.report.drawings import Sheet
from eqdarts.report.front import chart
from eqdarts.report.pictures import of_law
from eqdarts.report.table import are_others, failures, measures, rows_of, thinned

IMAGE, SCRIPT, TARGET = "<img src=x onerror=alert(1)>", "</script>\"b'", '<b>y&"'


@pytest.fixture(scope="module")
def fitted():
    """A model whose columns are called what no page should take for markup."""
    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.uniform(1, 3, (40, 2)), columns=[IMAGE, SCRIPT])
    y = pd.Series(2.137 * X[IMAGE] ** 2 + 0.713 + rng.normal(0, 0.05, 40), name=TARGET)
    X.attrs["units"], y.attrs["units"] = {IMAGE: "<s>"}, {TARGET: "J"}
    model = DARTSRegressor(
        max_epochs=2, replicas=16, max_nodes=2, operations=["linear", "power"], links=["identity"], max_time=None,
        random_state=0, verbose=0,
    )  # fmt: skip
    return model.fit(X, y), X, y


@pytest.fixture(scope="module")
def page(fitted):
    return report_html(*fitted, title="Report of <i>a test</i>", notes=["3 rows with missing cells were left out."])


class Elements(HTMLParser):
    """Tags with their attributes, and the text of each."""

    VOID = frozenset({"meta", "input", "br", "img", "link"})

    def __init__(self, text):
        super().__init__()
        self.found, self.open = [], []
        self.feed(text)
        self.close()
        assert not self.open, f"not closed: {self.open}"

    def handle_starttag(self, tag, attributes):
        self.found.append((tag, dict(attributes), []))
        if tag not in self.VOID:
            self.open.append(self.found[-1])

    def handle_startendtag(self, tag, attributes):
        self.found.append((tag, dict(attributes), []))

    def handle_endtag(self, tag):
        assert self.open, f"</{tag}> without a beginning"
        assert self.open.pop()[0] == tag

    def handle_data(self, data):
        for _, _, texts in self.open:
            texts.append(data)

    def texts(self, tag, **attributes):
        names = {name.rstrip("_").replace("_", "-"): value for name, value in attributes.items()}
        return [
            "".join(texts)
            for found, has, texts in self.found
            if found == tag and all(value in (has.get(name) or "").split() for name, value in names.items())
        ]


@pytest.fixture(scope="module")
def elements(page):
    return Elements(page)


def test_every_part_is_there(fitted, elements):
    model, X, _ = fitted
    front, best = model.equations_, model.best_index_
    assert elements.texts("h1") == ["Report of <i>a test</i>"]
    assert len(elements.texts("tr", data_selects=str(best))) == 1
    radios = [has for tag, has, _ in elements.found if tag == "input"]
    assert [r["value"] for r in radios] == [str(i) for i in range(len(front))]
    assert [r["value"] for r in radios if "checked" in r] == [str(best)]
    tiles = " ".join(elements.texts("dl", class_="tiles")[best].split())
    assert f"Typical error{front.error[best]:.3g} J" in tiles
    assert percent(front.probability[best]) in tiles
    for heading in ("The data", "How it was found", "For the methods section of a paper", "Its constants"):
        assert any(heading in text for text in elements.texts("h2") + elements.texts("h3")), heading
    data = elements.texts("section", id="data")[0]
    assert "40 rows" in data
    assert "3 rows with missing cells were left out." in data
    assert all(name in data for name in [*X.columns, "<s>"])
    assert len(elements.texts("math")) > 3 * len(front)


def test_code_is_what_the_model_exports(fitted, elements):
    model = fitted[0]
    for i in range(len(model.front_)):
        law = model.equation(i)
        written = {"latex": law.latex(), "errors": law.latex(errors=True), "python": law.python(), "c": law.c()}
        for key, text in {**written, "excel": law.excel()}.items():
            assert elements.texts("pre", id=f"code-{i}-{key}") == [text]


def test_methods_name_settings_versions_and_what_to_cite(fitted, elements):
    model = fitted[0]
    methods = elements.texts("p", id=f"methods-{model.best_index_}")[0]
    assert f"eqdarts {eqdarts.__version__} [1]" in methods
    assert "linear and power" in methods
    assert "The random seed was 0." in methods
    assert "2 epochs" in methods
    cited = elements.texts("ol", class_="references")[0] + elements.texts("pre", id="bibtex")[0]
    citation = Path(__file__).parent.parent / "CITATION.cff"
    for found in re.findall(r"(?m)^(?:title|version|  - name): \"?(.*?)\"?$", citation.read_text(encoding="utf-8")):
        assert found in cited
    assert "arXiv:1806.09055" in cited


def test_names_stay_text(page, elements):
    assert not {"img", "b", "i"} & {tag for tag, _, _ in elements.found}
    assert len(re.findall("<script", page)) == len(re.findall("</script", page)) == 1
    assert not [name for _, has, _ in elements.found for name in has if name.startswith("on") or name == "style"]
    assert IMAGE in "".join(elements.texts("mtext"))


def test_nothing_is_loaded_and_the_policy_allows_what_is_there(page, elements):
    for tag, has, _ in elements.found:
        for name in ("src", "href"):
            assert has.get(name, "#").startswith(("#", "data:image/png;base64,")), (tag, has)
    assert "url(http" not in page
    assert "@import" not in page
    policy = next(has["content"] for tag, has, _ in elements.found if has.get("http-equiv"))
    for tag in ("style", "script"):
        (text,) = elements.texts(tag)
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in policy


def test_ids_are_there_once(elements):
    ids = [has["id"] for _, has, _ in elements.found if "id" in has]
    assert len(ids) == len(set(ids))
    wanted = {has[name] for _, has, _ in elements.found for name in ("aria-labelledby", "data-copies") if name in has}
    wanted |= {has["href"][1:] for _, has, _ in elements.found if has.get("href", "").startswith("#")}
    assert wanted <= set(ids)


def test_a_model_from_a_file_has_a_report_without_rows(fitted, tmp_path):
    model = fitted[0]
    model.save(tmp_path / "model.json")
    path = tmp_path / "report.html"
    write_report(DARTSRegressor.load(tmp_path / "model.json"), None, None, path)
    bare = Elements(path.read_text(encoding="utf-8"))
    assert "made without rows" in bare.texts("section", id="data")[0]
    assert model.latex() in bare.texts("pre", id=f"code-{model.best_index_}-latex")


def test_rows_of_another_table_are_measured_by_themselves(fitted):
    model, X, y = fitted
    assert not are_others(model, rows_of(model, X, y))
    assert not are_others(model, rows_of(model, None, None))
    some = rows_of(model, X.to_numpy()[:20], y[:20])
    assert are_others(model, some)
    missing, error = measures(model.front_[model.best_index_], some, model.loss_)
    assert 1 - missing == pytest.approx(model.score(X[:20], y[:20]))
    assert error**2 == pytest.approx(np.mean((y[:20] - model.predict(X[:20])) ** 2))


def test_of_many_rows_the_worst_are_drawn(fitted):
    model, X, y = fitted
    rows = rows_of(model, X, y)
    law = model.front_[model.best_index_]
    some = thinned(rows, 12, rows.y - law.predict(rows.X))
    assert len(some) == 12
    assert {row.row for row in failures(law, some)} == {row.row for row in failures(law, rows)}


def test_rows_that_do_not_fit_are_refused(fitted):
    model, X, y = fitted
    with pytest.raises(InputDataError, match="both X and y"):
        report_html(model, X)
    with pytest.raises(InputDataError, match="is missing; there are '<img"):
        report_html(model, X[[IMAGE]], y)
    with pytest.raises(InputDataError, match="40 rows and y has 39"):
        report_html(model, X, y[1:])


def test_a_picture_that_cannot_be_drawn_says_so(fitted, monkeypatch):
    def fails(*_, **__):
        raise OverflowError("<b>too large</b>")

    model = fitted[0]
    monkeypatch.setattr("eqdarts.plots.plot_constants", fails)
    pictures = of_law(model, model.best_index_, None, Sheet())
    assert [bool(p.drawing) for p in pictures] == [False, True]
    assert pictures[0].caption == "This picture cannot be drawn (<b>too large</b>)."


def test_the_chart_has_a_place_for_an_exact_law():
    drawn = chart([1, 5, 9], [3.0, 0.2, 0.0])
    assert drawn.points[0][1] < drawn.points[1][1] < drawn.points[2][1] <= drawn.bottom
    assert drawn.y_ticks[0].text == "0"
    assert all(drawn.left < x < drawn.right for x, _ in drawn.points)
    beyond = chart([1, 2], [np.inf, 1.0])
    assert beyond.top <= beyond.points[0][1] <= beyond.bottom
    alone = chart([1], [0.0])
    assert drawn.top <= alone.points[0][1] <= drawn.bottom


def luminance(color):
    parts = [int(color[k : k + 2], 16) / 255 for k in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return float(np.dot([0.2126, 0.7152, 0.0722], linear))


def contrast(one, other):
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("theme", [":root {", ':root:not([data-theme="light"]) {', ':root[data-theme="dark"] {'])
def test_contrast_is_that_of_wcag_aa(theme):
    """4.5 for text, 3 for marks and edges of what can be pressed (WCAG 2.2, 1.4.3 and 1.4.11)."""
    style = Path(import_module("eqdarts.report").__file__).parent.joinpath("templates/style.css").read_text()
    colors = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", style.split(theme, 1)[1].split("}")[0]))
    for ground in ("ground", "card", "tint"):
        for text in ("ink", "quiet", "blue"):
            assert contrast(colors[text], colors[ground]) >= 4.5, (text, ground)
        for mark in ("red", "edge"):
            assert contrast(colors[mark], colors[ground]) >= 3, (mark, ground)
    assert contrast(colors["on-blue"], colors["blue"]) >= 4.5
    assert contrast(colors["plot-ink"], colors["card"]) >= 4.5
    for mark in ("plot-blue", "plot-red", "plot-grey"):
        assert contrast(colors[mark], colors["card"]) >= 3, mark


@pytest.fixture(scope="module")
def browser():
    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if chromium is None:
        pytest.skip("no Chromium on this machine, so the report is not tried in a browser")
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed: pip install '.[test]'")
    with playwright.sync_playwright() as started:
        launched = started.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield launched
        launched.close()


@pytest.fixture(scope="module")
def place(page, tmp_path_factory):
    path = tmp_path_factory.mktemp("report") / "report.html"
    path.write_text(page, encoding="utf-8")
    return path.as_uri()


@pytest.fixture
def tab(browser, place):
    """The report in a tab of its own, which says nothing on the console and asks for nothing but the file."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, color_scheme="light")
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    tab, said, asked = context.new_page(), [], []
    tab.on("console", lambda message: said.append(message.text))
    tab.on("pageerror", lambda error: said.append(str(error)))
    tab.on("dialog", lambda dialog: (said.append(dialog.message), dialog.dismiss()))
    tab.on("request", lambda request: asked.append(request.url))
    tab.goto(place)
    yield tab
    context.close()
    assert said == []
    assert asked == [place]


def laws_in_sight(tab):
    """Of the parts of the page that belong to a law, those that are seen."""
    seen = tab.locator("[data-law]:visible").evaluate_all("parts => parts.map((p) => [p.dataset.law, p.innerText])")
    return {law for law, _ in seen}, len(seen), " ".join(text for _, text in seen)


def test_choosing_by_click_and_keys_changes_all_that_is_shown(fitted, tab):
    model = fitted[0]
    best, last = str(model.best_index_), str(len(model.front_) - 1)
    laws, parts, before = laws_in_sight(tab)
    assert (laws, parts) == ({best}, 3)
    tab.locator(f".point[data-selects='{last}']").click()
    laws, parts, after = laws_in_sight(tab)
    assert (laws, parts) == ({last}, 3)
    assert model.latex(int(last)) in after
    assert model.latex(int(last)) not in before
    assert tab.evaluate("document.activeElement.value") == last
    for key, law in (("ArrowUp", best), ("ArrowUp", str(int(best) - 1)), ("ArrowDown", best)):
        tab.keyboard.press(key)
        assert laws_in_sight(tab)[0] == {law}
        assert tab.locator("#said").inner_text().startswith("Shown: ")
    tab.locator(f"tr[data-selects='{last}'] td.equation").click()
    assert tab.locator(".hero:visible .badge").inner_text() == "Another equation of the front"
    tab.get_by_role("button", name="Back to the one that was chosen").click()
    assert laws_in_sight(tab)[0] == {best}


def test_copy_buttons_copy_what_is_shown(fitted, tab):
    law = fitted[0].equation()
    written = {"LaTeX": law.latex(), "Python": law.python(), "C": law.c(), "Excel": law.excel()}
    for label, text in {**written, "LaTeX with errors": law.latex(errors=True)}.items():
        tab.get_by_role("button", name=f"Copy {label}", exact=True).click()
        tab.locator("#said", has_text="Copied").wait_for(state="attached")
        assert tab.evaluate("navigator.clipboard.readText()") == text
        tab.evaluate("document.getElementById('said').textContent = ''")


def test_light_dark_errors_and_print(tab):
    def ground():
        return tab.evaluate("getComputedStyle(document.body).backgroundColor")

    light = ground()
    tab.get_by_role("button", name="Show it dark").click()
    dark = ground()
    assert dark != light
    tab.get_by_role("button", name="± errors").click()
    assert "±" in tab.locator(".hero:visible .formula:visible").inner_text()
    tab.emulate_media(media="print")
    assert ground() == "rgb(255, 255, 255)"
    assert tab.locator("button:visible").count() == 0
    tab.emulate_media(media="screen", color_scheme="dark")
    tab.get_by_role("button", name="Show it light").click()
    assert ground() == light


def test_a_phone_and_a_keyboard_reach_everything(fitted, tab):
    tab.set_viewport_size({"width": 390, "height": 800})
    assert tab.evaluate("document.documentElement.scrollWidth") <= 390
    reached = []
    for _ in range(60):
        tab.keyboard.press("Tab")
        reached.append(
            tab.evaluate("""() => {
            const at = document.activeElement, box = at.getBoundingClientRect(), style = getComputedStyle(at);
            return [at.id || at.className, box.width > 0 && box.left < innerWidth, style.outlineStyle, at.tagName];
        }""")
        )
        if reached[-1][3] == "BODY":
            break
    assert reached.pop()[3] == "BODY"
    assert [what for what, *_ in reached[:2]] == ["skip", "theme"]
    assert f"code-{fitted[0].best_index_}-python" in {what for what, *_ in reached}  # it is wider than a phone
    assert all(seen and outline != "none" for _, seen, outline, _ in reached), reached
    assert {"copy needs-script", "errors needs-script"} <= {what for what, *_ in reached}
    assert sum(tag == "INPUT" for *_, tag in reached) == 1


def test_names_stay_text_in_a_browser(tab):
    found = tab.evaluate("['img', 'b', 'i', 'script'].map((tag) => document.querySelectorAll(tag).length)")
    assert found == [0, 0, 0, 1]
    assert IMAGE in tab.locator("#data").inner_text()
    assert SCRIPT in tab.locator("#data").inner_text()

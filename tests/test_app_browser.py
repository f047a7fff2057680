"""The app in a browser: from a file to the law, a broken file, a stop midway, two tabs, and a look at every page."""

import re
import shutil
from functools import partial
from pathlib import Path

import pytest
from app_server import running

from eqdarts.app import desk
from eqdarts.estimator import DARTSRegressor

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
DATA = Path(__file__).resolve().parent.parent / "data"
PATIENCE = 180_000  # milliseconds, of a machine that has other things to do

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed")


@pytest.fixture(scope="module")
def app():
    # Only time, a stop and an exact law end its searches.
    endless = {"agreeing_runs": None, "patience": None}
    small = partial(DARTSRegressor, replicas=32, max_nodes=2, links=["identity"], **endless)
    with pytest.MonkeyPatch.context() as patch, running() as address:
        patch.setattr(desk, "DARTSRegressor", small)
        yield address


@pytest.fixture(scope="module")
def browser():
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed: pip install '.[test]'")
    with playwright.sync_playwright() as started:
        opened = started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield opened
        opened.close()


@pytest.fixture
def tab(browser):
    context = browser.new_context()
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    said = []
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
    yield page
    context.close()
    # Answers to forms that cannot be done are errors to the console, and nothing else is.
    assert [text for text in said if "400 (Bad Request)" not in text] == []


def give(tab, app, file, name=None):
    tab.goto(app.base)
    given = file if isinstance(file, Path) else {"name": name, "mimeType": "text/csv", "buffer": file}
    tab.set_input_files("input[type=file]", given)


def fits(tab):
    return tab.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


@pytest.mark.slow
def test_from_a_file_to_the_law(app, tab):
    give(tab, app, DATA / "planets.csv")
    tab.wait_for_selector("table.columns")
    # The file is shown as it is, and the last column is the first guess.
    assert tab.is_checked("input[name=target][value='2']")
    assert "not used" not in tab.inner_text("tr:has(input[name=features][value='0'])")
    assert tab.is_disabled("input[name=features][value='2']")
    for width in (390, 1280):
        tab.set_viewport_size({"width": width, "height": 800})
        assert fits(tab)
    tab.fill("input[name=max_time]", "3")
    tab.keyboard.press("Enter")
    tab.wait_for_selector("[data-live] .law math")
    assert "Looking for period_days" in tab.inner_text("h1")
    tab.wait_for_selector("table.equations")
    assert "period_days" in tab.inner_text(".law .formula")
    # Another equation, by the keyboard: page, files and report are about it.
    tab.focus("table.equations a")
    tab.keyboard.press("Enter")
    tab.wait_for_url(re.compile(r"\?index=0$"))
    assert "Another equation" in tab.inner_text("h1")
    with tab.expect_download() as download:
        tab.click("text=equation.tex")
    assert download.value.suggested_filename == "equation.tex"
    assert "period" in Path(download.value.path()).read_text()
    report = tab.frame_locator("iframe")
    report.locator("math").first.wait_for()
    # The report runs its script, and reaches nothing of this page.
    inner = next(frame for frame in tab.frames if "report.html" in frame.url)
    assert inner.evaluate("window.origin") == "null"
    for width in (390, 1280):
        tab.set_viewport_size({"width": width, "height": 800})
        assert fits(tab)
    tab.click("text=Close this table")
    tab.wait_for_selector("form[data-drop]")


def test_a_broken_file_is_explained_and_the_next_one_taken(app, tab):
    give(tab, app, b"a,b\n1,2,3,4\nx", "broken.csv")
    message = tab.wait_for_selector(".message:visible").inner_text()
    assert "broken.csv" in message
    assert "/tmp" not in message
    tab.set_input_files("input[type=file]", DATA / "puromycin.csv")
    tab.wait_for_selector("table.columns")


def test_a_large_file_does_not_leave_the_browser(app, tab):
    give(tab, app, b"x" * (2**20 + 1), "large.csv")
    assert "larger than 1 MB" in tab.wait_for_selector(".message:visible").inner_text()
    assert tab.url == app.base


@pytest.mark.slow
def test_a_stop_midway_and_a_tab_that_is_not_disturbed(app, tab):
    other = tab.context.new_page()
    give(other, app, DATA / "puromycin.csv")
    other.wait_for_selector("table.columns")
    give(tab, app, DATA / "puromycin.csv")
    tab.fill("input[name=max_time]", "3600")
    tab.click("text=Find the equation")
    tab.wait_for_selector("[data-live] .law math")
    assert tab.url != other.url
    # A reload goes on with the same search, and the other tab has its own table.
    tab.reload()
    tab.wait_for_selector("[data-live] .law math")
    other.reload()
    assert other.is_visible("table.columns")
    tab.click("text=Stop, and keep the best")
    tab.wait_for_selector("table.equations")
    assert "stopped" in tab.inner_text("main")
    other.click("text=Close this table")
    tab.reload()
    assert tab.is_visible("table.equations")
    tab.click("text=Ask again")
    assert tab.input_value("input[name=max_time]") == "3600"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_stands_out_from_its_ground(app, tab, scheme):
    tab.emulate_media(color_scheme=scheme)
    tab.goto(app.base)
    for name, ground, least in [
        ("--ink", "--page", 7), ("--soft", "--page", 4.5), ("--soft", "--card", 4.5), ("--blue", "--card", 4.5),
        ("--red", "--card", 4.5), ("--on-blue", "--blue", 4.5), ("--ink", "--warn", 7), ("--soft", "--tint", 4.5),
    ]:  # fmt: skip
        contrast = tab.evaluate(
            """([one, other]) => {
                const style = getComputedStyle(document.documentElement);
                const light = (name) => {
                    const hex = style.getPropertyValue(name).trim();
                    const part = (k) => parseInt(hex.slice(k, k + 2), 16) / 255;
                    const bent = (c) => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
                    return 0.2126 * bent(part(1)) + 0.7152 * bent(part(3)) + 0.0722 * bent(part(5));
                };
                const [a, b] = [light(one), light(other)].sort((x, y) => y - x);
                return (a + 0.05) / (b + 0.05);
            }""",
            [name, ground],
        )
        assert contrast >= least, (name, ground, contrast)

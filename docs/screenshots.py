"""Takes the pictures of report and app anew, in light and dark: python docs/screenshots.py; needs Chromium."""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
PICTURES = ROOT / "docs" / "pictures"
TABLE, TARGET = ROOT / "data" / "dnase_assay.csv", "optical_density"


def take(page: Page, name: str) -> None:
    """The page in both schemes, in few colours, as a picture of a page needs no more."""
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        page.wait_for_timeout(300)
        path = PICTURES / f"{name}_{scheme}.png"
        page.screenshot(path=path)
        with Image.open(path) as picture:
            picture.convert("RGB").quantize(128, dither=Image.Dither.NONE).save(path, optimize=True)


def report(page: Page, folder: Path) -> None:
    run = [sys.executable, "-m", "eqdarts"]
    subprocess.run([*run, "fit", TABLE, "--target", TARGET, "--max-time", "20", "-q", "-o", folder], check=True)
    subprocess.run([*run, "report", folder / "model.json", TABLE, "-o", folder / "report.html"], check=True)
    page.goto((folder / "report.html").as_uri())
    take(page, "report")


def app(page: Page) -> None:
    run = [sys.executable, "-u", "-m", "eqdarts", "app", "--no-browser", "--port", "8765"]
    with subprocess.Popen(run, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as server:
        try:
            address = next(word for line in server.stdout for word in line.split() if word.startswith("http"))
            page.goto(address)
            page.set_input_files("input[type=file]", str(TABLE))
            page.get_by_role("button", name="Find the equation").wait_for()
            page.locator("input[name=target]").last.check()
            page.locator("input[name=max_time]").fill("20")
            page.get_by_role("button", name="Find the equation").click()
            page.get_by_text("Take it home").wait_for(timeout=180_000)
            take(page, "app")
        finally:
            server.terminate()


def main() -> None:
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as folder:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1200, "height": 900})
        report(page, Path(folder))
        app(page)
        browser.close()


if __name__ == "__main__":
    main()

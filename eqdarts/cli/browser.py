"""``eqdarts app``: the page for those who would rather click."""

from __future__ import annotations

from typing import Annotated

import typer

EXAMPLES = "eqdarts app\neqdarts app --port 8600 --no-browser"


def app(
    port: Annotated[
        int | None, typer.Option(metavar="PORT", min=0, max=65535, help="Of this machine.  [8501, or any that is free]")
    ] = None,
    browser: Annotated[bool, typer.Option("--browser/--no-browser", help="Open the page at once.")] = True,
) -> None:
    """Search in the browser: drop a table, take the law home.

    The page shows the search while it runs; Ctrl-C in the terminal ends it.
    It answers to this machine only, and to those who have its address.
    """
    from eqdarts.app import serve

    serve(port, open_browser=browser, tell=_tell)


def _tell(address: str) -> None:
    print(f"eqdarts answers at {address}\nCtrl-C here ends it, and the searches in it.", flush=True)

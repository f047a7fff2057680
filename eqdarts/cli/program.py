"""The program ``eqdarts``: its commands, and how they end."""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Sequence
from typing import Annotated

import typer

from eqdarts import __version__
from eqdarts.cli import browser, demo, fit, operations, predict, refit, report, show, sweep
from eqdarts.cli.manual import Contents, Manual
from eqdarts.cli.messages import INTERRUPTED, ended_like_interrupted, one_line, say, show_warning
from eqdarts.errors import EqdartsError

#: Commands and the examples below their help, in the order of the list that ``--help`` shows.
COMMANDS = (
    (fit.fit, fit.EXAMPLES),
    (show.show, show.EXAMPLES),
    (predict.predict, predict.EXAMPLES),
    (refit.refit, refit.EXAMPLES),
    (report.report, report.EXAMPLES),
    (sweep.sweep, sweep.EXAMPLES),
    (browser.app, browser.EXAMPLES),
    (demo.demo, demo.EXAMPLES),
    (operations.operations, operations.EXAMPLES),
)
_EXAMPLES = """\
eqdarts fit data.csv --target y -o results
eqdarts fit --help"""
app = typer.Typer(cls=Contents, epilog=_EXAMPLES, rich_markup_mode=None, pretty_exceptions_enable=False)
for _command, _examples in COMMANDS:
    app.command(_command.__name__, cls=Manual, epilog=_examples)(_command)


def _print_version(asked: bool) -> None:
    if asked:
        print(f"eqdarts {__version__}")
        raise typer.Exit


@app.callback()
def eqdarts(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Discover the equation behind a column of a table."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")  # a narrow terminal encoding must not end a run
    with warnings.catch_warnings(), ended_like_interrupted():
        warnings.showwarning = show_warning
        try:
            code = typer.main.get_command(app).main(arguments, prog_name="eqdarts", standalone_mode=False)
            sys.stdout.flush()
            if code != INTERRUPTED:
                return code if isinstance(code, int) else 0
            message = "interrupted"
        except EqdartsError as error:
            message, code = one_line(error), 2
        except (KeyboardInterrupt, typer.Abort):
            message, code = "interrupted", INTERRUPTED
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # as in `eqdarts operations | head`
            return 1
        except Exception as error:
            if not hasattr(error, "format_message"):  # typer's usage errors have it; the rest are defects
                raise
            where = getattr(getattr(error, "ctx", None), "command_path", "eqdarts")
            message, code = f"{one_line(error.format_message()).rstrip('.')}; see {where} --help", 2
    say(message)
    return code

"""The program ``eqdarts``: its commands, and how they end."""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Sequence
from typing import Annotated

import typer

from eqdarts import __version__
from eqdarts.cli.demo import demo
from eqdarts.cli.fit import fit
from eqdarts.cli.messages import INTERRUPTED, ended_like_interrupted, one_line, say, show_warning
from eqdarts.cli.operations import operations
from eqdarts.cli.sweep import sweep
from eqdarts.errors import EqdartsError

# Help in panels would wait for rich's Markdown, which is as much as all the rest.
app = typer.Typer(rich_markup_mode=None, add_completion=False, pretty_exceptions_enable=False)
for _command in (fit, demo, sweep, operations):
    app.command(_command.__name__)(_command)


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
            message, code = f"{one_line(error.format_message()).rstrip('.')}; see eqdarts --help", 2
    say(message)
    return code

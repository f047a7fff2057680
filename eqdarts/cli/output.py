"""What a command prints of a model, and what it writes: all files of it or none."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

import typer

from eqdarts.cli.choosing import Choosing
from eqdarts.cli.classes import document_of, is_classifier
from eqdarts.cli.document import dumps
from eqdarts.cli.messages import INTERRUPTED
from eqdarts.cli.screen import is_terminal, show_heading, show_model
from eqdarts.errors import EqdartsError, InputDataError
from eqdarts.formula.visible import visible
from eqdarts.runtime.interrupts import interrupts

if TYPE_CHECKING:
    import pandas as pd

    from eqdarts.classifier import DARTSClassifier
    from eqdarts.estimator import DARTSRegressor

#: What a fit writes to its folder.
FILES = ("equation.tex", "equations.csv", "fit.png", "model.json")

PANEL = "The result"
_AS_IT_IS = Choosing()

AsJson = Annotated[
    bool, typer.Option("--json", help="Print one JSON document for scripts, and nothing else.", rich_help_panel=PANEL)
]
Output = Annotated[
    Path | None,
    typer.Option(
        "--output",
        "-o",
        metavar="DIR",
        help="Folder for equation.tex, equations.csv, model.json and fit.png; made if needed.",
        rich_help_panel=PANEL,
    ),
]
OutputFile = Annotated[
    Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write it there instead.", rich_help_panel=PANEL)
]


@dataclass(frozen=True)
class Giving:
    """What is done with a result."""

    PANEL: ClassVar[str] = PANEL
    output: Output = None
    report: Annotated[
        Path | None,
        typer.Option(metavar="FILE.html", help="A page about the result for a browser; see 'eqdarts report'."),
    ] = None
    as_json: AsJson = False

    def check(self) -> None:
        """Refuse a folder that cannot be used before any work is done."""
        check_output(self.output, *FILES)
        check_file(self.report, ".html", option="--report")

    def give(
        self,
        model: DARTSRegressor | DARTSClassifier,
        X: pd.DataFrame,
        y: Any,
        warnings: Sequence[str],
        choosing: Choosing = _AS_IT_IS,
    ) -> None:
        """Print and write what was found; whoever presses Ctrl-C just now wants it as well.

        A choice that the front does not have is said at the end, as what was searched for so long is not to be lost.

        warnings: that were shown, which is a list that may grow
        """
        with interrupts() as noted:
            wrong = _chosen(model, choosing)
            if not self.as_json:
                print_model(model)
            written = [] if self.output is None else _write(model, X, y, self.output)
            files = [self.output / name for name in written if self.output is not None]
            if self.report is not None:
                files += write_pages(self.report, model, X, y, warnings, option="--report")
            if self.as_json:
                print(dumps(document_of(model, warnings, list(map(str, files)))))
            elif written:
                print(f"\nwritten to {visible(str(self.output))}: {', '.join(written)}")
            if not self.as_json:
                for page in files[len(written) :]:
                    print(f"written to {visible(str(page))}")
        if noted.noted or any(one.stop_reason_ == "interrupted" for one in model.outputs_):
            raise typer.Exit(INTERRUPTED)
        if wrong is not None:
            raise wrong


def _chosen(model: DARTSRegressor | DARTSClassifier, choosing: Choosing) -> InputDataError | None:
    """Make the choice, or what is wrong with it."""
    try:
        choosing.apply(model)
    except InputDataError as error:
        return error
    return None


def print_model(model: Any) -> None:
    """Print a model for a person, or as plain text into a pipe."""
    if is_terminal() and not is_classifier(model):
        for one in model.outputs_:
            if one is not model:
                show_heading(f"target {one.target_name_}")
            show_model(one)
    else:
        print(model)
        print()
        print(model.latex())


def write_pages(
    path: Path,
    model: DARTSRegressor | DARTSClassifier,
    X: Any,
    y: Any,
    notes: Sequence[str],
    title: str | None = None,
    option: str = "--output",
) -> list[Path]:
    """Write the page about a model, or one for each of several targets, and return where.

    notes: of how the table was read
    """
    from eqdarts import report

    outputs: Sequence[Any] = model.outputs_
    paths = [path] if len(outputs) == 1 else _numbered(path, [one.target_name_ for one in outputs])
    for one, page in zip(outputs, paths, strict=True):
        column = y if one is model or y is None else y[one.target_name_]
        write_file(page, report.report_html(one, X, column, title=title, notes=notes), option)
    return paths


def _numbered(path: Path, names: Sequence[str]) -> list[Path]:
    """A file for each of these names, beside this one: with its number and what of the name is a word."""
    words = [re.sub(r"\W+", "_", visible(name)).strip("_")[:40] for name in names]
    return [path.with_name(f"{path.stem}_{k + 1}_{word}".rstrip("_") + path.suffix) for k, word in enumerate(words)]


def check_file(output: Path | None, suffix: str, *inputs: Path, option: str = "--output") -> None:
    """Refuse a file that cannot be written before any work is done; so one that is read."""
    if output is None:
        return
    if output.suffix.lower() != suffix:
        raise InputDataError(f"{option} {output}: what is written is of the kind {suffix}; choose a name that says so")
    if output.exists() and any(file.exists() and output.samefile(file) for file in inputs):
        raise InputDataError(f"{option} {output}: that is the file which is read; choose another name")
    check_output(output.parent, output.name, option=option)


def write_file(output: Path, text: str, option: str = "--output") -> None:
    """Write a file complete or not at all, and the folder for it if needed."""
    from eqdarts.runtime.writing import write_text

    try:
        output.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise EqdartsError(f"{option} {output}: cannot be written ({error.strerror or error})") from error
    write_text(output, text)


def check_output(output: Path | None, *files: str, option: str = "--output") -> None:
    """Refuse a folder that cannot be used before any work is done, without making it; so with files of these names."""
    if output is None:
        return
    there = output
    while not there.exists() and there != there.parent:
        there = there.parent
    if not there.is_dir():
        raise InputDataError(f"{option} {output}: {there} is not a folder; choose another name")
    if not os.access(there, os.W_OK | os.X_OK):
        raise InputDataError(f"{option} {output}: no permission to write in {there}; choose another folder")
    for name in files:
        if (output / name).is_dir():
            raise InputDataError(f"{option} {output}: {output / name} is a folder; choose another one, or move it away")


def _write(model: Any, X: pd.DataFrame, y: pd.Series, output: Path) -> list[str]:
    """Write the result files, all of them or none."""
    from eqdarts import results
    from eqdarts.runtime.writing import write_files

    contents = {name: results.FILES[name](model, X, y) for name in FILES}
    try:
        output.mkdir(parents=True, exist_ok=True)
        write_files({output / name: content for name, content in contents.items()})
    except OSError as error:
        raise EqdartsError(
            f"--output {output}: cannot be written ({error.strerror or error}); choose another folder"
        ) from error
    except EqdartsError as error:
        raise EqdartsError(f"--output {output}: {error}; choose another folder") from error
    return list(contents)

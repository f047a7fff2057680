"""What a command prints of a model, and what it writes: all files of it or none."""

from __future__ import annotations

import os
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from eqdarts.cli.messages import INTERRUPTED
from eqdarts.errors import EqdartsError, InputDataError
from eqdarts.formula.visible import as_cell
from eqdarts.runtime.interrupts import interrupts

if TYPE_CHECKING:
    import pandas as pd

    from eqdarts.estimator import DARTSRegressor

#: What a fit writes to its folder.
FILES = ("equation.tex", "equations.csv", "fit.png", "model.json")

Output = Annotated[
    Path | None,
    typer.Option(metavar="DIR", help="Folder for equation.tex, equations.csv, model.json and fit.png; made if needed."),
]


def show(model: DARTSRegressor, X: pd.DataFrame, y: pd.Series, output: Path | None) -> None:
    """Print and write what was found; whoever presses Ctrl-C just now wants it as well."""
    with interrupts() as noted:
        print(model)
        print()
        print(model.latex())
        if output is not None:
            written = _write(model, X, y, output)
            print(f"\nwritten to {output}: {', '.join(written)}")
    if noted.noted or model.stop_reason_ == "interrupted":
        raise typer.Exit(INTERRUPTED)


def check_output(output: Path | None, *files: str) -> None:
    """Refuse a folder that cannot be used before any work is done, without making it; so with files of these names."""
    if output is None:
        return
    there = output
    while not there.exists() and there != there.parent:
        there = there.parent
    if not there.is_dir():
        raise InputDataError(f"--output {output}: {there} is not a folder; choose another name")
    if not os.access(there, os.W_OK | os.X_OK):
        raise InputDataError(f"--output {output}: no permission to write in {there}; choose another folder")
    for name in files:
        if (output / name).is_dir():
            raise InputDataError(f"--output {output}: {output / name} is a folder; choose another one, or move it away")


def _write(model: Any, X: pd.DataFrame, y: pd.Series, output: Path) -> list[str]:
    """Write the result files, all of them or none."""
    from eqdarts.formula.records import dump
    from eqdarts.plots import overview
    from eqdarts.runtime.writing import write_files

    equations = model.equations_.drop(columns="sympy", errors="ignore")
    equations.insert(0, "chosen", equations.index == model.best_index_)
    picture = BytesIO()
    overview(model, X, y).savefig(picture, format="png", dpi=150)
    latex, table, record = model.latex() + "\n", csv_text(equations, index_label="index"), dump(model.to_dict())
    contents = dict(zip(FILES, (latex.encode(), table.encode(), picture.getvalue(), record.encode()), strict=True))
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


def csv_text(table: pd.DataFrame, **options: Any) -> str:
    """A table as CSV in which no cell is a formula to a spreadsheet, whatever the names and values are."""
    safe = table.rename(columns=as_cell)
    for k, name in enumerate(table.columns):
        cells = [as_cell(v, name == "equation") if isinstance(v, str) else v for v in table.iloc[:, k]]
        if any(isinstance(v, str) for v in cells):
            safe.isetitem(k, cells)
    return str(safe.to_csv(**options))

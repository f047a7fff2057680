"""The command line: ``eqdarts fit``, ``demo``, ``sweep`` and ``operations``. The only module that prints.

Exit code 0, or 2 with one line on stderr that says what is wrong and what to do. Ctrl-C ends a search,
and the best so far is printed and written; the exit code is then 130. Heavy modules are imported by the commands that
need them, so that help and usage errors appear at once.
"""

from __future__ import annotations

import csv
import os
import signal
import sys
import threading
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TextIO

import typer

from eqdarts import __version__
from eqdarts.errors import EqdartsError, InputDataError
from eqdarts.formula.visible import as_cell, visible
from eqdarts.runtime.interrupts import interrupts

if TYPE_CHECKING:
    import pandas as pd

    from eqdarts.estimator import DARTSRegressor

# Help in panels would wait for rich's Markdown, which is as much as all the rest.
app = typer.Typer(rich_markup_mode=None, add_completion=False, pretty_exceptions_enable=False)

_STREAMED = (".parquet", ".pq", ".gz", ".bz2", ".zip", ".xz")
_WRITTEN = ("equation.tex", "equations.csv", "fit.png", "model.json")
_INTERRUPTED = 130  # the exit code that shells give a program which Ctrl-C has ended
_LARGE = 64 * 2**20  # bytes from which a CSV file is read in chunks rather than at once

MaxTime = Annotated[float, typer.Option(min=0, help="Seconds after which the best equation so far is printed.")]
MaxEpochs = Annotated[int | None, typer.Option(min=1, help="Epochs of the search; unlike seconds, they repeat.")]
Seed = Annotated[int, typer.Option(min=0, max=2**32 - 1, help="Seed of every random number.")]
Operations = Annotated[str | None, typer.Option(metavar="A,B,…", help="Candidate operations; see 'operations'.")]
Output = Annotated[
    Path | None,
    typer.Option(metavar="DIR", help="Folder for equation.tex, equations.csv, model.json and fit.png; made if needed."),
]
Features = Annotated[
    str | None, typer.Option(metavar="A,B,…", help="Columns to explain it with; by default all others.")
]
Noise = Annotated[
    str, typer.Option(metavar="FORM", help="How errors grow with the value: additive, proportional, poisson or auto.")
]
YError = Annotated[
    str | None, typer.Option(metavar="COLUMN", help="A column with the standard deviation of the error of each row.")
]
Delimiter = Annotated[str, typer.Option(help="What separates the cells; \\t is a tab.")]
Na = Annotated[
    list[str] | None, typer.Option(metavar="TEXT", help="Cells to be read as missing, such as '<LOD'; may be repeated.")
]
DropMissing = Annotated[
    bool, typer.Option("--drop-missing", help="Leave out rows with missing cells, and say how many.")
]
Encoding = Annotated[str, typer.Option(help="Encoding of the file.")]
Quiet = Annotated[bool, typer.Option("--quiet", help="Show no progress bar.")]


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


@app.command()
def fit(
    file: Annotated[
        Path, typer.Argument(metavar="FILE.csv", help="A table with a header line, or a Parquet file (.parquet).")
    ],
    target: Annotated[str, typer.Option(metavar="COLUMN", help="The column to explain.")],
    features: Features = None,
    max_time: MaxTime = 60.0,
    max_epochs: MaxEpochs = None,
    seed: Seed = 0,
    operations: Operations = None,
    noise: Noise = "additive",
    y_error: YError = None,
    delimiter: Delimiter = ",",
    encoding: Encoding = "utf-8",
    na: Na = None,
    drop_missing: DropMissing = False,
    output: Output = None,
    quiet: Quiet = False,
) -> None:
    """Find the equation of a column. It reads a CSV or Parquet file, and prints the front and the LaTeX."""
    _check_output(output, *_WRITTEN)
    import pandas as pd

    from eqdarts.data import Missing, read_csv

    missing = Missing.of(na or (), drop_missing)
    columns = _names("--features", features)
    if file.suffix.lower() in _STREAMED or (file.is_file() and file.stat().st_size > _LARGE):
        model = _model(max_time, max_epochs, seed, operations, quiet).set_params(noise=noise)
        model.fit_file(
            file, target, columns, delimiter=delimiter, encoding=encoding, na=na or (), drop_missing=drop_missing,
            y_error=y_error,
        )  # fmt: skip
        X, y = model.training_rows()
    else:
        # Before the model, whose import takes seconds.
        table = read_csv(file, target, _and(columns, y_error), delimiter, encoding, missing)
        X, y = pd.DataFrame(table.X, columns=list(table.names)), pd.Series(table.y, name=target)
        errors = None if y_error is None else _taken(X, y_error, columns)
        model = _model(max_time, max_epochs, seed, operations, quiet).set_params(noise=noise).fit(X, y, y_error=errors)
    _report(model, X, y, output)


@app.command()
def demo(
    max_time: MaxTime = 60.0,
    max_epochs: MaxEpochs = None,
    seed: Seed = 0,
    operations: Operations = None,
    output: Output = None,
    quiet: Quiet = False,
) -> None:
    """Rediscover y = x1·x2/x3² from 200 generated rows."""
    _check_output(output, *_WRITTEN)
    import numpy as np
    import pandas as pd

    X = pd.DataFrame(np.random.default_rng(0).uniform(1, 5, (200, 3)), columns=["x1", "x2", "x3"])
    y = (X["x1"] * X["x2"] / X["x3"] ** 2).rename("y")
    _report(_model(max_time, max_epochs, seed, operations, quiet).fit(X, y), X, y, output)


@app.command()
def sweep(
    file: Annotated[Path, typer.Argument(metavar="FILE.csv", help="A table with a header line.")],
    target: Annotated[list[str], typer.Option(metavar="COLUMN", help="A column to explain; give it for each one.")],
    output: Annotated[
        Path,
        typer.Option(
            "--output", "--out", metavar="DIR", help="Folder for results; the same command again does what is missing."
        ),
    ],
    by: Annotated[
        list[str] | None, typer.Option(metavar="COLUMN", help="Fit each group of equal values here by itself.")
    ] = None,
    features: Features = None,
    seeds: Annotated[int, typer.Option(min=1, help="Fits of each, with the seeds 0, 1, …")] = 1,
    jobs: Annotated[int, typer.Option(min=-1, help="Fits at once; -1: as many as there are cores.")] = 1,
    dask: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help="Fit on the cluster of this Dask scheduler instead.")
    ] = None,
    max_time: MaxTime = 60.0,
    max_epochs: MaxEpochs = None,
    operations: Operations = None,
    delimiter: Delimiter = ",",
    encoding: Encoding = "utf-8",
    na: Na = None,
    drop_missing: DropMissing = False,
    quiet: Quiet = False,
) -> None:
    """Find equations of many columns. Fits of targets and groups run in parallel, and what was ended is resumed."""
    _check_output(output, "results.csv", "results.jsonl")
    from eqdarts.data import Missing, read_frame

    inputs, groups = _names("--features", features), tuple(by or ())
    table = read_frame(file, target, inputs, groups, delimiter, encoding, Missing.of(na or (), drop_missing))
    from eqdarts.runtime.writing import write_text
    from eqdarts.sweeping import sweep
    from eqdarts.sweeping.workers import connect

    chosen: dict[str, Any] = {"max_time": max_time, "max_epochs": max_epochs}
    if operations is not None:
        chosen["operations"] = _names("--operations", operations)
    with nullcontext() if dask is None else connect(dask), _said_to_resume(output):
        found = sweep(
            table,
            target,
            inputs=inputs,
            by=groups,
            seeds=range(seeds),
            settings={"default": chosen},
            folder=output,
            n_jobs=jobs,
            backend="loky" if dask is None else "dask",
            drop_missing=drop_missing,
            progress=not quiet,
        )
    write_text(output / "results.csv", _csv(found, index=False))
    shown = found[["target", *groups, "seed", "complexity", "loss", "r2", "equation"]]
    shown = shown.assign(r2=shown["r2"].round(6) + 0.0)  # no -0
    shown = shown.rename(columns=visible).map(lambda value: visible(value) if isinstance(value, str) else value)
    print(shown.to_string(index=False, na_rep="", max_colwidth=100, float_format="{:.5g}".format))
    print(f"\nwritten to {output}: models, results.csv, results.jsonl")
    if found["equation"].isna().all():
        raise EqdartsError(f"every fit failed; the first error: {found['error'].iloc[0]}")


@app.command("operations")
def list_operations() -> None:
    """List the candidate operations of an edge."""
    import sympy
    from rich.box import SIMPLE
    from rich.console import Console
    from rich.table import Table

    from eqdarts.graph.operations import DEFAULT_OPERATIONS, OPERATIONS

    table = Table(box=SIMPLE)
    for heading in ("operation", "formula", "parameters", "complexity", "default"):
        table.add_column(heading, justify="right" if heading == "complexity" else "left", no_wrap=True)
    for op in OPERATIONS.values():
        formula = str(op.symbolic(*sympy.symbols(["x", *op.parameters], real=True)))
        default = "yes" if op.name in DEFAULT_OPERATIONS else ""
        table.add_row(op.name, formula, ", ".join(op.parameters), str(op.complexity), default)
    Console(width=None if sys.stdout.isatty() else 120, highlight=False).print(table)


@contextmanager
def _said_to_resume(output: Path) -> Iterator[None]:
    try:
        yield
    except KeyboardInterrupt:
        print(f"eqdarts: interrupted; results so far are in {output}, and the same command goes on", file=sys.stderr)
        raise


def _names(option: str, text: str | None) -> tuple[str, ...] | None:
    """Names separated by commas; one that contains a comma is quoted, as in a CSV file."""
    if text is None:
        return None
    names = tuple(name.strip() for row in csv.reader([text], skipinitialspace=True) for name in row)
    if not names or not all(names):
        raise InputDataError(f"{option} {text!r}: expected names separated by commas")
    return names


def _and(columns: tuple[str, ...] | None, name: str | None) -> tuple[str, ...] | None:
    """The columns, if not all are meant, and one more."""
    return columns if columns is None or name is None or name in columns else (*columns, name)


def _taken(X: pd.DataFrame, y_error: str, columns: tuple[str, ...] | None) -> pd.Series:
    """The column of errors, which is taken out of the table."""
    if columns is not None and y_error in columns:
        raise InputDataError(f"--y-error {y_error!r} is among --features too; name it in one of them")
    if y_error not in X:
        raise InputDataError(
            f"--y-error {y_error!r}: no such column beside the target; there are {', '.join(map(str, X))}"
        )
    return X.pop(y_error)


def _model(max_time: float, max_epochs: int | None, seed: int, operations: str | None, quiet: bool) -> DARTSRegressor:
    from eqdarts.estimator import DARTSRegressor

    return DARTSRegressor(
        max_time=max_time,
        max_epochs=max_epochs,
        random_state=seed,
        operations=_names("--operations", operations),
        verbose=0 if quiet else 1,
    )


def _report(model: DARTSRegressor, X: pd.DataFrame, y: pd.Series, output: Path | None) -> None:
    """Print and write what was found; whoever presses Ctrl-C just now wants it as well."""
    with interrupts() as noted:
        print(model)
        print()
        print(model.latex())
        if output is not None:
            names = _write(model, X, y, output)
            print(f"\nwritten to {output}: {', '.join(names)}")
    if noted.noted or model.stop_reason_ == "interrupted":
        raise typer.Exit(_INTERRUPTED)


def _check_output(output: Path | None, *names: str) -> None:
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
    for name in names:
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
    latex, table, record = model.latex() + "\n", _csv(equations, index_label="index"), dump(model.to_dict())
    contents = dict(zip(_WRITTEN, (latex.encode(), table.encode(), picture.getvalue(), record.encode()), strict=True))
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


def _csv(table: pd.DataFrame, **options: Any) -> str:
    """A table as CSV in which no cell is a formula to a spreadsheet, whatever the names and values are."""
    safe = table.rename(columns=as_cell)
    for k, name in enumerate(table.columns):
        cells = [as_cell(v, name == "equation") if isinstance(v, str) else v for v in table.iloc[:, k]]
        if any(isinstance(v, str) for v in cells):
            safe.isetitem(k, cells)
    return str(safe.to_csv(**options))


def _show_warning(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,
    line: str | None = None,
) -> None:
    print(f"eqdarts: warning: {_one_line(message)}", file=sys.stderr)


def _one_line(message: Any) -> str:
    return visible(" ".join(str(message).split()))


@contextmanager
def _ended_like_interrupted() -> Iterator[None]:
    """A request to end, such as of a batch system whose time is up, is handled like Ctrl-C."""
    ours = threading.current_thread() is threading.main_thread() and signal.getsignal(signal.SIGTERM) == signal.SIG_DFL
    if ours:
        signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        if ours:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")  # a narrow terminal encoding must not end a run
    with warnings.catch_warnings(), _ended_like_interrupted():
        warnings.showwarning = _show_warning
        try:
            code = typer.main.get_command(app).main(arguments, prog_name="eqdarts", standalone_mode=False)
            sys.stdout.flush()
            if code != _INTERRUPTED:
                return code if isinstance(code, int) else 0
            message = "interrupted"
        except EqdartsError as error:
            message, code = _one_line(error), 2
        except (KeyboardInterrupt, typer.Abort):
            message, code = "interrupted", _INTERRUPTED
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # as in `eqdarts operations | head`
            return 1
        except Exception as error:
            if not hasattr(error, "format_message"):  # typer's usage errors have it; the rest are defects
                raise
            message, code = f"{_one_line(error.format_message()).rstrip('.')}; see eqdarts --help", 2
    print(f"eqdarts: {message}", file=sys.stderr)
    return code


if __name__ == "__main__":
    sys.exit(main())

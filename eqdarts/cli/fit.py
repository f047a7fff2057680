"""``eqdarts fit``: the equation of a column."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from eqdarts.cli.groups import grouped
from eqdarts.cli.output import FILES, Output, check_output, show
from eqdarts.cli.reading import Features, Reading, YError, is_streamed, names, read_rows
from eqdarts.cli.searching import Noise, Searching, Seed


@grouped
def fit(
    file: Annotated[
        Path, typer.Argument(metavar="FILE.csv", help="A table with a header line, or a Parquet file (.parquet).")
    ],
    target: Annotated[str, typer.Option(metavar="COLUMN", help="The column to explain.")],
    reading: Reading,
    searching: Searching,
    features: Features = None,
    seed: Seed = 0,
    noise: Noise = "additive",
    y_error: YError = None,
    output: Output = None,
) -> None:
    """Find the equation of a column. It reads a CSV or Parquet file, and prints the front and the LaTeX."""
    check_output(output, *FILES)
    columns = names("--features", features)
    if is_streamed(file):
        model = searching.model(seed, noise)
        model.fit_file(
            file,
            target,
            columns,
            delimiter=reading.delimiter,
            encoding=reading.encoding,
            na=reading.na or (),
            drop_missing=reading.drop_missing,
            y_error=y_error,
        )
        X, y = model.training_rows()
    else:
        # Before the model, whose import takes seconds.
        X, y, errors = read_rows(file, target, columns, y_error, reading)
        model = searching.model(seed, noise).fit(X, y, y_error=errors)
    show(model, X, y, output)

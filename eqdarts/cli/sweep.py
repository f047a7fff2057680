"""``eqdarts sweep``: the equations of many columns."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Annotated, Any

import typer

from eqdarts.cli.completing import columns
from eqdarts.cli.groups import grouped
from eqdarts.cli.messages import say
from eqdarts.cli.output import check_output
from eqdarts.cli.reading import Features, Reading, names
from eqdarts.cli.screen import is_terminal, show_results
from eqdarts.cli.searching import Searching
from eqdarts.errors import EqdartsError
from eqdarts.formula.visible import csv_text, visible

EXAMPLES = """\
# A law for each of two columns and for each patient, on four cores.
eqdarts sweep data.csv --target force --target work --by patient --jobs 4 -o results
# Five searches, to see whether they agree.
eqdarts sweep data.csv --target y --seeds 5 -o results/seeds"""


@grouped
def sweep(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A table with a header line, as for 'eqdarts fit'.")],
    target: Annotated[
        list[str],
        typer.Option(metavar="COLUMN", autocompletion=columns, help="A column to explain; give it for each one."),
    ],
    output: Annotated[
        Path,
        typer.Option(
            "--output",
            "--out",
            "-o",
            metavar="DIR",
            help="Folder for results; the same command again does what is missing.",
        ),
    ],
    *,
    by: Annotated[
        list[str] | None,
        typer.Option(metavar="COLUMN", autocompletion=columns, help="Fit each group of equal values here by itself."),
    ] = None,
    seeds: Annotated[int, typer.Option(metavar="N", min=1, help="Fits of each, with the seeds 0, 1, …")] = 1,
    jobs: Annotated[int, typer.Option(metavar="N", min=-1, help="Fits at once; -1: as many as there are cores.")] = 1,
    dask: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help="Fit on the cluster of this Dask scheduler instead.")
    ] = None,
    features: Features = None,
    reading: Reading,
    searching: Searching,
) -> None:
    """Find the equations of many columns, or of many groups of rows.

    Fits of targets and groups run in parallel, and what was ended is resumed.
    """
    check_output(output, "results.csv", "results.jsonl")
    from eqdarts.data import read_frame

    inputs, groups = names("--features", features), tuple(by or ())
    table = read_frame(file, target, inputs, groups, reading.form(), reading.missing())
    from eqdarts import sweeping
    from eqdarts.runtime.writing import write_text
    from eqdarts.sweeping.workers import connect

    chosen: dict[str, Any] = {"max_time": searching.max_time, "max_epochs": searching.max_epochs}
    if searching.max_fits is not None:
        chosen["max_fits"] = searching.max_fits
    if searching.max_memory is not None:
        chosen["max_memory"] = searching.max_memory
    if searching.max_complexity is not None:
        chosen["max_complexity"] = searching.max_complexity
    if searching.operations is not None:
        chosen["operations"] = searching.operation_names()
    with nullcontext() if dask is None else connect(dask), _said_to_resume(output):
        found = sweeping.sweep(
            table,
            target,
            inputs=inputs,
            by=groups,
            seeds=range(seeds),
            settings={"default": chosen},
            folder=output,
            n_jobs=jobs,
            backend="loky" if dask is None else "dask",
            drop_missing=reading.drop_missing,
            progress=not searching.quiet,
        )
    write_text(output / "results.csv", csv_text(found, index=False))
    shown = found[["target", *groups, "seed", "complexity", "loss", "r2", "equation"]]
    shown = shown.assign(r2=shown["r2"].round(6) + 0.0)  # no -0
    if is_terminal():
        show_results(shown.drop(columns="loss").rename(columns={"complexity": "nodes", "r2": "R²"}))
    else:
        shown = shown.rename(columns=visible).map(lambda value: visible(value) if isinstance(value, str) else value)
        print(shown.to_string(index=False, na_rep="", max_colwidth=100, float_format="{:.5g}".format))
    print(f"\nwritten to {visible(str(output))}: models, results.csv, results.jsonl")
    if found["equation"].isna().all():
        raise EqdartsError(f"every fit failed; the first error: {found['error'].iloc[0]}")


@contextmanager
def _said_to_resume(output: Path) -> Iterator[None]:
    try:
        yield
    except KeyboardInterrupt:
        say(f"interrupted; results so far are in {output}, and the same command goes on")
        raise

"""``eqdarts fit``: the equation of a column."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from eqdarts.cli.choosing import Choosing, check_targets
from eqdarts.cli.completing import columns
from eqdarts.cli.groups import grouped
from eqdarts.cli.keeping import Keeping
from eqdarts.cli.knowing import Knowing
from eqdarts.cli.messages import heard, say
from eqdarts.cli.output import Giving
from eqdarts.cli.reading import (
    Classes,
    Features,
    Groups,
    LogTarget,
    OneHot,
    Reading,
    Weights,
    YError,
    check_beside,
    check_no_number,
    is_streamed,
    names,
    read_rows,
)
from eqdarts.cli.searching import Loss, Noise, Searching, Seed, SharedGraph, Template, Units

EXAMPLES = """\
# Which law gives the period of a planet from its distance?
eqdarts fit planets.csv --target period --features distance -o results
# A law for each of two columns; --max-time is for both together.
eqdarts fit data.csv --target x --target y
# A starting equation, a constant that is known, and what must hold.
eqdarts fit gas.csv --target p --guess "a*T/V" --constant R=8.314 --increasing T
# Rows have errors of their own, and the search may take five minutes.
eqdarts fit data.csv --target y --y-error sigma --max-time 300
# A column of words is a class: what makes its probability?
eqdarts fit patients.csv --target outcome -o results
# A long search that survives a crash: the same line goes on with it.
eqdarts fit data.csv --target y --max-time 36000 --checkpoint run.ckpt --resume
# For a script: the same again for the same seed.
eqdarts fit data.csv --target y --max-epochs 50 --seed 1 --json > law.json"""


@grouped
def fit(
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE",
            help="A table with a header line: CSV in any dialect, Excel (.xlsx), Parquet, or - for standard input.",
        ),
    ],
    target: Annotated[
        list[str],
        typer.Option(
            metavar="COLUMN", autocompletion=columns, help="The column to explain; of several, give it for each one."
        ),
    ],
    *,
    features: Features = None,
    y_error: YError = None,
    weights: Weights = None,
    log_target: LogTarget = False,
    classes: Classes = None,
    one_hot: OneHot = None,
    groups: Groups = None,
    reading: Reading,
    loss: Loss = "squared",
    noise: Noise = "additive",
    units: Units = None,
    template: Template = None,
    shared_graph: SharedGraph = False,
    knowing: Knowing,
    searching: Searching,
    keeping: Keeping,
    seed: Seed = 0,
    choosing: Choosing,
    giving: Giving,
) -> None:
    """Find the equation of a column of a table.

    It prints the front, a line for each equation that no simpler one beats, with the chosen one marked, and its LaTeX.
    """
    giving.check()
    keeping.check()
    columns = names("--features", features)
    check_targets(target, choosing, shared_graph)
    of_numbers = {
        "--y-error": y_error, "--log-target": log_target, "--noise": noise != "additive", "--template": template,
        "--target": len(target) > 1, "--groups": groups, "--units": units,
        "--shared-graph": shared_graph, "--loss": loss != "squared", "--checkpoint": keeping.checkpoint,
        "what is known (--guess, --constant, ...)": any(value is not None for value in knowing.options().values()),
    }  # fmt: skip
    if classes:
        check_no_number(of_numbers)
    with heard() as warnings:
        check_beside(columns, y_error, weights, groups)
        at_once = one_hot or classes or groups is not None or keeping.checkpoint is not None
        if is_streamed(file) and not at_once and len(target) == 1:
            model = searching.model(seed, noise, units, template, loss, knowing.options(), shared_graph)
            model.fit_file(
                file,
                target[0],
                columns,
                delimiter=reading.delimiter,
                decimal=reading.decimal,
                thousands=reading.thousands,
                encoding=reading.encoding,
                sheet=reading.sheet,
                na=reading.na or (),
                drop_missing=reading.drop_missing,
                y_error=y_error,
                weights=weights,
                log_target=log_target,
            )
            X, y = model.training_rows()
        else:
            # Before the model, whose import takes seconds.
            told = classes if len(target) == 1 else False
            X, y, beside = read_rows(file, target, columns, reading, y_error, weights, one_hot or (), groups, told)
            if classes or (len(target) == 1 and y.dtype.kind not in "fiub"):
                check_no_number(of_numbers, sorted(y.dropna().unique(), key=str))
                giving.give(searching.classifier(seed).fit(X, y, **beside), X, y, warnings, choosing)
                return
            if log_target:
                from eqdarts.data.logarithm import log_of

                y = log_of(y) if len(target) == 1 else y.apply(log_of).rename(columns=lambda name: f"log({name})")
            model = searching.model(seed, noise, units, template, loss, knowing.options(), shared_graph)
            model = keeping.fit(model, X, y, **beside)
        if log_target:
            for one in model.outputs_:
                say(f"the law is that of {one.target_name_}, the natural logarithm; its exponential is the target")
        giving.give(model, X, y, warnings, choosing)

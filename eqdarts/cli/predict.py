"""``eqdarts predict``: a table with what the law says of each row."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from eqdarts.cli.cells import Cells, cells_of
from eqdarts.cli.choosing import Choosing, Model, Output
from eqdarts.cli.classes import is_classifier, with_classes
from eqdarts.cli.groups import grouped
from eqdarts.cli.messages import say
from eqdarts.cli.output import OutputFile, check_file, write_file
from eqdarts.cli.reading import Reading
from eqdarts.cli.screen import explained, is_terminal, show_cells
from eqdarts.errors import InputDataError, warn
from eqdarts.formula.visible import visible

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from eqdarts.data.noise import Noise
    from eqdarts.equation.equation import Equation
    from eqdarts.estimator import DARTSRegressor

_SHOWN = 40  # rows on a terminal; not tuned
EXAMPLES = """\
# The table with a column more, for a spreadsheet.
eqdarts predict results/model.json new.csv -o predicted.csv
# With limits between which nineteen of twenty new measurements lie.
eqdarts predict results/model.json new.csv --interval 0.95
# Of counts and chances the limits of the law are known, and not those of a measurement.
eqdarts predict results/model.json new.csv --interval 0.95 --kind mean
# By the equation in row 2 of the front.
eqdarts predict results/model.json new.csv --select 2 > predicted.csv"""


@grouped
def predict(
    model: Model,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A table with the columns of the law, in any order.")],
    *,
    interval: Annotated[
        float | None,
        typer.Option(metavar="SHARE", help="Limits too, between which this share of new measurements lies: 0.95."),
    ] = None,
    kind: Annotated[
        str,
        typer.Option(
            metavar="KIND",
            help="Of what --interval says the limits: observation, a new measurement, or mean, the law itself.",
        ),
    ] = "observation",
    column: Annotated[
        str | None, typer.Option(metavar="NAME", help="What the new column is called.", show_default="predicted TARGET")
    ] = None,
    target: Output = None,
    reading: Reading,
    choosing: Choosing,
    output: OutputFile = None,
) -> None:
    """Add a column with the predictions of a saved model to a table.

    Columns are taken by their names; all of the table stays as it is. In a pipe, or with --output, it is CSV.
    """
    check_file(output, ".csv", file, model)
    if interval is not None and not 0 < interval < 1:
        raise InputDataError(f"--interval {interval:g}: expected a share between 0 and 1, such as 0.95")
    if interval is None and kind != "observation":
        raise InputDataError(f"--kind {kind}: it is of limits; give --interval too, such as --interval 0.95")
    with cells_of(file, reading) as cells:
        found = choosing.load(model, target)
        if is_classifier(found):
            _give(*with_classes(found, cells, column, interval), output)
            return
        laws = [one.equation() for one in found.outputs_]
        if column is not None and len(laws) > 1:
            raise InputDataError(f"--column {column!r}: the model has {len(laws)} targets; choose one with --target")
        names = [_new_names(column or f"predicted {law.target}", interval is not None, cells) for law in laws]
        new = [name for some in names for name in some]
        own = laws[0].by_group
        constants = () if own is None else own.names
        used = tuple(dict.fromkeys(n for law in laws for n in law.formula.used if n not in constants))
        cells.grid.check_labels(laws[0].columns)
        about = (*used, *(law.target for law in laws))
        cells.warn_of_other_units({name: unit for name, unit in found.units_.items() if name in about})
        X, rows = cells.numbers(used)
        if own is not None:
            if interval is not None:
                raise InputDataError("--interval: a law with constants of groups has no limits; leave it out")
            labels = rows.grid.classes(own.column)[rows.rows] if own.names else None
            found_values = [(laws[0].predict(X, groups=labels),)]
        elif interval is None:
            found_values = [(law.predict(X),) for law in laws]
        else:
            found_values = [law.predict(X, interval=interval, kind=kind) for law in laws]
        for values in found_values:
            _warn_of_undefined(values[0], rows)
        _warn_of_range(X, rows, found.outputs_[0])
        for law, values in zip(laws, found_values, strict=True):
            _say_how_well(values[0], law, rows, found.outputs_[0].noise_)
        whole = rows.with_columns(dict(zip(new, (v for values in found_values for v in values), strict=True)))
    _give(whole, about, new, output)


def _give(whole: Cells, about: Sequence[str], new: Sequence[str], output: Path | None) -> None:
    """Write the table, or show the columns that the law speaks of and the new ones."""
    if output is not None:
        write_file(output, whole.csv())
        print(f"written to {visible(str(output))}: {len(whole)} rows")
    elif is_terminal():
        wanted = {*map(whole.grid.headings.name, about), *new}
        columns = [name for name in whole.names if name in wanted]
        show_cells(columns, whole.table(columns, _SHOWN), len(whole))
    else:
        print(whole.csv(), end="")


def _new_names(name: str, limits: bool, cells: Cells) -> list[str]:
    """What the new columns are called; none of them is there."""
    names = [name, f"{name} low", f"{name} high"] if limits else [name]
    taken = [new for new in names if new in cells.names]
    if taken:
        raise InputDataError(f"{cells.path}: there is a column {taken[0]!r} already; call the new one --column NAME")
    return names


def _warn_of_undefined(predicted: np.ndarray, rows: Cells) -> None:
    """Rows where the law has no value."""
    import numpy as np

    undefined = np.flatnonzero(~np.isfinite(predicted))
    if len(undefined):
        warn(f"the law has no value on {len(undefined)} of {len(rows)} rows (first: {rows.where(undefined[0])})")


def _warn_of_range(X: pd.DataFrame, rows: Cells, model: DARTSRegressor) -> None:
    """Rows beyond those that the law was fitted to."""
    import numpy as np

    low, high = (
        dict(zip(model.front_[0].columns, ends, strict=True))
        for ends in (model.training_.minimum, model.training_.maximum)
    )
    for name in map(str, X):
        values = X[name].to_numpy()
        beyond = np.flatnonzero((values < low[name]) | (values > high[name]))
        if len(beyond):
            warn(
                f"{name!r} is beyond what the law was fitted to, {low[name]:.6g} to {high[name]:.6g}, in {len(beyond)} "
                f"of {len(X)} rows (first: {values[beyond[0]]:.6g} in {rows.where(beyond[0])})"
            )


def _say_how_well(predicted: np.ndarray, law: Equation, cells: Cells, noise: Noise) -> None:
    """R² and the error, or D² by another loss, where the table has the target too."""
    import numpy as np

    from eqdarts.losses.goal import unexplained
    from eqdarts.losses.noise import LossNoise

    measured = cells.numbers_or_none(law.target)
    if measured is None:
        return
    both = np.isfinite(measured) & np.isfinite(predicted)
    if both.sum() < 2 or np.ptp(measured[both]) == 0:
        return
    residuals = measured[both] - predicted[both]
    missing = float(np.mean(residuals**2) / np.var(measured[both]))
    if isinstance(noise, LossNoise):
        missing = unexplained(noise.loss, measured[both], predicted[both])
    error = float(np.sqrt(np.mean(residuals**2)))
    good = f"{noise.explained_name} {explained(missing)}, root of the mean squared error {error:.4g}"
    say(f"on the {both.sum()} rows with {law.target!r}: {good}")

"""`eqdarts.sweep`: plan the fits, leave out those that are done, run the rest, keep each as it finishes."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
from tqdm import tqdm

from eqdarts.errors import InputDataError, check_choice, check_flag, check_range, warn
from eqdarts.sweeping.jobs import Plan, plan
from eqdarts.sweeping.outcome import FIELDS, Outcome, run
from eqdarts.sweeping.store import Store
from eqdarts.sweeping.workers import run_locally, run_on_dask

_BACKENDS = ("loky", "dask")
_BEFORE, _AFTER = ("target",), ("setting", "seed")
_KINDS = {"complexity": "Int64", "loss": "float64", "r2": "float64"}


def sweep(
    table: pd.DataFrame,
    targets: str | Sequence[str],
    *,
    inputs: Sequence[str] | None = None,
    by: str | Sequence[str] = (),
    seeds: Sequence[int] = (0,),
    settings: Mapping[str, Mapping[str, Any]] | None = None,
    folder: str | os.PathLike[str] | None = None,
    n_jobs: int = 1,
    backend: str = "loky",
    drop_missing: bool = False,
    progress: bool = True,
) -> pd.DataFrame:
    """Fit an equation for every target, group, setting and seed, in parallel, and resume where a sweep was ended.

    With a `folder`, each result is written as it finishes: one line of ``results.jsonl``, and the model as a file for
    `DARTSRegressor.load`. The same call again, after whatever ended the first one, fits only what is missing, what
    failed, and what was fitted to rows or options that have changed since. A fit that raises an error is a row of the
    result, and the others go on. A fit whose worker is lost runs again on another one.

    Parameters
    ----------
    table : DataFrame
    targets : str or sequence of str
        Columns to explain.
    inputs : sequence of str, optional
        Columns to explain them with; a target among them is left out where it is the target itself. Default: all
        columns of numbers besides `targets` and `by`.
    by : str or sequence of str
        Columns whose values make groups; each group of rows has fits of its own.
    seeds : sequence of int
        A fit for each, as its `random_state`.
    settings : mapping of str to mapping, optional
        Names, and options of `DARTSRegressor` for each; a fit with each of them. Default: one, with the default
        options. Every fit uses one thread unless `n_jobs` is among its options.
    folder : str or path, optional
        Where results are kept; made if needed. The calling process alone writes there. None: nothing is written.
    n_jobs : int
        Processes of this machine that fit at once; -1: as many as there are cores. With a cluster it has no effect.
    backend : {"loky", "dask"}
        Where fits run: processes of this machine, through joblib; or the cluster of the current
        `dask.distributed.Client`, whose workers need eqdarts and should have one thread each.
        Needs ``pip install 'eqdarts[dask]'``.
    drop_missing : bool
        Leave out of every fit the rows that have a missing value in its target, in one of its columns or in `by`; a
        warning says how many. Otherwise a fit that meets one fails.
    progress : bool
        Show a bar on the terminal (never in a pipe).

    Returns
    -------
    DataFrame
        A row per fit, by target, group, setting and seed, whichever finished first: target, a column for each of
        `by`, setting, seed, seconds, equation, latex, complexity, loss (mean squared error, or that of another
        loss, which has no r2), r2, stop_reason, warnings, error (class and message; missing where the fit succeeded),
        and model (path of its file).

    Raises
    ------
    InputDataError
        A `ValueError` that names the column or option, before anything is fitted.
    EqdartsError
        If the folder cannot be used, or Dask is missing.

    Warns
    -----
    SearchWarning
        If fits failed, if lines of ``results.jsonl`` are damaged, or if columns were left out.

    Notes
    -----
    A fit that `max_time` ends depends on how busy the machine is; `max_epochs` with `max_time` None gives the same
    equations on any number of processes. Operations of one's own are known in this process only (``n_jobs=1``).

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> from eqdarts import sweep
    >>> table = pd.DataFrame({"spring": ["soft"] * 20 + ["stiff"] * 20, "x": np.tile(np.linspace(1, 2, 20), 2)})
    >>> table["force"] = np.where(table.spring == "soft", 3 * table.x, 8 * table.x)
    >>> table["energy"] = table.force * table.x / 2
    >>> quick = {"quick": {"max_epochs": 3, "max_time": None, "replicas": 64, "max_nodes": 1}}
    >>> found = sweep(table, ["force", "energy"], inputs=["x"], by="spring", settings=quick)
    >>> print(found[["target", "spring", "seed", "equation"]])
       target spring  seed  equation
    0   force   soft     0       3*x
    1   force  stiff     0       8*x
    2  energy   soft     0  3*x**2/2
    3  energy  stiff     0    4*x**2
    """
    check_choice("backend", backend, _BACKENDS)
    if n_jobs != -1:
        check_range("n_jobs", n_jobs, 1, integer=True)
    check_flag("drop_missing", drop_missing)
    planned = plan(table, targets, inputs, by, seeds, settings, drop_missing)
    _check_names(planned.by)
    keys = {job.key for job in planned.jobs}
    store = None if folder is None else Store(Path(folder))
    done = {} if store is None else store.done(keys)
    tasks = planned.tasks(keys - set(done))
    call = partial(run, with_model=store is not None)
    results = run_on_dask(tasks, call) if backend == "dask" else run_locally(tasks, call, int(n_jobs))
    off = not progress or not sys.stderr.isatty()
    bar = tqdm(total=len(keys), initial=len(done), desc="fits", disable=off)
    with closing(results), bar:
        failures = 0
        for job, result in results:
            if store is not None:
                store.keep(job, planned.by, result)
            done[job.key] = result[0]
            failures += result[0].error is not None
            if failures:
                bar.set_postfix_str(f"{failures} failed", refresh=False)
            bar.update()
    _warn_of_failures(planned, done)
    return _frame(planned, done, store)


def _check_names(by: tuple[str, ...]) -> None:
    taken = [name for name in by if name in {*_BEFORE, *_AFTER, *FIELDS, "model"}]
    if taken:
        raise InputDataError(f"by: the result has a column {taken[0]!r} of its own; rename yours")


def _warn_of_failures(planned: Plan, done: Mapping[str, Outcome]) -> None:
    errors = [done[job.key].error for job in planned.jobs if done[job.key].error is not None]
    if errors:
        warn(f"{len(errors)} of {len(planned.jobs)} fits failed, see column 'error'; the first: {errors[0]}")


def _frame(planned: Plan, done: Mapping[str, Outcome], store: Store | None) -> pd.DataFrame:
    rows = []
    for job in planned.jobs:
        outcome = done[job.key]
        kept = store is not None and outcome.error is None
        rows.append(
            {
                "target": job.target,
                **dict(zip(planned.by, job.group, strict=True)),
                "setting": job.setting,
                "seed": job.seed,
                **{name: value for name, value in asdict(outcome).items() if name != "key"},
                "model": str(store.model(job.key)) if store is not None and kept else None,
            }
        )
    return pd.DataFrame(rows).astype(_KINDS)

"""Many fits and sweeps in one process: does it grow, and does it leave threads, processes or open files behind?

    python benchmarks/soak.py                          # 500 fits and 100 sweeps
    python benchmarks/soak.py --fits 60 --sweeps 5     # a short one
    python benchmarks/soak.py --trace                  # which lines hold more memory at the end than after the first

Every fit has a table, names and constants of its own, so that what is kept by name or by formula keeps growing. The
kinds take turns: laws without and with noise, counts, classes, groups, several targets, units, a template, what is
known of the law, fits that Ctrl-C ends, and what is done with a model: files, tables, pages, pictures, exports. Memory
is that after the collector has run. The process ends with 1 if a limit is broken.
"""

from __future__ import annotations

import argparse
import gc
import os
import signal
import sys
import tempfile
import threading
import tracemalloc
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from eqdarts import DARTSClassifier, DARTSRegressor, refit, sweep
from eqdarts.loading import load_model
from eqdarts.report import report_html
from eqdarts.results import FILES

FIRST = 20  # fits after which memory is measured, as libraries load and caches fill until then
LIMIT = 50.0  # MB by which it may grow from there on
TINY = {
    "max_epochs": 1, "max_time": None, "replicas": 16, "max_nodes": 1, "operations": ["scale", "power"],
    "links": ["identity"], "verbose": 0, "n_jobs": 1,
}  # fmt: skip
SWEPT = {name: value for name, value in TINY.items() if name != "verbose"}


@dataclass(frozen=True)
class Held:
    """What a process holds. Attributes: megabytes of memory, threads, child processes, open files."""

    memory: float
    threads: int
    children: int
    files: int

    @classmethod
    def now(cls) -> Held:
        gc.collect()
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        tasks = list(Path("/proc/self/task").iterdir())
        children = sum(len((task / "children").read_text().split()) for task in tasks)
        files = len(os.listdir("/proc/self/fd")) - 1  # that of the listing
        return cls(pages * os.sysconf("SC_PAGE_SIZE") / 2**20, threading.active_count(), children, files)

    def __str__(self) -> str:
        return f"{self.memory:7.1f} MB {self.threads:3d} threads {self.children:3d} processes {self.files:3d} files"


def table(k: int, noise: float = 0.0) -> tuple[pd.DataFrame, pd.Series]:
    """Rows of a law with names and constants of its own."""
    rng = np.random.default_rng(k)
    X = pd.DataFrame(rng.uniform(1, 2, (17 + k % 7, 2)), columns=[f"a{k}", f"b{k}"])
    y = rng.uniform(1, 3) * X.iloc[:, 0] * X.iloc[:, 1] ** rng.integers(-2, 3) + rng.uniform()
    return X, (y + noise * rng.normal(size=len(y))).rename(f"y{k}")


def plain(k: int) -> None:
    DARTSRegressor(**TINY, random_state=k).fit(*table(k))


def noisy(k: int) -> None:
    DARTSRegressor(**TINY, random_state=k).fit(*table(k, 0.1))


def counted(k: int) -> None:
    X, y = table(k)
    counts = np.random.default_rng(k).poisson(y).astype(float)
    DARTSRegressor(**TINY, random_state=k, loss="poisson").fit(X, pd.Series(counts, name=y.name))


def classes(k: int) -> None:
    X, y = table(k, 0.3)
    labels = np.where(y > y.median(), f"high{k}", f"low{k}")
    model = DARTSClassifier(**TINY, random_state=k).fit(X, pd.Series(labels, name=y.name))
    model.predict_proba(X)


def groups(k: int) -> None:
    X, y = table(k)
    labels = np.array([f"g{k}", f"h{k}"])[np.arange(len(y)) % 2]
    DARTSRegressor(**TINY, random_state=k).fit(X, y * np.where(labels == f"g{k}", 1.0, 1.7), groups=labels)


def targets(k: int) -> None:
    X, y = table(k)
    both = pd.DataFrame({f"{y.name}a": y, f"{y.name}b": 2.1 * y + 1})
    DARTSRegressor(**TINY, random_state=k).fit(X, both)


def units(k: int) -> None:
    X, y = table(k)
    named = {X.columns[0]: "m", X.columns[1]: "s", y.name: f"{1 + k} m"}
    DARTSRegressor(**TINY, random_state=k, units=named).fit(X, y)


def template(k: int) -> None:
    X, y = table(k)
    DARTSRegressor(**TINY, random_state=k, template=f"slope{k}*{X.columns[0]} + f({X.columns[1]})").fit(X, y)


def known(k: int) -> None:
    X, y = table(k, 0.05)
    guess = f"slope*{X.columns[0]}*{X.columns[1]}"
    DARTSRegressor(**TINY, random_state=k, guesses=[guess], constants={f"R{k}": 8.3 + k}).fit(X, y)


def interrupted(k: int) -> None:
    """Ctrl-C once while it searches; what was found is kept, and before that the fit ends by KeyboardInterrupt."""
    timer = threading.Timer(0.02 * (k % 11), os.kill, (os.getpid(), signal.SIGINT))
    try:
        timer.start()
        DARTSRegressor(**{**TINY, "max_epochs": 3}, random_state=k).fit(*table(k, 0.1))
        timer.join()
    except KeyboardInterrupt:
        pass
    timer.join()


def refused(k: int) -> None:
    """Errors keep nothing alive."""
    X, y = table(k)
    try:
        DARTSRegressor(**TINY, random_state=k).fit(X.assign(**{f"c{k}": np.nan}), y)
    except ValueError:
        return
    raise AssertionError("a column without a number was taken")


def used(k: int) -> None:
    """What is done with a model."""
    X, y = table(k)
    model = DARTSRegressor(**TINY, random_state=k).fit(X, y)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.json"
        model.save(path)
        again = load_model(path)
    assert (again.predict(X) == model.predict(X)).all()
    law = model.equation()
    for text in (str(model), model.latex(errors=True), law.python(), law.c(), law.excel()):
        assert text
    law.torch()
    refit(f"slope{k}*{X.columns[0]}*{X.columns[1]} + level", X, y)
    if k % 3 == 0:
        FILES["fit.png"](model, X, y)
    else:
        report_html(model, X, y)


def swept(k: int) -> None:
    """Two fits; resumed from a folder now and then."""
    X, y = table(k)
    rows = X.assign(**{y.name: y, "kind": np.array(["u", "v"])[np.arange(len(y)) % 2]})
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(1 + (k % 5 == 0)):
            found = sweep(
                rows, y.name, by="kind", settings={"tiny": SWEPT}, folder=folder if k % 5 == 0 else None,
                n_jobs=2 if k % 25 == 0 else 1, progress=False,
            )  # fmt: skip
    assert len(found) == 2


KINDS: tuple[Callable[[int], None], ...] = (
    plain, used, noisy, refused, counted, plain, interrupted, groups, plain, classes, units, template, targets, known,
)  # fmt: skip


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--fits", type=int, default=500)
    parser.add_argument("--sweeps", type=int, default=100)
    parser.add_argument("--kinds", nargs="+", choices=sorted({kind.__name__ for kind in KINDS}))
    parser.add_argument("--trace", action="store_true")
    given = parser.parse_args()
    kinds = [kind for kind in KINDS if not given.kinds or kind.__name__ in given.kinds]
    first, before, last = None, None, Held.now()
    for k in range(given.fits + given.sweeps):
        (kinds[k % len(kinds)] if k < given.fits else swept)(k)
        if k + 1 == FIRST:
            # Workers of joblib stay for the next sweep, and so do the files by which they are spoken with.
            swept(25 * given.fits)
            first = Held.now()
            if given.trace:
                tracemalloc.start()
                before = tracemalloc.take_snapshot()
        if (k + 1) % FIRST == 0 or k + 1 == given.fits + given.sweeps:
            last = Held.now()
            print(f"{min(k + 1, given.fits):4d} fits {max(0, k + 1 - given.fits):4d} sweeps {last}", flush=True)
    if before is not None:
        for line in tracemalloc.take_snapshot().compare_to(before, "lineno")[:25]:
            print(line)
    if first is None:
        return 0
    grown = last.memory - first.memory
    print(f"after {FIRST} fits: {first}\nat the end:    {last}\ngrown by {grown:.1f} MB")
    same = last.threads <= first.threads and last.children <= first.children and last.files <= first.files
    return 0 if grown < LIMIT and same else 1


if __name__ == "__main__":
    sys.exit(main())

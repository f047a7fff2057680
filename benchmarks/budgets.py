"""How far a fit goes past its budgets: time, graphs that are fitted, and memory.

    python benchmarks/budgets.py time               # a line for each kind of table, at max_time=3
    python benchmarks/budgets.py time --seconds 10 --kinds groups outputs
    python benchmarks/budgets.py steps              # and the longest steps between two looks at the clock
    python benchmarks/budgets.py fits
    python benchmarks/budgets.py memory             # each in a process of its own

Time is that of the processor, which stands in for the clock of the whole package (one process, one thread), so that
other work on the machine does not count. The loops are compiled before. Peaks of memory are the system's own.
"""

import argparse
import subprocess
import sys
import time
import warnings
from collections.abc import Callable, Sequence
from typing import Any

if sys.argv[1:2] in (["time"], ["steps"]):
    time.monotonic = time.process_time

import numpy as np
import pandas as pd

from eqdarts import DARTSClassifier, DARTSRegressor, dynamics
from eqdarts.runtime.memory import bytes_of, resident

Fit = Callable[[], Any]


def rows(n: int, d: int, noise: float = 0.05) -> tuple[pd.DataFrame, pd.Series]:
    """A law of two columns, which has no short form, and others beside them."""
    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.uniform(0.5, 3, (n, d)), columns=[f"x{k}" for k in range(d)])
    y = X.x0 * np.exp(-X.x1) + np.sin(2 * X.x0) / (X.x1 + 0.3)
    return X, (y + noise * y.std() * rng.standard_normal(n)).rename("y")


def plain(n: int, d: int, noise: float = 0.05, **options: Any) -> Callable[..., Fit]:
    X, y = rows(n, d, noise)
    return lambda **budget: DARTSRegressor(random_state=0, verbose=0, **options, **budget).fit(X, y)


def of_groups() -> Callable[..., Any]:
    X, y = rows(300, 2)
    group = np.arange(300) % 5
    return lambda **budget: DARTSRegressor(random_state=0, verbose=0, **budget).fit(X, y * (1 + group), groups=group)


def of_outputs(**options: Any) -> Callable[..., Any]:
    X, y = rows(300, 3)
    Y = pd.DataFrame({"a": y, "b": 2 * y + X.x2, "c": y**2})
    return lambda **budget: DARTSRegressor(random_state=0, verbose=0, **options, **budget).fit(X, Y)


def of_classes(count: int) -> Callable[..., Any]:
    X, y = rows(300, 3)
    labels = pd.cut(y, count, labels=[f"c{k}" for k in range(count)]).astype(str)
    return lambda **budget: DARTSClassifier(random_state=0, verbose=0, **budget).fit(X, labels)


def of_counts() -> Callable[..., Any]:
    X, y = rows(300, 3)
    counts = np.random.default_rng(1).poisson(np.exp(np.clip(y, -2, 3)))
    return lambda **budget: DARTSRegressor(loss="poisson", random_state=0, verbose=0, **budget).fit(X, counts)


def of_trajectory() -> Callable[..., Any]:
    t, state, path = np.linspace(0, 20, 400), np.array([10.0, 5.0]), []
    for _ in t:
        path.append(state)
        for _ in range(50):
            a, b = state
            state = state + (t[1] / 50) * np.array([1.1 * a - 0.4 * a * b, 0.1 * a * b - 0.4 * b])
    states = np.array(path)
    states = states + 0.01 * states.std(axis=0) * np.random.default_rng(0).standard_normal(states.shape)
    frame = pd.DataFrame(states, columns=["a", "b"])
    return lambda **budget: dynamics.fit(t, frame, random_state=0, verbose=0, **budget)


KINDS: dict[str, Callable[[], Callable[..., Any]]] = {
    "30 rows, 2 columns": lambda: plain(30, 2),
    "300 rows, 5 columns": lambda: plain(300, 5),
    "300 rows, 5 columns, no noise": lambda: plain(300, 5, 0.0),
    "300 rows, 50 columns": lambda: plain(300, 50),
    "10,000 rows, 10 columns": lambda: plain(10_000, 10),
    "100,000 rows, 2 columns": lambda: plain(100_000, 2),
    "100,000 rows, 50 columns": lambda: plain(100_000, 50),
    "huber": lambda: plain(300, 3, loss="huber"),
    "counts": of_counts,
    "softmax": lambda: plain(300, 3, relaxation="softmax"),
    "template": lambda: plain(300, 3, template="x0*f(x1) + g(x2)"),
    "groups": of_groups,
    "outputs": of_outputs,
    "outputs, shared": lambda: of_outputs(shared="graph"),
    "2 classes": lambda: of_classes(2),
    "4 classes": lambda: of_classes(4),
    "trajectory": of_trajectory,
}


def time_of(kinds: Sequence[str], seconds: float, steps: bool) -> None:
    """Seconds of the processor that a fit takes."""
    fits = {kind: KINDS[kind]() for kind in kinds}
    for fit in fits.values():  # loads, and compiles, what each of them needs
        fit(max_time=0.5)
    for kind, fit in fits.items():
        watched = _Watched() if steps else None
        begin = time.process_time()
        fit(max_time=seconds)
        took = time.process_time() - begin
        print(f"{kind:32} {took:6.2f} s  {100 * (took - seconds) / max(seconds, 1):+6.1f} %", flush=True)
        for line in watched.longest() if watched else ():
            print(f"    {line}", flush=True)


class _Watched:
    """The steps between two looks at the clock."""

    def __init__(self) -> None:
        self._last, self._steps, self._before = time.process_time(), [], "the start"
        time.monotonic = self._look

    def _look(self) -> float:
        now, frame, place = time.process_time(), sys._getframe(1), ""
        while frame is not None and "eqdarts" not in frame.f_code.co_filename:
            frame = frame.f_back  # type: ignore[assignment]
        if frame is not None and "runtime" not in frame.f_code.co_filename:
            place = f"{frame.f_code.co_filename.rsplit('eqdarts/')[-1]}:{frame.f_lineno}"
            self._steps.append((now - self._last, self._before, place))
            self._last, self._before = now, place
        return now

    def longest(self, most: int = 3) -> list[str]:
        time.monotonic = time.process_time
        return [f"{took:.2f} s from {a} to {b}" for took, a, b in sorted(self._steps, reverse=True)[:most]]


def fits_of(most: Sequence[int]) -> None:
    """Graphs that were fitted, and whether the same come again."""
    for kind in ("300 rows, 5 columns", "300 rows, 5 columns, no noise", "softmax"):
        for count in most:
            some = [KINDS[kind]()(max_fits=count, max_time=None) for _ in range(2)]
            first, second = ([str(e) for e in model.front_] for model in some)
            print(
                f"{kind:32} max_fits={count:6}: {fitted(some[0])} fitted, {some[0].stop_reason_}, "
                f"{'the same again' if first == second else 'NOT THE SAME'}",
                flush=True,
            )


def fitted(model: Any) -> int:
    """How many graphs a search fitted, those of its branches included."""
    history = model.history_
    shares = [name for name in history if name.endswith("_graphs")]
    return int(history[shares].to_numpy().sum()) if shares else int(history["graphs"].iloc[-1])


def memory_of(kinds: Sequence[str], sizes: Sequence[str], seconds: float) -> None:
    """By how much a process grows."""
    for kind in kinds:
        for size in sizes:
            command = [sys.executable, __file__, "one", "--kinds", kind, "--sizes", size, "--seconds", str(seconds)]
            done = subprocess.run(command, capture_output=True, text=True, check=True).stdout
            print(f"{kind:32} max_memory={size:>8}: {done.strip()}", flush=True)


def one(kind: str, size: str, seconds: float) -> None:
    import resource

    fit, start = KINDS[kind](), resident() or 0
    try:
        reason = getattr(fit(max_time=seconds, max_memory=None if size == "none" else size), "stop_reason_", "")
    except ValueError as error:
        print(f"refused: {error}")
        return
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 - start
    share = "" if size == "none" else f" ({100 * peak / bytes_of('size', size):.0f} %)"
    print(f"grew by {peak / 1e6:.0f} MB{share}, {reason}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("time", "steps", "fits", "memory", "one"))
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--kinds", nargs="+", default=list(KINDS))
    parser.add_argument("--most", nargs="+", type=int, default=[1000, 5000, 20_000])
    parser.add_argument("--sizes", nargs="+", default=["none", "200 MB", "400 MB", "1 GB"])
    given = parser.parse_args()
    warnings.simplefilter("ignore")
    if given.what in ("time", "steps"):
        time_of(given.kinds, given.seconds, given.what == "steps")
    elif given.what == "fits":
        fits_of(given.most)
    elif given.what == "memory":
        memory_of(given.kinds, given.sizes, given.seconds)
    else:
        one(given.kinds[0], given.sizes[0], given.seconds)


if __name__ == "__main__":
    main()

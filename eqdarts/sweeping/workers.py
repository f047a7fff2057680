"""Where fits run: in processes of this machine through joblib, or on a Dask cluster. No scheduler of our own.

Both hand back results as they finish, and both run a fit again whose worker was lost. Dask is asked directly and not
through joblib's backend: that one never reports a task that Dask gave up, and it puts the rows on one worker, with
which they are lost.
"""

from __future__ import annotations

import warnings
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures.process import BrokenProcessPool
from importlib import import_module
from itertools import islice
from threading import Lock
from typing import Any

from sklearn.utils.parallel import Parallel

from eqdarts.data.table import Table
from eqdarts.errors import EqdartsError, InputDataError
from eqdarts.runtime.orphans import delayed_here
from eqdarts.runtime.overlapping import Overlapping
from eqdarts.sweeping.jobs import Job
from eqdarts.sweeping.outcome import Result, failed

Task = tuple[Job, Table]
Call = Callable[[Job, Table], Result]

_UNDERWAY = 100  # fits handed to a cluster at once, at the least; rows of the others stay here


def run_locally(tasks: Iterable[Task], call: Call, n_jobs: int) -> Generator[tuple[Job, Result], None, None]:
    """Results as they finish, of `n_jobs` processes; with one job, of this process.

    When a process dies, joblib gives up all of them, and what was underway runs again. A fit to which that happens
    twice runs once more by itself, at the end: then it is clear whether it is the cause. They end with this process.
    """
    waiting, again, alone = iter(tasks), deque[Task](), list[Task]()
    underway: dict[str, Task] = {}
    lost_before: set[str] = set()

    taking = Lock()  # joblib asks for the next one in threads of its own

    def take() -> Task | None:
        with taking:
            task = again.popleft() if again else next(waiting, None)
            if task is not None:
                underway[task[0].key] = task
            return task

    def handed_out() -> Iterator[Any]:
        while (task := take()) is not None:
            yield delayed_here(call)(*task)

    while True:
        try:
            for result in _parallel(n_jobs)(handed_out()):
                job, _ = underway.pop(result[0].key)
                yield job, result
            if not underway:
                break
        except BrokenProcessPool:
            pass
        with taking:
            for key in list(underway):
                (alone if key in lost_before else again).append(underway.pop(key))
                lost_before.add(key)
    for job, data in alone:
        try:
            for result in _parallel(n_jobs)([delayed_here(call)(job, data)]):
                yield job, result
        except BrokenProcessPool as error:
            lost = EqdartsError(f"the process that fitted it ended, perhaps for lack of memory ({error})")
            yield job, (failed(job, lost), None)


def _parallel(n_jobs: int) -> Parallel:
    # A batch would hold back its first result until its last one is there.
    return Parallel(n_jobs=n_jobs, batch_size=1, pre_dispatch="n_jobs", return_as="generator_unordered")


def run_on_dask(tasks: Iterable[Task], call: Call) -> Generator[tuple[Job, Result], None, None]:
    """Results as they finish, of the cluster of the current `dask.distributed.Client`.

    Dask runs a fit again when its worker is lost, and gives it up after the number of workers that
    ``distributed.scheduler.allowed-failures`` says.

    Raises
    ------
    EqdartsError
        If Dask is not installed.
    InputDataError
        If there is no client.
    """
    distributed = _distributed()
    try:
        client = distributed.default_client()
    except ValueError as error:
        raise InputDataError(
            "backend='dask': there is no cluster; make a client first, such as "
            "client = dask.distributed.Client('tcp://host:8786')"
        ) from error
    waiting = iter(tasks)
    underway: dict[Any, Job] = {}
    completed = distributed.as_completed()
    last: Table | None = None
    rows: Any = None

    def hand_out(count: int) -> None:
        nonlocal last, rows
        for job, data in islice(waiting, count):
            if data is not last:
                # As a task of its own, the scheduler can make it again when the worker that holds it is lost.
                with _without_size_warning():
                    last, rows = data, client.submit(_itself, data, pure=False)
            future = client.submit(call, job, rows, pure=False)
            underway[future] = job
            completed.add(future)

    try:
        hand_out(max(_UNDERWAY, 2 * sum(client.nthreads().values())))
        for future in completed:
            job = underway.pop(future)
            yield job, _result(future, job)
            hand_out(1)
    finally:
        if underway:
            client.cancel(list(underway))


def _allow_large_graphs() -> Callable[[], object]:
    before = warnings.catch_warnings()
    before.__enter__()
    warnings.filterwarnings("ignore", message="Sending large graph")  # each group of rows goes once
    return lambda: before.__exit__(None, None, None)


_without_size_warning = Overlapping(_allow_large_graphs)


def connect(address: str) -> Any:
    """A Dask client for this scheduler; leaving it as a context ends it.

    Raises
    ------
    EqdartsError
        If Dask is not installed, or nothing answers there.
    """
    try:
        return _distributed().Client(address)
    except (OSError, ValueError) as error:
        raise EqdartsError(f"no Dask scheduler answers at {address!r} ({error}); check the address") from error


def _itself(data: Table) -> Table:
    return data


def _result(future: Any, job: Job) -> Result:
    try:
        result: Result = future.result()
    except Exception as error:  # `run` raises none: the cluster gave this fit up
        return failed(job, error), None
    return result


def _distributed() -> Any:
    try:
        return import_module("distributed")
    except ImportError as error:
        raise EqdartsError("backend='dask' needs Dask; install it with: pip install 'eqdarts[dask]'") from error

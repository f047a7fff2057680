"""Runs many fits, one process each, and keeps a JSON line of every one.

A job is a dict of plain values that names the fit: law, seed, setting. Jobs that have a line already
are left out, so a run that was stopped goes on where it was.
"""

import argparse
import json
import multiprocessing
import os
import subprocess
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMEXPR_NUM_THREADS")

Job = dict[str, Any]
Fit = Callable[[Job], dict[str, Any]]


def parser(
    doc: str | None, name: str, budget: float | None = None, processes: int | None = None, threads: int | None = None
) -> argparse.ArgumentParser:
    """With the options that every script has, and those of the others that have a default.

    doc: of the script   name: of the file of results
    """
    made = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    made.add_argument("--results", type=Path, default=ROOT / "results" / f"{name}.jsonl", metavar="FILE")
    made.add_argument("--table", action="store_true", help="print what the results say, and measure nothing")
    if budget is not None:
        made.add_argument("--budget", type=float, default=budget, help="seconds of each fit")
    if processes is not None:
        made.add_argument("--processes", type=int, default=processes, help="fits at the same time")
    if threads is not None:
        made.add_argument("--threads", type=int, default=threads, help="threads of each fit")
    return made


def read(path: Path) -> list[dict[str, Any]]:
    """The records written so far."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()] if path.exists() else []


def run(jobs: list[Job], fit: Fit, path: Path, seconds: float, processes: int = 1, threads: int = 1) -> None:
    """Fit the jobs that are not in `path` yet, and append a line for each as it ends.

    fit: a function of a module, job → what goes into its record   seconds: after these a fit is killed
    threads: of each fit
    """
    # Children inherit the environment, and read it before they load NumPy and torch.
    os.environ.update(dict.fromkeys(THREADS, str(threads)))
    done = [{name: record.get(name) for name in jobs[0]} for record in read(path)] if jobs else []
    todo = [job for job in jobs if job not in done]
    print(f"{len(jobs)} fits, {len(jobs) - len(todo)} of them done before")
    path.parent.mkdir(parents=True, exist_ok=True)
    about = {"commit": commit(), "threads": threads, "processes": processes}
    with path.open("a", encoding="utf-8") as file:
        for record in _records(todo, fit, seconds, processes):
            file.write(json.dumps({**record, **about}) + "\n")
            file.flush()
            print(json.dumps(record)[:200], flush=True)


def commit() -> str:
    """The commit of the working tree, with a plus sign when the package differs from it."""
    git = ("git", "-C", str(ROOT))
    name = subprocess.run([*git, "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=True).stdout
    changed = subprocess.run([*git, "diff", "--quiet", "HEAD", "--", "eqdarts"]).returncode
    return name.strip() + "+" * bool(changed)


def table(head: list[object], rows: list[list[object]]) -> str:
    """In Markdown."""
    lines: list[list[object]] = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(str(cell) for cell in line)} |" for line in lines)


def _records(jobs: list[Job], fit: Fit, seconds: float, processes: int) -> Iterator[dict[str, Any]]:
    pool = ThreadPoolExecutor(processes)
    try:
        for future in as_completed([pool.submit(_one, job, fit, seconds) for job in jobs]):
            yield future.result()
    finally:
        pool.shutdown(wait=False, cancel_futures=True)  # after Ctrl-C, start no further fit


def _one(job: Job, fit: Fit, seconds: float) -> dict[str, Any]:
    """A fit in a process of its own, which can be killed, and cannot take the others with it."""
    context = multiprocessing.get_context("spawn")
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=_child, args=(job, fit, sender))
    process.start()
    sender.close()
    try:
        outcome = receiver.recv() if receiver.poll(seconds) else {"error": f"killed after {seconds:.0f} s"}
    except EOFError:
        outcome = {"error": "the process died"}
    process.join(5 if outcome.get("error") is None else 0)
    process.kill()
    process.join()
    return {**job, "error": None, **outcome}


def _child(job: Job, fit: Fit, sender: Connection) -> None:
    try:
        sender.send(fit(job))
    except Exception as error:
        sender.send({"error": f"{type(error).__name__}: {error}"[:300]})

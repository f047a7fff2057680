"""A folder that holds every result as soon as there is one: a line of JSON each, and a model file."""

from __future__ import annotations

import json
import os
from dataclasses import asdict
from pathlib import Path
from typing import Any

from eqdarts.errors import EqdartsError, InputDataError, warn
from eqdarts.formula.records import dump, parse_json
from eqdarts.runtime.writing import write_text
from eqdarts.sweeping.jobs import Job, description
from eqdarts.sweeping.outcome import Outcome, Result, read

_LONGEST_LINE = 1_000_000  # bytes


class Store:
    """The folder of a sweep: ``results.jsonl`` and ``models/<key>.json``.

    Parameters
    ----------
    folder : Path
        Made if needed.

    Raises
    ------
    EqdartsError
        If it cannot be used.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lines = folder / "results.jsonl"
        try:
            (folder / "models").mkdir(parents=True, exist_ok=True)
            with open(self._lines, "a+b") as file:
                # What a killed process left of a line must not spoil the next one.
                if file.seek(0, os.SEEK_END):
                    file.seek(-1, os.SEEK_END)
                    if file.read(1) != b"\n":
                        file.write(b"\n")
        except OSError as error:
            raise self._unusable(error) from error

    def model(self, key: str) -> Path:
        """Where the model of a job is kept."""
        return self._folder / "models" / f"{key}.json"

    def done(self, keys: set[str]) -> dict[str, Outcome]:
        """Outcomes of these jobs that are there: no failures, and none whose model is missing.

        Warns
        -----
        SearchWarning
            Naming the lines that are damaged, which count as not there.
        """
        found, damaged = {}, []
        try:
            with open(self._lines, "rb") as file:
                for number, line in enumerate(file, start=1):
                    outcome = _read_line(line, str(self._lines))
                    if outcome is not None:
                        found[outcome.key] = outcome
                    elif line.strip():
                        damaged.append(number)
        except OSError as error:
            raise self._unusable(error) from error
        if damaged:
            shown = ", ".join(map(str, damaged[:20])) + (" and more" if len(damaged) > 20 else "")
            warn(f"{self._lines}: damaged in line {shown}; what was there is fitted again")
        return {
            key: outcome
            for key, outcome in found.items()
            if key in keys and outcome.error is None and self.model(key).is_file()
        }

    def keep(self, job: Job, by: tuple[str, ...], result: Result) -> None:
        """Write a result: the model first, whole or not at all, so that a line means that its model is there."""
        outcome, model = result
        if model is not None:
            write_text(self.model(job.key), dump(model))
        record = {**description(job, by), **asdict(outcome)}
        line = json.dumps(record, allow_nan=False).encode("ascii") + b"\n"
        try:
            with open(self._lines, "ab", buffering=0) as file:
                file.write(line)  # in one piece, at the end, whoever else writes there
                os.fsync(file.fileno())
        except OSError as error:
            raise self._unusable(error) from error

    def _unusable(self, error: OSError) -> EqdartsError:
        return EqdartsError(
            f"folder {str(self._folder)!r} cannot be used ({error.strerror or error}); choose another one"
        )


def _read_line(line: bytes, where: str) -> Outcome | None:
    """The outcome in a line; None if it is damaged."""
    if len(line) > _LONGEST_LINE:
        return None
    try:
        data: Any = parse_json(line.decode("utf-8"), where)
        return read(data)
    except (InputDataError, UnicodeDecodeError):
        return None

"""What is shown while a search runs: a bar, or a line of text, on a terminal only."""

from __future__ import annotations

import re
import sys
import threading
from collections.abc import Callable

from tqdm import tqdm

from eqdarts.data.noise import ADDITIVE, Noise
from eqdarts.formula.visible import visible
from eqdarts.options import SearchConfig
from eqdarts.search.history import EpochRecord

_WIDEST = 50  # characters of an equation


def both(
    progress: Callable[[EpochRecord], None], callback: Callable[[EpochRecord], None] | None
) -> Callable[[EpochRecord], None]:
    """The bar, and the user's callback after it."""

    def call(record: EpochRecord) -> None:
        progress(record)
        if callback is not None:
            callback(record)

    return call


def _shortened(equation: str) -> str:
    """With four digits a number, and no longer than fits beside a bar."""
    text = visible(re.sub(r"\d+\.\d+", lambda number: f"{float(number[0]):.4g}", equation))
    return text if len(text) <= _WIDEST else text[: _WIDEST - 1] + "…"


def _how_sure(found: int, wanted: int | None) -> str:
    """Of noisy data: how many of the runs that are wanted have found the best graph."""
    return f"found {min(found, wanted)} of {wanted} times, " if wanted and found else ""


class Notice:
    """Says on the terminal what takes so long, if it takes longer than two seconds."""

    def __init__(self, text: str, verbose: int) -> None:
        self._timer = threading.Timer(2.0, lambda: tqdm.write(text, file=sys.stderr))
        self._off = not verbose or not sys.stderr.isatty()

    def __enter__(self) -> None:
        if not self._off:
            self._timer.start()

    def __exit__(self, *exception: object) -> None:
        self._timer.cancel()


class Progress:
    """A tqdm bar over epochs or seconds; silent when verbose is 0 or stderr is not a terminal."""

    def __init__(self, verbose: int, config: SearchConfig, noise: Noise = ADDITIVE) -> None:
        self._by_epochs, self._wanted = config.max_epochs is not None, config.agreeing_runs
        total = config.max_epochs if self._by_epochs else config.max_time
        form = "{desc} |{bar}| {n:.0f}/{total:.0f} " + ("epochs" if self._by_epochs else "s") + "{postfix}"
        off = not verbose or not sys.stderr.isatty()
        what = f"searching, {noise.form} noise" if noise.depends_on_law else "searching"
        self._bar = tqdm(total=total, desc=what, bar_format=form, disable=off, leave=False)

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, *exception: object) -> None:
        self._bar.close()

    def __call__(self, record: EpochRecord) -> None:
        done = record.epoch if self._by_epochs else record.seconds
        sure = _how_sure(record.found, self._wanted)
        self._bar.set_postfix_str(f"loss {record.best_loss:.2g}, {sure}{_shortened(record.equation)}", False)
        self._bar.update(min(done, self._bar.total or done) - self._bar.n)

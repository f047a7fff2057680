"""What is shown while a search runs: a bar on a terminal, and the best law so far in a notebook."""

from __future__ import annotations

import math
import re
import sys
import threading
import time
from collections.abc import Callable
from functools import lru_cache
from html import escape

from tqdm import tqdm

from eqdarts.data.noise import ADDITIVE, Noise
from eqdarts.errors import InputDataError
from eqdarts.formula.mathml import mathml
from eqdarts.formula.parsing import parse_expression
from eqdarts.formula.visible import visible
from eqdarts.options import SearchConfig
from eqdarts.runtime.kernel import InPlace, in_kernel
from eqdarts.search.history import EpochRecord

_WIDEST = 50  # characters of an equation
_PAUSE = 0.3  # seconds between two cards at the least (not tuned)


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
    """Says on the terminal, or in a notebook while it lasts, what takes longer than two seconds."""

    def __init__(self, text: str, verbose: int) -> None:
        self._text, self._place = text, InPlace() if in_kernel() else None
        self._timer = threading.Timer(2.0, self._say)
        self._off = not verbose or not (self._place or sys.stderr.isatty())

    def _say(self) -> None:
        if self._place is None:
            tqdm.write(self._text, file=sys.stderr)
        else:
            self._place.show(f"<div>{escape(self._text)}</div>", self._text)

    def __enter__(self) -> None:
        if not self._off:
            self._timer.start()

    def __exit__(self, *exception: object) -> None:
        self._timer.cancel()
        if self._place is not None and not self._off:
            self._timer.join()
            self._place.clear()


def progress(verbose: int, config: SearchConfig, target: str, noise: Noise = ADDITIVE) -> Bar | Card:
    """What shows the search for this target: in a notebook a card that is renewed, else a bar."""
    return Card(config, target, noise) if verbose and in_kernel() else Bar(verbose, config, noise)


def _what(noise: Noise) -> str:
    return f"searching, {noise.form} noise" if noise.depends_on_law else "searching"


class Bar:
    """A tqdm bar over epochs or seconds; silent when verbose is 0 or stderr is not a terminal."""

    def __init__(self, verbose: int, config: SearchConfig, noise: Noise = ADDITIVE) -> None:
        self._by_epochs, self._wanted = config.max_epochs is not None, config.agreeing_runs
        total = config.max_epochs if self._by_epochs else config.max_time
        form = "{desc} |{bar}| {n:.0f}/{total:.0f} " + ("epochs" if self._by_epochs else "s") + "{postfix}"
        off = not verbose or not sys.stderr.isatty()
        self._bar = tqdm(total=total, desc=_what(noise), bar_format=form, disable=off, leave=False)

    def __enter__(self) -> Bar:
        return self

    def __exit__(self, *exception: object) -> None:
        self._bar.close()

    def __call__(self, record: EpochRecord) -> None:
        done = record.epoch if self._by_epochs else record.seconds
        sure = _how_sure(record.found, self._wanted)
        self._bar.set_postfix_str(f"loss {record.best_loss:.2g}, {sure}{_shortened(record.equation)}", False)
        self._bar.update(min(done, self._bar.total or done) - self._bar.n)


class Card:
    """In a notebook: how far the search is, and the best law so far, typeset."""

    def __init__(self, config: SearchConfig, target: str, noise: Noise = ADDITIVE) -> None:
        self._by_epochs, self._wanted = config.max_epochs is not None, config.agreeing_runs
        self._total = config.max_epochs if self._by_epochs else config.max_time
        self._what, self._target, self._squares = _what(noise), target, noise.explained_key == "r2"
        self._place, self._next = InPlace(), -math.inf
        self._last: EpochRecord | None = None

    def __enter__(self) -> Card:
        return self

    def __exit__(self, *exception: object) -> None:
        if self._last is not None:
            done = f"searched {self._last.seconds:.0f} s, {self._last.epoch} epochs"
            self._place.show(f'<div style="opacity: 0.7">{escape(done)}</div>', done)

    def __call__(self, record: EpochRecord) -> None:
        self._last = record
        if time.monotonic() < self._next:
            return
        line = f"{self._what}: {self._how_far(record)}, {_how_sure(record.found, self._wanted)}"
        line += _how_good(record, self._squares)
        law = _typeset(record.equation, self._target)
        html = (
            f"<div>{self._meter(record)}{escape(line)}</div>"
            f'<div style="font-size: 1.3em; margin: 0.3em 0; overflow-x: auto">{law}</div>'
        )
        self._place.show(html, f"{line}, {_shortened(record.equation)}")
        self._next = time.monotonic() + _PAUSE

    def _done(self, record: EpochRecord) -> float:
        done = record.epoch if self._by_epochs else record.seconds
        return done if self._total is None else min(done, self._total)

    def _how_far(self, record: EpochRecord) -> str:
        of = "" if self._total is None else f" of {self._total:.0f}"
        return f"{self._done(record):.0f}{of} {'epochs' if self._by_epochs else 's'}"

    def _meter(self, record: EpochRecord) -> str:
        if self._total is None:
            return ""
        return f'<progress max="{float(self._total)}" value="{float(self._done(record))}"></progress> '


def _how_good(record: EpochRecord, squares: bool) -> str:
    """R² of the best graph, on the rows that rank it; by another loss than squares what the search ranks by."""
    if not math.isfinite(record.best_loss):
        return "nothing fits yet"
    return f"best R² {1 - record.best_loss:.5g}" if squares else f"loss {record.best_loss:.4g}"


@lru_cache(maxsize=8)
def _typeset(equation: str, target: str) -> str:
    """As MathML; as text where it cannot be read."""
    try:
        return mathml(parse_expression(equation, evaluate=False), target, block=False)
    except InputDataError:
        return escape(_shortened(equation))

"""A search, and what it found, in the words of the page."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from eqdarts.errors import kept_warnings
from eqdarts.estimator import DARTSRegressor
from eqdarts.formula.mathml import mathml
from eqdarts.formula.parsing import parse_expression
from eqdarts.formula.visible import visible
from eqdarts.report.laws import Law, law
from eqdarts.report.sureness import rivals_of, sentences
from eqdarts.report.words import count, r_squared
from eqdarts.search.history import EpochRecord

_EVERY = 0.25  # seconds between two looks at a search; not tuned
_MOST_RIVALS = 5
_ENDINGS = {
    "exact": "The search ended as an equation leaves nothing but rounding.",
    "settled": "The search ended as independent runs found the same, and nothing better turned up.",
    "max_time": "The search ended as its time was over; more time may find more.",
    "max_epochs": "The search ended after the epochs that it had.",
    "max_fits": "The search ended after as many graphs as it was to fit.",
    "max_memory": "The search ended as its memory was full; more memory may find more.",
    "patience": "The search ended as nothing better turned up for long.",
    "constant": "There was nothing to search for: the column does not vary.",
    "interrupted": "The search was stopped; it may find more in more time.",
    "error": "An error ended the search; these equations were found before it.",
}


class Watcher:
    """A callback that tells of a search what can be seen of it, a few times a second."""

    def __init__(self, target: str, tell: Callable[[dict[str, Any]], None]) -> None:
        self._target, self._tell = target, tell
        self._last = 0.0
        self._typeset: dict[str, str] = {}
        self._graphs = 0

    def __call__(self, record: EpochRecord) -> None:
        self._graphs += record.graphs
        if record.sight is None or time.monotonic() - self._last < _EVERY:
            return
        equations, chosen = record.sight.equations, record.sight.chosen
        _, loss, text = equations[chosen]
        if text not in self._typeset:
            self._typeset = {text: mathml(parse_expression(text), self._target)}
        self._tell(
            {
                "is": "progress",
                "epoch": record.epoch,
                "graphs": self._graphs,
                "runs": record.found,
                "markup": self._typeset[text],
                "r2": r_squared(loss),
                "best_r2": r_squared(min([loss, *(share for _, share in record.sight.outline)])),
                "equations": [[complexity, share] for complexity, share, _ in equations],
                "chosen": chosen,
                "outline": [[complexity, share] for complexity, share in record.sight.outline],
            }
        )
        self._last = time.monotonic()  # after typesetting, which takes long where a law is long


def told(model: DARTSRegressor) -> dict[str, Any]:
    """What a model found."""
    with kept_warnings():  # of constants that the rows do not determine, which the report says of each law
        laws = [law(model.equation(i), i, model.noise_) for i in range(len(model.front_))]
    return {
        "target": visible(model.target_name_),
        "equations": [_as_shown(shown, front.relative_loss) for shown, front in zip(laws, model.front_, strict=True)],
        "chosen": int(model.best_index_),
        "sure": list(sentences(model)),
        "rivals": [[rival.probability, str(rival.formula)] for rival in rivals_of(model)[:_MOST_RIVALS]],
        "ending": _ENDINGS[model.stop_reason_],
        "rows": count(model.training_.rows, "row"),
    }


def _as_shown(shown: Law, share: float) -> dict[str, Any]:
    """share: of the variance that the law leaves"""
    codes = {code.key: code.text for code in shown.codes if not code.missing}
    return {
        "index": shown.index,
        "complexity": int(shown.complexity),
        "share": share,
        "formula": str(shown.measured or shown.formula),
        "small": str(shown.small),
        "text": shown.text,
        "latex": codes["latex"],
        "r2": shown.r2,
        "error": shown.error,
        "left_out": shown.left_out,
        "probability": shown.probability,
    }

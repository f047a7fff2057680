"""What a paper says of how a law was found, and what it cites."""

from __future__ import annotations

import platform
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from eqdarts.data.noise import GIVEN, Noise
from eqdarts.equation.equation import Equation
from eqdarts.errors import InputDataError
from eqdarts.formula.visible import visible
from eqdarts.losses.noise import LossNoise
from eqdarts.options import search_config
from eqdarts.report.table import units_of
from eqdarts.report.words import chance, count, level_text, listing, number, r_squared

_LIBRARIES = ("numpy", "scipy", "sympy", "torch", "scikit-learn")
_SPLIT_FROM = 60  # rows from which constants and architecture see different ones; `eqdarts.search.pose`
_CRITERIA = {
    "best": "has the shortest description of table and equation together (Rissanen 1978)",
    "accuracy": "has the least error",
    "score": "has the steepest fall of the logarithm of its loss per unit of complexity",
}
_ENDED = {
    "exact": "when an equation left nothing to explain",
    "settled": "when independent runs had found the same equation and none a better one",
    "max_epochs": "after the number of epochs that was set",
    "max_fits": "after the number of fitted graphs that was set",
    "max_time": "after the time that was set",
    "max_memory": "as there was no more memory for it",
    "patience": "when it had not improved for long",
    "interrupted": "when it was interrupted",
    "error": "with an error, which left the equations found so far",
    "constant": "at once, as the target has the same value in all rows",
}
_NOISE = {
    "additive": "Errors were taken to be alike in all rows",
    "proportional": "Errors were taken to be proportional to the value of the law",
    "poisson": "Errors were taken to grow with the root of the value of the law, as those of counts do",
    GIVEN: "Rows were weighed by the errors that were given for them",
}


@dataclass(frozen=True)
class Reference:
    """Something to cite, as text and as BibTeX."""

    text: str
    bibtex: str


def references(release: str) -> tuple[Reference, ...]:
    """The program, and the paper on which its method rests."""
    return (
        Reference(
            f"The eqdarts developers. eqdarts: equations from data by differentiable architecture search, version "
            f"{release}.",
            "@software{eqdarts,\n"
            "  author  = {{The eqdarts developers}},\n"
            "  title   = {eqdarts: equations from data by differentiable architecture search},\n"
            f"  version = {{{release}}}\n"
            "}",
        ),
        Reference(
            "H. Liu, K. Simonyan, Y. Yang. DARTS: Differentiable Architecture Search. International Conference on "
            "Learning Representations, 2019. arXiv:1806.09055.",
            "@inproceedings{liu2019darts,\n"
            "  author    = {Liu, Hanxiao and Simonyan, Karen and Yang, Yiming},\n"
            "  title     = {{DARTS}: Differentiable Architecture Search},\n"
            "  booktitle = {International Conference on Learning Representations},\n"
            "  year      = {2019},\n"
            "  note      = {arXiv:1806.09055}\n"
            "}",
        ),
    )


def versions(release: str) -> str:
    """Of what this report was made with."""
    found = [f"eqdarts {release}", f"Python {platform.python_version()}"]
    for name in _LIBRARIES:
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:  # pragma: no cover - a library that is vendored
            continue
    return listing(found)


def paragraph(model: Any, equation: Equation, chosen: bool, release: str) -> str:
    """How an equation was found, for a paper; [1] and [2] are those of `references`."""
    summary = model.training_
    target, columns = visible(model.target_name_), [visible(name) for name in model.screened_columns_]
    seen = listing(columns) if 0 < len(columns) <= 12 else count(len(equation.columns), "column")
    sentences = [
        f"The dependence of {target} on {seen} was sought by symbolic regression with eqdarts {release} [1], which "
        "searches graphs of elementary functions by differentiable architecture search [2].",
        f"The table had {count(summary.rows, 'row')}.",
        *_search(model),
        f"{_noise(model.noise_)}.",
        _choice(model, equation, chosen),
        _result(model, equation),
        f"The report was made with {versions(release)}.",
    ]
    return " ".join(sentence for sentence in sentences if sentence)


def _search(model: Any) -> list[str]:
    """What was searched, and for how long; settings of a version that this one does not read are not named."""
    try:
        config = search_config(model.get_params(deep=False))
    except InputDataError:
        return []
    functions = [name for name in config.operations if name != "zero"]
    rows = model.training_.distinct_rows
    split = model.validation
    share = isinstance(split, float) and rows >= _SPLIT_FROM
    steps = (
        f"{100 * split:.3g} % of the rows" if share else "the same rows" if isinstance(split, float) else "given rows"
    )
    method = "sampled from the architecture weights" if config.relaxation == "sampled" else config.relaxation
    return [
        f"Candidates had up to {count(config.max_nodes, 'latent node')} that combine their edges by "
        f"{listing(config.aggregators, 'or')}, with the functions {listing(functions)} on the edges; graphs were "
        f"{method if config.relaxation == 'sampled' else f'relaxed by {method}'}.",
        f"Constants were fitted by {_fitting(model.noise_)}, and architecture weights were learned on {steps}.",
        f"{course(model)} {_seed(model.random_state)}",
    ]


def _fitting(noise: Noise) -> str:
    if isinstance(noise, LossNoise) and noise.loss.is_family:
        return "maximum likelihood (iteratively reweighted least squares)"
    return "iteratively reweighted least squares" if isinstance(noise, LossNoise) else "nonlinear least squares"


def course(model: Any) -> str:
    """Why a search ended and, if the model remembers it, how long it took."""
    reason, history = model.stop_reason_, model.history_
    limit = {"max_time": (model.max_time, " s"), "max_epochs": (model.max_epochs, "")}.get(reason, (None, ""))
    ended = f"The search ended {_ENDED.get(reason, reason)}"
    if limit[0] is not None:
        ended += f" ({number(float(limit[0]))}{limit[1]})"
    if not len(history):
        return f"{ended}."
    return (
        f"{ended}. It took {count(len(history), 'epoch')} and {number(float(history['seconds'].iloc[-1]), 2)} seconds, "
        f"in which {count(int(history['graphs'].sum()), 'graph was', 'graphs were')} fitted."
    )


def _seed(state: Any) -> str:
    return f"The random seed was {state}." if isinstance(state, int) else "No random seed was set."


def _noise(noise: Noise) -> str:
    if isinstance(noise, LossNoise):
        return f"Equations were fitted and chosen by their {noise.loss.name.replace('_', ' ')} loss"
    return _NOISE.get(noise.form, _NOISE["additive"])


def _choice(model: Any, equation: Equation, chosen: bool) -> str:
    k = len(model.front_)
    among = f"Of {count(k, 'equation')} of which none is both simpler and better than another, " if k > 1 else ""
    if chosen and getattr(model, "selected_", None) is not None:
        return f"{among}this one was selected by hand." if among else ""
    if chosen and among:
        return f"{among}the one was chosen that {_CRITERIA.get(model.model_selection, 'fits the purpose')}."
    return f"{among}the one of complexity {equation.complexity} was taken." if among else ""


def _result(model: Any, equation: Equation) -> str:
    fit, by_loss = equation.fit, isinstance(model.noise_, LossNoise)
    unit = visible(units_of(model).get(equation.target, ""))
    share = r_squared(model.noise_.missing(equation.loss, equation.relative_loss))
    size = f"{'a' if by_loss else 'an error of'} {level_text(model.noise_, equation.loss, unit)}"
    name = f"an {model.noise_.explained_name} of" if by_loss else "R² ="
    parts = [f"It has {name} {share} and {size}" if share else f"It has {size}"]
    if equation.probability is not None:
        parts.append(
            f"a probability of {chance(equation.probability)} among all forms of equation that the search came upon"
        )
    constants = ""
    if fit is not None and fit.names:
        constants = " Standard errors of constants come from the linearisation at their estimates."
    return f"{' and '.join(parts) if len(parts) == 1 else ', and '.join(parts)}.{constants}"


def all_bibtex(cited: Sequence[Reference]) -> str:
    """Entries for a bibliography."""
    return "\n\n".join(reference.bibtex for reference in cited)

"""A formula fitted with noise of some form: weights go by the values of the fit, so it is repeated until they stay."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import sympy

from eqdarts.data.noise import AUTO, Noise, floored, least_value, likeliest, possible_forms, weighted
from eqdarts.data.table import Table
from eqdarts.equation.evaluation import evaluate
from eqdarts.equation.regression.minimise import Optimum, minimise, never_defined
from eqdarts.equation.regression.model import Model
from eqdarts.errors import InputDataError
from eqdarts.formula.substitution import put_in

_REWEIGHTED = 12  # fits with weights at the values of the one before, at the most
_STAYS = 1e-6  # of its spread: by how much a value may still change


@dataclass(frozen=True, eq=False)
class Reweighted:
    """A formula fitted with noise of one form.

    Attributes
    ----------
    model : Model
        On the rows that are not put aside, with the weights of the noise.
    optimum : Optimum
    aside : bool array [n]
    fitted : sympy.Expr
        The formula with its constants.
    rows : Table
        All of them, with these weights.
    noise : Noise
    """

    model: Model
    optimum: Optimum
    aside: np.ndarray
    fitted: sympy.Expr
    rows: Table
    noise: Noise


def reweighted(model: Model, known: np.ndarray, n_starts: int, seed: int, noise: Noise) -> Reweighted:
    """The best fit with noise of this form, or of the one that is likeliest."""
    rows = model.rows
    if noise.form == AUTO:
        found = [reweighted(model, known, n_starts, seed, Noise(form)) for form in possible_forms(rows.y)]
        fits = [(f.noise, evaluate(f.fitted, rows.names, rows.X)) for f in found]
        return found[likeliest(fits, rows.y, rows.weights)]
    form, values = replace(noise, floor=least_value(rows.y) if noise.depends_on_law else 0.0), rows.y
    for step in range(_REWEIGHTED):
        weighed, noise = weighted(rows, form, values)
        on, optimum, aside = optimum_of(model.on(weighed), known, n_starts if step == 0 else 1, seed)
        known = optimum.theta
        fitted = put_in(model.form, {c: sympy.Float(v) for c, v in zip(model.constants, known, strict=True)})
        if not noise.depends_on_law:
            break
        before, values = values, evaluate(fitted, rows.names, rows.X)
        settled = np.abs(values - before) <= _STAYS * noise.spreads(values)
        if not np.isfinite(values).all() or settled.all():
            break
        form = floored(form, rows.y, values, rows.weights)[0]
    return Reweighted(on, optimum, aside, fitted, weighed, noise)


def optimum_of(model: Model, known: np.ndarray, n_starts: int, seed: int) -> tuple[Model, Optimum, np.ndarray]:
    """The best optimum, the model that has it, and the rows that were put aside (bool [n]).

    These are few, at which the formula is defined for no constants, as sin(w·x)/x is at 0.
    """
    rows = model.rows
    optimum = minimise(model, known, n_starts, np.random.default_rng(seed))
    aside = np.zeros(len(rows), dtype=bool)
    if optimum is None:
        aside = never_defined(model, known, np.random.default_rng(seed))
    if aside.any() and len(rows) - int(aside.sum()) >= len(model.constants):
        model = model.on(rows.rows(~aside))
        optimum = minimise(model, known, n_starts, np.random.default_rng(seed))
    if optimum is None:
        raise InputDataError(
            f"{model.form} is undefined on some rows at every start that was tried; "
            "give starting values at which it is defined, or drop those rows"
        )
    return model, optimum, aside

"""Settings of a search: what is refused, and that none is silently without effect."""

import inspect
from dataclasses import fields

import numpy as np
import pytest

from eqdarts import DARTSRegressor, InputDataError
from eqdarts.options import SearchConfig, search_config

DEFAULTS = {name: p.default for name, p in inspect.signature(DARTSRegressor).parameters.items()}
#: Values other than by default, of the options that not every search reads.
OTHERS = {
    "order": 2, "discretisation": "sample", "w_steps": 3, "alpha_steps": 2, "w_learning_rate": 0.1,
    "w_weight_decay": 0.0, "parameter_decay": 0.1, "temperature": [2.0, 0.5], "fair_weight": 0.5,
    "proposers": ("sample", "move"), "links": ["reciprocal"],
}  # fmt: skip
OF_ALL_RELAXED = {
    "order", "discretisation", "w_steps", "alpha_steps", "w_learning_rate", "w_weight_decay", "parameter_decay",
}  # fmt: skip
READ = {
    ("sampled", "auto"): {"proposers", "links"},
    ("sampled", "lm"): {"proposers", "links"},
    ("gumbel", "adam"): {*OF_ALL_RELAXED, "temperature"},
    ("softmax", "auto"): OF_ALL_RELAXED,
    ("softmax", "sgd"): OF_ALL_RELAXED,
    ("sigmoid", "auto"): {*OF_ALL_RELAXED, "fair_weight"},
}


def configured(**options):
    return search_config({**DEFAULTS, **options})


@pytest.mark.parametrize("search", READ, ids="-".join)
@pytest.mark.parametrize("option", OTHERS)
def test_an_option_is_read_by_the_search_or_refused_with_the_one_that_reads_it(search, option):
    relaxation, optimizer = search
    options = {"relaxation": relaxation, "optimizer": optimizer, option: OTHERS[option]}
    if option in READ[search]:
        assert getattr(configured(**options), option) != getattr(
            configured(**{**options, option: DEFAULTS[option]}), option
        )
        return
    with pytest.raises(
        InputDataError, match=rf"^{option}=.* no effect .* option of (the|relaxed) .*search.*; leave it out"
    ):
        configured(**options)


@pytest.mark.parametrize("search", READ, ids="-".join)
def test_default_values_may_be_written_down(search):
    relaxation, optimizer = search
    chosen = {"relaxation": relaxation, "optimizer": optimizer}
    written = {name: DEFAULTS[name] for name in OTHERS}
    written |= {"temperature": np.array([1.0, 0.2]), "readout_inputs": np.True_}
    assert configured(**chosen, **written) == configured(**chosen)


@pytest.mark.parametrize(
    ("options", "choice"),
    [
        ({"w_steps": 3}, {"relaxation": "softmax"}),
        ({"temperature": (2.0, 0.5)}, {"relaxation": "gumbel"}),
        ({"fair_weight": 0.5}, {"relaxation": "sigmoid"}),
        ({"links": ("sqrt",), "relaxation": "softmax"}, {"relaxation": "sampled"}),
    ],
)
def test_each_refusal_names_a_search_that_takes_the_option(options, choice):
    ((_, name),) = choice.items()
    with pytest.raises(InputDataError, match=f"choose relaxation='{name}'"):
        configured(**options)
    configured(**{**options, **choice})


@pytest.mark.parametrize("options", [{"relaxation": "gumbel", "optimizer": "lm"}, {"optimizer": "adam"}])
def test_a_search_is_named_once(options):
    """Graphs are drawn and fitted alone, or mixed and moved by gradient."""
    with pytest.raises(InputDataError, match="relaxation='sampled'"):
        configured(**options)


def test_defaults_of_the_estimator_are_those_of_the_search():
    stands_for_more = {"operations", "links", "replicas", "optimizer"}
    for field in fields(SearchConfig):
        if field.name not in stands_for_more:
            assert DEFAULTS[field.name] == field.default, field.name


def test_the_estimator_stores_what_it_refuses_to_fit():
    """As scikit-learn has it: `set_params` takes any value, and `fit` looks at them."""
    model = DARTSRegressor(max_epochs=1, verbose=0).set_params(w_steps=3)
    assert model.get_params()["w_steps"] == 3
    with pytest.raises(InputDataError, match="w_steps=3 has no effect"):
        model.fit(np.arange(9.0)[:, None], np.arange(9.0))

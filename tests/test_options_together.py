"""Which options go together: every pair of them is either refused before any search, or reaches it."""

import itertools
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from eqdarts import DARTSClassifier, DARTSRegressor, InputDataError, dynamics, refit
from eqdarts.options_together import CHOICES, RULES, check_together, not_with
from eqdarts.search import large

ROWS = 30
X = pd.DataFrame({"x1": np.linspace(1, 2, ROWS), "x2": np.cos(np.arange(ROWS)), "g": np.arange(ROWS) % 3})
Y = pd.DataFrame({"y": np.arange(1.0, ROWS + 1), "z": np.arange(1.0, ROWS + 1) ** 2})
#: A fit that makes each choice: options of the estimator.
OPTIONS = {
    "template": {"template": "a*x1 + f(x2)"},
    "guesses": {"guesses": ["a*x1"]},
    "constants": {"constants": {"R": 8.314}},
    "constraints": {"constraints": {"must": ["x1"]}},
    "units": {"units": {"x1": "m", "x2": "s", "y": "m"}},
    "shared": {"shared": "graph"},
    "checkpoint": {"checkpoint": "run.ckpt"},
    "warm_start": {"warm_start": True},
    "noise": {"noise": "auto"},
    "noise of the law": {"noise": "poisson"},
    "loss": {"loss": "absolute"},
    "a loss with a link": {"loss": "poisson"},
    "validation by rows": {"validation": [0, 1, 2]},
}
#: The same for what is given beside the table, or is of it.
BESIDE = {
    "groups": {"groups": "g"},
    "sample_weight": {"sample_weight": np.arange(1.0, ROWS + 1)},
    "y_error": {"y_error": 0.1},
}
OF_A_FIT = (*OPTIONS, *BESIDE, "several outputs")
OF_A_FILE = (*OPTIONS, "sample_weight", "y_error")
#: What a choice is besides.
ALSO = {"a loss with a link": {"loss"}, "noise of the law": {"noise"}}
REFUSED = {frozenset((rule.one, other)) for rule in RULES for other in rule.others}


class Reached(Exception):
    """The search began."""


@pytest.fixture(autouse=True)
def _no_search(monkeypatch):
    def search(*args, **options):
        raise Reached

    for name in ("searched", "discovered_in_groups", "discovered_for_all", "discovered_in_large"):
        monkeypatch.setattr(f"eqdarts.estimator.{name}", search)


def refused(names, more=()):
    """Does a rule stand between two of these choices?"""
    made = {*names, *more, *itertools.chain.from_iterable(ALSO.get(name, ()) for name in names)}
    return any(frozenset(pair) in REFUSED for pair in itertools.combinations(made, 2))


def options_of(names):
    options = {}
    for name in names:
        options |= OPTIONS.get(name, {})
    if {"units", "several outputs"} <= set(names):
        options["units"] = {**options["units"], "z": "m"}
    return options


def pairs(names):
    """Of these choices, all two that are not made by one option."""
    return [(a, b) for a, b in itertools.combinations(names, 2) if {*OPTIONS.get(a, a)} != {*OPTIONS.get(b, b)}]


@pytest.mark.parametrize("pair", pairs(OF_A_FIT), ids=" + ".join)
def test_a_pair_is_refused_before_the_search_or_reaches_it(pair):
    several = "several outputs" in pair
    beside = {option: value for name in pair for option, value in BESIDE.get(name, {}).items()}
    table = X if "groups" in pair else X[["x1", "x2"]]
    expected = InputDataError if refused(pair, () if several else ("one output",)) else Reached
    with pytest.raises(expected, match="do not go together" if expected is InputDataError else None):
        DARTSRegressor(verbose=0, **options_of(pair)).fit(table, Y if several else Y["y"], **beside)


@pytest.mark.parametrize("pair", pairs(OF_A_FILE), ids=" + ".join)
def test_a_pair_is_refused_of_a_large_file_too(pair, tmp_path, monkeypatch):
    for module in (large, __import__("eqdarts.estimator").estimator):
        monkeypatch.setattr(module, "SUBSET_ROWS", ROWS - 1)
    X[["x1", "x2"]].assign(y=Y["y"], w=1.0).to_csv(tmp_path / "table.csv", index=False)
    beside = {"weights": "w"} if "sample_weight" in pair else {}
    beside |= {"y_error": "w"} if "y_error" in pair and not beside else {"y_error": "x1"} if "y_error" in pair else {}
    expected = InputDataError if refused(pair, ("one output", "a large file")) else Reached
    with pytest.raises(expected, match="do not go together" if expected is InputDataError else None):
        DARTSRegressor(verbose=0, **options_of(pair)).fit_file(tmp_path / "table.csv", "y", ["x1", "x2"], **beside)


def test_a_message_has_both_options_with_their_values_and_says_what_to_do():
    with pytest.raises(InputDataError) as error:
        DARTSRegressor(template="a*x1 + f(x2)", guesses=["a*x1"]).fit(X, Y["y"])
    assert str(error.value) == (
        "template='a*x1 + f(x2)' and guesses=['a*x1'] do not go together: they do not reach into a template's "
        "functions; leave one of the two out"
    )


@pytest.mark.parametrize("name", ["guesses", "constants", "constraints", "units"])
@pytest.mark.parametrize("nothing", [None, (), {}], ids=str)
def test_an_empty_option_is_none(name, nothing):
    check_together({name: nothing, "template": "f(x)"})


def test_classes_have_no_option_that_would_not_be_read():
    for name, why in not_with("classes").items():
        assert name not in DARTSClassifier().get_params()
        with pytest.raises(TypeError, match=why.replace("(", r"\(").replace(")", r"\)")):
            DARTSClassifier(**{name: None})


@pytest.mark.parametrize("kind", ["flow", "map"])
@pytest.mark.parametrize("name", OPTIONS)
def test_dynamics_refuse_what_they_would_not_heed(kind, name, monkeypatch):
    def search(*args, **options):
        raise Reached

    monkeypatch.setattr("eqdarts.dynamics.fitting.observed", search)
    expected = InputDataError if refused([name], [f"a {kind}"]) else Reached
    with pytest.raises(expected, match=f"{kind}.* do not go together" if expected is InputDataError else None):
        dynamics.fit(np.arange(20.0), np.sin(np.arange(20.0)), kind=kind, **OPTIONS[name])


@pytest.mark.parametrize(
    "pair", [("x_error", "loss"), ("groups", "loss"), ("y_error", "sample_weight")], ids=" + ".join
)
def test_refits_look_at_the_same_table(pair):
    values = {**BESIDE, **OPTIONS, "x_error": {"x_error": {"x1": 0.1}}}
    options = {option: value for name in pair for option, value in values[name].items()}
    with pytest.raises(InputDataError, match="do not go together"):
        refit("a + b*x1", X, Y["y"], **options)


def test_the_reference_has_the_table():
    page = (Path(__file__).parents[1] / "docs" / "reference" / "options.md").read_text()
    written = [line for line in page.splitlines() if line.startswith("|")]
    for rule in RULES:
        others = ", ".join(CHOICES[name].text for name in rule.others)
        assert f"| {CHOICES[rule.one].text} | {others} | {rule.why} | {rule.instead} |" in written
    assert sum(line.count("|") == 5 for line in written) == len(RULES) + 2


def test_rules_name_choices_once():
    told = [(rule.one, other) for rule in RULES for other in rule.others]
    assert len({frozenset(pair) for pair in told}) == len(told)
    assert {name for pair in told for name in pair} <= set(CHOICES)
    assert f"{large.SUBSET_ROWS:,}" in CHOICES["a large file"].text

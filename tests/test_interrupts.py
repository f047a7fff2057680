"""Ctrl-C, errors and deadlines in a search: none of them loses what was found, at whatever moment it comes."""

import contextlib
import multiprocessing
import signal
import sys
import threading
import warnings

import numpy as np
import pandas as pd
import pytest

from eqdarts import DARTSRegressor, InputDataError, SearchWarning, cli, dynamics
from eqdarts.cli import output
from eqdarts.runtime import interrupts
from eqdarts.search import large, loop, pose
from eqdarts.search.branches import Branches
from eqdarts.search.relaxed import RelaxedSearch
from eqdarts.search.sampled import SampledSearch
from eqdarts.search.stops import ExactGraphs
from eqdarts.search.warm_up import compile_loops


@pytest.fixture(autouse=True)
def _compiled():
    """Compiling fits graphs as well, which would count as epochs below."""
    compile_loops()


def press():
    signal.raise_signal(signal.SIGINT)


def line(n=40, columns=2):
    """3·x1 + 2 with a little noise."""
    rng = np.random.default_rng(0)
    X = rng.uniform(0, 5, (n, columns))
    return X, 3 * X[:, 0] + 2 + rng.normal(0, 0.3, n)


def tiny(**options):
    settings = {"max_epochs": 4, "max_time": None, "replicas": 32, "max_nodes": 2, "verbose": 0, "random_state": 0}
    few = {"operations": ["linear", "power", "exp"]}  # of which the end of a search soon makes equations
    return DARTSRegressor(**{**settings, **few, **options})


def shows_the_line(model, X, y):
    """Is the chosen equation as good as the straight line?"""
    best = np.linalg.lstsq(np.column_stack([X, np.ones(len(y))]), y, rcond=None)[1][0] / len(y)
    return np.mean((model.predict(X) - y) ** 2) < 1.1 * best


def test_a_press_is_noted_and_leaves_a_stage():
    seen = []

    def stage():
        seen.append("begun")
        press()
        seen.append("ended")

    with interrupts.interrupts() as noted:
        assert not noted.noted
        noted.during(stage)
        assert noted.noted
        press()  # not within a stage
        seen.append("after")
        noted.during(stage)
    assert seen == ["begun", "after", "begun"]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_other_errors_pass_and_the_next_press_is_only_noted():
    def fails():
        raise ZeroDivisionError

    with interrupts.interrupts() as noted:
        with pytest.raises(ZeroDivisionError):
            noted.during(fails)
        press()
        assert noted.noted


def test_a_request_to_end_counts_as_a_press(monkeypatch):
    """What a batch system sends, and what a process of a pool is ended by, where it does."""
    before = signal.signal(signal.SIGTERM, signal.SIG_DFL)
    try:
        with interrupts.interrupts() as noted:
            signal.raise_signal(signal.SIGTERM)
            assert noted.noted
        assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
        monkeypatch.setattr(multiprocessing.current_process(), "_name", "LokyProcess-1")
        with interrupts.interrupts() as noted:
            assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
            assert signal.getsignal(signal.SIGINT) == noted.pressed
        monkeypatch.undo()
        signal.signal(signal.SIGTERM, lambda *_: None)
        with interrupts.interrupts() as noted:
            signal.raise_signal(signal.SIGTERM)
        assert not noted.noted
    finally:
        signal.signal(signal.SIGTERM, before)


def test_a_request_to_end_keeps_what_was_found(monkeypatch):
    X, y = line()
    at_moment(monkeypatch, "third epoch", lambda: signal.raise_signal(signal.SIGTERM))
    before = signal.signal(signal.SIGTERM, signal.SIG_DFL)
    try:
        model = tiny().fit(X, y)
        assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
    finally:
        signal.signal(signal.SIGTERM, before)
    assert model.stop_reason_ == "interrupted"
    assert shows_the_line(model, X, y)


def test_a_handler_of_the_user_stays():
    pressed = []
    before = signal.signal(signal.SIGINT, lambda *_: pressed.append(1))
    try:
        with interrupts.interrupts() as noted:
            noted.during(press)
    finally:
        signal.signal(signal.SIGINT, before)
    assert (pressed, noted.noted) == ([1], False)


def test_in_a_thread_nothing_is_touched():
    handlers = []

    def work():
        with interrupts.interrupts():
            handlers.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert handlers == [signal.default_int_handler]


def test_no_instruction_lets_a_press_through():
    """Pressed before each bytecode instruction in turn, of the stages and of what runs them."""

    def work():
        with interrupts.interrupts() as noted:
            for name in ("search", "conclude"):
                noted.during(lambda name=name: name.upper())
            traced.clear()  # what comes after is with the caller again
        return noted

    codes = {work.__code__, interrupts.Interrupts.during.__code__, interrupts.Interrupts.pressed.__code__}
    traced, count, at = [], 0, 0

    def trace(frame, event, _):
        nonlocal count
        if frame.f_code not in codes and frame.f_code.co_name != "<lambda>":
            return None
        frame.f_trace_opcodes = True
        if event == "opcode" and traced and signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
            count += 1
            if count == at + 1:
                press()
        return trace

    while count >= at:
        count, traced[:] = 0, [True]
        sys.settrace(trace)
        try:
            noted = work()
        finally:
            sys.settrace(None)
        assert noted.noted == (count > at)
        at += 1
    assert at > 30
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


#: Where Ctrl-C may come, and in which call of it.
MOMENTS = {
    "first epoch": (SampledSearch, "epoch", 1),
    "third epoch": (SampledSearch, "epoch", 3),
    "exact graphs": (ExactGraphs, "finish", 2),
    "branches": (Branches, "epoch", 2),
    "closing of branches": (Branches, "close", 1),
    "closing": (SampledSearch, "close", 1),
    "finishing": (loop, "finish", 1),
    "before": (pose, "scales_of", 1),
    "split": (pose, "split_rows", 1),
    "after": (pose, "snapping_rows", 1),
}


def at_moment(monkeypatch, moment, act):
    """`act` once, in the middle of that call: what it gives is lost if `act` raises."""
    where, name, number = MOMENTS[moment]
    original, calls = getattr(where, name), []

    def call(*args, **kwargs):
        calls.append(1)
        if len(calls) == number:
            act()
        return original(*args, **kwargs)

    monkeypatch.setattr(where, name, call)
    return calls


@pytest.mark.parametrize("moment", MOMENTS)
def test_ctrl_c_at_any_moment_returns_the_best_so_far(monkeypatch, moment):
    X, y = line()
    calls = at_moment(monkeypatch, moment, press)
    model = tiny().fit(X, y)
    assert calls
    assert model.stop_reason_ == "interrupted"
    assert shows_the_line(model, X, y)
    assert len(model.alpha_history_) == len(model.history_)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_ctrl_c_twice(monkeypatch):
    """In an epoch and again while graphs become equations."""
    X, y = line()
    at_moment(monkeypatch, "third epoch", press)
    at_moment(monkeypatch, "finishing", press)
    model = tiny().fit(X, y)
    assert model.stop_reason_ == "interrupted"
    assert shows_the_line(model, X, y)


def test_ctrl_c_in_a_relaxed_search(monkeypatch):
    X, y = line()
    original = RelaxedSearch.epoch

    def epoch(self, state, fraction):
        press()
        return original(self, state, fraction)

    monkeypatch.setattr(RelaxedSearch, "epoch", epoch)
    model = tiny(relaxation="softmax", replicas=2).fit(X, y)
    assert model.stop_reason_ == "interrupted"
    assert shows_the_line(model, X, y)


def test_an_exact_result_is_exact_whenever_ctrl_c_comes(monkeypatch):
    X, _ = line()
    at_moment(monkeypatch, "before", lambda: None)
    model = tiny(callback=lambda record: None).fit(X, 2 * X[:, 0])
    assert model.stop_reason_ == "exact"


def fail():
    raise ZeroDivisionError("thrown on purpose")


@pytest.mark.parametrize("moment", [m for m in MOMENTS if m not in ("before", "split", "after", "finishing")])
def test_an_error_in_the_search_loses_nothing(monkeypatch, moment):
    X, y = line()
    at_moment(monkeypatch, moment, fail)
    with pytest.warns(SearchWarning, match=r"ZeroDivisionError: thrown on purpose \(test_interrupts.py, line"):
        model = tiny().fit(X, y)
    assert model.stop_reason_ == "error"
    assert shows_the_line(model, X, y)
    assert model.score(X, y) > 0.98


def test_an_error_in_the_last_refits(monkeypatch):
    """Of the first graph that becomes an equation; another one does."""
    X, y = line()
    at_moment(monkeypatch, "finishing", fail)
    with pytest.warns(SearchWarning, match="ZeroDivisionError"):
        model = tiny(max_epochs=1).fit(X, y)
    assert shows_the_line(model, X, y)


def test_errors_of_the_caller_are_theirs(monkeypatch):
    X, y = line()
    with pytest.raises(ZeroDivisionError):
        tiny(callback=lambda record: fail()).fit(X, y)
    with pytest.raises(InputDataError):
        tiny(relaxation="none").fit(X, y)


@pytest.mark.parametrize("options", [{}, {"relaxation": "softmax", "replicas": 2}, {"aggregators": ("sum",)}])
@pytest.mark.parametrize("columns", [1, 3])
def test_no_time_at_all_shows_the_straight_line(columns, options):
    X, y = line(100, columns)
    model = tiny(max_epochs=None, max_time=0.0, **options).fit(X, y)
    assert model.stop_reason_ == "max_time"
    assert shows_the_line(model, X, y)


LAWS = {
    "power": (lambda X: 2.3 * X[:, 0] ** 0.62 * X[:, 1] ** -1.41, 0.03),
    "negative": (lambda X: -0.4 * X[:, 1] ** 2.3, 0.03),
    "sum": (lambda X: 2 + X[:, 0] * X[:, 1] - 3 / X[:, 1], 0.05),
    "parabola": (lambda X: 1 + (X[:, 0] - 2) ** 2, 0.05),
}


@pytest.mark.parametrize("relaxation", ["sampled", "softmax"])
@pytest.mark.parametrize("law", LAWS)
def test_no_time_at_all_shows_power_laws_and_sums(law, relaxation):
    """The chosen equation is about as good as the law itself, whose constants are known."""
    true, noise = LAWS[law]
    rng = np.random.default_rng(1)
    X = rng.uniform(0.5, 5, (80, 2))
    clean = true(X)
    y = clean + noise * clean.std() * rng.normal(size=80)
    replicas = None if relaxation == "sampled" else 2
    model = tiny(max_epochs=None, max_time=0.0, relaxation=relaxation, replicas=replicas).fit(X, y)
    assert np.mean((model.predict(X) - y) ** 2) < 1.2 * np.mean((clean - y) ** 2)


def test_ctrl_c_in_the_refits_of_a_large_table(monkeypatch):
    X, y = line(10_500)
    monkeypatch.setattr(large, "confirmed", lambda *args, **kwargs: press())
    with pytest.warns(SearchWarning, match="interrupted before the equations were refitted to the whole table"):
        model = tiny(max_epochs=1).fit(X, y)
    assert model.stop_reason_ == "interrupted"
    assert shows_the_line(model, X, y)
    assert model.training_.rows == 10_500


@pytest.mark.parametrize("during", ["epoch", "confirmed"])
def test_ctrl_c_in_the_first_look_at_a_very_large_table(monkeypatch, during):
    """What the first rows gave comes back, and the table is not read to its end before."""
    X, y = line(12_000)
    monkeypatch.setattr(large, "_LONG", 10)
    if during == "epoch":
        at_moment(monkeypatch, "first epoch", press)
    else:
        y = 2 * X[:, 0]  # exact on the first rows
        monkeypatch.setattr(large, "confirmed", lambda *args, **kwargs: press())
    with pytest.warns(SearchWarning, match="interrupted"):
        model = tiny(max_epochs=2).fit(X, y)
    assert (model.stop_reason_, model.training_.rows) == ("interrupted", 10_000)
    assert shows_the_line(model, X, y) if during == "epoch" else str(model.sympy()) == "2*x1"


def test_a_stability_study_is_ended_by_ctrl_c(monkeypatch):
    X, y = line()
    model = tiny(max_epochs=1).fit(pd.DataFrame(X, columns=["u", "v"]), y)
    at_moment(monkeypatch, "first epoch", press)
    with pytest.raises(KeyboardInterrupt), warnings.catch_warnings():
        model.stability(3)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("moment", ["third epoch", "finishing"])
def test_the_command_line_says_so(monkeypatch, capsys, tmp_path, moment, number):
    X, y = line()
    pd.DataFrame({"u": X[:, 0], "v": X[:, 1], "y": y}).to_csv(tmp_path / "table.csv", index=False)
    at_moment(monkeypatch, moment, lambda: signal.raise_signal(number))
    arguments = ["fit", str(tmp_path / "table.csv"), "--target", "y", "--max-epochs", "3", "--quiet"]
    assert cli.main([*arguments, "--output", str(tmp_path / "out")]) == 130
    out, err = capsys.readouterr()
    assert "y = 3" in out
    assert err == "eqdarts: interrupted\n"
    assert DARTSRegressor.load(tmp_path / "out" / "model.json").stop_reason_ == "interrupted"


def test_ctrl_c_while_the_result_is_written(monkeypatch, capsys, tmp_path):
    """The search is over, so that all of it is printed and written."""
    X, _ = line()
    pd.DataFrame({"u": X[:, 0], "y": 2 * X[:, 0]}).to_csv(tmp_path / "table.csv", index=False)
    original = output._write
    monkeypatch.setattr(output, "_write", lambda *args: (press(), original(*args))[1])
    arguments = ["fit", str(tmp_path / "table.csv"), "--target", "y", "--output", str(tmp_path / "out"), "--quiet"]
    assert cli.main(arguments) == 130
    assert "model.json" in capsys.readouterr().out
    assert DARTSRegressor.load(tmp_path / "out" / "model.json").stop_reason_ == "exact"


def test_ctrl_c_before_the_search_says_so_too(monkeypatch, capsys, tmp_path):
    X, y = line()
    pd.DataFrame({"u": X[:, 0], "y": y}).to_csv(tmp_path / "table.csv", index=False)
    monkeypatch.setattr(DARTSRegressor, "_options", lambda self, **given: press())
    assert cli.main(["fit", str(tmp_path / "table.csv"), "--target", "y"]) == 130
    assert capsys.readouterr().err.strip() == "eqdarts: interrupted"


def test_one_press_ends_the_searches_of_all_outputs():
    X, y = line()
    epochs = []

    def callback(record):
        epochs.append(record.epoch)
        if len(epochs) == 5:
            press()

    model = tiny(callback=callback)
    with pytest.warns(SearchWarning, match=r"interrupted before 'r' had been searched: the equation of each"):
        model.fit(X, pd.DataFrame({"p": y, "q": y**2, "r": np.sin(y)}))
    assert epochs == [1, 2, 3, 4, 1]
    assert [one.stop_reason_ for one in model.outputs_] == ["max_epochs", "interrupted", "interrupted"]
    assert np.isfinite(model.predict(X)).all()
    assert shows_the_line(model.output("p"), X, y)


def test_one_press_ends_the_searches_of_all_states():
    t = np.arange(40)
    states = pd.DataFrame({"u": 0.9**t, "v": 5 * 0.8**t})
    epochs = []
    options = {"max_epochs": 3, "max_time": None, "replicas": 16, "random_state": 0, "verbose": 0}
    law = dynamics.fit(t, states, kind="map", **options, callback=lambda record: (epochs.append(record), press()))
    assert len(epochs) == 1
    assert set(law.sympy()) == {"u", "v"}


def test_an_interrupt_within_an_inner_fit_ends_both(monkeypatch):
    """A callback that fits a model of its own."""
    X, y = line()
    inner = []

    def callback(record):
        with contextlib.suppress(ZeroDivisionError):
            if record.epoch == 2:
                inner.append(tiny(callback=lambda _: press()).fit(X, y))

    model = tiny(callback=callback).fit(X, y)
    assert inner[0].stop_reason_ == model.stop_reason_ == "interrupted"
    assert len(model.history_) == 2

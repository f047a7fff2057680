"""Work is left at its deadline wherever it stands, and nothing is raised outside of it."""

import random
import subprocess
import sys
import threading
import time

import numpy as np
import pytest
import sympy
from sympy.core.parameters import global_parameters

from eqdarts.runtime import leaving
from eqdarts.runtime.interrupts import Interrupts, interrupts
from eqdarts.runtime.leaving import TimeIsUp, unleft, within


def soon(seconds=0.02):
    return time.monotonic() + seconds


def begun(deadline, work):
    """Work that is begun, however busy the machine is."""
    return within(deadline, work, 0.005)


def endless():
    while True:
        pass


def test_work_that_never_looks_at_the_clock_is_left():
    seen = []

    def work():
        try:
            endless()
        except Exception:
            seen.append("caught")
        finally:
            seen.append("cleaned up")

    assert not begun(soon(), work)
    assert seen == ["cleaned up"]


def test_work_that_is_in_time_is_done_and_its_errors_pass():
    seen = []
    assert within(soon(60), lambda: seen.append(1))
    assert within(np.inf, lambda: seen.append(2))
    assert not within(soon(-1), lambda: seen.append(3))  # not begun
    with pytest.raises(ZeroDivisionError):
        within(soon(60), lambda: 1 / 0)
    assert seen == [1, 2]


def test_work_in_a_thread_is_left_too():
    left = []
    threads = [threading.Thread(target=lambda: left.append(begun(soon(), endless))) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert left == [False] * 3


@pytest.mark.skipif(not hasattr(time, "pthread_getcpuclockid"), reason="the system does not tell of threads")
def test_other_threads_take_none_of_the_processors_time_that_work_has_in_any_case():
    over, spent = threading.Event(), []

    def busy():
        while not over.is_set():
            pass

    def work():
        begin = time.thread_time()
        try:
            endless()
        finally:
            spent.append(time.thread_time() - begin)

    threads = [threading.Thread(target=busy) for _ in range(3)]
    for thread in threads:
        thread.start()
    try:
        assert not within(time.monotonic(), work, 0.1)
    finally:
        over.set()
    assert spent[0] >= 0.09


def test_work_within_work_has_no_more_time_than_what_is_around_it():
    seen = []

    def outer():
        seen.append(begun(soon(3600), endless))
        endless()

    assert not begun(soon(), outer)
    assert seen == [False]


def test_work_that_is_left_within_lets_the_rest_go_on():
    seen = []

    def outer():
        seen.append(begun(soon(), endless))
        seen.append("went on")

    assert within(soon(3600), outer)
    assert seen == [False, "went on"]


def test_nothing_is_raised_after_work_that_ends_just_at_its_deadline():
    """Thousands of pieces of work that end about when their time does, each followed by what must not be left."""
    draws, left = random.Random(0), 0
    begin = time.process_time()
    while time.process_time() - begin < 1.0:
        length = draws.uniform(0.0, 0.006)
        end = time.monotonic() + length

        until = end + draws.uniform(-0.001, 0.001)

        def work(until=until):
            while time.monotonic() < until:
                pass

        left += not within(end, work)
        for _ in range(50):
            pass
    assert left


def test_an_error_at_the_deadline_is_not_lost():
    draws, raised = random.Random(1), 0
    begin = time.process_time()
    while time.process_time() - begin < 0.5:
        end = time.monotonic() + 0.003

        until = end + draws.uniform(-0.001, 0.001)

        def work(until=until):
            while time.monotonic() < until:
                pass
            raise KeyboardInterrupt

        try:
            within(end, work)
        except KeyboardInterrupt:
            raised += 1
    assert raised


def test_what_must_not_be_left_is_done_first():
    seen = []

    @unleft
    def whole():
        for _ in range(500):
            time.sleep(0.001)
        seen.append("whole")

    def work():
        whole()
        endless()

    assert not begun(soon(0.1), work)
    assert seen == ["whole"]


def test_a_module_is_imported_whole(tmp_path, monkeypatch):
    (tmp_path / "slow_to_import.py").write_text("import time\nfor _ in range(500): time.sleep(0.001)\nready = True\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "slow_to_import", raising=False)

    def work():
        import slow_to_import  # noqa: F401

        endless()

    assert not begun(soon(0.1), work)
    assert sys.modules["slow_to_import"].ready


def test_the_state_of_sympy_and_numpy_is_as_before():
    errors = np.geterr()

    def work():
        global_parameters.evaluate = False
        np.seterr(all="raise")
        endless()

    assert not begun(soon(), work)
    assert global_parameters.evaluate is True
    assert np.geterr() == errors
    assert sympy.Symbol("x") + sympy.Symbol("x") == 2 * sympy.Symbol("x")


def test_sympy_is_left_in_the_midst_of_a_long_calculation():
    x = sympy.Symbol("x")

    def work():
        while True:
            sympy.integrate(sympy.exp(sympy.sin(x)) / (x**3 + x + 1), x)

    assert not begun(soon(0.1), work)
    assert sympy.integrate(sympy.cos(x), x) == sympy.sin(x)


def test_stages_end_at_their_deadline_and_the_thread_that_looks_ends_with_the_fit():
    with interrupts() as noted:
        noted.during(endless, soon(), 0.005)
        assert not noted.noted  # nobody pressed a key
    assert not any(thread.name == "eqdarts clock" for thread in threading.enumerate())


def test_a_press_and_a_deadline_at_once_leave_nothing_behind():
    draws = random.Random(2)
    begin = time.process_time()
    while time.process_time() - begin < 0.5:
        noted, end = Interrupts(), time.monotonic() + 0.003

        until = end + draws.uniform(-0.001, 0.001)

        def work(until=until):
            while time.monotonic() < until:
                pass
            raise KeyboardInterrupt

        noted.during(work, end)
    leaving.rest()


def test_a_press_while_work_is_closed_ends_it(monkeypatch):
    """It comes just after the work has closed its limit, as Python lets a handler run between any two instructions."""
    take, presses = leaving._Limit.take, []

    def pressed(self):
        taken = take(self)
        if taken and not presses:
            presses.append(1)
            raise KeyboardInterrupt
        return taken

    def held(seconds):
        raise AssertionError("it waits for what has been decided")

    monkeypatch.setattr(leaving._Limit, "take", pressed)
    monkeypatch.setattr(leaving.time, "sleep", held)
    with pytest.raises(KeyboardInterrupt):
        within(soon(3600), lambda: None)


def test_what_comes_before_the_limit_of_work_is_there_passes(monkeypatch):
    def pressed(limit):
        raise KeyboardInterrupt

    monkeypatch.setattr(leaving, "_watch", pressed)
    with pytest.raises(KeyboardInterrupt):
        within(soon(3600), lambda: None)


def test_it_is_no_ordinary_error():
    assert not issubclass(TimeIsUp, Exception)


_STARTS = """
import threading, time
from eqdarts.runtime.leaving import within

def work():
    while True:
        thread = threading.Thread(target=int)
        thread.start()
        thread.join()
        time.sleep(0.001)

print(sum(within(time.monotonic() + 0.004, work) for _ in range(60)))
"""


def test_a_thread_that_is_just_started_is_not_mistaken_for_the_one_that_starts_it():
    """It has the same number until it runs; the work would then wait for it for ever."""
    done = subprocess.run([sys.executable, "-c", _STARTS], capture_output=True, text=True, timeout=200, check=True)
    assert (done.stdout.strip(), done.stderr) == ("0", "")

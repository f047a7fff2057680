"""Importing eqdarts and fitting leave the interpreter as they found it."""

import gc
import itertools
import locale
import os
import signal
import subprocess
import sys
import textwrap
import threading
import warnings
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext, suppress

import numpy as np
import pytest
import torch
from threadpoolctl import threadpool_info, threadpool_limits

from eqdarts.errors import InputDataError, SearchWarning, kept_warnings, warn
from eqdarts.estimator import DARTSRegressor
from eqdarts.runtime.garbage import no_full_collections
from eqdarts.runtime.overlapping import Overlapping
from eqdarts.runtime.threads import one_thread


def state():
    """All that a library might change behind the back of its user."""
    name, keys, place, has_gauss, gauss = np.random.get_state(legacy=True)  # noqa: NPY002
    return {
        "dtype": torch.get_default_dtype(),
        "threads": torch.get_num_threads(),
        "deterministic": torch.are_deterministic_algorithms_enabled(),
        "gradients": torch.is_grad_enabled(),
        "torch": torch.get_rng_state().tolist(),
        "numpy": (name, keys.tolist(), place, has_gauss, gauss),
        "errors": np.geterr(),
        "warnings": list(warnings.filters),
        "precision": torch.get_float32_matmul_precision(),
        "recursion": sys.getrecursionlimit(),
        "collector": gc.get_threshold(),
        "pools": [pool["num_threads"] for pool in threadpool_info()],
        "signals": [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)],
        "locale": locale.setlocale(locale.LC_ALL),
    }


def data():
    rng = np.random.default_rng(3)
    X = rng.uniform(0.5, 2, (67, 2))
    return X, 2 * X[:, 0] ** 2 / X[:, 1] + 0.1 * rng.normal(size=67)


@pytest.mark.parametrize("options", [{"replicas": 32}, {"replicas": 3, "relaxation": "softmax", "max_nodes": 1}])
def test_fitting_leaves_global_state_alone(options):
    X, y = data()
    before = state()
    model = DARTSRegressor(max_epochs=2, verbose=0, random_state=0, **options)
    model.fit(X, y).predict(X)
    assert model.latex()
    after = state()
    for name, value in before.items():
        assert after[name] == value, name


def blas_threads():
    return [pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"]


@pytest.fixture
def two_blas_threads():
    with threadpool_limits(2, user_api="blas"):
        if set(blas_threads()) != {2}:
            pytest.skip("BLAS has one thread here")
        yield


@pytest.fixture
def two_torch_threads():
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


CHANGES = [
    pytest.param(no_full_collections, gc.get_threshold, id="collector"),
    pytest.param(one_thread, blas_threads, id="blas"),
]


@pytest.mark.usefixtures("two_blas_threads", "two_torch_threads")
@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
@pytest.mark.parametrize(("change", "setting"), CHANGES)
def test_the_last_of_overlapping_fits_brings_the_setting_back(change, setting, order):
    """Each of them in a thread of its own, whichever leaves first."""
    before = setting()
    entered, leave = threading.Barrier(4), [threading.Event() for _ in range(3)]

    def fit(k):
        with change():
            within[k] = torch.get_num_threads()
            entered.wait()
            leave[k].wait()
        after[k] = torch.get_num_threads()

    within, after = [0] * 3, [0] * 3
    threads = [threading.Thread(target=fit, args=(k,), daemon=True) for k in range(3)]
    for thread in threads:
        thread.start()
    entered.wait()
    for k in order:
        assert setting() != before
        assert torch.get_num_threads() == 2  # here, and in threads that begin now
        with ThreadPoolExecutor(1) as new:
            assert new.submit(torch.get_num_threads).result() == 2
        leave[k].set()
        threads[k].join()
    assert setting() == before
    assert after == [2] * 3
    assert within == [1 if change is one_thread else 2] * 3
    with change():
        assert setting() != before
    assert setting() == before


@pytest.mark.usefixtures("two_blas_threads", "two_torch_threads")
@pytest.mark.parametrize(("change", "setting"), CHANGES)
def test_a_fit_that_fails_brings_the_setting_back(change, setting):
    before = setting()
    with suppress(ValueError), change():
        assert setting() != before
        raise ValueError
    assert setting() == before


def test_a_fit_that_fails_within_its_search_leaves_global_state_alone():
    def fail(record):
        raise ZeroDivisionError

    before = state()
    with pytest.raises(ZeroDivisionError):
        DARTSRegressor(max_epochs=2, replicas=32, verbose=0, random_state=0, callback=fail).fit(*data())
    for name, value in state().items():
        assert value == before[name], name


@pytest.mark.usefixtures("two_blas_threads", "two_torch_threads")
def test_fits_in_threads_leave_global_state_alone():
    """The first to begin is the first to end, while the second goes on."""
    X, y = data()
    before = state()
    second_runs, first_is_over = threading.Event(), threading.Event()

    def wait_for(event):
        def callback(record):
            assert event.wait(60)

        return callback

    def second(record):
        second_runs.set()
        assert first_is_over.wait(60)

    options = {"max_epochs": 1, "replicas": 16, "max_nodes": 1, "links": ["identity"], "verbose": 0, "random_state": 0}
    with ThreadPoolExecutor(2) as pool:
        one = pool.submit(DARTSRegressor(callback=wait_for(second_runs), **options).fit, X, y)
        two = pool.submit(DARTSRegressor(callback=second, **options).fit, X, y)
        front = [str(e) for e in one.result().front_]
        assert state() != before
        first_is_over.set()
        assert [str(e) for e in two.result().front_] == front
    after = state()
    for name, value in before.items():
        assert after[name] == value, name


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork")
@pytest.mark.slow
def test_a_forked_process_fits_after_its_parent_did():
    """Whatever number of threads torch had there, and whether it used them: the child has none of them."""
    code = """
        import os, sys
        import numpy as np, torch
        from eqdarts import DARTSRegressor

        x = np.random.default_rng(0).uniform(1, 2, (67, 2))
        y = x[:, 0] * x[:, 1] + 0.1 * np.sin(50 * x[:, 0])

        def fit():
            options = {"max_epochs": 1, "max_nodes": 1, "replicas": 16, "max_time": None, "links": ["identity"]}
            return str(DARTSRegressor(verbose=0, random_state=0, **options).fit(x, y).equation())

        torch.set_num_threads(2)
        found = fit()
        many = torch.ones(4, 400, 400, dtype=torch.float64)
        many @ many  # torch's threads are there now
        child = os.fork()
        if child == 0:
            os._exit(0 if fit() == found else 3)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    """
    process = subprocess.Popen([sys.executable, "-c", textwrap.dedent(code)], start_new_session=True)
    try:
        assert process.wait(timeout=100) == 0
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)  # the child as well


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
@pytest.mark.parametrize("where", ["beside a fit", "within a fit"])
def test_a_forked_process_has_only_the_fits_of_its_own_thread(where):
    setting = [1]

    def change():
        setting.append(2)
        return setting.pop

    fitting = Overlapping(change)
    entered, leave = threading.Event(), threading.Event()

    def fit():
        with fitting():
            entered.set()
            leave.wait()

    thread = threading.Thread(target=fit, daemon=True)
    thread.start()
    entered.wait()
    with fitting() if where == "within a fit" else nullcontext():
        child = os.fork()
        if child == 0:
            found = setting == ([1, 2] if where == "within a fit" else [1])
            with fitting():
                found &= setting == [1, 2]
            os._exit(0 if found else 1)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    leave.set()
    thread.join()
    assert setting == [1]


def test_warnings_are_kept_in_the_thread_that_asks_for_it_and_in_no_other():
    filters = list(warnings.filters)
    entered, left = threading.Event(), threading.Event()

    def other():
        with kept_warnings() as kept:
            entered.set()
            left.wait()
            warn("other")
        return kept

    with ThreadPoolExecutor(1) as pool:
        with kept_warnings() as kept:
            result = pool.submit(other)
            entered.wait()
            warn("one")
            warn("one")
        with pytest.warns(SearchWarning, match="^none$") as caught:
            warn("none")
        left.set()
        assert caught[0].filename == __file__
        assert result.result() == ["other"]
    assert kept == ["one", "one"]
    assert warnings.filters == filters


def test_warnings_of_a_fit_point_at_the_line_that_called_it():
    X = np.random.default_rng(0).normal(size=(80, 12))
    model = DARTSRegressor(max_epochs=1, max_time=None, replicas=20, verbose=0, max_columns=5, random_state=0)
    with pytest.warns(SearchWarning, match="most promising of 12 columns") as caught:
        model.fit(X, X[:, 3] * X[:, 7])
    assert [warning.filename for warning in caught] == [__file__]


@pytest.mark.parametrize("kind", ["to 1e304", "down to 1e-321", "a far outlier"])
def test_floating_point_errors_are_the_affair_of_eqdarts_alone(kind):
    """None is heard of, not even where NumPy was asked to raise them."""
    t = np.linspace(0, 700, 40)
    y = {"to 1e304": np.exp(t), "down to 1e-321": np.exp(-740 / 700 * t), "a far outlier": np.r_[1e20, t[1:]]}[kind]
    X = np.column_stack([t, np.linspace(2, 1, 40)])
    with np.errstate(all="raise"):
        model = DARTSRegressor(max_epochs=2, max_time=None, replicas=64, n_jobs=1, verbose=0, random_state=0).fit(X, y)
        model.predict(X)
        model.extrapolation(X)
        model.resample(2)
        # The best whose constants doubles can hold: of e^t up to 1e304 an imitation may have larger ones.
        laws = [model.equation(k) for k in (model.best_index_, *reversed(range(len(model.front_))))]
        law = next(law for law in laws if law.fit is not None)
        law.intervals("profile")
        law.intervals("bootstrap", n_resamples=10)
        assert str(law.fit)
        assert str(model)
        with suppress(InputDataError, SearchWarning):  # rows that the structure cannot have, or that leave it open
            model.refit(X, y)
        assert np.geterr()["over"] == "raise"


def test_the_states_of_global_generators_do_not_matter():
    X, y = data()
    texts = []
    for seed in (1, 2):
        torch.manual_seed(seed)
        np.random.seed(seed)  # noqa: NPY002
        model = DARTSRegressor(max_epochs=2, replicas=32, links=["identity"], verbose=0, random_state=0).fit(X, y)
        texts.append([str(e.expression) for e in model.front_])
    assert texts[0] == texts[1]


@pytest.mark.slow
def test_importing_leaves_global_state_alone():
    """In a fresh interpreter; the libraries may do as they like, eqdarts may add nothing."""
    code = """
        import logging, random, sys, warnings
        import numpy, pandas, scipy.optimize, sympy, torch, tqdm
        import sklearn.base, sklearn.model_selection, sklearn.utils.validation

        def state():
            return [
                torch.get_default_dtype(), torch.get_num_threads(), torch.is_grad_enabled(),
                torch.get_rng_state().tolist(), str(numpy.random.get_state()), random.getstate(), numpy.geterr(),
                list(warnings.filters), sys.getrecursionlimit(), list(logging.root.handlers), logging.root.level,
                pandas.get_option("display.max_rows"), numpy.get_printoptions(),
            ]

        before = state()
        import eqdarts, eqdarts.estimator, eqdarts.search.loop
        eqdarts.DARTSRegressor, eqdarts.OPERATIONS
        for one, two in zip(before, state(), strict=True):
            assert one == two, str((one, two))[:500]
        assert "matplotlib" not in sys.modules, "matplotlib was loaded"
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_the_package_alone_loads_no_torch():
    code = "import sys, eqdarts; assert not {'torch', 'sympy', 'matplotlib', 'sklearn'} & set(sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr

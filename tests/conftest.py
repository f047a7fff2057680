"""What several test files share."""

import os
import signal

if "PYTEST_XDIST_WORKER" in os.environ:  # one process for each core: before torch and NumPy count theirs
    os.environ.setdefault("OMP_NUM_THREADS", "1")

import pytest
import torch
import truth
from hypothesis import settings

# A shell lets what it starts in the background ignore Ctrl-C, which some tests press.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# The same examples on every run, and none of them judged by the clock; more of them by --long.
settings.register_profile("short", derandomize=True, deadline=None, max_examples=25)
settings.register_profile("long", settings.get_profile("short"), max_examples=300)
settings.load_profile("short")


def pytest_addoption(parser):
    parser.addoption(
        "--long",
        action="store_true",
        help="twelve times the examples of every property, and the tests that are marked long",
    )


def pytest_configure(config):
    """Before test files are imported, whose `strategies.examples` ask the profile how many."""
    if config.getoption("--long"):
        settings.load_profile("long")
    config.pluginmanager.register(truth, "truth")


@pytest.fixture(scope="session")
def long_run(request):
    """Whether loops of a test's own are to go on for long."""
    return request.config.getoption("--long")


#: Files whose tests run none of the compiled loops that fit graphs.
_WITHOUT_LOOPS = {"test_exports", "test_imports", "test_latex", "test_parsing", "test_regression", "test_simplify"}


def pytest_collection_modifyitems(config, items):
    """Tests that are marked long need --long; the order of two processes is `_halves`."""
    if not config.getoption("--long"):
        long = [item for item in items if item.get_closest_marker("long")]
        config.hook.pytest_deselected(items=long)
        items[:] = [item for item in items if not item.get_closest_marker("long")]
    _halves(items)


def _halves(items):
    """The second of two processes begins with tests that need no compiled loops, while the first compiles them.

    Given shares that are stolen from when one is done (`--dist worksteal`), it begins in the middle.
    """
    if "PYTEST_XDIST_WORKER" not in os.environ:
        return
    middle = [item for item in items if item.path.stem in _WITHOUT_LOOPS]
    others = [item for item in items if item.path.stem not in _WITHOUT_LOOPS]
    half = len(items) // 2
    items[:] = [*others[:half], *middle, *others[half:]]


@pytest.fixture
def generator():
    return torch.Generator().manual_seed(20240229)

"""Importing eqdarts and fitting leave the interpreter as they found it."""

import gc
import subprocess
import sys
import textwrap
import warnings
from contextlib import suppress

import numpy as np
import pytest
import torch

from eqdarts.collector import no_full_collections
from eqdarts.estimator import DARTSRegressor


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


def test_the_last_of_overlapping_fits_brings_full_collections_back():
    before = gc.get_threshold()
    first, second = no_full_collections(), no_full_collections()
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    assert gc.get_threshold()[2] > before[2]
    second.__exit__(None, None, None)
    assert gc.get_threshold() == before


def test_a_fit_that_fails_brings_full_collections_back():
    before = gc.get_threshold()
    with suppress(ValueError), no_full_collections():
        raise ValueError
    assert gc.get_threshold() == before


def test_the_states_of_global_generators_do_not_matter():
    X, y = data()
    texts = []
    for seed in (1, 2):
        torch.manual_seed(seed)
        np.random.seed(seed)  # noqa: NPY002
        model = DARTSRegressor(max_epochs=2, replicas=32, verbose=0, random_state=0).fit(X, y)
        texts.append([str(e.expression) for e in model.front_])
    assert texts[0] == texts[1]


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

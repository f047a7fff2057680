"""Same rows, seed, settings and version: the same front, bit for bit, however and wherever the process was started."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from eqdarts import DARTSRegressor
from eqdarts.simplify.form import form_of

SCRIPT = Path(__file__).with_name("repeated_fits.py")
ROOT = SCRIPT.parent.parent

#: Variables of the environment, and settings of the script, whose fits come after others in their process if reversed.
OTHER = {
    "two threads of its own and of BLAS, after other fits": (
        {"PYTHONHASHSEED": "1", "OMP_NUM_THREADS": "2"},
        {"threads": 2, "reversed": True},
    ),
    "a thread beside the main one, elsewhere, with rows in another order": (
        {"PYTHONHASHSEED": "random", "LC_ALL": "C"},
        {"apart": True, "rows": 5},
    ),
}


def fitted(folder, variables, settings):
    """What the script tells in a process of its own."""
    surroundings = {"PYTHONHASHSEED": "0", "OMP_NUM_THREADS": "1", "LC_ALL": "C.UTF-8", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, str(SCRIPT), json.dumps(settings)],
        env={**os.environ, **surroundings, **variables}, cwd=folder, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    return fitted(tmp_path_factory.mktemp("plain"), {}, {})


@pytest.mark.slow
@pytest.mark.parametrize("name", OTHER)
def test_the_front_is_the_same_to_the_bit(plain, name, tmp_path):
    other = fitted(tmp_path, *OTHER[name])
    assert other.keys() == plain.keys()
    for kind in plain:
        assert other[kind] == plain[kind], kind


#: Laws that rows without noise show beyond doubt, of columns u, v and w.
LAWS = {
    "product": lambda t: t.u * t.v**2 / t.w,
    "sum": lambda t: 2 * t.u + 3 * np.exp(-t.v),
    "quotient": lambda t: t.u / (1 + t.v * t.w),
    "root": lambda t: np.sqrt(t.u**2 + t.v**2),
    "wave": lambda t: t.u * np.sin(2 * t.v) + t.w,
    "difference": lambda t: t.w * (t.u - t.v) ** 2,
}


@pytest.mark.parametrize(("noise", "epochs"), [(0.0, 10), pytest.param(0.01, 6, marks=pytest.mark.slow)])
@pytest.mark.parametrize("name", LAWS)
def test_rows_and_columns_in_another_order_have_the_same_form(name, noise, epochs):
    rng = np.random.default_rng(0)
    table = pd.DataFrame(rng.uniform(0.5, 3, (90, 3)), columns=list("uvw"))
    y = LAWS[name](table)
    y = (y + noise * y.std() * rng.normal(size=90)).rename("y")
    options = {"max_epochs": epochs, "replicas": 128, "max_time": None, "random_state": 0, "verbose": 0, "n_jobs": 1}
    forms = set()
    for seed, columns in enumerate(["uvw", "vwu", "wvu"]):
        order = np.random.default_rng(seed).permutation(90)
        model = DARTSRegressor(**options).fit(table[list(columns)].iloc[order], y.iloc[order])
        forms.add(form_of(model.sympy(), ("u", "v", "w")))
    assert len(forms) == 1, forms

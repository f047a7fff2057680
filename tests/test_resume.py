"""Searches that go on from a checkpoint reach, to the last bit, what they would have reached undisturbed."""

import contextlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import killed_search
import numpy as np
import pandas as pd
import pytest
from command_line import run_here

from eqdarts import Constraints, DARTSRegressor, InputDataError, dynamics, sweep
from eqdarts.checkpoint import keeper
from eqdarts.fitted.checkpoints import FREE, opened
from eqdarts.search import runs
from eqdarts.search.memory import BranchMemory

RNG = np.random.default_rng(0)
X = pd.DataFrame(RNG.uniform(0.5, 3, (90, 2)), columns=["u", "v"])
NOISE = RNG.normal(size=90)
NOISY = (X.u * np.exp(-X.v) * (1 + 0.02 * NOISE)).rename("y")
FEW = {"operations": ["linear", "power", "exp"], "max_nodes": 2, "links": ["identity"], "replicas": 24}
FEW |= {"max_complexity": 12}
MIXED = {"operations": ["scale", "exp"], "replicas": 3, "max_nodes": 1, "max_complexity": 12}
SETTINGS = {"max_time": None, "random_state": 0, "verbose": 0, "n_jobs": 1}


def hurried(patch):
    """A checkpoint after every epoch, and a new run after two."""
    patch.setattr(keeper, "INTERVAL", 0.0)
    patch.setattr(keeper, "_SHARE", 0.0)
    patch.setattr(runs, "_RUNS", replace(runs._RUNS, shortest=2))


@pytest.fixture(autouse=True)
def _hurried(monkeypatch):
    hurried(monkeypatch)


def result(model):
    """All that a search found, to the last bit, and how."""
    return {
        "front": [
            (repr(e.expression), e.loss.hex(), e.relative_loss.hex(), e.origin, e.genotype) for e in model.front_
        ],
        "rivals": [(e, p.hex()) for e, p in zip(model.rivals_["equation"], model.rivals_["probability"], strict=True)],
        "chosen": model.best_index_,
        "alpha": model.alpha_history_.tobytes(),
        "history": model.history_.drop(columns=[c for c in model.history_ if c.endswith("seconds")]).to_csv(),
        "excluded": model.excluded_.to_csv(),
        "stop": model.stop_reason_,
    }


def resumed(path, *rows, **options):
    return result(DARTSRegressor.resume(path, *rows, verbose=0, **options))


TABLES = {
    "noise": (NOISY, {**FEW, "max_epochs": 7}, (1, 4, 7)),
    "quick": (NOISY, {**FEW, "max_epochs": 6, "proposers": ["sample", "move", "symmetry"]}, (2, 5)),
    "mixture": (NOISY, {**MIXED, "relaxation": "gumbel", "max_epochs": 12}, (3, 10)),
    "momentum": (
        NOISY, {**MIXED, "relaxation": "softmax", "optimizer": "sgd", "max_epochs": 3, "discretisation": "sample"}, (2,)
    ),
    "constraints": (NOISY, {**FEW, "max_epochs": 4, "constraints": Constraints(increasing=["u"])}, (2,)),
    "guess": (NOISY, {**FEW, "max_epochs": 3, "guesses": ["a*u*exp(b*v)"]}, (2,)),
    "counts": ((50 * NOISY).round(), {**FEW, "max_epochs": 3, "loss": "poisson"}, (2,)),
}  # fmt: skip

LONG = ("noise", "constraints", "guess", "counts")


@pytest.fixture(scope="module", params=[pytest.param(n, marks=[pytest.mark.slow] if n in LONG else []) for n in TABLES])
def search(request, tmp_path_factory):
    """A search undisturbed, and the checkpoints after each epoch of one that was the same."""
    y, options, epochs = TABLES[request.param]
    folder = tmp_path_factory.mktemp("checkpoints")
    path = folder / "run.ckpt"
    with pytest.MonkeyPatch.context() as patch:
        hurried(patch)
        undisturbed = result(DARTSRegressor(**SETTINGS, **options).fit(X, y))
        kept = DARTSRegressor(
            **SETTINGS, **options, checkpoint=path, callback=lambda r: shutil.copy(path, folder / f"{r.epoch}")
        ).fit(X, y)
    return undisturbed, result(kept), folder, y, epochs


def test_a_checkpoint_changes_nothing(search):
    undisturbed, kept, folder, _, _ = search
    assert kept == undisturbed
    assert not [name for name in os.listdir(folder) if not name.isdigit() and name != "run.ckpt"]


def test_from_every_epoch_the_same_is_reached(search):
    undisturbed, _, folder, y, epochs = search
    for epoch in epochs:
        assert resumed(folder / str(epoch), X, y) == undisturbed, epoch


def test_a_search_that_is_over_gives_its_result_without_a_search(search, monkeypatch):
    undisturbed, _, folder, y, _ = search
    monkeypatch.setattr("eqdarts.search.loop._Run.search", lambda self: pytest.fail("it searches"))
    monkeypatch.setattr("eqdarts.search.loop._Run.conclude", lambda self: pytest.fail("it concludes"))
    assert resumed(folder / "run.ckpt", X, y) == undisturbed


def test_branches_and_runs_are_among_what_is_kept(search):
    _, _, folder, _, epochs = search
    name = os.environ["PYTEST_CURRENT_TEST"]
    if not ("quick" in name or "noise" in name):
        pytest.skip("a search that has none, or one run")
    boundary = opened(folder / str(epochs[1])).boundary
    assert any(isinstance(one, BranchMemory) for one in boundary.branches.living)
    assert boundary.searcher.state.runs > 0
    assert boundary.searcher.state.noisy == ("noise" in name)


@pytest.fixture(scope="module")
def unfinished(tmp_path_factory):
    """A checkpoint after two of four epochs, of rows with weights."""
    path = tmp_path_factory.mktemp("unfinished") / "run.ckpt"

    def stop(record):
        if record.epoch == 2:
            raise KeyError

    model = DARTSRegressor(**SETTINGS, **FEW, max_epochs=4, validation=np.arange(0, 90, 3), callback=stop)
    with pytest.raises(KeyError):
        model.set_params(checkpoint=path).fit(X, NOISY, np.linspace(1, 2, 90))
    return path


@pytest.fixture
def path(unfinished, tmp_path):
    return Path(shutil.copy(unfinished, tmp_path / "run.ckpt"))


WEIGHTS = np.linspace(1, 2, 90)
CHANGED = X.assign(v=X.v + (np.arange(90) < 3) * 1e-9)


@pytest.mark.parametrize(
    ("rows", "options", "words"),
    [
        ((CHANGED, NOISY, WEIGHTS), {}, "another table: column 'v' differs in 3 rows. Give the same one"),
        ((X[:80], NOISY[:80], WEIGHTS[:80]), {}, "it had 90 rows, and has 80"),
        ((X.rename(columns={"u": "w"}), NOISY, WEIGHTS), {}, "the columns were 'u', 'v', and are 'w', 'v'"),
        ((X, NOISY.rename("z"), WEIGHTS), {}, "the target was 'y', and is 'z'"),
        ((X, NOISY * 2, WEIGHTS), {}, "the target differs in 90 rows"),
        ((X, NOISY), {}, "rows were weighed by sample_weight, and are by nothing"),
        ((X, NOISY, None, 1 / WEIGHTS), {}, "rows were weighed by sample_weight, and are by y_error"),
        ((X, NOISY, WEIGHTS), {"max_nodes": 3}, "max_nodes was 2, is 3"),
        ((X, NOISY, WEIGHTS), {"random_state": 1}, "random_state was 0, is 1"),
        ((X, NOISY, WEIGHTS), {"operations": ["exp"]}, "operations was"),
        ((X, NOISY, WEIGHTS), {"validation": 0.5}, "validation was"),
        ((X, NOISY, WEIGHTS), {"no_such": 3}, "'no_such' is no option"),
    ],
)  # fmt: skip
def test_another_table_or_setting_is_refused(path, rows, options, words):
    before = path.read_bytes()
    with pytest.raises(InputDataError, match=words):
        DARTSRegressor.resume(path, *rows, **options)
    assert path.read_bytes() == before


def test_options_that_stop_a_search_may_change_and_time_before_counts(path):
    spent = opened(path).boundary.seconds
    model = DARTSRegressor.resume(
        path, X, NOISY, WEIGHTS, max_epochs=3, patience=5, n_jobs=2, max_nodes=2, callback=None
    )
    assert len(model.history_) == 3
    assert model.history_["seconds"].iloc[2] > spent
    assert model.get_params()["patience"] == 5
    longer = DARTSRegressor.resume(path, X, NOISY, WEIGHTS, max_epochs=4)
    assert len(longer.history_) == 4
    assert longer.stop_reason_ == "max_epochs"
    over = DARTSRegressor.resume(path, X, NOISY, WEIGHTS, max_epochs=None, max_time=spent / 2)
    assert over.stop_reason_ == "max_time"
    assert len(over.history_) == 4


def test_fits_before_count_and_their_limit_may_change(path):
    before = opened(path).boundary.fits
    assert before > 0
    model = DARTSRegressor.resume(path, X, NOISY, WEIGHTS, max_epochs=None, max_fits=before + 10)
    assert model.stop_reason_ == "max_fits"
    assert len(model.history_) == 3
    assert opened(path).boundary.fits <= 1.1 * (before + 10)


def test_the_page_names_what_may_change():
    page = (Path(__file__).parents[1] / "docs" / "howto" / "checkpoints.md").read_text(encoding="utf-8")
    assert [name for name in FREE if f"`{name}`" not in page and name != "checkpoint"] == []


def test_an_unfinished_search_is_not_written_over(path):
    before = path.read_bytes()
    with pytest.raises(InputDataError, match=r"not over, with 2 epochs; go on with DARTSRegressor\.resume"):
        DARTSRegressor(**SETTINGS, **FEW, max_epochs=1, checkpoint=path).fit(X, NOISY)
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    "damage", [lambda b: b[:-1], lambda b: b[:2000], lambda b: b[: len(b) // 2] + b"x" * 9, bytes.upper]
)
def test_a_damaged_file_is_refused(path, damage):
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(InputDataError, match=r"run\.ckpt' cannot be used"):
        DARTSRegressor.resume(path, X, NOISY, WEIGHTS)


def test_no_file_is_named():
    with pytest.raises(InputDataError, match="'no such file' cannot be read"):
        DARTSRegressor.resume("no such file", X, NOISY)


def test_ctrl_c_leaves_the_last_epoch_from_which_the_same_is_reached(tmp_path):
    options = {**SETTINGS, **FEW, "max_epochs": 5}
    undisturbed = result(DARTSRegressor(**options).fit(X, NOISY))

    def press(record):
        if record.epoch == 3:
            signal.raise_signal(signal.SIGINT)

    path = tmp_path / "run.ckpt"
    pressed = DARTSRegressor(**options, checkpoint=path, callback=press).fit(X, NOISY)
    assert pressed.stop_reason_ == "interrupted"
    assert resumed(path, X, NOISY) == undisturbed


class Mine:
    """A source of graphs that remembers."""

    name, in_addition = "mine", True

    def __init__(self):
        self.asked = []

    def propose(self, now):
        self.asked.append(now.age)
        now.rng.random(len(self.asked))


def test_what_no_file_holds_is_given_again(tmp_path):
    options = {**SETTINGS, **FEW, "proposers": ["sample", Mine], "max_epochs": 3}
    undisturbed = result(DARTSRegressor(**options).fit(X, NOISY))
    path = tmp_path / "run.ckpt"
    copy = tmp_path / "2"

    def keep(record):
        if record.epoch == 2:
            shutil.copy(path, copy)

    DARTSRegressor(**options, checkpoint=str(path), callback=keep).fit(X, NOISY)
    with pytest.raises(InputDataError, match="a file cannot hold proposers; give it again"):
        DARTSRegressor.resume(copy, X, NOISY)
    assert resumed(copy, X, NOISY, proposers=["sample", Mine]) == undisturbed


@pytest.mark.parametrize(
    ("options", "fit", "words"),
    [
        ({}, lambda m: m.fit(np.ones((10_001, 1)) * np.arange(10_001.0)[:, None], np.arange(10_001.0)), "10000 rows"),
        ({"checkpoint": 3}, lambda m: m.fit(X, NOISY), "expected the path of a file"),
    ],
)
def test_searches_without_checkpoints_say_so_before_they_begin(tmp_path, options, fit, words):
    with pytest.raises(InputDataError, match=words):
        fit(DARTSRegressor(**{**SETTINGS, "max_epochs": 1, "checkpoint": tmp_path / "run.ckpt", **options}))
    assert not os.listdir(tmp_path)


def test_sweeps_and_dynamics_have_none():
    with pytest.raises(InputDataError, match=r"checkpoint.*folder="):
        sweep(X.assign(y=NOISY), "y", settings={"a": {"checkpoint": "run.ckpt"}})
    with pytest.raises(InputDataError, match="checkpoint"):
        dynamics.fit(np.arange(9.0), np.ones((9, 1)), checkpoint="run.ckpt")


def test_resamples_leave_the_file_alone(tmp_path):
    path = tmp_path / "run.ckpt"
    model = DARTSRegressor(**SETTINGS, **FEW, max_epochs=1, checkpoint=path).fit(X, NOISY)
    before = path.read_bytes()
    model.stability(n_resamples=2)
    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == ["run.ckpt"]


@pytest.mark.slow
def test_the_command_line_goes_on(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    X.assign(y=NOISY).to_csv("data.csv", index=False)
    line = ["fit", "data.csv", "--target", "y", "--operations", "exp,power", "--quiet", "--json"]
    kept = [*line, "--checkpoint", "run.ckpt", "--resume"]
    begun = run_here([*kept, "--max-epochs", "1"], capsys)
    assert begun.returncode == 0
    assert "run.ckpt is not there yet; the search begins" in begun.stderr
    on = run_here([*kept, "--max-epochs", "2"], capsys)
    undisturbed = run_here([*line, "--max-epochs", "2"], capsys)
    assert json.loads(on.stdout)["front"] == json.loads(undisturbed.stdout)["front"]
    other = run_here([*kept, "--max-epochs", "2", "--noise", "proportional"], capsys)
    assert other.returncode == 2
    assert "noise was 'additive', is 'proportional'" in other.stderr
    assert run_here([*line, "--resume"], capsys).returncode == 2
    CHANGED.assign(y=NOISY).to_csv("data.csv", index=False)
    assert "column 'v' differs in 3 rows" in run_here([*kept, "--max-epochs", "3"], capsys).stderr


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="kills by signal")
def test_a_process_that_is_killed_at_random_moments_reaches_the_same(tmp_path, monkeypatch, long_run):
    """Each process goes on from the file that the one before left, and is killed in its turn, at any moment: while it
    reads, searches, writes or makes equations. The file is whole after each kill, and the last process finishes.
    """
    monkeypatch.undo()  # the processes do not hurry either
    path, epochs = tmp_path / "run.ckpt", 12
    kills, killed, moments, seen = 60 if long_run else 3, 0, random.Random(7), []
    begin = time.monotonic()
    wanted = json.loads(json.dumps(killed_search.undisturbed(epochs)))
    length = time.monotonic() - begin
    command = [sys.executable, killed_search.__file__, str(path), str(epochs)]
    while killed < kills:
        with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
            process.stdout.readline()  # it has loaded the library
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(moments.uniform(0.0, 0.5 * length))
            process.kill()
        if process.returncode == 0:  # it came to the end first; then another search begins
            assert json.loads(Path(f"{path}.found").read_text()) == wanted
            path.unlink()
        else:
            assert process.returncode == -signal.SIGKILL
            killed += 1
            seen.append(len(opened(path).boundary.history) if path.exists() else 0)
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    assert json.loads(Path(f"{path}.found").read_text()) == wanted
    assert set(os.listdir(tmp_path)) == {"run.ckpt", "run.ckpt.found"}
    print(f"{killed} kills, after epochs {seen}")

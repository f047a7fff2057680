"""Many fits: resumed without doing anything twice, never ended by one of them, and whole when workers are lost."""

import functools
import itertools
import json
import os
import signal
import subprocess
import sys
import textwrap
import warnings
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eqdarts import DARTSRegressor, EqdartsError, InputDataError, SearchWarning, sweep
from eqdarts.data.table import Table
from eqdarts.sweeping import jobs, study, workers
from eqdarts.sweeping.jobs import plan
from eqdarts.sweeping.outcome import Outcome, failed, run
from eqdarts.sweeping.store import Store

QUICK = {"quick": {"max_epochs": 1, "max_time": None, "replicas": 16, "max_nodes": 1, "links": ["identity"]}}


def springs(n=12):
    """Two springs that differ in stiffness: force and energy by length."""
    table = pd.DataFrame({"spring": ["soft", "stiff"] * n, "x": np.linspace(1, 2, 2 * n)})
    table["force"] = np.where(table["spring"] == "soft", 3.0, 8.0) * table["x"]
    table["energy"] = table["force"] * table["x"] / 2
    return table


@pytest.fixture
def fits(monkeypatch):
    """Fits that take no time; the list of the jobs that were asked for."""
    asked = []

    def fake(job, data, with_model):
        asked.append(job)
        if job.seed == 13:
            return failed(job, ValueError("thirteen\nis bad")), None
        outcome = Outcome(job.key, 0.5, repr(float(data.y.mean())), "y = 1", 1, 0.25, 0.5, "patience")
        return outcome, {"seed": job.seed} if with_model else None

    monkeypatch.setattr(study, "run", fake)
    return asked


def test_every_target_group_setting_and_seed_has_a_row(fits):
    settings = {"a": {}, "b": {"max_nodes": 2}}
    found = sweep(springs(), ["energy", "force"], inputs=["x"], by="spring", seeds=[5, 2], settings=settings)
    keys = found[["target", "spring", "setting", "seed"]].itertuples(index=False, name=None)
    assert list(keys) == [
        (target, spring, setting, seed)
        for target in ("energy", "force")
        for spring in ("soft", "stiff")
        for setting in ("a", "b")
        for seed in (5, 2)
    ]
    assert len(fits) == len({job.key for job in fits}) == 16
    assert {job.options for job in fits} == {(), (("max_nodes", 2),)}
    # Each fit sees the rows of its group.
    means = springs().groupby("spring")["force"].mean()
    rows = found[found["target"] == "force"]
    assert [float(v) for v in rows["equation"]] == pytest.approx([means[s] for s in rows["spring"]])


def test_inputs_are_the_other_numbers(fits):
    table = springs().assign(note="text", day=pd.Timestamp(0), count=3)
    with pytest.warns(SearchWarning, match="left out 'spring', 'note', 'day'"):
        sweep(table, ["force", "energy"])
    assert {(job.target, job.inputs) for job in fits} == {("force", ("x", "count")), ("energy", ("x", "count"))}
    fits.clear()
    sweep(table, ["force", "energy"], inputs=["force", "energy", "x"])
    assert [job.inputs for job in fits] == [("energy", "x"), ("force", "x")]


def test_rows_with_missing_values_are_left_out_of_the_fits_that_meet_them():
    table = pd.DataFrame({"x": np.arange(8.0), "u": 1.0, "v": 2.0, "g": ["a", "b"] * 4})
    table.loc[[0, 3], "u"] = np.nan
    table.loc[5, "g"] = None
    rule = {"inputs": ["x"], "by": "g", "seeds": [0], "settings": None}
    with pytest.warns(SearchWarning, match="of 8: 3 for 'u', 1 for 'v'"):
        planned = plan(table, ["u", "v"], **rule, drop_missing=True)
    rows = {
        (job.target, job.group): data.X[:, 0].tolist() for job, data in planned.tasks({j.key for j in planned.jobs})
    }
    assert rows == {
        ("u", ("a",)): [2, 4, 6], ("u", ("b",)): [1, 7], ("v", ("a",)): [0, 2, 4, 6], ("v", ("b",)): [1, 3, 7],
    }  # fmt: skip
    with pytest.raises(InputDataError, match="1 of 8 values of column 'g' are missing"):
        plan(table, ["u", "v"], **rule)
    with pytest.raises(InputDataError, match="drop_missing='yes'"):
        sweep(table, "u", drop_missing="yes")


def test_a_sweep_that_was_ended_does_only_the_rest(fits, tmp_path, monkeypatch):
    arguments = {"inputs": ["x"], "by": "spring", "seeds": range(3), "folder": tmp_path / "new" / "folder"}
    fake = study.run

    def ends_at_the_fourth(job, data, with_model):
        if len(fits) == 3:
            raise KeyboardInterrupt
        return fake(job, data, with_model)

    monkeypatch.setattr(study, "run", ends_at_the_fourth)
    with pytest.raises(KeyboardInterrupt):
        sweep(springs(), "force", **arguments)
    lines = (tmp_path / "new" / "folder" / "results.jsonl").read_text().splitlines()
    assert [json.loads(line)["key"] for line in lines] == [job.key for job in fits]
    first = list(fits)
    monkeypatch.setattr(study, "run", fake)
    found = sweep(springs(), "force", **arguments)
    assert len(fits) == 6
    assert len({job.key for job in fits}) == 6
    assert fits[:3] == first
    again = sweep(springs(), "force", **arguments)
    assert len(fits) == 6
    pd.testing.assert_frame_equal(found, again)
    for path, seed in zip(found["model"], found["seed"], strict=True):
        assert json.loads(Path(path).read_text()) == {"seed": seed}
    # A model that is gone is made again; a wider sweep does what is new.
    Path(found["model"][4]).unlink()
    sweep(springs(), "force", **arguments)
    assert fits[6:] == [next(job for job in fits if job.key == Path(found["model"][4]).stem)]
    sweep(springs(), ["force", "energy"], **arguments)
    assert [job.target for job in fits[7:]] == ["energy"] * 6


@pytest.mark.parametrize("change", ["input", "target", "rows", "options", "inputs"])
def test_what_was_fitted_to_something_else_is_not_done(change, fits, tmp_path):
    table, arguments = springs(), {"inputs": ["x"], "by": "spring", "folder": tmp_path}
    sweep(table, "force", **arguments)
    assert len(fits) == 2
    stiff = np.flatnonzero(table["spring"] == "stiff")
    if change == "input":
        table.loc[stiff[3], "x"] = np.nextafter(table["x"][stiff[3]], 9)
    elif change == "target":
        table.loc[stiff[3], "force"] += 1
    elif change == "rows":
        table = table.drop(index=stiff[3])
    elif change == "options":
        arguments["settings"] = {"default": {"max_nodes": 2}}
    else:
        arguments["inputs"] = ["x", "energy"]
    sweep(table, "force", **arguments)
    # The soft spring is untouched by a changed row of the stiff one.
    assert [job.group[0] for job in fits[2:]] == (["soft"] if change in ("options", "inputs") else []) + ["stiff"]


def test_names_of_settings_do_not_matter_and_what_is_not_seen_neither(fits, tmp_path):
    sweep(springs(), "force", inputs=["x"], by="spring", folder=tmp_path, settings={"a": {"links": ["identity"]}})
    assert len(fits) == 2
    table = springs().assign(energy=0.0, other=1).sample(frac=1, random_state=0).sort_values("x", ignore_index=True)
    settings = {"b": {"links": ("identity",)}, "c": {"links": np.array(["identity"])}}
    found = sweep(table, "force", inputs=["x"], by="spring", folder=tmp_path, settings=settings)
    assert len(fits) == 2
    assert list(found["setting"]) == ["b", "c", "b", "c"]


def test_a_failure_is_a_row_and_is_tried_again(fits, tmp_path):
    arguments = {"inputs": ["x"], "by": "spring", "seeds": [1, 13, 2], "folder": tmp_path}
    with pytest.warns(SearchWarning, match="2 of 6 fits failed, see column 'error'; the first: ValueError: thirteen"):
        found = sweep(springs(), "force", **arguments)
    bad = found[found["seed"] == 13]
    assert list(bad["error"]) == ["ValueError: thirteen is bad"] * 2
    assert bad[["equation", "latex", "complexity", "loss", "r2", "stop_reason", "model"]].isna().all(axis=None)
    assert found[found["seed"] != 13]["error"].isna().all()
    with pytest.warns(SearchWarning, match="2 of 6 fits failed"):
        again = sweep(springs(), "force", **arguments)
    assert [job.seed for job in fits[6:]] == [13, 13]
    pd.testing.assert_frame_equal(found, again)


@pytest.mark.parametrize(
    "damage",
    [
        lambda line: line[:-1],
        lambda line: line[: len(line) // 2],
        lambda line: b"\xff" + line,
        lambda line: line.replace(b'"key"', b'"kex"'),
        lambda line: line.replace(b'"seconds": 0.5', b'"seconds": "0.5"'),
        lambda line: line.replace(b'"y = 1"', b"NaN"),
        lambda line: b"[" * 100_000 + b"\n",
    ],
)
def test_a_damaged_line_is_fitted_again(damage, fits, tmp_path):
    arguments = {"inputs": ["x"], "seeds": range(3), "folder": tmp_path}
    found = sweep(springs(), "force", **arguments)
    path = tmp_path / "results.jsonl"
    *others, last = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([*others, damage(last)]))
    whole = damage(last) == last[:-1]  # only the line's end was lost
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        again = sweep(springs(), "force", **arguments)
    assert [str(w.message) for w in caught] == (
        [] if whole else [f"{path}: damaged in line 3; what was there is fitted again"]
    )
    assert [job.seed for job in fits[3:]] == ([] if whole else [2])
    pd.testing.assert_frame_equal(found, again)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SearchWarning)
        sweep(springs(), "force", **arguments)
    assert len(fits) == (3 if whole else 4)


numbers = st.floats(allow_nan=False, allow_infinity=False)
texts = st.text(max_size=30)
outcomes = st.builds(
    Outcome, key=st.just("k"), seconds=st.floats(0, 1e9), equation=texts, latex=texts,
    complexity=st.integers(1, 2**50), loss=st.none() | numbers, r2=st.none() | numbers, stop_reason=texts,
    warnings=st.none() | texts,
)  # fmt: skip


@given(st.lists(outcomes, min_size=1, max_size=3))
def test_outcomes_come_back_as_they_were_and_the_last_one_counts(tmp_path_factory, found):
    store = Store(tmp_path_factory.mktemp("store"))
    job = jobs.Job("k", "y", ("x",), (), "default", (), 0)
    for outcome in found:
        store.keep(job, (), (outcome, {}))
    assert store.done({"k", "other"}) == {"k": found[-1]}
    assert store.done({"other"}) == {}


def test_the_order_of_rows_is_not_that_of_finishing(fits, monkeypatch):
    def backwards(tasks, call, n_jobs):
        yield from [(job, call(job, data)) for job, data in tasks][::-1]

    expected = sweep(springs(), ["force", "energy"], inputs=["x"], by="spring", seeds=range(3))
    monkeypatch.setattr(study, "run_locally", backwards)
    pd.testing.assert_frame_equal(
        expected, sweep(springs(), ["force", "energy"], inputs=["x"], by="spring", seeds=range(3))
    )


def test_groups_by_several_columns_and_kinds(fits, tmp_path):
    table = springs().assign(
        day=pd.Categorical(["mon", "tue", "tue", "mon"] * 6, ["mon", "tue", "wed"]),
        hour=pd.Timestamp(0),
        site=[1, 1, 2, 2] * 6,
    )
    found = sweep(table, "force", inputs=["x"], by=["site", "day", "hour"], folder=tmp_path)
    assert list(zip(found["site"], found["day"], strict=True)) == [(1, "mon"), (1, "tue"), (2, "tue"), (2, "mon")]
    line = json.loads((tmp_path / "results.jsonl").read_text().splitlines()[1])
    assert line["group"] == {"site": 1, "day": "tue", "hour": "1970-01-01 00:00:00"}
    assert line["inputs"] == ["x"]


def test_wrong_arguments_are_named_before_any_fit(fits, tmp_path):
    table = springs()
    missing = table.assign(spring=[None, *table["spring"][1:]])
    for changes, part in (
        ({"table": table.to_numpy()}, "table: expected a pandas DataFrame"),
        ({"table": table.iloc[:0]}, "no rows"),
        ({"targets": []}, "targets: expected at least one"),
        ({"targets": "Force"}, "did you mean 'force'?"),
        ({"targets": ["force", "force"]}, "targets: 'force' stands twice"),
        ({"targets": "spring"}, "'soft' (row 0) is not a number"),
        ({"inputs": ["spring"]}, "'soft' (row 0) is not a number"),
        ({"inputs": ["force"]}, "no column is left to explain 'force' with"),
        ({"by": "sprung"}, "by: no column 'sprung'; did you mean 'spring'?"),
        ({"by": "x"}, "by: 'x' cannot make groups and be fitted as well"),
        ({"table": missing, "by": "spring"}, "1 of 24 values of column 'spring' are missing (first: row 0)"),
        ({"table": table.rename(columns={"spring": "seed"}), "by": "seed"}, "column 'seed' of its own; rename yours"),
        ({"seeds": 3}, "such as range(3)"),
        ({"seeds": []}, "seeds: expected at least one"),
        ({"seeds": [0.5]}, "seeds=0.5: expected an integer"),
        ({"seeds": [-1]}, "seeds=-1"),
        ({"settings": {"max_time": 5}}, "expected names and options"),
        ({"settings": {"a": {"max_tme": 5}}}, "'max_tme' is no option of DARTSRegressor; did you mean 'max_time'?"),
        ({"settings": {"a": {"random_state": 5}}}, "'a': random_state cannot be set; give seeds"),
        ({"settings": {"a": {"validation": object()}}}, "'a': validation=<object"),
        ({"n_jobs": 0}, "n_jobs=0"),
        ({"backend": "ray"}, "backend='ray' is not known; choose one of 'loky', 'dask'"),
    ):  # fmt: skip
        arguments = {"table": table, "targets": "force", "inputs": ["x"], "folder": tmp_path / "new", **changes}
        with pytest.raises(InputDataError) as caught:
            sweep(**arguments)
        assert part in str(caught.value)
    assert fits == []
    assert not (tmp_path / "new").exists()
    (tmp_path / "file").write_text("")
    with pytest.raises(EqdartsError, match=r"file' cannot be used \(.*choose another"):
        sweep(table, "force", inputs=["x"], folder=tmp_path / "file")


def test_rows_are_handed_out_once_per_group():
    planned = plan(springs(), ["force"], ["x"], "spring", range(3), {"a": {}, "b": {"max_nodes": 1}})
    tasks = list(planned.tasks({job.key for job in planned.jobs}))
    assert len(tasks) == 12
    assert len({id(data) for _, data in tasks}) == 2


def test_a_real_fit_and_its_failure(tmp_path):
    table = springs()
    table.loc[table["spring"] == "soft", "x"] = np.nan
    with pytest.warns(SearchWarning, match="1 of 2 fits failed"):
        found = sweep(table, "force", inputs=["x"], by="spring", settings=QUICK, folder=tmp_path)
    assert found.loc[0, "error"].startswith("InputDataError: column 'x': 12 of 12 values are NaN")
    good = found.loc[1]
    assert good["equation"] == "8*x"
    assert good["latex"] == r"\mathrm{force} = 8 x"
    assert good["r2"] == pytest.approx(1)
    assert good["stop_reason"] in ("exact", "max_epochs")
    model = DARTSRegressor.load(good["model"])
    assert model.predict(pd.DataFrame({"x": [2.0]})) == pytest.approx([16])
    # One thread for each fit, since there may be many at once.
    assert (model.n_jobs, model.random_state) == (1, 0)
    # Its warnings are part of the row, and not of this process.
    table = springs().assign(flat=1.0)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        row = sweep(table, "force", inputs=["x", "flat"], settings=QUICK).loc[0]
    assert "'flat'" in row["warnings"]


def test_an_interrupted_search_is_no_result():
    def interrupt(record):
        raise KeyboardInterrupt

    table = springs()
    job = jobs.Job("k", "energy", ("x",), (), "default", tuple({**QUICK["quick"], "callback": interrupt}.items()), 0)
    with pytest.raises(KeyboardInterrupt):
        run(job, Table(table[["x"]].to_numpy(), table["energy"].to_numpy(), ("x",), "energy"), with_model=False)


@pytest.mark.slow
def test_processes_give_the_same_result_as_one():
    rng = np.random.default_rng(0)
    table = springs()
    table["force"] += rng.normal(0, 0.1, len(table))
    arguments = {"inputs": ["x"], "by": "spring", "seeds": range(2), "settings": QUICK}
    one, two = (sweep(table, "force", n_jobs=n, **arguments).drop(columns="seconds") for n in (1, 2))
    pd.testing.assert_frame_equal(one, two)


def tasks_of(n):
    planned = plan(springs(), ["force"], ["x"], (), range(n), None)
    return planned.tasks({job.key for job in planned.jobs})


def outcome_of(job):
    return Outcome(job.key, 0.0, "x", "y = x", 1, 0.0, 1.0, "exact"), None


def dies_once(job, data, folder):
    mark = Path(folder) / "dead"
    if job.seed == 2 and not mark.exists():
        mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return outcome_of(job)


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="no SIGKILL")
def test_what_a_killed_process_had_runs_again(tmp_path):
    cloudpickle = pytest.importorskip("cloudpickle")
    cloudpickle.register_pickle_by_value(sys.modules[__name__])  # the processes cannot import this file
    try:
        results = list(workers.run_locally(tasks_of(7), functools.partial(dies_once, folder=str(tmp_path)), 2))
    finally:
        cloudpickle.unregister_pickle_by_value(sys.modules[__name__])
    assert (tmp_path / "dead").exists()
    assert sorted(job.seed for job, _ in results) == list(range(7))
    assert not any(outcome.error for _, (outcome, _) in results)


def test_what_kills_its_process_fails_and_what_ran_beside_it_does_not(monkeypatch):
    class Pool:
        """Four fits at once; that of seed 5 ends them all."""

        def __init__(self, **options):
            pass

        def __call__(self, calls):
            calls = iter(calls)
            while batch := list(itertools.islice(calls, 4)):
                if any(arguments[-2].seed == 5 for _, arguments, _ in batch):
                    raise BrokenProcessPool("gone")
                yield from (delayed.function(*arguments) for delayed, arguments, _ in batch)

    monkeypatch.setattr(workers, "Parallel", Pool)
    results = list(workers.run_locally(tasks_of(13), lambda job, data: outcome_of(job), 4))
    assert sorted(job.seed for job, _ in results) == list(range(13))
    assert {job.seed: outcome.error for job, (outcome, _) in results if outcome.error} == {
        5: "EqdartsError: the process that fitted it ended, perhaps for lack of memory (gone)"
    }


def test_dask_that_is_missing_is_named(fits, monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(EqdartsError, match=r"pip install 'eqdarts\[dask\]'"):
        sweep(springs(), "force", inputs=["x"], backend="dask")


def test_dask_without_a_client_is_refused(fits):
    pytest.importorskip("distributed")
    with pytest.raises(InputDataError, match=r"make a client first, such as client = dask\.distributed\.Client"):
        sweep(springs(), "force", inputs=["x"], backend="dask")
    with pytest.raises(EqdartsError, match="no Dask scheduler answers at 'nonsense://x'"):
        workers.connect("nonsense://x")


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="no SIGKILL")
def test_a_cluster_of_two_processes_one_killed_midway(tmp_path):
    """In an interpreter of its own, whose warnings and logs are those of the cluster."""
    pytest.importorskip("distributed")
    code = """
        import os, signal, sys
        import numpy as np, pandas as pd
        from distributed import Client, LocalCluster
        from eqdarts import sweep
        from eqdarts.sweeping.store import Store

        def main(folder):
            x = np.linspace(1, 2, 12)
            table = pd.DataFrame({"x": x, "force": 3 * x + 0.01 * np.sin(50 * x)})
            quick = {"quick": {"max_epochs": 1, "max_time": None, "replicas": 16, "max_nodes": 1}}
            options = {"n_workers": 2, "threads_per_worker": 1, "dashboard_address": None}
            with LocalCluster(**options) as cluster, Client(cluster) as client:
                processes = client.run(os.getpid)
                keep, kept = Store.keep, []

                def keep_and_kill(self, job, by, result):
                    keep(self, job, by, result)
                    kept.append(job.key)
                    if len(kept) == 3:
                        busy = [worker for worker, tasks in client.processing().items() if tasks]
                        os.kill(processes[busy[0]], signal.SIGKILL)

                Store.keep = keep_and_kill
                found = sweep(table, "force", seeds=range(9), settings=quick, folder=folder, backend="dask")
                assert len(set(processes.values()) & set(client.run(os.getpid).values())) <= 1, "none was killed"
            assert len(kept) == len(set(kept)) == 9
            assert list(found["seed"]) == list(range(9))
            assert found["error"].isna().all(), found["error"]
            assert found["model"].map(os.path.isfile).all()
            print("all there")

        if __name__ == "__main__":
            main(sys.argv[1])
    """
    script = tmp_path / "cluster.py"
    script.write_text(textwrap.dedent(code))
    root = str(Path(study.__file__).parents[2])
    path = os.pathsep.join(filter(None, [root, os.environ.get("PYTHONPATH")]))
    done = subprocess.run(
        [sys.executable, script, tmp_path / "results"],
        capture_output=True, encoding="utf-8", timeout=300, env={**os.environ, "PYTHONPATH": path}, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout == "all there\n"

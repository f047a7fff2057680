"""The benchmarks' judge and their book-keeping; the fits themselves run by hand."""

import sys
from pathlib import Path

import numpy as np
import pytest
import sympy

from eqdarts.parsing import parse_expression
from eqdarts.table.chunks import open_table

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "benchmarks"))

import constants
import forms
import judgement
import runner
import scale
import strd


@pytest.mark.parametrize("law", forms.LAWS.values(), ids=forms.LAWS.keys())
def test_a_law_is_its_own_form_up_to_factor_or_offset(law):
    truth = law.expression
    assert forms.is_form(truth, law)
    assert forms.is_form(1.7 * truth, law)
    assert forms.is_form(truth - 2.5, law)
    assert not forms.is_form(1.7 * truth + truth**2 / 100, law)
    assert not forms.is_form(sympy.Integer(2), law)


def test_approximations_and_undefined_formulas_are_not_forms():
    x = sympy.Symbol("x")
    taylor = sum(3 * (-x / 2) ** k / sympy.factorial(k) for k in range(9)) + 1
    assert not forms.is_form(taylor, forms.LAWS["decay"])
    assert not forms.is_form(sympy.log(x) + forms.LAWS["wave"].expression, forms.LAWS["wave"])


def test_data_lie_in_their_boxes():
    for law in forms.LAWS.values():
        X, y = law.sample(11, seed=3)
        assert list(X.columns) == law.names
        assert X.min(axis=None) >= law.low
        assert X.max(axis=None) <= law.high
        assert len(y) == 11


def pretend(job):
    if job["seed"] == 2:
        raise ArithmeticError("no luck")
    return {"square": job["seed"] ** 2}


@pytest.mark.slow
def test_jobs_run_once_and_failures_are_kept(tmp_path, monkeypatch):
    for name in runner.THREADS:
        monkeypatch.setenv(name, "1")  # `run` sets them too; this puts them back
    path = tmp_path / "new" / "results.jsonl"
    jobs = [{"law": "a", "seed": seed} for seed in (1, 2, 3)]
    runner.run(jobs[:2], pretend, path, seconds=60)
    runner.run(jobs, pretend, path, seconds=60, processes=2)
    records = {record["seed"]: record for record in runner.read(path)}
    assert len(runner.read(path)) == len(records) == 3
    assert records[3]["square"] == 9
    assert records[2]["error"] == "ArithmeticError: no luck"
    assert records[1]["error"] is None
    assert records[1]["commit"]
    assert records[1]["threads"] == 1


@pytest.mark.parametrize("name", judgement.LAWS)
def test_formulas_of_judgement_are_what_the_experiments_compute(name):
    pytest.importorskip("autora.experiment_runner.synthetic", reason="needs autora-synthetic")
    law = judgement.LAWS[name]
    assert judgement.error(law.expression, law) < 1e-9
    assert judgement.is_law(law.expression, law)
    assert not judgement.is_law(1.1 * law.expression, law)
    X, y = law.sample(50, seed=1)
    assert np.mean((y - forms.evaluate(law.expression, X)) ** 2) < 0.05**2


def test_judgement_says_what_is_missing(monkeypatch):
    monkeypatch.setitem(sys.modules, "autora.experiment_runner.synthetic.psychology.luce_choice_ratio", None)
    with pytest.raises(SystemExit, match="pip install autora-synthetic"):
        judgement.LAWS["luce"].sample(3, seed=0)


def test_constants_are_compared_by_their_worst_digit():
    pytest.importorskip("lmfit", reason="needs lmfit")
    found = {(f["method"], f["start"]): f for f in constants.fit({"problem": "Misra1a"})["fits"]}
    assert set(found) == {(method, start) for method in constants.METHODS for start in (1, 2)}
    assert found["refit", 1]["digits"] > 9
    assert found["curve_fit", 2]["digits"] > 4
    assert found["lmfit", 2]["error_digits"] > 2
    record = {"problem": "Misra1a", "fits": list(found.values())}
    assert "| refit | 1 | 1 | 1 | 1 | 0 |" in constants.summary([record])
    assert constants.details([record]).count("\n") == 2


def test_a_method_that_fails_has_no_digits():
    problem = strd.problems()[0]

    def fails(problem, start):
        raise RuntimeError("no luck")

    assert constants.measured(fails, problem, problem.starts[0])["reason"] == "RuntimeError: no luck"


@pytest.mark.parametrize("law", scale.LAWS)
def test_the_law_of_a_long_table_is_recognised(law):
    symbols = sympy.symbols("a b c")
    exact = {
        "ratio": "a*b/c**2",
        "sum": "0.5*a*b**2 + 9.81*c",
        "decay": "3.0*a*exp(-0.7*b) + c",
        "centred product": "a*b + 2*c",
    }
    truth = parse_expression(exact[law], ("a", "b", "c"))
    assert scale.is_law(truth, law)
    assert not scale.is_law(truth + symbols[0] / 10, law)
    assert not scale.is_law(truth + 0 * symbols[0] + sympy.Symbol("z1"), law)
    assert not scale.is_law(sympy.Float(1.0), law)


@pytest.mark.parametrize("source", ["csv", "parquet"])
def test_tables_are_written_in_blocks(tmp_path, monkeypatch, source):
    monkeypatch.setattr(scale, "_BLOCK", 40)
    job = {"law": "ratio", "rows": 100, "columns": 5, "noise": 0.0, "seed": 3, "source": source}
    scale.write(job, str(tmp_path))
    X = np.concatenate([c.X for c in open_table(tmp_path / f"table.{source}", "y").chunks()])
    assert X.shape == (100, 5)
    assert len(np.unique(X)) == 500


def test_ratios_are_to_the_smallest_table():
    shared = {"axis": "rows", "source": "csv", "noise": 0.0, "budget": 1.0, "columns": 5, "error": None, "grown_mb": 3}
    records = [{**shared, "rows": n, "seconds": s, "same": True} for n, s in ((10, 2.0), (10, 4.0), (1000, 6.0))]
    assert scale.markdown(records).splitlines()[-1].split(" | ")[6:10] == ["1", "1", "6.0", "2.00"]

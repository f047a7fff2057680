"""The benchmarks' judge and their book-keeping; the fits themselves run by hand."""

import itertools
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import sympy
import torch

from eqdarts import DARTSRegressor
from eqdarts.darts.prior import log_odds
from eqdarts.data.chunks import open_table
from eqdarts.formula.parsing import parse_expression

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "benchmarks"))

import alpha
import autora_darts
import constants
import contest
import forms
import judgement
import libraries
import limit
import peers
import random_laws
import recovery
import runner
import sampler
import scale
import stages
import startup
import strd
import throughput

from eqdarts.graph.genotype import GenotypeBatch
from eqdarts.graph.operations import DEFAULT_OPERATIONS
from eqdarts.graph.space import SearchSpace
from eqdarts.search.fit_options import fit_options


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


def test_a_bound_of_start_up_needs_both_of_its_sides():
    seconds = {"import torch, sklearn": [2.0, 1.0, 9.0], "import eqdarts": [2.5], "eqdarts --help": []}
    assert startup.verdict("import eqdarts", seconds) == "≤ 1.3 × import torch, sklearn: holds"
    assert startup.verdict("import eqdarts", {**seconds, "import eqdarts": [2.7]}).endswith("missed")
    assert startup.verdict("import eqdarts", {**seconds, "import torch, sklearn": []}).endswith("not measured")
    assert startup.verdict("eqdarts --help", seconds).endswith("not measured")
    assert startup.verdict("nothing", {"nothing": [1.0]}) == "–"


def test_the_start_up_table_leaves_out_what_only_warms_up():
    records = [
        {"kind": "import eqdarts", "round": k, "seconds": s, "torch": False} for k, s in enumerate((9.0, 0.1, 0.3, 0.2))
    ]
    assert "| import eqdarts | 3 | 0.200 | 0.100 | 0.300 | no |" in startup.markdown(records)


def test_what_a_fit_takes_beyond_its_stages_is_its_rest():
    seconds = stages.with_rest([1.0, 3.0, 0.0, 4.0, 0.5], whole=10.0)
    assert list(seconds) == [*stages.STAGES, stages.REST]
    assert (seconds["readout"], seconds[stages.REST]) == (3.0, 1.5)


@pytest.mark.slow
def test_stages_of_the_compiled_fit_are_counted_and_timed():
    graphs = throughput.drawn(replicas=7, n=11, seed=3)
    watched = stages.Watched(graphs)
    for steps in (0, 1, 5):
        forward, readout, jacobian, normal, solve = stages.count_calls(watched, 7, steps).T
        assert (forward == readout).all()
        assert (forward == solve + 1).all()
        assert (solve <= steps).all()
        assert (jacobian == normal).all()
        assert (jacobian <= solve).all()
    assert solve.max() == 5
    seconds = stages.compiled_shares(watched, steps=5, seconds=0.05)
    assert list(seconds) == [*stages.STAGES, stages.REST]
    assert min(seconds.values()) > 0


def test_the_torch_program_takes_its_time_in_its_stages():
    seconds, whole = stages.torch_shares(throughput.drawn(replicas=7, n=11), steps=2, seconds=0)
    assert sum(seconds.values()) == pytest.approx(whole)
    assert min(seconds[name] for name in stages.STAGES) > 0


def one_graph(readout, **edges):
    """Calls of one forward pass and one Jacobian of a graph over x and z with one product node; no solving."""
    space = SearchSpace(("x", "z"), 1, ("zero", "power", "exp", "sin"))
    names = [edges.get("x", "zero"), edges.get("z", "zero")]
    batch = GenotypeBatch(
        np.array([[space.operations.index(name) for name in names]]), np.array([[1]]), np.array([readout])
    )
    return limit.needs(space, batch, np.array([[1, 0, 1, 0, 0]]), n=10)


def test_powers_in_a_product_share_one_exponential():
    both = one_graph([True, False, False, True], x="power", z="power")
    assert both.functions["exp"] == 10
    assert both.functions["log"] == 0
    other = one_graph([True, False, False, True], x="power", z="sin")
    assert other.functions["exp"] == 10
    assert other.functions["sin"] == 20  # the value, and the cosine of the slope
    assert other.mul > both.mul > 0
    assert both.matmul == both.solve == 0


def test_a_dead_node_needs_nothing():
    dead = one_graph([False, False, False, True], x="power", z="exp")
    assert sum(dead.functions.values()) == dead.mul == 0


def test_dot_products_of_the_normal_equations_are_counted():
    space = SearchSpace(("x",), 1, ("zero", "exp"))
    batch = GenotypeBatch(np.array([[1]]), np.array([[0]]), np.array([[True, False, True]]))
    need = limit.needs(space, batch, np.array([[0, 0, 0, 1, 1]]), n=10)
    # One parameter, two columns: J·J, J·r and two overlaps.
    assert need.matmul == 40
    assert (need.solve, need.readout) == (1, 0)


def test_seconds_at_the_limit_are_amounts_over_rates():
    names = limit.FUNCTIONS
    rate = limit.Amounts(dict.fromkeys(names, 2.0), 4.0, 8.0, 16.0, 32.0)
    need = limit.Amounts(dict.fromkeys(names, 6.0), 4.0, 4.0, 4.0, 4.0)
    seconds = limit.seconds_at(rate, need)
    assert seconds["exp"] == 3.0
    assert [seconds[kind] for kind in ("mul", "matmul", "solve", "readout")] == [1.0, 0.5, 0.25, 0.125]


def test_every_default_operation_has_its_cost():
    assert set(limit.COSTS) == set(DEFAULT_OPERATIONS) - {"zero"}


def test_the_innermost_frame_with_a_kind_decides():
    loop, kernel = f"{sampler.PACKAGE}/search/loop.py", f"{sampler.PACKAGE}/fit/compiled/graphs.py"
    assert sampler.kind_of(["/lib/threading.py", kernel, f"{sampler.PACKAGE}/fit/assess.py", loop]) == "compiled fits"
    assert sampler.kind_of(["/lib/numpy/core.py", f"{sampler.PACKAGE}/fit/assess.py", loop]) == "selection"
    assert sampler.kind_of(["/lib/sympy/core/add.py", f"{sampler.PACKAGE}/simplify/simplify.py"]) == "SymPy"
    assert sampler.kind_of(["/lib/json.py", loop]) == "other Python"
    through = f"{sampler.PACKAGE}/{sampler.THROUGH}"
    moves = f"{sampler.PACKAGE}/propose/moves.py"
    assert sampler.kind_of([through, moves, loop]) == "compiled proposals"
    assert sampler.kind_of([moves, loop]) == "proposals"
    assert Path(through).exists()
    assert {*sampler.KINDS.values(), *sampler.LOOPS_OF.values(), sampler.SYMPY, sampler.OTHER} == set(sampler.ALL)
    assert all((Path(sampler.PACKAGE) / start).exists() for start in sampler.KINDS)


def test_the_next_bottleneck_is_the_largest_part():
    fit = {"kinds": {"compiled fits": 7.0, "SymPy": 2.0, "selection": 1.0}}
    cell = {"engine": "compiled", "ratio": 0.4, "stages": {"forward": 1.0, "Jacobian": 3.0}}
    assert throughput.bottleneck([], [cell]) == "no whole fit was measured"
    text = throughput.bottleneck([fit], [cell])
    assert text.startswith("compiled fits, 70 % of a whole fit, and in them the Jacobian, 75 %")
    assert "0.40, below the aim" in text
    assert throughput.bottleneck([{"kinds": {"SymPy": 3.0, "compiled fits": 1.0}}], [cell]).startswith("SymPy, 75 %")


def test_the_report_of_throughput_names_what_failed():
    cell = {
        "engine": "compiled", "threads": 1, "replicas": 256, "rows": 64, "parameters": 9.5, "steps": 20.0,
        "short": 1234.5, "long": 99.0, "mixed": 500.0, "ratio": 0.4, "stages": {"forward": 1.0, "rest": 3.0},
        "limit": dict.fromkeys((*limit.FUNCTIONS, "mul", "matmul", "solve", "readout"), 2e6), "error": None,
    }  # fmt: skip
    failed = {"engine": "torch", "threads": 1, "replicas": 2048, "rows": 1000, "error": "killed after 900 s"}
    text = throughput.report([cell, failed])
    assert "| compiled | 1 | 256 | 64 | 9.5 | 20.0 | 1,234 | 99 | 500 | – | 0.40 | 25 | 0 | 0 | 0 | 0 | 75 |" in text
    assert "| 1 | 256 | 64 | 2.00 |" in text
    assert "failed: torch, R = 2048, n = 1000, 1 threads: killed after 900 s" in text


def task(budget=10.0, enough=lambda held: False):
    X = pd.DataFrame({"a": [1.0, 2.0, 3.0], "b": [0.5, 0.1, 0.2]})
    y = np.array([1.0, 2.0, 4.0])
    return contest.Task(X, y, X, y, budget, seed=0, threads=1, enough=enough)


def steps_of(monkeypatch, *durations):
    """Steps that take so many seconds of a pretended clock; showing a step takes a hundred more."""
    now = [0.0]
    monkeypatch.setattr(contest.time, "perf_counter", lambda: now[0])

    def steps():
        for duration in durations:
            now[0] += duration

            def shown(seconds):
                now[0] += 100.0
                return contest.Snapshot(seconds, ("a",))

            yield shown

    return steps()


def test_only_the_steps_of_a_library_are_on_its_clock(monkeypatch):
    history = contest.stepwise(task(10.0), steps_of(monkeypatch, *itertools.repeat(3.0, 9)))
    assert [held.seconds for held in history] == [3.0, 6.0, 9.0]  # a fourth would end after 12


def test_a_library_has_its_first_step_and_no_more_than_is_enough(monkeypatch):
    assert len(contest.stepwise(task(1.0), steps_of(monkeypatch, 5.0, 5.0))) == 1
    satisfied = task(100.0, enough=lambda held: held.seconds > 3)
    assert len(contest.stepwise(satisfied, steps_of(monkeypatch, 2.0, 2.0, 2.0, 2.0))) == 2
    assert len(contest.stepwise(task(100.0), steps_of(monkeypatch, 2.0))) == 1


def test_programs_of_gplearn_become_formulas():
    add, div, log = (SimpleNamespace(name=n, arity=k) for n, k in (("add", 2), ("div", 2), ("log", 1)))
    text = libraries.infix([add, div, 1, -0.25, log, 0], ["a", "b"])
    assert sympy.sympify(text).equals(sympy.sympify("b/(-0.25) + log(Abs(a))"))


def test_networks_of_autora_become_formulas():
    class Sine(torch.nn.Module):
        pass

    class Zero(torch.nn.Module):
        pass

    linear = torch.nn.Linear(1, 1).double()
    readout = torch.nn.Linear(2, 1).double()
    with torch.no_grad():
        linear.weight.fill_(2.0)
        linear.bias.fill_(-1.0)
        readout.weight.copy_(torch.tensor([[3.0, 5.0]]))
        readout.bias.fill_(0.5)
    operations = [Zero(), torch.nn.Sequential(linear, Sine())]
    # Columns a and b: a → k1 is zero, b → k1 the sine; a → k2 zero, b → k2 zero, k1 → k2 the sine.
    network = SimpleNamespace(
        _steps=2, classifier=readout, cells=SimpleNamespace(_ops=[SimpleNamespace(_ops=operations)] * 5),
        alphas_normal=torch.eye(2)[[0, 1, 0, 0, 1]],
    )  # fmt: skip
    found = sympy.sympify(autora_darts._network(network, ["a", "b"]))
    k1 = np.sin(2 * 0.3 - 1)
    assert float(found.subs("b", 0.3)) == pytest.approx(3 * k1 + 5 * np.sin(2 * k1 - 1) + 0.5)


def test_names_are_replaced_whole_and_at_once():
    assert libraries.renamed("x0*x10 + exp(x1)", {"x0": "x1", "x1": "x0", "x10": "e"}) == "x1*e + exp(x0)"


def test_losses_of_a_history_only_fall():
    history = [(0.1, np.inf), (0.2, 0.5), (0.3, 0.7), (0.4, 0.5), (0.5, 0.1), (0.6, np.nan)]
    assert peers.falling(history) == [(0.2, 0.5), (0.5, 0.1)]
    assert peers.reached([[0.2, 0.5], [0.5, 0.1]], 0.3) == 0.5
    assert peers.reached([[0.2, 0.5]], 0.3) is None


def judge(accepted):
    def parse(text, names):
        return sympy.sympify(text, locals={name: sympy.Symbol(name) for name in names})

    def numeric(expression, names):
        f = sympy.lambdify([sympy.Symbol(name) for name in names], expression, "numpy")
        return lambda X: np.broadcast_to(np.asarray(f(*X.T), dtype=float), len(X))

    rng = np.random.default_rng(0)
    train, test = ((X, 3 * X[:, 0] ** 2 - 7) for X in rng.uniform(1, 2, (2, 23, 1)))
    catalog = SimpleNamespace(parse=parse, numeric=numeric)
    return peers.Judge(catalog, {"variables": ["x"]}, train, test, accepted)


def test_a_formula_is_judged_up_to_the_line_that_operon_fits():
    asked = []

    def accepted(text):
        asked.append(text)
        return np.isclose(float(sympy.sympify(text).subs("x", 5)), 3 * 5**2 - 7)

    judged = judge(accepted)
    assert judged.loss_of("x**2") < 1e-20
    assert judged.loss_of("x**2 +") == np.inf
    assert judged.loss_of("1") > 0.5
    assert not judged.holds_law(contest.Snapshot(1.0, ("x", "1")))
    assert asked == []  # what is far off need not be judged
    assert judged.holds_law(contest.Snapshot(1.0, ("x", "x**2")))
    count = len(asked)
    assert judged.holds_law(contest.Snapshot(2.0, ("x**2",)))
    assert len(asked) == count


def test_the_law_is_found_when_it_is_first_held():
    history = [contest.Snapshot(1.0, loss=0.1), contest.Snapshot(2.0, ("a",)), contest.Snapshot(3.0, ("b",))]
    assert peers.first(history, lambda held: "a" in held.texts) == 2.0
    assert peers.first(history, lambda held: False) == 3.0


def test_a_rehearsal_ends_at_the_first_formula():
    task = peers.rehearsal(threads=1)
    assert len(task.y) == peers.REHEARSED
    assert task.names == ["x"]
    *_, end = libraries.eqdarts(task)
    assert end.texts[0] == "x**2"
    assert task.enough(end)


def test_libraries_take_turns():
    jobs = peers.alternating([{"name": n, "suite": "s"} for n in "pq"], ("eqdarts", "gplearn"), {"seed": 1})
    assert [(j["name"], j["library"]) for j in jobs] == [
        ("p", "eqdarts"), ("p", "gplearn"), ("q", "eqdarts"), ("q", "gplearn"),
    ]  # fmt: skip


def record(library, name, exact, losses, **more):
    return {
        "suite": "s", "noise": 0.0, "budget": 20.0, "threads": 1, "seed": 0, "library": library, "name": name,
        "solved": exact is not None, "front_solved": exact is not None, "exact_seconds": exact, "losses": losses,
        "close_seconds": exact, "complexity": 5, "r2": 0.5, "loading": 0.1, "version": "1", "error": None, **more,
    }  # fmt: skip


def test_the_tables_of_peers_compare_problems_that_both_solve():
    records = [
        record("eqdarts", "p", 1.0, [[0.5, 0.2], [1.0, 0.0]]),
        record("eqdarts", "q", 2.0, [[0.1, 0.3]]),
        record("eqdarts", "r", None, [[0.1, 0.3]]),
        record("pyoperon", "p", 4.0, []),
        record("pyoperon", "q", 1.0, []),
        record("pyoperon", "r", 1.0, []),
        record("autora", "p", None, [[5.0, 0.5], [50.0, 0.2]]),
        record("autora", "q", None, [[20.0, 0.1]]),
        {**record("gplearn", "p", None, []), "error": "killed", "r2": None, "loading": None, "version": None},
    ]
    summary = peers.summary(records)
    assert "| eqdarts 1 | 3 | 66.7 | 66.7 | 66.7 | 1.50 | 1.50 | 5 |" in summary
    assert "| gplearn | 1 | 0.0 |" in summary
    assert "| pyoperon | 2 | 50 (aim ≥ 80: missed) | 2.2 |" in peers.pairs(records)
    same = peers.same_loss(records)
    assert "| 2 | 0.15 | 1 | 100 (aim ≥ 100: holds) | 100 to 100 |" in same
    assert "failed: gplearn, p: killed" in peers.report(records)


@pytest.mark.parametrize("seed", range(12))
def test_random_laws_repeat_and_are_exact_for_themselves_only(seed):
    drawn, again = random_laws.sample(seed), random_laws.sample(seed)
    assert drawn.law == again.law
    np.testing.assert_array_equal(drawn.X, again.X)
    np.testing.assert_array_equal(drawn.y, random_laws.values(drawn.law, drawn.X))
    assert drawn.X.shape[1] == len(drawn.law.free_symbols)
    assert random_laws.is_exact(drawn.law, drawn.y_fresh, drawn)
    assert not random_laws.is_exact(drawn.law, drawn.y_fresh + 1e-8 * drawn.y_fresh.std(), drawn)
    large = sympy.Add(*(sympy.Symbol(f"t{k}") ** 2 for k in range(60)))
    assert not random_laws.is_exact(large, drawn.y_fresh, drawn)


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
    records = [
        {**shared, "rows": n, "seconds": s, "shown": s / 4, "same": True}
        for n, s in ((10, 2.0), (10, 4.0), (1000, 6.0))
    ]
    assert scale.markdown(records).splitlines()[-1].split(" | ")[6:11] == ["1", "1", "1.50", "6.00", "2.00"]


@pytest.mark.parametrize("setting", recovery.SETTINGS)
def test_what_an_ablation_changes_is_an_option_of_its_search(setting):
    """Else a run of it would compare the default with itself."""
    options = DARTSRegressor(**recovery.SETTINGS[setting]).get_params(deep=False)
    assert (options == DARTSRegressor().get_params(deep=False)) == (setting == "default")
    fit_options(options)


_WIDE = SearchSpace(("x1", "irrelevant_1", "x2", "irrelevant_2"), 3, DEFAULT_OPERATIONS)


def test_odds_told_are_odds_and_leave_as_many_edges_absent():
    x = sympy.Symbol("x1", real=True)
    before = np.exp(log_odds(_WIDE))
    for logits in (alpha.uniform(_WIDE), alpha.told_functions(_WIDE, sympy.sin(x))):
        odds = np.exp(logits)
        np.testing.assert_allclose(odds.sum(axis=-1), 1.0)
        np.testing.assert_array_equal(odds[..., _WIDE.zero], before[..., _WIDE.zero])
        np.testing.assert_array_equal(odds > 0, before > 0)
    sine, exp = (_WIDE.operations.index(name) for name in ("sin", "exp"))
    assert (odds[..., sine] > before[..., sine]).all()
    assert (odds[..., exp] < before[..., exp]).all()


def test_told_of_columns_a_space_is_as_if_the_others_were_not_there():
    odds = np.exp(alpha.told_columns(_WIDE, ["irrelevant_1", "irrelevant_2"]))
    np.testing.assert_allclose(odds.sum(axis=-1), 1.0)
    narrow = SearchSpace(("x1", "x2"), 3, DEFAULT_OPERATIONS)
    alone = np.exp(log_odds(narrow))
    for e, (i, j) in enumerate(_WIDE.edges):
        if i in (0, 2):
            np.testing.assert_allclose(odds[:, e], alone[:, narrow.edges.index((i // 2, j))])
        elif i < 4:
            assert (odds[:, e, _WIDE.zero] > 0.97).all()


def test_conditions_are_held_to_frozen_where_its_first_epoch_solved_nothing():
    same = {"suite": "s", "noise": 0.0, "irrelevant": 0, "budget": 4.0, "seed": 0, "commit": "c", "error": None}

    def one(seconds, epochs=5):
        return {
            "solved": seconds is not None,
            "seconds": seconds or 4.1,
            "graphs": 50 * epochs,
            "epochs": epochs,
            "origin": "move, rounded",
        }

    records = [
        {**same, "outcomes": {"frozen": one(2.0), "learned": one(1.0)}},
        {**same, "outcomes": {"frozen": one(None), "learned": one(2.0)}},
        {**same, "outcomes": {"frozen": one(0.1, epochs=1), "learned": one(None)}},
        {**same, "error": "killed"},
    ]
    lines = alpha.markdown(records).splitlines()
    assert lines[-3].endswith("| learned | 2 | 2 | +1 −0 | 1.50 | 0.50 | 1.00 | move 2 |")
    assert lines[-1] == "Of 4 problems 1 took no part, 1 failed"


def test_a_problem_has_its_irrelevant_columns_and_a_judge():
    job = {"problem": 21, "kit": "", "noise": 0.0, "irrelevant": 2, "seed": 0}
    X, y, is_solved = alpha.table_of(job)
    assert list(X.columns) == ["x1", "x2", "irrelevant_1", "irrelevant_2"]
    law = random_laws.sample(21)
    found = SimpleNamespace(sympy=lambda: law.law, predict=lambda X: random_laws.values(law.law, X.to_numpy()[:, :2]))
    assert is_solved(found)
    np.testing.assert_array_equal(y, law.y)

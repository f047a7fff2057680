"""The command line: what it prints, writes, and refuses."""

import gzip
import json
import os
import shlex
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import typer
from command_line import ROOT, run_here, run_process

from eqdarts import OPERATIONS, EqdartsError, __version__
from eqdarts.cli import main, output, program, screen
from eqdarts.sweeping import outcome, study


@pytest.fixture
def run(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)

    def run_eqdarts(*arguments, code=0):
        done = run_here(arguments, capsys)
        assert done.returncode == code, done.stderr
        return done

    return run_eqdarts


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "data.csv"
    rows = [f"{x},{2 * x + 1},text" for x in range(1, 20)]
    path.write_text("\n".join(["x 1,y,note", *rows]) + "\n")
    return path


def refused(run, *arguments):
    """The one line on stderr, and nothing on stdout."""
    process = run(*arguments, code=2)
    assert process.stdout == ""
    lines = process.stderr.splitlines()
    assert len(lines) == 1, process.stderr
    assert lines[0].startswith("eqdarts: ")
    return lines[0]


def test_help_and_version_load_nothing_heavy(run):
    for command in ((), ("fit",), ("demo",), ("sweep",), ("app",), ("operations",)):
        assert "Usage: eqdarts" in run(*command, "--help").stdout
    assert run("--version").stdout == f"eqdarts {__version__}\n"
    code = (
        "import sys; from eqdarts.cli import main; assert main(['--help']) == 0\n"
        "heavy = {'torch', 'sympy', 'pandas', 'sklearn', 'matplotlib'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, cwd=ROOT, timeout=300)


def test_the_package_runs_as_a_module():
    done = subprocess.run(
        [sys.executable, "-m", "eqdarts", "--version"],
        check=True,
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=300,
    )
    assert done.stdout == f"eqdarts {__version__}\n"


def test_operations_lists_the_registry(run):
    lines = run("operations").stdout.splitlines()
    for op in OPERATIONS.values():
        row = next(line.split() for line in lines if line.split()[:1] == [op.name])
        assert str(op.complexity) in row
    assert any(line.split() == ["exp", "exp(a*x)", "a", "1", "yes"] for line in lines)
    assert any(line.split() == ["square", "x**2", "1"] for line in lines)


def test_usage_errors(run, table):
    for arguments, part in (
        ((), "command"),
        (("fit",), "FILE"),
        (("fit", table), "--target"),
        (("fit", table, "--target", "y", "--max-epochs", "0"), "--max-epochs"),
        (("fit", table, "--target", "y", "--seed", "one"), "--seed"),
        (("guess",), "guess"),
        (("fit", table, "--target", "y", "--colour"), "--colour"),
    ):
        message = refused(run, *arguments)
        assert part in message
        command = " fit" if arguments[:1] == ("fit",) else ""
        assert message.endswith(f"see eqdarts{command} --help")


def test_bad_input_is_refused_and_nothing_is_written(run, table, tmp_path):
    before = sorted(tmp_path.iterdir())
    output = ("--output", tmp_path / "out")
    for arguments, part in (
        ((tmp_path / "missing.csv", "--target", "y"), "no such file"),
        ((table, "--target", "Y"), "did you mean 'y'?"),
        ((table, "--target", "y", "--features", "x 1,,"), "--features 'x 1,,'"),
        ((table, "--target", "y", "--features", "x\n1"), "expected names separated by commas"),
        ((table, "--target", "y", "--features", "x 1,y"), "'y' is the target"),
        ((table, "--target", "y", "--features", "note"), "'text' in line 2 is text"),
        ((table, "--target", "y", "--delimiter", ";"), "try delimiter ','"),
        ((table, "--target", "y", "--encoding", "martian"), "martian"),
    ):
        assert part in refused(run, "fit", *arguments, *output)
    assert sorted(tmp_path.iterdir()) == before


def test_output_that_is_a_file_is_refused_before_the_search(run, table):
    for place in (table, table / "below"):
        assert "is not a folder" in refused(run, "fit", table, "--target", "y", "--output", place)
        assert "is not a folder" in refused(run, "demo", "--output", place)


def test_a_column_holds_the_errors_of_rows(tmp_path, capsys):
    path, out = tmp_path / "measured.csv", tmp_path / "out"
    x = np.linspace(1, 4, 30)
    path.write_text("\n".join(["x,y,u", *(f"{a},{3 * a * a},{a / 10}" for a in x)]) + "\n")
    options = ("fit", path, "--target", "y", "--max-epochs", 1, "--operations", "linear,power", "--quiet")

    def run(*more, code=0):
        assert main([*map(str, (*options, *more))]) == code
        return capsys.readouterr()

    found = run("--y-error", "u", "--output", out).out
    assert "y = 3*x**2" in found
    assert "noise: given" in found
    record = json.loads((out / "model.json").read_text())
    assert record["columns"] == ["x"]
    assert record["noise"]["form"] == "given"
    assert record["noise"]["unit"] == pytest.approx(np.mean((x / 10) ** -2.0) ** -0.5)
    assert "noise: given" in run("--y-error", "u", "--features", "x").out
    assert "among --features too" in run("--y-error", "u", "--features", "x,u", code=2).err
    assert "'v'" in run("--y-error", "v", code=2).err
    assert "noise='loud'" in run("--noise", "loud", code=2).err
    assert "y_error" in run("--noise", "poisson", "--y-error", "u", code=2).err
    packed = tmp_path / "measured.csv.gz"  # which is read in chunks
    packed.write_bytes(gzip.compress(path.read_bytes()))
    options = ("fit", packed, *options[2:])
    other = tmp_path / "other"
    assert "y = 3*x**2" in run("--y-error", "u", "--output", other).out
    assert json.loads((other / "model.json").read_text())["columns"] == ["x"]
    assert "noise: given" in run("--y-error", "u", "--features", "x").out
    assert "'v'" in run("--y-error", "v", code=2).err
    assert "y_error" in run("--noise", "poisson", "--y-error", "u", code=2).err


def test_a_folder_in_place_of_a_file_is_refused_before_the_search(run, table, tmp_path):
    for command, name in ((("fit", table, "--target", "y"), "model.json"), (("demo",), "fit.png")):
        folder = tmp_path / f"{command[0]} out"
        (folder / name).mkdir(parents=True)
        (folder / "equation.tex").write_text("old")
        message = refused(run, *command, "--output", folder)
        assert f"{folder / name} is a folder; choose another one" in message
        assert sorted(path.name for path in folder.iterdir()) == ["equation.tex", name]
        assert (folder / "equation.tex").read_text() == "old"


@pytest.mark.skipif(
    os.name == "nt" or not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write anywhere"
)
def test_output_without_permission_is_refused(run, table, tmp_path):
    locked = tmp_path / "locked"
    locked.mkdir(mode=0o500)
    assert "no permission" in refused(run, "fit", table, "--target", "y", "--output", locked / "out")


def test_fit_prints_and_writes(run, table, tmp_path):
    pytest.importorskip("eqdarts.estimator")
    arguments = ("--target", "y", "--features", "x 1", "--max-epochs", 3, "--output", "new/out", "--quiet")
    process = run("fit", table, *arguments)
    folder = tmp_path / "new" / "out"
    names = ["equation.tex", "equations.csv", "fit.png", "model.json"]
    assert sorted(path.name for path in folder.iterdir()) == names
    latex = (folder / "equation.tex").read_text().strip()
    assert latex in process.stdout.splitlines()
    assert latex.startswith("y = ")
    assert f"written to {Path('new/out')}: {', '.join(names)}" in process.stdout
    header, *rows = (folder / "equations.csv").read_text().splitlines()
    assert header.startswith("index,chosen,complexity,loss,r2,error,loo,probability,score,equation")
    assert sum("True" in row.split(",")[1] for row in rows) == 1
    assert isinstance(json.loads((folder / "model.json").read_text()), dict)
    assert (folder / "fit.png").read_bytes().startswith(b"\x89PNG")
    assert process.stderr == ""


@pytest.mark.filterwarnings("always::eqdarts.SearchWarning")
def test_cells_that_are_no_numbers_are_errors_that_name_them_and_what_to_do(table, tmp_path, capsys):
    def run(*arguments, code=0):
        assert main([*map(str, arguments)]) == code
        return capsys.readouterr()

    message = run("fit", table, "--target", "y", code=2).err
    assert "column 'note': 'text' in line 2 is text, not a number" in message
    assert "--features" in message
    path, out = tmp_path / "limits.csv", tmp_path / "out"
    cells = [f"{x},{2 * x + 1},{x}" for x in range(1, 20)]
    path.write_text("\n".join(["x,y,z", *cells[:9], "10,<LOD,10", "11,,11", *cells[11:]]) + "\n")
    options = ("--target", "y", "--features", "x", "--max-epochs", 2, "--quiet")
    message = run("fit", path, *options, code=2).err
    assert "column 'y': '<LOD' in line 11 is text, not a number" in message
    assert "--na '<LOD' --drop-missing" in message
    message = run("fit", path, *options, "--na", "<LOD", code=2).err
    assert "column 'y': 2 of 19 values are empty" in message
    assert "--drop-missing" in message
    assert "'<LOD'" in run("sweep", path, *options, "--output", out, code=2).err
    assert not out.exists()
    (tmp_path / "limits.csv.gz").write_bytes(gzip.compress(path.read_bytes()))
    for name in (path, f"{path}.gz"):
        shown = run("fit", name, *options, "--na", "<LOD", "--drop-missing")
        assert f"eqdarts: warning: {name}: left out 2 of 19 rows, which have missing cells" in shown.err
        assert "y = 2 x + 1" in shown.out
    shown = run("sweep", path, *options, "--target", "z", "--na", "<LOD", "--drop-missing", "--output", out)
    assert "left out rows with missing values, of 19: 2 for 'y'" in shown.err
    assert pd.read_csv(out / "results.csv")["equation"].tolist() == ["2*x + 1", "x"]


@pytest.mark.slow
def test_a_process_of_its_own_does_the_same(run, table, tmp_path):
    """With the same seed it finds the same and warns of the same, and what is refused is refused there too."""
    path = tmp_path / "constant.csv"
    path.write_text("\n".join(["x,c,y", *[f"{x},5,{2 * x + 1}" for x in range(1, 20)]]) + "\n")
    arguments = ("fit", path, "--target", "y", "--max-epochs", 3, "--seed", 7, "--quiet", "--output", "out")
    here = run(*arguments)
    assert here.stderr.startswith("eqdarts: warning: left out the constant ")
    files = {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()}
    assert run_process(arguments, tmp_path) == here
    for name in ("equation.tex", "equations.csv"):
        assert (tmp_path / "out" / name).read_bytes() == files[name]
    wrong = ("fit", table, "--target", "Y")
    assert run_process(wrong, tmp_path) == run(*wrong, code=2)


def test_unknown_operations_are_refused(run, table, tmp_path):
    pytest.importorskip("eqdarts.estimator")
    message = refused(
        run, "fit", table, "--target", "y", "--features", "x 1", "--operations", "zero,expp", "--output", "out"
    )
    assert "'expp'" in message
    assert "logistic" in message
    assert not (tmp_path / "out").exists()


def test_demo_finds_its_law(run):
    pytest.importorskip("eqdarts.estimator")
    process = run("demo", "--quiet")
    assert r"\frac{x_{1} x_{2}}{x_{3}^{2}}" in process.stdout
    assert process.stderr == ""


def test_sweep_prints_and_writes_a_row_per_fit_and_resumes(run, tmp_path):
    pytest.importorskip("eqdarts.estimator")
    path = tmp_path / "springs.csv"
    rows = [f"{spring},{x / 8},{stiff * x / 8},{x}" for x in range(8, 17) for spring, stiff in (("a", 3), ("b", 8))]
    path.write_text("\n".join(["spring,x,force,twice", *rows]) + "\n")
    arguments = (
        "sweep", path, "--target", "force", "--target", "twice", "--features", "x", "--by", "spring",
        "--max-epochs", 2, "--operations", "scale", "--out", "new/out", "--quiet",
    )  # fmt: skip
    process = run(*arguments)
    header, *lines = [line.split() for line in process.stdout.splitlines() if line]
    assert header == ["target", "spring", "seed", "complexity", "loss", "r2", "equation"]
    assert [(line[0], line[1], line[-1]) for line in lines[:4]] == [
        ("force", "a", "3*x"), ("force", "b", "8*x"), ("twice", "a", "8*x"), ("twice", "b", "8*x"),
    ]  # fmt: skip
    folder = tmp_path / "new" / "out"
    assert sorted(p.name for p in folder.iterdir()) == ["models", "results.csv", "results.jsonl"]
    before = (folder / "results.jsonl").read_text()
    assert run(*arguments).stdout == process.stdout
    assert (folder / "results.jsonl").read_text() == before
    assert len(list((folder / "models").iterdir())) == len(before.splitlines()) == 4


def test_sweep_refuses_what_it_cannot_use(run, table, tmp_path):
    before = sorted(tmp_path.iterdir())
    for arguments, part in (
        (("--target", "y"), "--output"),
        (("--output", "out"), "--target"),
        (("--target", "y", "--output", table), "is not a folder"),
        (("--target", "Y", "--output", "out"), "no column 'Y' for the target; did you mean 'y'?"),
        (("--target", "y", "--by", "Note", "--output", "out"), "no column 'Note'; did you mean 'note'?"),
    ):
        assert part in refused(run, "sweep", table, "--features", "x 1", *arguments)
    assert sorted(tmp_path.iterdir()) == before


def test_a_parquet_file_is_fitted_like_the_same_csv(run, table, tmp_path):
    pd.read_csv(table).to_parquet(tmp_path / "data.parquet")
    arguments = ("--target", "y", "--features", "x 1", "--max-epochs", 2, "--quiet")
    csv, parquet = (run("fit", tmp_path / f"data.{kind}", *arguments, "--output", kind) for kind in ("csv", "parquet"))
    assert parquet.stdout.replace("parquet", "csv") == csv.stdout
    assert (tmp_path / "parquet" / "fit.png").exists()
    assert "no column 'z'" in refused(run, "fit", tmp_path / "data.parquet", "--target", "z")


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_request_to_end_keeps_what_a_sweep_has(number, table, tmp_path, monkeypatch, capsys):
    fit = outcome.run

    def interrupted(job, data, with_model):
        if job.seed == 1:
            os.kill(os.getpid(), number)
        return fit(job, data, with_model)

    monkeypatch.setattr(study, "run", interrupted)
    # As it is in a process of its own; one that was started in the background ignores Ctrl-C.
    usual = {signal.SIGTERM: signal.SIG_DFL, signal.SIGINT: signal.default_int_handler}[number]
    before = signal.signal(number, usual)
    arguments = ["sweep", table, "--target", "y", "--features", "x 1", "--seeds", "3", "--max-epochs", "1"]
    arguments += ["--operations", "scale", "--quiet", "--out", tmp_path / "out"]
    try:
        assert main(list(map(str, arguments))) == 130
        assert signal.getsignal(number) == usual
    finally:
        signal.signal(number, before)
    assert f"results so far are in {tmp_path / 'out'}" in capsys.readouterr().err
    (line,) = (tmp_path / "out" / "results.jsonl").read_text().splitlines()
    assert json.loads(line)["seed"] == 0


@pytest.mark.filterwarnings("always::eqdarts.SearchWarning")
def test_tables_as_they_are(tmp_path, capsys, monkeypatch):
    """A dialect, units, labels, weights and a logarithm, as options say."""
    path = tmp_path / "run.csv"
    rows = [f"{'ab'[k % 2]};{x};{3 * x**2};1".replace(".", ",") for k, x in enumerate(np.linspace(1, 4, 30).round(3))]
    path.write_text("\n".join(["kind;t [s];h (m);w", *rows]) + "\n")
    options = ("--max-epochs", "1", "--operations", "linear,power", "--quiet")

    def run(*arguments, code=0):
        assert main(["fit", *map(str, arguments), *options]) == code
        return capsys.readouterr()

    found = run(path, "--target", "h (m)", "--features", "t", "--weights", "w")
    assert "h = 3*t**2" in found.out
    assert f"eqdarts: warning: {path}: cells separated by ';', decimal commas" in found.err
    said = run(path, "--target", "h", "--features", "t", "--log-target", "--delimiter", ";", "--decimal", ",")
    assert "log(h)" in said.out
    assert "the law is that of log(h), the natural logarithm" in said.err
    assert "warning" not in said.err
    assert "kind = a" in run(path, "--target", "h", "--one-hot", "kind", "--errors", "w", "--json").out
    assert (
        "--weights and --y-error are both given"
        in run(path, "--target", "h", "--errors", "w", "--weights", "w", code=2).err
    )
    assert "column 'kind': 'a' in line 2 is text" in run(path, "--target", "h", code=2).err
    with path.open() as file:
        monkeypatch.setattr("sys.stdin", file)
        assert "warning: standard input: cells" in run("-", "--target", "h", "--features", "t").err


def test_examples_of_the_help_are_commands(run, tmp_path):
    """Each of them is read; nothing is run."""
    (tmp_path / "data.csv").write_text("")
    commands = typer.main.get_command(program.app).commands
    for function, examples in program.COMMANDS:
        lines = [line.split(">")[0] for line in examples.splitlines() if not line.startswith("#")]
        assert lines
        for line in lines:
            name, *arguments = shlex.split(line)[1:]
            assert commands[name].make_context(name, arguments).params
        shown = run(function.__name__, "--help").stdout
        assert all(f"  {line}\n" in shown for line in examples.splitlines())
        assert max(map(len, shown.splitlines())) <= 90


def test_help_stands_below_headings(run):
    shown = run("fit", "--help").stdout
    places = [shown.index(f"\n{h}:\n") for h in ("Arguments", "Options", "The table", "The search", "The result")]
    assert places == sorted(places)
    assert shown.index("--max-epochs") > shown.index("The search:")
    assert shown.count("--help") == 1


def test_fit_as_json_is_one_document(run, table, tmp_path):
    arguments = ("--target", "y", "--features", "x 1", "--max-epochs", 1, "--operations", "scale", "--quiet", "--json")
    (tmp_path / "more.csv").write_text(table.read_text() + ",3,\n")
    done = run("fit", "more.csv", *arguments, "--drop-missing", "--output", "out")
    document = json.loads(done.stdout)
    assert document["eqdarts"] == __version__
    assert document["target"] == "y"
    assert document["law"]["equation"] == "2*`x 1` + 1"
    assert document["law"]["latex"].startswith("y = 2")
    assert document["front"][document["law"]["index"]]["chosen"]
    assert document["stop_reason"] == "exact"
    assert document["rows"] == 19
    assert document["settings"]["random_state"] == 0
    assert any("left out 1 of 20 rows" in text for text in document["warnings"])
    assert [Path(name).name for name in document["files"]] == sorted(p.name for p in (tmp_path / "out").iterdir())
    # What the front does not have is said, and what was found is there.
    done = run("fit", table, *arguments, "--select", 77, code=2)
    assert json.loads(done.stdout)["law"]["equation"] == "2*`x 1` + 1"
    assert "77" in done.stderr
    chosen = json.loads(run("fit", table, *arguments, "--select", 0).stdout)
    assert chosen["law"]["index"] == 0


@pytest.mark.parametrize("encoding", ["utf-8", "ascii"])
def test_a_terminal_has_tables_as_wide_as_it_is(run, table, monkeypatch, encoding):
    monkeypatch.setattr(output, "is_terminal", lambda: True)
    monkeypatch.setattr(screen, "_has_symbols", lambda: encoding == "utf-8")
    monkeypatch.setenv("COLUMNS", "80")
    name = "a\x1b[2J[bold]long name of a column"
    table.write_text(table.read_text().replace("x 1", name))
    arguments = ("--target", "y", "--features", name, "--max-epochs", 1, "--operations", "scale", "--quiet")
    done = run("fit", table, *arguments)
    lines = done.stdout.splitlines()
    assert max(map(len, lines)) <= 80
    assert "\x1b" not in done.stdout
    assert "[bold]" in done.stdout
    assert any(line.startswith("→" if encoding == "utf-8" else "->") for line in lines)
    assert "The search ended: the law is exact on all rows." in lines


def test_a_shell_is_offered_commands_and_plain_names_of_columns(run, tmp_path, monkeypatch, capsys):
    (tmp_path / "data.csv").write_text("# measured\nx,y [m],$(reboot),-z,speed (m/s)\n1,2,3,4,5\n")
    for words, expected in (
        ("eqdarts pre", ["predict"]),
        ("eqdarts fit data.csv --target ", ["x", "y", "speed"]),
        ("eqdarts fit data.csv --y-error s", ["speed"]),
        ("eqdarts fit nothing.csv --target ", [""]),
    ):
        monkeypatch.setenv("COMP_WORDS", words)
        monkeypatch.setenv("COMP_CWORD", str(len(words.split(" ")) - 1))
        monkeypatch.setenv("_EQDARTS_COMPLETE", "complete_bash")
        with pytest.raises(SystemExit):
            main([])
        assert capsys.readouterr().out.split("\n")[: len(expected)] == expected


def test_results_of_a_sweep_on_a_terminal(monkeypatch, capsys):
    monkeypatch.setenv("COLUMNS", "60")
    table = pd.DataFrame(
        {
            "target": ["y", "y", "y"],
            "nodes": ["a\x1b[2J", "b", None],  # a column of groups that is called like another
            "R²": [0.5, 1.0, np.nan],
            "equation": ["2*x + " + "long_name*" * 5 + "x", "x", None],
        }
    )
    table.insert(2, "nodes", [7, 1, 2], allow_duplicates=True)
    screen.show_results(table)
    lines = capsys.readouterr().out.splitlines()
    assert "target" not in lines[0]  # alike in all rows
    assert lines[0].split() == ["nodes", "nodes", "R²", "equation"]
    assert max(map(len, lines)) <= 60
    assert "\x1b" not in "".join(lines)
    assert lines[-1].split()[-2:] == ["no", "equation"]


def test_what_cannot_be_written_names_its_option(tmp_path):
    (tmp_path / "taken").write_text("", encoding="utf-8")
    with pytest.raises(EqdartsError, match=r"^--report .*page\.html: cannot be written"):
        output.write_file(tmp_path / "taken" / "page.html", "", "--report")

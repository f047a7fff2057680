"""Commands that use a saved model or a formula: show, predict, refit and report."""

import csv
import json

import numpy as np
import pandas as pd
import pytest
from command_line import run_here

from eqdarts import DARTSRegressor, refit
from eqdarts.cli.cells import cells_of
from eqdarts.cli.reading import Reading
from eqdarts.errors import SearchWarning

NAMES = ("t (s)", "=cmd|' /C calc'!A0\x1b[2J")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A model of h = 5·t² and a constant, whose target has a name that no terminal may have, and a table."""
    place = tmp_path_factory.mktemp("saved")
    t = np.linspace(1, 3, 30)
    X = pd.DataFrame({NAMES[0]: t, "u": np.random.default_rng(0).uniform(size=30)})
    y = pd.Series(4.9 * t**2 + 1 + np.random.default_rng(1).normal(0, 0.05, 30), name=NAMES[1])
    small = {"max_epochs": 1, "replicas": 16, "max_nodes": 1, "links": ["identity"], "operations": ["square"]}
    model = DARTSRegressor(**small, random_state=0, max_time=None, verbose=0)
    model.fit(X, y).save(place / "model.json")
    rows = [
        ["t (s)", "u", "note", NAMES[1]],
        *([f"{a:.4f}", "1", f"n{k}", f"{b:.4f}"] for k, (a, b) in enumerate(zip(t, y, strict=True))),
    ]
    with open(place / "table.csv", "w", newline="") as file:
        csv.writer(file).writerows(rows)
    return place


@pytest.fixture
def run(folder, monkeypatch, capsys, tmp_path):
    monkeypatch.chdir(tmp_path)
    for path in folder.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())

    def run_eqdarts(*arguments, code=0):
        done = run_here(arguments, capsys)
        assert done.returncode == code, done.stderr
        return done

    return run_eqdarts


def rows_of(text):
    return list(csv.DictReader(text.splitlines()))


def test_show_prints_front_law_and_code(run, tmp_path):
    model = DARTSRegressor.load("model.json")
    shown = run("show", "model.json").stdout
    assert shown == f"{model}\n\n{model.latex()}\n"
    assert "\x1b" not in shown
    first = run("show", "model.json", "--select", 0, "--as", "text").stdout
    assert first == model.equation(0).text() + "\n"
    assert run("show", "model.json", "--index", 0, "--as", "latex").stdout == model.latex(0) + "\n"
    assert "def " in run("show", "model.json", "--as", "python").stdout
    assert "tabular" in run("show", "model.json", "--as", "table").stdout
    assert "<math" in run("show", "model.json", "--as", "mathml").stdout
    document = json.loads(run("show", "model.json", "--select", 0, "--json").stdout)
    assert document["law"]["index"] == 0
    assert [row["chosen"] for row in document["front"]] == [k == 0 for k in range(len(model.front_))]
    assert document["target"] == NAMES[1]


def test_choices_that_there_are_not_are_refused(run):
    for arguments, part in (
        (("show", "model.json", "--select", 99), "99"),
        (("show", "model.json", "--complexity", 999), "999"),
        (("show", "model.json", "--as", "cobol"), "cobol"),
        (("show", "table.csv"), "table.csv"),
        (("show", "nothing.json"), "nothing.json"),
        (("refit", "a*u", "table.csv", "--target", "u", "--select", 1), "MODEL.json"),
    ):
        done = run(*arguments, code=2)
        assert part in done.stderr
        assert len(done.stderr.splitlines()) == 1
        assert done.stdout == ""


def test_predict_gives_the_table_with_a_column_more(run, folder):
    model = DARTSRegressor.load("model.json")
    done = run("predict", "model.json", "table.csv")
    rows, given = rows_of(done.stdout), rows_of((folder / "table.csv").read_text())
    assert list(rows[0])[:3] == ["t (s)", "u", "note"]
    assert [row["note"] for row in rows] == [row["note"] for row in given]
    assert [row["t (s)"] for row in rows] == [row["t (s)"] for row in given]
    law = model.equation()
    expected = law.predict(pd.DataFrame({"t (s)": [float(row["t (s)"]) for row in rows]}))
    assert [float(list(row.values())[-1]) for row in rows] == expected.tolist()
    assert "R²" in done.stderr
    assert "\x1b" not in done.stdout + done.stderr
    header = done.stdout.splitlines()[0]
    assert "'=cmd" in header
    assert ",=" not in header


def test_predict_takes_columns_by_name_and_says_what_is_beyond(run, tmp_path):
    (tmp_path / "new.csv").write_text("id;t (s)\n007;1,5\n008;30\n")
    done = run("predict", "model.json", "new.csv", "--column", "h", "-o", "out/h.csv")
    assert done.stdout == "written to out/h.csv: 2 rows\n"
    assert "'t (s)' is beyond what the law was fitted to" in done.stderr
    assert "30 in line 3" in done.stderr
    lines = (tmp_path / "out" / "h.csv").read_text().splitlines()
    assert lines[0] == "id;t (s);h"  # as a program wants it that writes decimal commas
    assert lines[1].startswith("007;1,5;")
    assert lines[1].count(",") == 2


def test_predict_with_limits(run):
    wide, narrow = (
        rows_of(run("predict", "model.json", "table.csv", "--column", "h", "--interval", level).stdout)
        for level in (0.99, 0.5)
    )
    for one, other in zip(wide, narrow, strict=True):
        low, inner_low, value, inner_high, high = (
            float(x) for x in (one["h low"], other["h low"], one["h"], other["h high"], one["h high"])
        )
        assert low < inner_low < value < inner_high < high


def test_predict_refuses_what_it_cannot_use(run, tmp_path):
    (tmp_path / "gaps.csv").write_text("t (s),u\n1,2\n,3\n2,4\n")
    (tmp_path / "other.csv").write_text("T (s),u\n1,2\n2,4\n")
    before = sorted(tmp_path.iterdir())
    for arguments, part in (
        (("gaps.csv",), "--drop-missing"),
        (("other.csv",), "no column 't (s)'; did you mean 'T (s)'?"),
        (("table.csv", "--column", "u"), "--column"),
        (("table.csv", "--interval", "95"), "--interval 95"),
        (("table.csv", "-o", "table.csv"), "choose another name"),
        (("table.csv", "-o", "out.xlsx"), ".csv"),
        (("table.csv", "-o", "table.csv/out.csv"), "is not a folder"),
        (("nothing.csv",), "no such file"),
    ):
        done = run("predict", "model.json", *arguments, code=2)
        assert part in done.stderr
        assert done.stdout == ""
    assert sorted(tmp_path.iterdir()) == before
    done = run("predict", "model.json", "gaps.csv", "--drop-missing")
    assert "left out 1 of 3 rows" in done.stderr
    assert [row["u"] for row in rows_of(done.stdout)] == ["2", "4"]


def test_refit_of_a_formula(run, tmp_path):
    x = np.linspace(0.1, 2, 12)
    y = 3 * x + 0.5 + np.random.default_rng(0).normal(0, 0.01, 12)
    pd.DataFrame({"s": x, "v": y, "who": "me"}).to_csv(tmp_path / "rates.csv", index=False)
    expected = refit("slope*s + rest", pd.DataFrame({"s": x}), pd.Series(y, name="v"))
    done = run("refit", "v = slope*s + rest", "rates.csv")
    assert f"v = {expected.text()}" in done.stdout
    assert done.stdout.splitlines()[-2:] == [expected.latex(), expected.latex(errors=True)]
    document = json.loads(run("refit", "slope*s + rest", "rates.csv", "--target", "v", "--json").stdout)
    for row in document["constants"]:
        assert row["value"] == pytest.approx(expected.constants.loc[row["name"], "value"], rel=1e-9)
        assert row["std_error"] > 0
    options = ("--start", "rest=0.4", "--fix", "slope=3.5", "--bound", "rest=-1:0.25", "--confidence", 0.5, "--json")
    document = json.loads(run("refit", "v = slope*s + rest", "rates.csv", *options).stdout)
    assert document["fixed"] == {"slope": 3.5}
    assert document["constants"][0]["value"] <= 0.25
    assert document["confidence"] == 0.5
    for arguments, part in (
        (("slope*s + rest", "rates.csv"), "--target"),
        (("v = (slope*s", "rates.csv"), "expression"),
        (("v = slope*s", "rates.csv", "--start", "slope"), "--start 'slope'"),
        (("v = slope*s", "rates.csv", "--fix", "a=1"), "'a'"),
        (("v = slope*s", "rates.csv", "--bound", "slope=1"), "--bound 'slope=1'"),
        (("v = __import__('os')*s", "rates.csv"), "expression"),
        (("v = a*who", "rates.csv"), "'who'"),
        (("v = slope*S + rest", "rates.csv"), "no column of the table stands in"),
        (("v = slope*s + rest*whom", "rates.csv"), "'whom' is no column; did you mean 'who'?"),
    ):
        done = run("refit", *arguments, code=2)
        assert part in done.stderr
        assert len(done.stderr.splitlines()) == 1


def test_refit_of_a_saved_model(run, tmp_path):
    model = DARTSRegressor.load("model.json")
    document = json.loads(run("refit", "model.json", "table.csv", "--json").stdout)
    values = [row["value"] for row in document["constants"]]
    assert values == pytest.approx(model.equation().constants["value"].tolist(), rel=1e-3)
    assert "\x1b" not in run("refit", "model.json", "table.csv").stdout
    (tmp_path / "other.csv").write_text("T (s),u,h\n1,2,3\n2,4,3\n4,5,6\n")
    done = run("refit", "model.json", "other.csv", code=2)
    assert "no column 't (s)'; did you mean 'T (s)'?" in done.stderr


def test_report_hands_model_and_table_on(run, tmp_path, monkeypatch):
    asked = {}

    def page(model, X, y, **options):
        asked.update(model=model, X=X, y=y, **options)
        return "<!doctype html>"

    monkeypatch.setattr("eqdarts.report.report_html", page)
    (tmp_path / "more.csv").write_text((tmp_path / "table.csv").read_text() + ",,,\n")
    options = ("--select", 0, "--title", "A <fall>", "--drop-missing", "-o", "out/page.html")
    done = run("report", "model.json", "more.csv", *options)
    assert done.stdout == "written to out/page.html\n"
    assert (tmp_path / "out" / "page.html").read_text() == "<!doctype html>"
    assert (asked["title"], asked["model"].best_index_) == ("A <fall>", 0)
    assert (list(asked["X"]), asked["y"].name, len(asked["y"])) == (["t (s)", "u"], NAMES[1], 30)
    assert "left out 1 of 31 rows" in asked["notes"][0]
    run("report", "model.json")
    assert asked["X"] is None
    assert (tmp_path / "report.html").exists()
    for arguments, part in (
        (("model.json", "table.csv", "-o", "page.txt"), ".html"),
        (("table.csv", "table.csv", "-o", "page.html"), "table.csv"),
        (("model.json", "nothing.csv", "-o", "page.html"), "no such file"),
    ):
        assert part in run("report", *arguments, code=2).stderr
    assert not (tmp_path / "page.html").exists()


def test_other_units_than_those_of_the_fit_are_mentioned(tmp_path):
    (tmp_path / "new.csv").write_text("r [km],t [s],m\n1,2,3\n2,3,4\n")
    with cells_of(tmp_path / "new.csv", Reading()) as cells:
        cells.warn_of_other_units({"t": "s", "m": "kg", "q": "K"})
        with pytest.warns(SearchWarning, match="'r' is in 'km', and the law was fitted with it in 'm'"):
            cells.warn_of_other_units({"r": "m"})

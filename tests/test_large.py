"""Tables of any length: chunks, the subset, normal equations over chunks, and the same equation from every source."""

import gzip
import sys
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cache

import numpy as np
import pandas as pd
import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st

from eqdarts import DARTSRegressor, EqdartsError, InputDataError, SearchWarning, refit
from eqdarts.data.chunks import open_table
from eqdarts.data.first_rows import Head
from eqdarts.data.read_ahead import ahead
from eqdarts.data.subset import Drawn, draw
from eqdarts.data.table import Table
from eqdarts.equation.confirm import _is_linear, confirmed
from eqdarts.equation.equation import Equation
from eqdarts.fit.formula import compile_template, template
from eqdarts.fit.stream import Task, fit_streaming

x, z = sympy.symbols("x z")


def table(n=211, seed=0, noise=0.1):
    rng = np.random.default_rng(seed)
    X = rng.uniform(1, 3, (n, 2))
    y = 2.5 * X[:, 0] * np.exp(-0.7 * X[:, 1]) + 0.3
    return X, y + noise * rng.normal(size=n)


@dataclass(frozen=True, eq=False)
class Cut(Table):
    """It comes in chunks of so many rows."""

    chunk_rows: int = 64

    def chunks(self):
        return super().chunks(self.chunk_rows)


def source(X, y, weights=None, chunk_rows=64):
    return Cut(X, y, ("x", "z"), "y", weights, chunk_rows)


def task(expression, units=(1.0, 1.0), target_unit=1.0):
    form = template(expression, (x, z))
    return Task(compile_template(form), np.array([0, 1]), np.array(units), target_unit, form.values)


LAW = 2.0 * x * sympy.exp(-0.9 * z) + 0.1


@cache
def in_memory():
    X, y = table()
    return refit("a*x*exp(-k*z) + b", pd.DataFrame(X, columns=["x", "z"]), y)


@given(st.integers(2, 300), st.integers(1, 3))
def test_a_fit_over_chunks_is_the_fit_in_memory(chunk_rows, threads):
    X, y = table()
    (found,) = fit_streaming([task(LAW)], source(X, y, None, chunk_rows), passes=40, tolerance=1e-9, threads=threads)
    whole = in_memory()
    assert sorted(np.abs(found.values)) == pytest.approx(sorted(np.abs(whole.fit.values)), rel=1e-10)
    assert found.loss == pytest.approx(whole.loss, rel=1e-10)
    assert found.relative_loss == pytest.approx(found.loss / np.var(y), rel=1e-12)


@given(st.integers(2, 100))
def test_weights_count_like_repeated_rows_and_those_of_zero_not_at_all(chunk_rows):
    X, y = table(83)
    weights = np.arange(83) % 4
    once = fit_streaming([task(LAW)], source(X, y, weights * 1.0, chunk_rows), passes=40, tolerance=1e-9)[0]
    repeated = source(np.repeat(X, weights, axis=0), np.repeat(y, weights), None, chunk_rows)
    again = fit_streaming([task(LAW)], repeated, passes=40, tolerance=1e-9)[0]
    np.testing.assert_allclose(once.values, again.values, rtol=1e-9)
    assert once.loss == pytest.approx(again.loss, rel=1e-10)


class Counted(Table):
    """It knows how often it was read."""

    passes = 0

    def chunks(self):
        object.__setattr__(self, "passes", self.passes + 1)
        return super().chunks()


def counted(X, y):
    return Counted(X, y, ("x", "z"), "y")


def test_several_formulas_share_the_passes():
    X, y = table()
    read = counted(X, y)
    forms = [task(LAW), task(1.0 * x + 0.5), task(sympy.Float(1.2)), task(x / z)]
    together = fit_streaming(forms, read, passes=5)
    assert read.passes <= 5
    for form, found in zip(forms, together, strict=True):
        (alone,) = fit_streaming([form], source(X, y, None, 1000), passes=5)
        np.testing.assert_allclose(found.values, alone.values, rtol=1e-10)
    assert together[2].values == pytest.approx([y.mean()])
    assert together[3].loss == pytest.approx(np.mean((X[:, 0] / X[:, 1] - y) ** 2))
    assert fit_streaming([], read) == []


@pytest.mark.parametrize("weighted", [False, True])
def test_formulas_that_are_linear_in_their_constants_take_one_pass(weighted):
    X, y = table()
    weights = np.random.default_rng(1).uniform(0, 2, len(y)) if weighted else None
    read = Counted(X, y, ("x", "z"), "y", weights)
    found = fit_streaming([replace(task(f), linear=True) for f in (sympy.Float(1.2), 1.3 * x / z + 0.1)], read)
    assert read.passes == 1
    for result, columns in zip(found, ([np.ones_like(y)], [X[:, 0] / X[:, 1], np.ones_like(y)]), strict=True):
        A, root = np.column_stack(columns), np.sqrt(np.ones_like(y) if weights is None else weights)
        best = np.linalg.lstsq(A * root[:, None], y * root)[0]
        np.testing.assert_allclose(np.sort(result.values), np.sort(best), rtol=1e-9)
        assert result.loss == pytest.approx(np.average((A @ best - y) ** 2, weights=weights), rel=1e-9)


def test_what_a_step_leaves_is_measured_where_it_would_be_rounding():
    X, _ = table()
    y = 1.25 * X[:, 0] - 0.5
    read = counted(X, y)
    (found,) = fit_streaming([replace(task(2.0 * x + 1.0), linear=True)], read)
    assert read.passes > 1
    assert found.relative_loss < 1e-26


@pytest.mark.parametrize(
    ("expression", "expected"), [(LAW, False), (sympy.Float(2.5), True), (2.5 * x * z + 1.5, True), (x**1.5, False)]
)
def test_linear_formulas_are_known(expression, expected):
    assert _is_linear(template(expression, (x, z))) is expected


def test_chunks_come_ahead_in_order_and_with_their_errors():
    def chunks():
        yield from range(5)
        raise InputDataError("row 6 is empty")

    items, found = ahead(chunks()), []
    with pytest.raises(InputDataError, match="row 6"):
        found.extend(items)
    assert found == list(range(5))
    assert list(ahead(iter(()))) == []
    abandoned = ahead(iter(range(100)))
    assert next(abandoned) == 0
    abandoned.close()


@pytest.mark.parametrize("threads", [1, 2])
def test_the_subset_is_the_same_however_it_is_read(threads):
    X, y = table(5003)
    one, other = draw(source(X, y, None, 5003), 300, 7), draw(source(X, y, None, 512), 300, 7, threads)
    np.testing.assert_array_equal(one.places, other.places)
    np.testing.assert_array_equal(one.table.X, other.table.X)
    assert (one.low == X.min(axis=0)).all()
    assert (one.high == X.max(axis=0)).all()


def test_a_bad_start_never_ends_worse_than_it_began():
    X, y = table()
    far = task(20.0 * x * sympy.exp(3.0 * z) - 5.0)
    before = fit_streaming([far], source(X, y), passes=1)[0]
    after = fit_streaming([far], source(X, y), passes=30)[0]
    assert after.loss < before.loss


def test_a_formula_in_a_curved_valley_does_not_take_all_passes():
    """Two exponentials where the rows have one."""
    X, y = table(907)
    read = counted(X, y)
    valley = task(1.5 * x * sympy.exp(-0.71 * z) + 1.01 * x * sympy.exp(-0.69 * z) + 0.3)
    (found,) = fit_streaming([valley], read, passes=50)
    assert read.passes < 20
    assert found.loss <= fit_streaming([valley], source(X, y), passes=1)[0].loss


def test_constants_that_the_rows_do_not_determine_stay_finite():
    X, y = table()
    (found,) = fit_streaming([task(1.5 * (2.0 * x + 3.0))], source(X, y), passes=10)
    line = np.polynomial.polynomial.polyfit(X[:, 0], y, 1)
    assert found.loss == pytest.approx(np.mean((np.polynomial.polynomial.polyval(X[:, 0], line) - y) ** 2))
    assert np.isfinite(found.values).all()


def test_units_are_divided_out():
    X, y = table()
    plain_fit = fit_streaming([task(LAW)], source(X, y), passes=9)[0]
    scaled = fit_streaming(
        [task(LAW, (2.0**90, 2.0**-90), 2.0**80)], source(X * [2.0**90, 2.0**-90], y * 2.0**80), passes=9
    )
    np.testing.assert_array_equal(scaled[0].values, plain_fit.values)


def equation(expression):
    return Equation(expression, ("x", "z"), "y", 0.0, 0.0, "sample")


def test_equations_of_a_part_are_confirmed_on_the_whole():
    X, y = table(997)
    rows = source(X, y)
    with pytest.warns(SearchWarning, match="1 of 3 equations .* undefined on others"):
        front = confirmed([equation(LAW), equation(1.0 * sympy.log(x - 1.01)), equation(sympy.Float(1.0))], rows)
    assert [e.complexity for e in front] == sorted(e.complexity for e in front)
    assert len(front) == 2
    for found in front:
        assert found.loss == pytest.approx(np.mean((found.predict(X) - y) ** 2), rel=1e-9)


@given(st.integers(1, 400), st.integers(0, 5))
def test_the_subset_does_not_depend_on_the_chunks(chunk_rows, seed):
    X, y = table(307)
    weights = np.arange(307) % 5 * 1.0
    for w in (None, weights):
        whole, cut = draw(source(X, y, w, 1000), 23, seed), draw(source(X, y, w, chunk_rows), 23, seed)
        np.testing.assert_array_equal(whole.places, cut.places)
        np.testing.assert_array_equal(whole.table.X, cut.table.X)
        np.testing.assert_array_equal(whole.uniform, cut.uniform)
        assert (whole.mean, whole.std) == pytest.approx((cut.mean, cut.std))


def test_the_subset_holds_what_it_promises():
    X, y = table(1009)
    X[5, 0], X[700, 1], y[900] = 100.0, -100.0, 1000.0
    weights = np.ones(1009)
    weights[:3] = 0.0
    subset = draw(source(X, y, weights), 50, 1)
    np.testing.assert_array_equal(subset.table.X, X[subset.places])
    np.testing.assert_array_equal(subset.table.y, y[subset.places])
    np.testing.assert_array_equal(subset.table.X.min(axis=0), X[3:].min(axis=0))
    np.testing.assert_array_equal(subset.high, X[3:].max(axis=0))
    assert {5, 700, 900} <= set(subset.places)
    assert not {0, 1, 2} & set(subset.places)
    assert subset.uniform.sum() == 50
    assert (subset.rows, subset.observations, subset.weight) == (1009, 1006, 1006.0)
    assert (subset.mean, subset.std) == pytest.approx((y.mean(), y.std()))
    assert list(subset.places) != list(draw(source(X, y, weights), 50, 2).places)


def test_a_small_table_is_its_own_subset():
    X, y = table(31)
    subset = draw(source(X, y), 31, 0)
    np.testing.assert_array_equal(subset.table.X, X)
    assert subset.uniform.all()


def test_every_row_is_as_likely_in_the_sample():
    X, y = table(40)
    counts = sum(
        np.bincount(s.places[s.uniform], minlength=40) for s in (draw(source(X, y), 10, k) for k in range(400))
    )
    assert counts.sum() == 4000
    assert counts.min() > 60
    assert counts.max() < 140


def test_wide_tables_keep_the_extremes_of_the_target():
    X = np.random.default_rng(0).normal(size=(50, 501))
    subset = draw(Cut(X, X[:, 0], tuple(map(str, range(501))), chunk_rows=7), 10, 0)
    assert len(subset.table) <= 12
    np.testing.assert_array_equal(subset.low, X.min(axis=0))
    assert subset.table.y.max() == X[:, 0].max()


@pytest.fixture
def files(tmp_path):
    """One table as CSV, compressed CSV and Parquet, with text and a constant beside the columns of numbers."""
    X, y = table(97)
    frame = pd.DataFrame({"x": X[:, 0], "name": "abc", "z": X[:, 1], "n": np.arange(97), "b": y > 1, "y": y})
    text = frame.to_csv(index=False)
    (tmp_path / "t.csv").write_text(text)
    (tmp_path / "t.csv.gz").write_bytes(gzip.compress(text.encode()))
    frame.to_parquet(tmp_path / "t.parquet", row_group_size=40)
    return [tmp_path / name for name in ("t.csv", "t.csv.gz", "t.parquet")], frame


@pytest.mark.parametrize("chunk_rows", [2, 30, 1000])
def test_files_give_the_same_numbers(files, chunk_rows):
    paths, frame = files
    for path in paths:
        with pytest.raises(InputDataError, match=r"column 'name': 'abc' in row 1 below the header is text.*--features"):
            open_table(path, "y", chunk_rows=chunk_rows)
        opened = open_table(path, "y", ["x", "z", "n", "b"], chunk_rows)
        assert opened.names == ("x", "z", "n", "b")
        for _ in range(2):
            chunks = list(opened.chunks())
            assert max(map(len, chunks)) <= chunk_rows
            X, y = np.concatenate([c.X for c in chunks]), np.concatenate([c.y for c in chunks])
            np.testing.assert_array_equal(X, frame[["x", "z", "n", "b"]].to_numpy(dtype=float))
            np.testing.assert_array_equal(y, frame.y)
        chosen = next(open_table(path, "y", ["z", "x"], chunk_rows).chunks())
        np.testing.assert_array_equal(chosen.X, frame[["z", "x"]].to_numpy()[: len(chosen)])


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
@pytest.mark.parametrize(
    ("change", "options", "message"),
    [
        ({}, {"target": "Y"}, r"no column 'Y' for the target; did you mean 'y'"),
        ({}, {"features": ["x", "w"]}, r"no column 'w' among the features"),
        ({"x": [1.0] * 6 + [np.nan]}, {}, r"column 'x': row 7 below the header is empty, NaN or infinity"),
        ({"y": [1.0] * 3 + [np.inf] + [1.0] * 3}, {}, r"column 'y': row 4 below the header is empty, NaN or infinity"),
        ({"x": ["a"] * 7}, {"features": ["x"]}, r"column 'x': 'a' in row 1 below the header is text, not a number"),
        ({"x": ["1"] * 6 + ["oops"]}, {"features": ["x"]}, r"column 'x': 'oops' in row 7 below the header is text"),
        ({"x": ["2024-01-01"] * 7}, {"features": ["x"]}, r"column 'x': '2024-01-01' .* is a date"),
        ({}, {"chunk_rows": 1}, r"chunk_rows=1: expected an integer at least 2"),
        ({"x": ["a"] * 7}, {}, r"column 'x': 'a' in row 1 below the header is text"),
    ],
)
def test_refusals_name_the_place(tmp_path, suffix, change, options, message):
    frame = pd.DataFrame({**{"x": np.arange(7.0), "y": np.arange(7.0)}, **change})
    path = tmp_path / f"t.{suffix}"
    frame.to_csv(path, index=False) if suffix == "csv" else frame.to_parquet(path)
    with pytest.raises(InputDataError, match=message) as caught:
        list(open_table(path, **{"target": "y", "chunk_rows": 3, **options}).chunks())
    assert "chunk_rows" in message or str(path) in str(caught.value)


def test_parquet_columns_of_any_type_of_number(tmp_path):
    """With and without gaps in memory; a column of objects that are numbers counts as well."""
    frame = pd.DataFrame(
        {
            "i": np.arange(5, dtype=np.int8), "f": np.arange(5, dtype=np.float32), "u": np.arange(5, dtype=np.uint64),
            "b": [True, False, True, True, False], "d": [Decimal(k) / 4 for k in range(5)],
            "n": pd.array([1, 2, 3, 4, 5], dtype="Int64"), "y": np.arange(5.0),
        }
    )  # fmt: skip
    frame.to_parquet(tmp_path / "t.parquet")
    X = np.concatenate([c.X for c in open_table(tmp_path / "t.parquet", "y", chunk_rows=2).chunks()])
    np.testing.assert_array_equal(X, frame.drop(columns="y").astype(float).to_numpy())
    frame.assign(n=pd.array([1, 2, None, 4, 5], dtype="Int64")).to_parquet(tmp_path / "gap.parquet")
    with pytest.raises(InputDataError, match="column 'n': row 3 below the header is empty"):
        list(open_table(tmp_path / "gap.parquet", "y", chunk_rows=2).chunks())


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_numbers_too_large_for_a_sum_are_numbers(tmp_path, suffix):
    frame = pd.DataFrame({"x": [1e308] * 4, "y": [1.0, 2.0, 3.0, 1.7e308]})
    path = tmp_path / f"t.{suffix}"
    frame.to_csv(path, index=False) if suffix == "csv" else frame.to_parquet(path)
    (chunk,) = open_table(path, "y").chunks()
    np.testing.assert_array_equal(np.column_stack([chunk.X, chunk.y]), frame.to_numpy())


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("t.csv", b"", "the file is empty"),
        ("t.csv", b"x,y\n", "no row of data"),
        ("t.csv", b"x,y\n1,2\n3,4\n5,6,7\n", "line 4 has 3 cells and the header 2"),
        ("t.csv", b"x,y\n1,2,9\n3,4,9\n", "line 2 has 3 cells and the header 2"),
        ("t.csv", b"x,x,y\n1,2,3\n4,5,6\n", "more than one column is called 'x'"),
        ("t.csv", b"x,y\n1,2\n\x9d\xff,4\n", "neither UTF-8 nor cp1252"),
        ("t.parquet", b"x,y\n1,2\n", "cannot be read as Parquet"),
    ],
)
def test_broken_files_are_refused(tmp_path, name, content, message):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(InputDataError, match=message):
        list(open_table(path, "y").chunks())
    with pytest.raises(InputDataError, match="no such file"):
        open_table(tmp_path / "none.csv", "y")
    with pytest.raises(InputDataError, match="a folder"):
        open_table(tmp_path, "y")


def model(**options):
    settings = {"max_epochs": 4, "replicas": 64, "max_nodes": 1, "links": ["identity"]}
    settings["proposers"] = ["sample", "move", "product", "monomials"]  # no branches, which take most of the time
    return DARTSRegressor(**{**settings, "verbose": 0, "random_state": 0, **options})


def test_the_same_equations_from_memory_and_from_files(tmp_path):
    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.uniform(1, 3, (12_007, 2)), columns=["m", "r"])
    y = (X.m / X.r**2 + 0.01 * rng.normal(size=len(X))).rename("F")
    whole = model().fit(X, y)
    frame = X.assign(F=y)
    frame.to_csv(tmp_path / "t.csv", index=False)
    frame.to_parquet(tmp_path / "t.parquet")
    for path, rows in ((tmp_path / "t.csv", 5000), (tmp_path / "t.parquet", 2500)):
        again = model().fit_file(path, "F", chunk_rows=rows)
        pd.testing.assert_frame_equal(
            again.equations_.drop(columns=["sympy", "equation"]), whole.equations_.drop(columns=["sympy", "equation"])
        )
        assert str(again) == str(whole)
        assert list(again.feature_names_in_) == ["m", "r"]
        np.testing.assert_allclose(again.predict(X), whole.predict(X), rtol=1e-9)
    assert whole.training_.rows == again.training_.rows == 12_007
    assert whole.training_.minimum == again.training_.minimum == (X.m.min(), X.r.min())
    assert whole.equations_.loss[whole.best_index_] == pytest.approx(np.mean((whole.predict(X) - y) ** 2))
    errors = [m.equation(1).constants for m in (whole, again)]
    np.testing.assert_allclose(errors[1].std_error, errors[0].std_error, rtol=0.1)
    again.save(tmp_path / "model.json")
    np.testing.assert_array_equal(DARTSRegressor.load(tmp_path / "model.json").predict(X), again.predict(X))
    with pytest.raises(InputDataError, match=r"validation= and fit_file of more than 10,000 rows .*give a share"):
        model(validation=[1, 2, 3]).fit_file(tmp_path / "t.csv", "F")


def test_long_tables_count_weights_and_are_not_kept_by_reference():
    """Rows of weight 0 hold nonsense."""
    rng = np.random.default_rng(0)
    X = rng.uniform(1, 3, (12_007, 2))
    y = X[:, 0] / X[:, 1] ** 2
    weights = rng.integers(0, 3, len(y)).astype(float)
    X[weights == 0] = 1e6
    fitted = model(max_epochs=20).fit(X, y, weights)
    assert str(fitted.sympy()) == "x1/x2**2"
    assert fitted.equations_.loss[0] == pytest.approx(np.cov(y, aweights=weights, ddof=0))
    assert fitted.training_.maximum == (X[weights > 0].max(axis=0)[0], X[weights > 0].max(axis=0)[1])
    kept = fitted.training_rows()[0].to_numpy().copy()
    X[:] = 0.0
    np.testing.assert_array_equal(fitted.training_rows()[0], kept)


def test_the_first_rows_that_count():
    X, y = table(50)
    weights = np.arange(50) % 3 * 1.0
    chunks = list(Head(source(X, y, weights, 7), 20).chunks())
    used = np.flatnonzero(weights)[:20]
    np.testing.assert_array_equal(np.concatenate([c.X for c in chunks]), X[used])
    np.testing.assert_array_equal(np.concatenate([c.weights for c in chunks]), weights[used])
    assert sum(map(len, Head(source(X, y, None, 7), 80).chunks())) == 50


def test_a_table_is_drawn_from_while_others_read_it():
    X, y = table(307)
    read = counted(X, y)
    drawn = Drawn(read, 23, 0)
    for _ in range(2):
        np.testing.assert_array_equal(np.concatenate([c.y for c in drawn.chunks()]), y)
    np.testing.assert_array_equal(drawn.subset().places, draw(source(X, y), 23, 0).places)
    assert read.passes == 2
    half = Drawn(counted(X, y), 23, 0)
    next(half.chunks())
    assert half.subset().rows == 307


def law_on(X):
    return X[:, 0] / X[:, 1] ** 2


class Long(Counted):
    """It says that it is."""

    size = 10**8


def fitted_source(X, y):
    """A model that was fitted to a long table, how often that was read, and what was shown."""
    read = Long(X, y, ("m", "r"), "F", None, 1000)
    shown = []
    found = model(callback=shown.append, max_epochs=20)._fit_source(read, {})
    return found, read, shown


def test_a_law_of_the_first_rows_is_confirmed_in_one_pass():
    X = np.random.default_rng(0).uniform(1, 3, (30_007, 2))
    y = law_on(X)
    found, read, shown = fitted_source(X, y)
    assert str(found.sympy()) == "m/r**2"
    assert read.passes == 3  # two of them over the first rows only
    assert "m/r**2" in shown[-1].equation
    assert found.training_.rows == 30_007
    assert found.training_.maximum == tuple(X.max(axis=0))
    assert found.equations_.loss[0] == pytest.approx(y.var())


def test_how_many_numbers_a_source_holds(files):
    (csv, _, parquet), frame = files
    assert open_table(parquet, "y", ["x", "z"]).size == 3 * len(frame)
    assert 0.3 < open_table(csv, "y", ["x", "z", "n", "b"]).size / (5 * len(frame)) < 3
    assert source(*table(40)).size == 120


@pytest.mark.parametrize("change", ["another law", "a constant column", "one wild row"])
def test_first_rows_that_mislead_decide_nothing(change):
    """The rest of the table is not like them."""
    X = np.random.default_rng(0).uniform(1, 3, (30_007, 2))
    y = law_on(X)
    if change == "a constant column":
        X[:10_500, 1] = 2.0
        y = law_on(X)
    elif change == "another law":
        y[15_000:] += 5.0 * X[15_000:, 0]
    else:
        y[-1] *= 1.5
    frame = pd.DataFrame(X, columns=["m", "r"])
    found, read, _ = fitted_source(X, y)
    assert read.passes > 3
    assert found.equations_.loss[found.best_index_] == pytest.approx(
        np.mean((found.predict(frame) - y) ** 2), rel=1e-12, abs=1e-20
    )
    assert found.history_.epoch.iloc[0] == 1
    exact = found.equations_.loss.min() < 1e-20
    assert exact == (change == "a constant column")


def test_without_pyarrow_the_way_out_is_named(tmp_path, monkeypatch):
    (tmp_path / "t.parquet").write_bytes(b"PAR1")
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(EqdartsError, match=r"pip install 'eqdarts\[parquet\]'"):
        open_table(tmp_path / "t.parquet", "y")


def test_a_small_file_is_fitted_like_the_table(tmp_path):
    X, y = table(60)
    frame = pd.DataFrame(X, columns=["x", "z"])
    frame.assign(y=y).to_csv(tmp_path / "t.csv", index=False)
    assert str(model().fit_file(tmp_path / "t.csv", "y")) == str(model().fit(frame, pd.Series(y, name="y")))


def test_a_long_constant_target_is_its_constant():
    X, _ = table(10_007)
    fitted = model().fit(X, np.full(10_007, 2.5))
    assert float(fitted.sympy()) == 2.5
    assert fitted.stop_reason_ == "constant"

"""Checkpoints without a search: what a file holds, what is refused, who may write it, and what a table is known by."""

import dataclasses
import errno
import json
import os
import subprocess
import sys
from enum import Enum

import killed_writer
import numpy as np
import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from random_expressions import formulas

from eqdarts.checkpoint import keeper as keeping
from eqdarts.checkpoint.codec import CannotHoldError, DamagedError, decode, encode, listed
from eqdarts.checkpoint.content import Head, pack, read_head, unpack
from eqdarts.checkpoint.generator import GeneratorState
from eqdarts.checkpoint.keeper import Keeper, Saved, check_new, read_saved
from eqdarts.checkpoint.table_print import TablePrint
from eqdarts.data.table import Table
from eqdarts.equation.equation import Equation
from eqdarts.equation.front import Front
from eqdarts.errors import InputDataError, kept_warnings
from eqdarts.formula.trees import from_tree, to_tree
from eqdarts.runtime import writing
from eqdarts.runtime.lock import FileLock
from eqdarts.search.kept_classes import CLASSES


@dataclasses.dataclass(frozen=True, eq=False)
class Pair:
    first: object
    second: object


class Colour(Enum):
    RED = 1


HERE = listed(Pair, Colour)
floats = st.floats(allow_nan=True, allow_infinity=True)
plain = st.none() | st.booleans() | st.integers() | floats | st.text() | st.binary()
keys = st.integers() | st.text() | st.tuples(st.integers(), st.text())
numbers = arrays.arrays(
    st.sampled_from([np.float64, np.float32, np.int64, np.uint16, np.bool_]),
    arrays.array_shapes(min_dims=0, min_side=0),
)
values = st.recursive(
    plain | numbers | st.just(Colour.RED) | st.just(np.float64(0.1)),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.lists(inner, max_size=4).map(tuple)
        | st.dictionaries(keys, inner, max_size=4)
        | st.builds(Pair, inner, inner)
    ),
    max_leaves=12,
)


def alike(a, b):
    """Are two values the same, to the last bit and to the type?"""
    assert type(a) is type(b)
    if isinstance(a, np.ndarray):
        assert (a.dtype, a.shape) == (b.dtype, b.shape)
        assert a.tobytes() == b.tobytes()
        return all(n < 2 or s == t for n, s, t in zip(a.shape, a.strides, b.strides, strict=True)) or not a.size
    if isinstance(a, Pair):
        return alike(a.first, b.first) and alike(a.second, b.second)
    if isinstance(a, dict):
        return list(map(repr, a)) == list(map(repr, b)) and all(map(alike, a.values(), b.values()))
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(map(alike, a, b))
    return repr(a) == repr(b)


def through(value, classes=HERE):
    tree, block = encode(value, classes)
    return decode(json.loads(json.dumps(tree, allow_nan=False)), block, classes)


@given(values)
def test_what_is_read_is_what_was_written(value):
    assert alike(through(value), value)


@given(formulas)
def test_formulas_come_back_node_for_node(expression):
    again = from_tree(json.loads(json.dumps(to_tree(expression))))
    assert sympy.srepr(again) == sympy.srepr(expression)
    assert str(again) == str(expression)


def test_formulas_are_not_multiplied_out_and_keep_what_is_assumed():
    x = sympy.Symbol("x", positive=True)
    for one in (sympy.Mul(sympy.Float(2.5), x - 1950, evaluate=False), sympy.sqrt(x) * sympy.pi / 3, -sympy.oo * 1):
        assert sympy.srepr(through(one)) == sympy.srepr(one)


def test_nothing_is_worked_out_when_a_formula_is_read():
    power = from_tree(["Pow", ["integer", 10], ["integer", 10**12]])
    assert power.args == (10, 10**12)
    assert sympy.srepr(through(sympy.sqrt(2))) == sympy.srepr(sympy.sqrt(2))


def test_what_is_one_object_is_one_again():
    shared, formula = np.arange(3.0), sympy.Symbol("x") + 1
    first, second = through([Pair(shared, formula), Pair(shared, formula)])
    assert first.first is second.first
    assert first.second is second.second


def test_memory_order_is_kept():
    for order in ((0, 1, 2), (2, 0, 1), (1, 2, 0)):
        value = np.arange(24.0).reshape(2, 3, 4).transpose(order)
        again = through(value)
        assert again.strides == value.strides
        assert (again == value).all()


@pytest.mark.parametrize("value", [object(), lambda: 0, Pair, np.array([object()]), sympy.Function("f")(1), {1: open}])
def test_what_no_file_can_hold_is_named(value):
    with pytest.raises(CannotHoldError):
        encode(value, HERE)


@pytest.mark.parametrize(
    "tree",
    [
        {"object": ["os.system", "true"]}, {"object": ["Pair", 1]}, {"object": []}, {"again": 0}, {"again": -1},
        {"formula": ["__import__", "os"]}, {"formula": ["Lambda", 1]}, {"formula": ["float", 0, 1, 1, 9, 53]},
        {"array": ["O", [1], [0], 0]}, {"array": ["<f8", [9], [0], 0]}, {"array": ["<f8", [1], [0], -8]},
        {"array": ["<f8", [-1], [0], 0]}, {"array": ["<f8", [10**30], [0], 0]}, {"array": ["<f8", [1, 1], [0, 0], 0]},
        {"number": ["<U9", 0]}, {"float": "2"}, {"tuple": 3}, {"bytes": "xyz"}, {"x": 1, "y": 2}, {},
        {"words": [["a"], [3]]}, {"object": ["Colour", "BLUE"]}, {"dict": [1]}, {"set": [[]]},
    ],
)  # fmt: skip
def test_what_was_not_written_is_refused(tree):
    with pytest.raises(DamagedError):
        decode(tree, b"\0" * 16, HERE)


def test_depth_is_bounded():
    tree = 1
    for _ in range(100_000):
        tree = [tree]
    with pytest.raises(DamagedError):
        decode(tree, b"", HERE)


def test_generators_draw_and_spawn_on():
    for kind in (np.random.PCG64, np.random.MT19937, np.random.Philox, np.random.SFC64):
        rng = np.random.Generator(kind(np.random.SeedSequence(5, spawn_key=(1, 2))))
        rng.spawn(2)
        rng.random(7)
        again = through(GeneratorState.of(rng), listed(GeneratorState)).generator()
        assert rng.spawn(1)[0].random() == again.spawn(1)[0].random()
        assert (rng.normal(size=5) == again.normal(size=5)).all()


def test_a_front_takes_and_refuses_the_same_from_then_on():
    x = sympy.Symbol("x")

    def law(formula, loss):
        return Equation(sympy.sympify(formula), ("x",), "y", loss, loss, "sample")

    front = Front(rows=50)
    for formula, loss in ((sympy.Float(1.5), 1.0), (x, 0.5), (2.5 * x, 0.4), (sympy.exp(x) + x, 0.1)):
        front = front.offer(law(formula, loss))
    again = through(front, CLASSES)
    assert again == front
    assert again.offered == front.offered
    for formula, loss in ((x**2, 0.05), (x, 0.5), (sympy.sin(x) + 1.5, 1e-9)):
        assert again.offer(law(formula, loss)) == front.offer(law(formula, loss))


# The file


def packed(value=(1, 2.5), **head):
    return pack(Head(**{"library": "1", "epochs": 3, "finished": False, **head}), value, HERE)


def test_a_file_says_what_it_is():
    assert read_head(packed()) == Head("1", 3, False)
    assert unpack(packed(), HERE) == (1, 2.5)


@given(st.data())
def test_a_file_that_was_changed_anywhere_is_refused(data):
    content = packed(np.arange(4.0))
    place = data.draw(st.integers(content.index(b"\n") + 1, len(content) - 1))
    bit = data.draw(st.integers(0, 7))
    changed = bytearray(content)
    changed[place] ^= 1 << bit
    with pytest.raises(DamagedError):
        unpack(bytes(changed), HERE)


def test_a_file_that_was_cut_off_anywhere_is_refused():
    content = packed(np.arange(4.0))
    for length in range(len(content)):
        with pytest.raises(DamagedError):
            unpack(content[:length], HERE)


@given(st.binary(max_size=300))
def test_no_bytes_are_a_checkpoint_by_accident(content):
    with pytest.raises(DamagedError):
        unpack(content, HERE)


def test_other_versions_are_refused(tmp_path):
    path = tmp_path / "run.ckpt"
    path.write_bytes(packed().replace(b'"version": 1', b'"version": 2'))
    with pytest.raises(InputDataError, match=r"run\.ckpt.*version 2 of its format"):
        read_saved(path, HERE, "1")
    path.write_bytes(packed())
    with pytest.raises(InputDataError, match="written by eqdarts 1, and this is 2"):
        read_saved(path, HERE, "2")
    with pytest.raises(InputDataError, match="it holds no search"):
        read_saved(path, HERE, "1")


# The table


def table(change=None, **options):
    X, y = np.arange(30.0).reshape(10, 3), np.arange(10.0) ** 2
    if change is not None:
        change(X, y)
    return TablePrint.of(Table(X, y, options.pop("names", ("t", "v", "m")), options.pop("target", "E")), **options)


def put(where, rows):
    def change(X, y):
        (y if where is None else X[:, where])[:rows] += 1e-9

    return change


@pytest.mark.parametrize(
    ("other", "words"),
    [
        (table(), []),
        (table(lambda X, y: np.copysign(X, 1 - 2 * (X == 0), out=X)), []),  # with -0 for 0
        (table(put(1, 3)), ["column 'v' differs in 3 rows"]),
        (table(put(None, 1)), ["the target differs in 1 row"]),
        (table(names=("t", "v", "q")), ["the columns were 't', 'v', 'm', and are 't', 'v', 'q'"]),
        (table(target="F"), ["the target was 'E', and is 'F'"]),
    ],
)
def test_what_another_table_has_otherwise_is_said(other, words):
    assert list(table().differences(other)) == words
    assert list(through(table(), CLASSES).differences(other)) == words


def test_rows_and_weights_are_told_apart():
    some = Table(np.arange(4.0)[:, None], np.arange(4.0))
    weighed = Table(some.X, some.y, weights=np.array([1.0, 2, 1, 1]))
    assert list(TablePrint.of(some).differences(TablePrint.of(some.rows([0, 1])))) == ["it had 4 rows, and has 2"]
    assert list(TablePrint.of(some).differences(TablePrint.of(weighed, "y_error"))) == [
        "rows were weighed by nothing, and are by y_error", "the weights differ in 1 row",
    ]  # fmt: skip


# When it is written, and when not


@pytest.fixture
def often(monkeypatch):
    monkeypatch.setattr(keeping, "INTERVAL", 0.0)
    monkeypatch.setattr(keeping, "_SHARE", 0.0)


def keeper(path, **options):
    return Keeper(path, Saved({}, (), table(), None), CLASSES, "1", **options)


def test_it_is_written_at_once_and_then_from_time_to_time(tmp_path):
    path = tmp_path / "run.ckpt"
    with keeping.keeping(keeper(path)) as one:
        one.note((1,), 1)
        assert read_saved(path, CLASSES, "1").boundary == (1,)
        one.note((2,), 2)
        assert read_saved(path, CLASSES, "1").boundary == (1,)
    assert read_saved(path, CLASSES, "1").boundary == (2,)
    assert os.listdir(tmp_path) == ["run.ckpt"]


def test_what_is_dear_is_written_seldom(tmp_path, monkeypatch):
    clock = iter(range(100))
    monkeypatch.setattr(keeping.time, "process_time", lambda: float(next(clock)))  # a second each
    monkeypatch.setattr(keeping.time, "monotonic", lambda: now)
    one, now = keeper(tmp_path / "run.ckpt"), 1000.0
    one.note((1,), 1)
    now += 99
    one.note((2,), 2)
    assert read_head((tmp_path / "run.ckpt").read_bytes()).epochs == 1
    now += 2
    one.note((3,), 3)
    assert read_head((tmp_path / "run.ckpt").read_bytes()).epochs == 3


def test_a_finished_search_may_be_written_over_and_an_unfinished_one_not(tmp_path, often):
    path = tmp_path / "run.ckpt"
    with keeping.keeping(keeper(path)) as one:
        one.note((1,), 7)
    with pytest.raises(InputDataError, match=r"run\.ckpt' holds a search that is not over, with 7 epochs; go on with"):
        check_new(path)
    with keeping.keeping(keeper(path)) as one:
        one.note((1,), 7)
        check_new(path)  # another process writes it: a warning follows
        one.conclude((2,))
    check_new(path)
    path.write_text("the only copy of my thesis")
    with pytest.raises(InputDataError, match="it is no checkpoint of eqdarts"):
        check_new(path)


def test_a_second_search_on_a_file_gets_one_warning_and_writes_nothing(tmp_path, often):
    path = tmp_path / "run.ckpt"
    with keeping.keeping(keeper(path)) as first:
        first.note((1,), 1)
        with kept_warnings() as said, keeping.keeping(keeper(path)) as second:
            for epoch in range(2, 5):
                second.note((epoch,), epoch)
        assert read_saved(path, CLASSES, "1").boundary == (1,)
        assert len(said) == 1
        assert f"process {os.getpid()} writes it" in said[0]
        first.note((9,), 9)
    assert read_saved(path, CLASSES, "1").boundary == (9,)


HOLD = """
import sys, time
from eqdarts.runtime.lock import FileLock
print(FileLock(sys.argv[1]).take(), flush=True)
time.sleep(600)
"""


@pytest.mark.skipif(os.name != "posix", reason="kills by signal")
def test_a_killed_process_leaves_no_lock_that_holds(tmp_path):
    path = tmp_path / "run.ckpt"
    lock = FileLock(path)
    with subprocess.Popen([sys.executable, "-c", HOLD, str(path)], stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout.readline() == "True\n"
        assert not lock.take()
        assert lock.holder == str(other.pid)
        other.kill()
    assert lock.take()
    lock.release()
    assert not os.listdir(tmp_path)


@pytest.mark.skipif(os.name != "posix", reason="forks")
def test_whenever_its_writer_is_killed_the_file_is_whole(tmp_path, long_run):
    """Not only between two of them: the process does nothing but write."""
    kills = 500 if long_run else 20
    command = [sys.executable, killed_writer.__file__, str(tmp_path / "run.ckpt"), str(kills)]
    said = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    whole, epochs, files = map(int, said.split())
    assert whole > kills / 2
    assert epochs > 0
    assert files <= 3  # the last one left a lock and a file that it had begun, which the next writer removes
    print(f"{whole} of {kills} kills came after a first checkpoint, {epochs} checkpoints were written")


def test_a_full_disk_costs_one_warning_and_leaves_the_last_file_whole(tmp_path, often, monkeypatch):
    path, full = tmp_path / "run.ckpt", [False]
    sync = os.fsync

    def fsync(file):
        if full[0]:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        sync(file)

    monkeypatch.setattr(writing.os, "fsync", fsync)
    with kept_warnings() as said, keeping.keeping(keeper(path)) as one:
        one.note((1,), 1)
        full[0] = True
        one.note((2,), 2)
        one.note((3,), 3)
        assert read_saved(path, CLASSES, "1").boundary == (1,)
        assert len(os.listdir(tmp_path)) == 2  # and its lock
        full[0] = False
        one.note((4,), 4)
    assert read_saved(path, CLASSES, "1").boundary == (4,)
    assert len(said) == 1
    assert "No space left on device" in said[0]


@pytest.mark.parametrize("broken", [MemoryError("no room"), ValueError("too long"), None])
def test_what_cannot_be_written_costs_one_warning_and_no_result(tmp_path, often, monkeypatch, broken):
    def pack(*_):
        raise broken

    if broken is None:
        monkeypatch.setattr(keeping, "_MOST_BYTES", 10)
    else:
        monkeypatch.setattr(keeping, "pack", pack)
    with kept_warnings() as said, keeping.keeping(keeper(tmp_path / "run.ckpt")) as one:
        one.note((1,), 1)
        one.note((2,), 2)
        one.conclude((3,))
    assert len(said) == 1
    assert "no checkpoint is written from now on" in said[0]


@pytest.mark.parametrize("place", ["no such folder/run.ckpt", "."])
def test_a_place_that_cannot_be_written_costs_one_warning(tmp_path, often, place):
    with kept_warnings() as said, keeping.keeping(keeper(tmp_path / place)) as one:
        one.note((1,), 1)
        one.note((2,), 2)
    assert len(said) == 1
    assert "cannot be written" in said[0]


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="nothing is read-only to root")
def test_a_read_only_folder_costs_one_warning(tmp_path, often):
    tmp_path.chmod(0o500)
    with kept_warnings() as said, keeping.keeping(keeper(tmp_path / "run.ckpt")) as one:
        one.note((1,), 1)
        one.note((2,), 2)
    tmp_path.chmod(0o700)
    assert len(said) == 1
    assert "Permission denied" in said[0]


def test_what_cannot_be_held_costs_one_warning_and_ends_it(tmp_path, often):
    with kept_warnings() as said, keeping.keeping(keeper(tmp_path / "run.ckpt")) as one:
        one.note((open,), 1)
        one.note((open,), 2)
    assert len(said) == 1
    assert "it cannot hold an object of the class" in said[0]


def test_an_exception_on_the_way_leaves_the_last_boundary(tmp_path):
    path = tmp_path / "run.ckpt"

    def search():
        with keeping.keeping(keeper(path)) as one:
            one.note((1,), 1)
            one.note((2,), 2)
            raise KeyError

    with pytest.raises(KeyError):
        search()
    assert read_saved(path, CLASSES, "1").boundary == (2,)
    assert os.listdir(tmp_path) == ["run.ckpt"]

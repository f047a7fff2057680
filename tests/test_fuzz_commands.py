"""Damaged tables, models and options in the command line: an answer, or one line that says what is wrong."""

import contextlib
import io

import pytest
from fuzz_commands import command_of, failure, run, small_searches

SHORT = 50  # commands of the ordinary run; ten thousand were run as docs/reliability.md says


@pytest.fixture(scope="module", autouse=True)
def small():
    with small_searches():
        yield


@pytest.mark.slow
def test_commands_answer_or_refuse():
    """Seeds that no long run has had."""
    wrong = [line for _, line in map(failure, range(1_000_000, 1_000_000 + SHORT)) if line]
    assert not wrong, "\n".join(wrong)


@pytest.mark.long
@pytest.mark.parametrize("first", range(0, 10_000, 500))
def test_ten_thousand_commands(first):
    wrong = [line for _, line in map(failure, range(first, first + 500)) if line]
    assert not wrong, "\n".join(wrong)


@pytest.mark.slow  # four models are fitted for them
def test_commands_repeat():
    assert all(command_of(seed) == command_of(seed) for seed in range(50))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("does", "said"),
    [
        (lambda: 3, "exit code 3"),
        (lambda: [].pop(), "IndexError"),
        (lambda: print("Traceback (most recent call last):") or 0, "a traceback"),
        (lambda: 2, "stderr is ''"),
        (lambda: open("left", "w").close() or print("eqdarts: no", file=__import__("sys").stderr) or 2, "wrote"),
    ],
)
def test_what_is_wrong_is_seen(does, said, tmp_path, monkeypatch):
    monkeypatch.setattr("fuzz_commands.main", lambda arguments: does())
    assert said in run(command_of(0), tmp_path)[3]


@pytest.mark.slow
def test_streams_and_folders_are_as_before(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with contextlib.redirect_stdout(io.StringIO()) as out:
        failure(1)
    assert (out.getvalue(), list(tmp_path.iterdir())) == ("", [])

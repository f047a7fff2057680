"""Hands damaged tables, models and options to the command line: it answers, or refuses in one line and writes nothing.

    python tests/fuzz_commands.py                               # 10,000 commands, seeds 0 to 9,999
    python tests/fuzz_commands.py --first 500 --commands 20 -v  # each of these with what it printed

Every command runs in this process and in a folder of its own; searches are as small as they can be. A failure is one
line, which begins with its seed. Exit code 1 if there was any: another exit code than 0 or 2, a traceback, a refusal
without its line on stderr or after which something is written, or more than `SECONDS` of the processor.
"""

import argparse
import collections
import contextlib
import functools
import io
import os
import random
import shlex
import signal
import sys
import tempfile
import time
import traceback
import warnings
from dataclasses import dataclass
from pathlib import Path

from mutate import mutated
from random_tables import CELLS, NAMES, file_of

from eqdarts import DARTSClassifier, DARTSRegressor, SearchWarning
from eqdarts.cli import main

SECONDS = 60.0
TINY = {"replicas": 4, "max_nodes": 1, "links": ("identity",), "proposers": ("sample",)}
_OPERATIONS = ["linear", "linear,power", "identity", "exp", "", "nosuch", "linear,,", "zero"]
_CODECS = ["utf-8", "cp1252", "utf-16", "nosuch", "", "idna", "rot13", "hex"]
_LOSSES = ["absolute", "huber:2", "quantile:0.9", "poisson", "quantile:9", "x:y"]
_UNITS = ["y=kg,x0=m", "y=kg", "x0=nosuch", "=", "y=m/s/s/s", "q=m", "y=m**9"]
_AS = ["text", "latex", "table", "mathml", "python", "c", "excel", "nosuch"]
_TEXTS = ["", "0", "-1", "x", "y", "x0", "1e400", "nan", "a=b", "=", ",", "x0,y", "(", "'", "\x1b[31m", "ü", "9" * 30]
_FORMULAS = [
    "a*x0 + b", "a*x0**2", "y = a*x0", "a*exp(-b*x0)", "a", "x0", "2*x0 + 1", "a*x1 + b", "", "(", "__import__('os')",
    "a*x0 + b*x0", "1/x0", "log(x0) + c", "9**9**9", "a*y", "`", "x" * 200, "a*sin(b*x0 + c)", "nan", "sqrt(-1)",
]  # fmt: skip


@dataclass(frozen=True)
class Command:
    """Arguments, and what lies in the folder by its name."""

    arguments: tuple[str, ...]
    files: dict[str, bytes]


@contextlib.contextmanager
def small_searches():
    """Models search for one epoch among few graphs, whatever the command line asks for."""
    with contextlib.ExitStack() as stack:
        for kind in (DARTSRegressor, DARTSClassifier):
            made = kind.__init__

            @functools.wraps(made)
            def few(self, *args, _made=made, **options):
                _made(self, *args, **options)
                for name, value in TINY.items():
                    setattr(self, name, value)
                self.max_epochs = 1

            kind.__init__ = few
            stack.callback(setattr, kind, "__init__", made)
        yield


@functools.cache
def models():
    """Texts of saved models: of one target, of two, of classes, of groups."""
    import numpy as np
    import pandas as pd

    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.uniform(1, 3, (30, 2)), columns=["x0", "x1"])
    y = (2 * X.x0 + 1 + rng.normal(0, 0.01, 30)).rename("y")
    labels = np.array(["a", "b"])[np.arange(30) % 2]
    with small_searches(), tempfile.TemporaryDirectory() as folder:
        fitted = [
            DARTSRegressor(verbose=0).fit(X, y),
            DARTSRegressor(verbose=0).fit(X, pd.DataFrame({"y": y, "z": X.x1**2})),
            DARTSClassifier(verbose=0).fit(X, pd.Series(np.where(y + rng.normal(0, 1, 30) > 5, "hi", "lo"), name="y")),
            DARTSRegressor(verbose=0).fit(X.assign(g=labels), y * (1 + np.arange(30) % 2), groups="g"),
        ]
        path = Path(folder) / "model.json"
        texts = []
        for model in fitted:
            model.save(path)
            texts.append(path.read_text(encoding="utf-8"))
    return texts


def _maybe(rng, chance, *words):
    return list(words) if rng.random() < chance else []


def _reading(rng):
    return [
        *_maybe(rng, 0.06, "--delimiter", rng.choice([",", ";", "\\t", "|", " ", "", "ab", "\n", '"', "\x00"])),
        *_maybe(rng, 0.05, "--decimal", rng.choice([".", ",", "", ";", "x"])),
        *_maybe(rng, 0.05, "--thousands", rng.choice([",", ".", "'", " ", "", "x"])),
        *_maybe(rng, 0.05, "--encoding", rng.choice(_CODECS)),
        *_maybe(rng, 0.03, "--sheet", rng.choice(["0", "1", "-1", "Sheet1", "nosuch", ""])),
        *_maybe(rng, 0.08, "--na", rng.choice([*CELLS[:20], "<LOD", "0"])),
        *_maybe(rng, 0.2, "--drop-missing"),
    ]


def _name(rng, names):
    return rng.choice([*names, *names, *names, rng.choice(NAMES), rng.choice(_TEXTS)]) if names else rng.choice(_TEXTS)


def _choosing(rng):
    return [
        *_maybe(rng, 0.06, "--select", rng.choice(["0", "1", "-1", "99", "x", "9" * 30])),
        *_maybe(rng, 0.04, "--complexity", rng.choice(["1", "3", "0", "-5", "99"])),
        *_maybe(rng, 0.04, "--form", rng.choice(_FORMULAS)),
    ]


def _fit(rng, file, names):
    target = (names or ["y"])[-1] if rng.random() < 0.9 else _name(rng, names)
    options = [
        *_maybe(rng, 0.1, "--features", ",".join(_name(rng, names) for _ in range(rng.randrange(1, 4)))),
        *_maybe(rng, 0.06, rng.choice(["--y-error", "--weights", "--groups", "--one-hot"]), _name(rng, names)),
        *_maybe(rng, 0.04, "--target", _name(rng, names)),
        *_maybe(rng, 0.04, "--log-target"),
        *_maybe(rng, 0.06, rng.choice(["--classes", "--no-classes"])),
        *_maybe(rng, 0.05, "--noise", rng.choice(["additive", "proportional", "nosuch", ""])),
        *_maybe(rng, 0.06, "--loss", rng.choice(_LOSSES)),
        *_maybe(rng, 0.05, "--units", rng.choice(_UNITS)),
        *_maybe(rng, 0.03, "--template", rng.choice(["a*f(x0)", "f(x0) + x0", "f(q)", "f(", "y = f(x0)", "f(f(x0))"])),
        *_maybe(rng, 0.02, "--shared-graph"),
        *_maybe(rng, 0.04, "--guess", rng.choice(_FORMULAS)),
        *_maybe(rng, 0.03, "--constant", rng.choice(["R=8.314", "R=x", "=1", "x0=1", "R=nan", "R=1e400", "c", "pi=3"])),
        *_maybe(rng, 0.05, rng.choice(["--must", "--never", "--increasing", "--decreasing"]), _name(rng, names)),
        *_maybe(rng, 0.03, "--positive"),
        *_maybe(rng, 0.03, "--bounds", rng.choice(["0,1", ",", "1,0", "0,", "x,y", "nan,1", "-1e400,1e400"])),
        *_maybe(rng, 0.05, "--max-complexity", rng.choice(["1", "5", "0", "x"])),
        *_maybe(rng, 0.05, "--seed", rng.choice(["0", "1", "-1", "x", "9" * 30])),
        *_maybe(rng, 0.05, "--max-time", rng.choice(["5", "-1", "nan", "inf", "x"])),
        *_maybe(rng, 0.05, "--operations", rng.choice(_OPERATIONS)),
        *_maybe(rng, 0.9, "--quiet"),
        *_maybe(rng, 0.1, "--json"),
        *_maybe(rng, 0.12, "--output", rng.choice(["out", "out/deep", file, f"{file}/below", "."])),
        *_maybe(rng, 0.03, "--report", rng.choice(["page.html", "page.txt", "deep/page.html", file])),
    ]
    return ["fit", file, "--target", target, *options, *_reading(rng)]


def _predict(rng, file, names):
    return [
        "predict", "model.json", file, *_reading(rng), *_choosing(rng),
        *_maybe(rng, 0.2, "--interval", rng.choice(["0.95", "0.5", "0", "1", "nan", "x", "1e-300"])),
        *_maybe(rng, 0.1, "--column", _name(rng, names)), *_maybe(rng, 0.05, "--target", _name(rng, names)),
        *_maybe(rng, 0.3, "--output", rng.choice(["out.csv", "deep/out.csv", "out.txt", file, "model.json"])),
    ]  # fmt: skip


def _refit(rng, file, names):
    formula = "model.json" if rng.random() < 0.1 else rng.choice(_FORMULAS)
    columns = [name for name in names[:-1] if name] or ["x0"]
    quoted = "`" + rng.choice(columns).replace("`", "``") + "`"
    formula = formula.replace("x0", quoted) if rng.random() < 0.5 else formula
    return [
        "refit", formula, file, *_maybe(rng, 0.9, "--target", (names or ["y"])[-1]), *_reading(rng),
        *_maybe(rng, 0.1, "--start", rng.choice(["a=1", "a=x", "q=1", "a=nan", "a=1e308", "b=-1"])),
        *_maybe(rng, 0.1, "--fix", rng.choice(["a=1", "a=x", "q=1", "a=inf", "x0=1"])),
        *_maybe(rng, 0.1, "--bound", rng.choice(["a=0:1", "a=1:0", "a=:", "a=x:y", "q=0:1", "a=nan:1", "a=0:"])),
        *_maybe(rng, 0.05, "--confidence", rng.choice(["0.9", "0", "1", "nan"])),
        *_maybe(rng, 0.05, "--loss", rng.choice(["absolute", "huber", "poisson", "nosuch"])),
        *_maybe(rng, 0.05, "--noise", rng.choice(["proportional", "nosuch"])),
        *_maybe(rng, 0.08, "--y-error", rng.choice(["0.1", "0", "-1", "nan", _name(rng, names)])),
        *_maybe(rng, 0.08, "--x-error", rng.choice(["x0=0.1", "x0=0", "x0=y", "q=1", "=", "x0"])),
        *_maybe(rng, 0.1, "--json"), *_maybe(rng, 0.05, "--select", rng.choice(["0", "99"])),
    ]  # fmt: skip


def _show(rng, _file, names):
    return [
        "show", "model.json", *_choosing(rng), *_maybe(rng, 0.6, "--as", rng.choice(_AS)), *_maybe(rng, 0.2, "--json"),
        *_maybe(rng, 0.1, "--target", _name(rng, names)),
    ]  # fmt: skip


def _report(rng, file, names):
    return [
        "report", "model.json", *_maybe(rng, 0.7, file), *_choosing(rng), *_reading(rng),
        *_maybe(rng, 0.5, "--output", rng.choice(["page.html", "page.txt", "deep/page.html", file, "model.json"])),
        *_maybe(rng, 0.2, "--title", rng.choice(NAMES)), *_maybe(rng, 0.05, "--target", _name(rng, names)),
    ]  # fmt: skip


def _sweep(rng, file, names):
    return [
        "sweep", file, "--target", (names or ["y"])[-1], "--output", rng.choice(["out", "out", "deep/out", file, "."]),
        *_maybe(rng, 0.2, "--by", _name(rng, names)), *_maybe(rng, 0.1, "--seeds", rng.choice(["1", "2", "0", "x"])),
        *_maybe(rng, 0.1, "--features", _name(rng, names)), *_maybe(rng, 0.1, "--target", _name(rng, names)),
        *_maybe(rng, 0.05, "--operations", rng.choice(_OPERATIONS)), "--quiet", *_reading(rng),
    ]  # fmt: skip


_KINDS = [_fit] * 10 + [_predict] * 5 + [_refit] * 4 + [_show] + [_report] + [_sweep] * 2


def command_of(seed: int) -> Command:
    """A command that depends on the seed alone, but for the time that a spreadsheet or an archive has in it."""
    rng = random.Random(seed)
    make = rng.choice(_KINDS)
    content, suffix, names = file_of(rng)
    if rng.random() < (0.6 if make in (_predict, _report) else 0.3):  # columns that the models know
        content, suffix, names = _known_rows(rng), ".csv", ["x0", "x1", "y"]
    file = f"data{suffix}"
    files = {file: content}
    arguments = make(rng, file, names)
    if "model.json" in arguments:
        text = rng.choice(models())
        files["model.json"] = mutated(text, rng) if rng.random() < 0.25 else text.encode()
    if rng.random() < 0.03:
        arguments.insert(rng.randrange(len(arguments) + 1), rng.choice([*_TEXTS, "--nosuch", "--help", "--", "-"]))
    if rng.random() < 0.02:
        del arguments[rng.randrange(len(arguments))]
    return Command(tuple(a for a in arguments if "\x00" not in a), files)


def _known_rows(rng):
    cells = [[f"{rng.uniform(0.5, 4):.4g}" for _ in range(3)] for _ in range(rng.randrange(14))]
    for _ in range(rng.choice([0, 0, 0, 1, 3])):
        if cells:
            rng.choice(cells)[rng.randrange(3)] = rng.choice(CELLS)
    return "\n".join(map(",".join, [["x0", "x1", "y"], *cells, [""]])).encode()


class TooSlow(BaseException):
    """Raised within a command that takes too much time."""


def _late(*_):
    raise TooSlow


@contextlib.contextmanager
def within(folder):
    """`contextlib.chdir` of Python 3.11."""
    before = os.getcwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)


def run(command: Command, folder: Path):
    """Exit code, what was printed on both streams, and what is wrong with that, or ""."""
    for name, content in command.files.items():
        (folder / name).write_bytes(content)
    before, out, err = _seen(folder), io.StringIO(), io.StringIO()
    handler = signal.signal(signal.SIGVTALRM, _late)
    signal.setitimer(signal.ITIMER_VIRTUAL, SECONDS)
    try:
        with (
            within(folder),
            warnings.catch_warnings(),
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(err),
        ):
            warnings.simplefilter("ignore")
            warnings.simplefilter("default", SearchWarning)
            code = main(command.arguments)
    except TooSlow:
        return None, out, err, f"took more than {SECONDS:g} s in {traceback.format_exc(limit=-3)!r}"
    except BaseException as error:
        where = traceback.extract_tb(error.__traceback__)[-1]
        return None, out, err, f"{type(error).__name__}: {error} ({Path(where.filename).name}:{where.lineno})"
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, handler)
    return code, out, err, _wrong(code, out.getvalue(), err.getvalue(), before, _seen(folder))


def _wrong(code, out, err, before, after):
    lines = [line for line in err.splitlines() if not line.startswith("eqdarts: warning:")]
    if code not in (0, 2):
        return f"exit code {code}"
    if "Traceback" in out + err:
        return "a traceback"
    if code == 2:
        if not lines or not lines[-1].startswith("eqdarts: ") or any(not n.startswith("eqdarts: ") for n in lines):
            return f"stderr is {err!r}"
        if not lines[-1].isprintable():
            return f"control characters: {lines[-1]!r}"
        if after != before and not _kept_on_purpose(lines[-1]):
            return f"exit code 2 ({lines[-1]}), and yet it wrote {sorted(set(after) ^ set(before)) or 'over a file'}"
    return ""


def _kept_on_purpose(message):
    """A sweep keeps what each fit said when all of them failed."""
    return message.startswith("eqdarts: every fit failed")


def _seen(folder):
    return {str(p.relative_to(folder)): p.read_bytes() if p.is_file() else None for p in folder.rglob("*")}


def failure(seed: int) -> tuple[str, str]:
    """What the command of a seed is to be counted as, and what is wrong with it, or ""."""
    with tempfile.TemporaryDirectory() as folder:
        command = command_of(seed)
        code, *_, wrong = run(command, Path(folder))
    kind = command.arguments[0] if command.arguments else ""
    if not wrong:
        return f"{kind} {code}", ""
    return "FAILED", f"{seed}: {wrong}   [{shlex.join(command.arguments)}]"


def show(seed: int):
    """Print what a command is, and what it prints."""
    with tempfile.TemporaryDirectory() as folder:
        command = command_of(seed)
        _, out, err, _ = run(command, Path(folder))
    print(seed, shlex.join(command.arguments), out.getvalue(), err.getvalue(), sep="\n")


def main_loop():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--commands", type=int, default=10_000)
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("-v", "--verbose", action="store_true")
    options = parser.parse_args()
    counts, slowest = collections.Counter(), (0.0, 0)
    with small_searches():
        models()
        for seed in range(options.first, options.first + options.commands):
            start = time.process_time()
            kind, wrong = failure(seed)
            counts[kind] += 1
            slowest = max(slowest, (time.process_time() - start, seed))
            if wrong:
                print(wrong.replace("\n", "\\n")[:1500], flush=True)
            if options.verbose:
                show(seed)
            if seed % 250 == 249:
                print(f"… {seed + 1}: {dict(counts)}", file=sys.stderr, flush=True)
    print(", ".join(f"{name}: {count}" for name, count in sorted(counts.items())))
    last = options.first + options.commands - 1
    print(f"seeds {options.first} to {last}; slowest {slowest[0]:.1f} s (seed {slowest[1]})")
    return int("FAILED" in counts)


if __name__ == "__main__":
    sys.exit(main_loop())

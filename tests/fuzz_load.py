"""Damages saved models at random: loading one raises `InputDataError`, or gives a model that can be used.

    python tests/fuzz_load.py                    # 20,000 files
    python tests/fuzz_load.py --files 1000 --seed 7

It runs in an empty folder, where hostile fields try to leave a file; it also counts warnings of other kinds, and files
that take longer than ten seconds. Exit code 1 if anything but the documented error came up.
"""

import argparse
import collections
import os
import random
import sys
import tempfile
import time
import traceback
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
from mutate import mutated

from eqdarts import DARTSRegressor, InputDataError, SearchWarning

SLOW = 10.0


def valid_files(folder):
    """Texts of a few models: signed columns, awkward names, a constant, extreme units."""
    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.uniform(1, 3, (60, 2)), columns=["x1", "flow rate (m3/s)"])
    targets = [
        X.x1 / X["flow rate (m3/s)"] ** 2 + rng.normal(0, 0.05, 60),
        np.full(60, 2.5),
        np.sin(2 * X.x1) + np.log(X.x1),
    ]
    texts = []
    for k, (y, scale) in enumerate([*((y, 1.0) for y in targets), (targets[0], 1e-200)]):
        model = DARTSRegressor(max_epochs=5, replicas=96, max_nodes=3, verbose=0, random_state=k)
        model.fit(X * [scale, 1.0], pd.Series(y, name="y") * scale)
        model.save(folder / "valid.json")
        texts.append((folder / "valid.json").read_text(encoding="utf-8"))
    (folder / "valid.json").unlink()
    return texts


def use(model):
    """What loads can be printed and evaluated."""
    for k, equation in enumerate(model.front_):
        equation.predict(np.ones((3, model.n_features_in_)))
        model.latex(k)
    str(model)
    model.to_dict()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    counts, slowest = collections.Counter(), 0.0
    with tempfile.TemporaryDirectory() as name:
        os.chdir(name)
        folder = Path(name)
        texts = valid_files(folder)
        warnings.simplefilter("error")
        warnings.simplefilter("ignore", SearchWarning)
        for k in range(options.files):
            rng = random.Random(options.seed * 1_000_003 + k)
            content = mutated(rng.choice(texts), rng)
            Path("damaged.json").write_bytes(content)
            start = time.monotonic()
            try:
                use(DARTSRegressor.load("damaged.json"))
                counts["loaded"] += 1
            except InputDataError as error:
                counts["refused" if str(error).isprintable() else "UNPRINTABLE"] += 1
            except BaseException as error:
                counts["FAILED"] += 1
                print(f"file {k}: {type(error).__name__}: {error}", *traceback.format_tb(error.__traceback__)[-3:])
                if isinstance(error, KeyboardInterrupt):
                    break
            seconds = time.monotonic() - start
            slowest = max(slowest, seconds)
            if seconds > SLOW:
                counts["SLOW"] += 1
                print(f"file {k}: {seconds:.1f} s")
            if left := {p.name for p in folder.iterdir()} - {"damaged.json"}:
                counts["CODE RAN"] += 1
                print(f"file {k}: left {left}")
                break
        os.chdir("/")
    print(", ".join(f"{name} {count}" for name, count in sorted(counts.items())), f"slowest {slowest:.2f} s", sep="; ")
    return int(bool(set(counts) - {"loaded", "refused"}))


if __name__ == "__main__":
    sys.exit(main())

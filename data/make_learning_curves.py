"""Write learning_curves.csv: synthetic learning curves that follow the exponential law.

Five groups of 400 learners begin with 10, 30, … 90 % right answers, and answer one question after every
fourth trial, up to the hundredth. A trial takes away the same share of what is still unknown (Bush and
Mosteller 1951), so after t trials a learner who began with the probability p is right with probability
1 − (1 − p) · exp(−0.03 t). Each row is the share of the group's answers that were right.
"""

from pathlib import Path

import numpy as np
import pandas as pd

LEARNERS = 400  # in each group
STARTS = np.arange(1, 10, 2) / 10
TRIALS = np.arange(4, 101, 4)
RATE = 0.03


def main() -> None:
    generator = np.random.default_rng(1919)
    start = np.repeat(STARTS, len(TRIALS))
    trial = np.tile(TRIALS, len(STARTS))
    right = generator.binomial(LEARNERS, 1 - (1 - start) * np.exp(-RATE * trial))
    table = pd.DataFrame({"start": start, "trial": trial, "share_right": right / LEARNERS})
    table.to_csv(Path(__file__).with_name("learning_curves.csv"), index=False, lineterminator="\n")


if __name__ == "__main__":
    main()

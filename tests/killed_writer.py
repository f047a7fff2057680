"""A process that writes checkpoints and nothing else, and one that kills it at random moments and looks at the file.

python killed_writer.py PATH KILLS
"""

import os
import random
import signal
import sys
import time

import numpy as np

from eqdarts.checkpoint import keeper
from eqdarts.checkpoint.codec import listed
from eqdarts.checkpoint.keeper import Keeper, Saved, read_saved
from eqdarts.checkpoint.table_print import TablePrint
from eqdarts.data.table import Table

CLASSES = listed(Saved, TablePrint)


def write(path, epochs):
    """Until it is killed."""
    table = TablePrint.of(Table(np.ones((3, 1)), np.arange(3.0)))
    with keeper.keeping(Keeper(path, Saved({}, (), table, None), CLASSES, "1")) as one:
        while True:
            epochs += 1
            one.note((epochs, np.full(50_000, float(epochs))), epochs)


def kill(path, kills):
    """How many left a file that was whole, and the epochs in the last."""
    moments, epochs, whole = random.Random(3), 0, 0
    for _ in range(kills):
        process = os.fork()
        if process == 0:
            write(path, epochs)
        time.sleep(moments.uniform(0.0, 0.2))
        os.kill(process, signal.SIGKILL)
        os.waitpid(process, 0)
        if os.path.exists(path):
            number, values = read_saved(path, CLASSES, "1").boundary
            assert number >= epochs
            assert (values == number).all()
            epochs, whole = number, whole + 1
    return whole, epochs


if __name__ == "__main__":
    keeper.INTERVAL = keeper._SHARE = 0.0
    whole, epochs = kill(sys.argv[1], int(sys.argv[2]))
    print(whole, epochs, len(os.listdir(os.path.dirname(sys.argv[1]))))

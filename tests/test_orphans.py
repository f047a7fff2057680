"""Workers end with the process that they work for, in the midst of a call."""

import os
import signal
import subprocess
import sys
import textwrap
import time

import pytest
from sklearn.utils.parallel import Parallel

from eqdarts.runtime.orphans import delayed_here, runs

pytestmark = pytest.mark.skipif(os.name != "posix", reason="processes of Windows go on")

MASTER = """
    import os, sys, time
    from sklearn.utils.parallel import Parallel
    from eqdarts.runtime.orphans import delayed_here

    def work(folder):
        import os, time
        open(os.path.join(folder, str(os.getpid())), "w").close()
        while True:
            pass

    if __name__ == "__main__":
        Parallel(n_jobs=2, backend=sys.argv[2])(delayed_here(work)(sys.argv[1]) for _ in range(2))
"""


def wait_until(true, seconds=100):
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end
        time.sleep(0.05)


@pytest.mark.parametrize(
    ("backend", "ended"),
    [
        ("loky", signal.SIGKILL),
        pytest.param("loky", signal.SIGTERM, marks=pytest.mark.slow),
        pytest.param("multiprocessing", signal.SIGKILL, marks=pytest.mark.slow),
    ],
)
def test_workers_end_with_their_master(backend, ended, tmp_path):
    script, marks = tmp_path / "master.py", tmp_path / "marks"
    script.write_text(textwrap.dedent(MASTER))
    marks.mkdir()
    master = subprocess.Popen([sys.executable, script, marks, backend], stderr=subprocess.DEVNULL)
    try:
        wait_until(lambda: len(list(marks.iterdir())) == 2)
        workers = [int(mark.name) for mark in marks.iterdir()]
        assert all(map(runs, workers))
        assert master.pid not in workers
        master.send_signal(ended)  # nobody has waited for it yet when the workers look
        wait_until(lambda: not any(map(runs, workers)))
    finally:
        master.kill()
        master.wait()


def test_in_this_process_and_its_threads_nothing_is_watched():
    for options in ({"n_jobs": 1}, {"n_jobs": 2, "backend": "threading"}):
        assert Parallel(**options)(delayed_here(divmod)(k, 3) for k in range(5)) == [divmod(k, 3) for k in range(5)]


def test_processes_that_run():
    assert runs(os.getpid())
    assert runs(1)
    assert runs(10**30)
    done = subprocess.Popen([sys.executable, "-c", ""])
    done.wait()
    assert not runs(done.pid)


@pytest.mark.skipif(not os.path.exists("/proc/self/stat"), reason="only Linux tells")
def test_a_process_that_nobody_has_waited_for_does_not_run():
    """As where the parent of the main process is a program that waits for none: its workers would take it for alive."""
    done = subprocess.Popen([sys.executable, "-c", ""])
    os.waitid(os.P_PID, done.pid, os.WEXITED | os.WNOWAIT)
    os.kill(done.pid, 0)  # its number is still taken
    assert not runs(done.pid)
    done.wait()

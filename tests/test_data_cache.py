"""Later passes over a file read numbers, or its text again where numbers cannot be kept."""

import errno
import tempfile

import numpy as np
import pytest

from eqdarts.data.cache import CachedSource
from eqdarts.data.chunks import open_table


@pytest.fixture
def path(tmp_path):
    rng = np.random.default_rng(0)
    path = tmp_path / "data.csv"
    np.savetxt(path, rng.normal(size=(13, 3)), delimiter=",", header="a,b,y", comments="", fmt="%.17g")
    return path


def rows(chunks):
    return [(chunk.X.tolist(), chunk.y.tolist()) for chunk in chunks]


def no_folder(**options):
    raise FileNotFoundError(errno.ENOENT, "No usable temporary directory found")


class Disk:
    """A file on a disk with room for so many pieces."""

    def __init__(self, room):
        self.room, self.closed = room, False

    def seek(self, place):
        pass

    def truncate(self):
        pass

    def write(self, content):
        self.room -= 1
        if self.room < 0:
            raise OSError(errno.ENOSPC, "No space left on device")

    def flush(self):
        pass

    def close(self):
        self.closed = True
        raise OSError(errno.ENOSPC, "No space left on device")


def test_later_passes_need_no_file(path):
    with CachedSource(open_table(path, "y", chunk_rows=5)) as source:
        first = rows(source.chunks())
        path.unlink()
        assert rows(source.chunks()) == first
    assert [len(y) for _, y in first] == [5, 5, 3]


def test_without_a_temporary_folder_every_pass_reads_the_text(path, monkeypatch):
    monkeypatch.setattr(tempfile, "TemporaryFile", no_folder)
    expected = rows(open_table(path, "y", chunk_rows=5).chunks())
    with CachedSource(open_table(path, "y", chunk_rows=5)) as source:
        assert [rows(source.chunks()) for _ in range(2)] == [expected] * 2


@pytest.mark.parametrize("room", range(3))
def test_a_disk_that_fills_up_is_given_up_and_no_row_is_lost(room, path, monkeypatch):
    disk = Disk(room)
    monkeypatch.setattr(tempfile, "TemporaryFile", lambda **options: disk)
    expected = rows(open_table(path, "y", chunk_rows=5).chunks())
    with CachedSource(open_table(path, "y", chunk_rows=5)) as source:
        assert [rows(source.chunks()) for _ in range(2)] == [expected] * 2
    assert disk.closed

"""Locks among the processes of a machine."""

import pytest

from harness.errors import MachineError
from harness.target.lockfile import locked, locked_within, try_lock


def test_one_holds_it_at_a_time(tmp_path):
    path = tmp_path / "deep" / "er.lock"
    first = try_lock(path)
    assert first is not None
    assert try_lock(path) is None
    with pytest.raises(MachineError, match=r"another run has held er\.lock"):
        locked_within(path, 0.05)
    first.release()
    locked_within(path, 20).release()
    with locked(path):
        assert try_lock(path) is None
    again = try_lock(path)
    assert again is not None
    again.release()


def test_it_is_free_when_its_holder_ends(tmp_path, python, printed):
    path = tmp_path / "lock"
    text = "import fcntl, os, sys, signal; f = open(sys.argv[1], 'w'); fcntl.flock(f, 2)"
    holder = python(text + "; os.write(1, b'held'); signal.pause()", path)
    printed(holder, b"held")
    assert try_lock(path) is None
    holder.stop()
    lock = try_lock(path)
    assert lock is not None
    lock.release()


def test_a_lock_that_cannot_be_opened_is_told(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(MachineError, match="cannot open the lock"):
        try_lock(tmp_path / "file" / "lock")

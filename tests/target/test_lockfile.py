"""Locks among the processes of a machine."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from harness.errors import MachineError
from harness.target.lockfile import locked, locked_within, try_lock

ROOT = Path(__file__).parents[2]


def test_one_holds_it_at_a_time(tmp_path):
    path = tmp_path / "deep" / "er"
    first = try_lock(path, 7)
    assert first is not None
    assert try_lock(path, 7) is None
    with pytest.raises(MachineError, match=r"another run has held er 7 for"):
        locked_within(path, 7, 0.05)
    first.release()
    again = locked_within(path, 7, 20)
    assert try_lock(path, 7) is None
    again.release()


def test_every_byte_is_a_lock_of_its_own_in_one_file(tmp_path):
    locks = [try_lock(tmp_path / "port", byte) for byte in (0, 1, 20_000, 65_535)]
    assert None not in locks
    assert [each.name for each in tmp_path.iterdir()] == ["port"]
    for lock in locks:
        lock.release()


def test_who_waits_has_it_as_soon_as_it_is_free(tmp_path, python, printed):
    path = tmp_path / "port"
    holder = holding(path, python, printed)
    with ThreadPoolExecutor() as pool:
        waiting = pool.submit(locked_within, path, 9, 20)
        assert not waiting.done()
        holder.stop()
        lock = waiting.result()
    assert try_lock(path, 9) is None  # it is ours, though the child that waited is gone
    lock.release()


def test_it_is_free_when_its_holder_ends(tmp_path, python, printed):
    path = tmp_path / "port"
    holder = holding(path, python, printed)
    assert try_lock(path, 9) is None
    holder.stop()
    lock = try_lock(path, 9)
    assert lock is not None
    lock.release()


def holding(path, python, printed):
    """Starts a program that holds byte 9."""
    text = (
        f"import sys; sys.path.insert(0, {str(ROOT)!r}); from pathlib import Path\n"
        "from harness.target.lockfile import try_lock\n"
        "import os, signal; lock = try_lock(Path(sys.argv[1]), 9)\n"
        "os.write(1, b'held'); signal.pause()"
    )
    holder = python(text, path)
    printed(holder, b"held")
    return holder


def test_a_whole_file_is_locked_for_one_at_a_time(tmp_path):
    path = tmp_path / "build.lock"
    order = []

    def second():
        with locked(path):
            order.append("second")

    with ThreadPoolExecutor() as pool:
        with locked(path):
            waiting = pool.submit(second)
            order.append("first")
        waiting.result(20)
    assert order == ["first", "second"]


def test_a_lock_that_cannot_be_opened_is_told(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(MachineError, match="cannot open the lock"):
        try_lock(tmp_path / "file" / "lock", 0)

"""Lock files: one holder at a time among all processes of this machine.

Belongs here: flock(2) with and without waiting. Must not know: what is locked. The kernel
lets go when the holder ends, however it ends.
"""

from __future__ import annotations

import fcntl
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from harness.errors import MachineError


class Lock:
    """A lock that is held until released."""

    def __init__(self, fd: int) -> None:
        self._fd = fd

    def release(self) -> None:
        """Lets go."""
        os.close(self._fd)


def try_lock(path: Path) -> Lock | None:
    """Returns the lock, None where another holds it."""
    fd = _opened(path)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(fd)
        return None
    return Lock(fd)


def locked_within(path: Path, seconds: float) -> Lock:
    """Returns the lock as soon as no other holds it. Raises: MachineError when that is too late.

    flock() has no deadline of its own: a child waits in it and hands the lock over, since a
    lock belongs to the open file that both share.
    """
    fd = _opened(path)
    waiter = subprocess.Popen(["flock", str(fd)], pass_fds=[fd])
    try:
        waiter.wait(seconds)
    except subprocess.TimeoutExpired as exc:
        waiter.kill()
        waiter.wait()
        os.close(fd)
        raise MachineError(f"another run has held {path.name} for {seconds:.0f} s") from exc
    return Lock(fd)


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Holds the lock; waits for it as long as another has it."""
    fd = _opened(path)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX)
        yield
    finally:
        os.close(fd)


def _opened(path: Path) -> int:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as exc:
        raise MachineError(f"cannot open the lock {path}: {exc.strerror}") from exc

"""Lock files: one holder at a time among all processes of this machine.

Belongs here: locks of files, folders and single bytes, with and without waiting. Must not know:
what is locked. The kernel lets go when the holder ends, however it ends.
"""

from __future__ import annotations

import fcntl
import os
import struct
import subprocess
import sys
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


def try_lock(path: Path, byte: int) -> Lock | None:
    """Returns the lock of one byte of the file, None where another holds it."""
    fd = _opened(path)
    try:
        fcntl.fcntl(fd, fcntl.F_OFD_SETLK, _one(byte))
    except BlockingIOError:
        os.close(fd)
        return None
    except OSError as exc:
        os.close(fd)
        raise MachineError(f"cannot lock {path}: {exc.strerror}") from exc
    return Lock(fd)


def locked_within(path: Path, byte: int, seconds: float) -> Lock:
    """Returns the lock as soon as no other holds it. Raises: MachineError when that is too late.

    fcntl() has no deadline of its own: a child waits in it and hands the lock over, since a
    lock belongs to the open file that both share (F_OFD_SETLKW of fcntl(2)).
    """
    lock = try_lock(path, byte)
    if lock is not None:
        return lock
    fd = _opened(path)
    command = [sys.executable, "-I", "-S", "-c", _WAIT, str(fd), _one(byte).hex()]
    waiter = subprocess.Popen(command, pass_fds=[fd])
    try:
        status = waiter.wait(seconds)
    except BaseException as exc:
        waiter.kill()
        waiter.wait()
        os.close(fd)
        if not isinstance(exc, subprocess.TimeoutExpired):
            raise
        told = f"another run has held {path.name} {byte} for {seconds:.0f} s"
        raise MachineError(told) from exc
    if status:
        os.close(fd)
        raise MachineError(f"cannot wait for the lock {path}: its process ended with {status}")
    return Lock(fd)


_WAIT = (
    "import fcntl, sys\n"
    "fcntl.fcntl(int(sys.argv[1]), fcntl.F_OFD_SETLKW, bytes.fromhex(sys.argv[2]))"
)


def _one(byte: int) -> bytes:
    """Returns struct flock: a write lock from this byte on, one long, of no process."""
    return struct.pack("hhqqi4x", fcntl.F_WRLCK, os.SEEK_SET, byte, 1, 0)


def try_lock_folder(path: Path) -> Lock | None:
    """Returns the lock of a folder, None where another holds it. Raises: OSError."""
    fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(fd)
        return None
    except OSError:
        os.close(fd)
        raise
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

"""Mounts: what a target sees of the machine's files, and what it may change.

Belongs here: mount(2) and its kin, and the usual view: all that there is, read-only, but for
a working folder and some scratch. Must not know: targets. Runs inside a lab; of this
project it imports what lies beside it.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
from collections.abc import Iterable

from harness.network.lab.namespaces import NEWNS, call

BIND, REC = 0x1000, 0x4000  # linux/mount.h
SCRATCH = b"size=64m,nr_inodes=20k,mode=1777"

_RDONLY, _NOSUID, _NODEV, _NOEXEC, _PRIVATE = 1, 2, 4, 8, 0x40000
_DETACH = 2  # MNT_DETACH
_AT_FDCWD, _AT_RECURSIVE = -100, 0x8000
_MOUNT_SETATTR = 442  # the same number on every architecture (since Linux 5.12)


class _Attributes(ctypes.Structure):  # struct mount_attr
    _fields_ = tuple((name, ctypes.c_uint64) for name in ("set", "clear", "way", "user"))


def show_own_processes() -> None:
    """Mounts the /proc of the pid namespace, in process 1 of it. Raises: OSError."""
    _call_mount(None, "/", None, REC | _PRIVATE, b"")
    _call_mount("proc", "/proc", "proc", _NOSUID | _NODEV | _NOEXEC, b"")


def own() -> None:
    """Gives this process mounts of its own. Raises: OSError."""
    call("unshare", NEWNS)


def scratch(where: str, data: bytes = SCRATCH) -> None:
    """Mounts an empty file system in memory. Raises: OSError."""
    _call_mount("tmpfs", where, "tmpfs", _NOSUID | _NODEV, data)


def bind(what: str, where: str) -> None:
    """Shows a file or folder at another place too, with all that is mounted below it."""
    _call_mount(what, where, None, BIND | REC, b"")


def guard_files(writable: str) -> None:
    """Makes all that this process can see read-only, but for one folder and some scratch.

    The scratch is /tmp, which shows what lies there and keeps nothing, and /dev/shm. Where
    the kernel has no way to do one of these, the rest is done. Raises: OSError.
    """
    own()
    kept = os.open(writable, os.O_PATH | os.O_CLOEXEC)
    with contextlib.suppress(OSError):
        scratch("/dev/shm")
    with contextlib.suppress(OSError):
        _cover("/tmp")
    bind(f"/proc/self/fd/{kept}", writable)
    os.close(kept)
    all_read_only_but(("/dev/shm", "/tmp", writable))


def all_read_only_but(kept: Iterable[str]) -> None:
    """Makes every mount read-only but some; those that are none stay so. Raises: OSError."""
    _set_read_only("/", True, _AT_RECURSIVE)
    for each in kept:
        with contextlib.suppress(OSError):
            _set_read_only(each, False)


def change_root(root: str) -> None:
    """Makes a mount the root, and leaves everything else behind. Raises: OSError."""
    os.chdir(root)
    call("pivot_root", b".", b".")
    call("umount2", b".", _DETACH)
    os.chdir("/")


def _cover(folder: str) -> None:
    """Lays an empty layer over a folder, which takes all that is written there."""
    below = os.open(folder, os.O_PATH | os.O_CLOEXEC)
    try:
        scratch(folder)
        for name in ("layer", "work"):
            os.mkdir(f"{folder}/{name}")
        os.chmod(f"{folder}/layer", os.stat(below).st_mode & 0o7777)
        layers = f"lowerdir=/proc/self/fd/{below},upperdir={folder}/layer,workdir={folder}/work"
        try:
            _call_mount("overlay", folder, "overlay", _NOSUID | _NODEV, layers.encode())
        except OSError:
            call("umount2", folder.encode(), 0)
            raise
    finally:
        os.close(below)


def _call_mount(what: str | None, where: str, kind: str | None, flags: int, data: bytes) -> None:
    call(
        "mount", what.encode() if what else None, where.encode(),
        kind.encode() if kind else None, ctypes.c_ulong(flags), data or None,
    )  # fmt: skip


def _set_read_only(where: str, on: bool, flags: int = 0) -> None:
    wanted = _Attributes(_RDONLY if on else 0, 0 if on else _RDONLY, 0, 0)
    call(
        "syscall", _MOUNT_SETATTR, _AT_FDCWD, where.encode(), flags,
        ctypes.byref(wanted), ctypes.sizeof(wanted),
    )  # fmt: skip

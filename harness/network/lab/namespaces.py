"""Namespaces: entered without root, and what a target may still do inside of them.

Belongs here: the system calls that Python has no name for (unshare, mount, capset, prctl),
each raising OSError. Must not know: links, orders, targets. This module runs in small
processes that are forked: of this project it imports nothing, of Python little.

Everybody may make a user namespace (where the machine's owner has not forbidden it) and has
all capabilities inside; all the other namespaces are made by these capabilities and belong
to it. User and group ids stay what they are, so that exec takes the capabilities away and
files look as they do outside.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
from typing import NoReturn

_NEWNS, _NEWIPC, _NEWUSER, _NEWPID, NEWNET = (  # linux/sched.h
    0x20000, 0x8000000, 0x10000000, 0x20000000, 0x40000000,
)  # fmt: skip
_MS_RDONLY, _MS_NOSUID, _MS_NODEV, _MS_NOEXEC = 1, 2, 4, 8  # linux/mount.h
_MS_BIND, _MS_REC, _MS_PRIVATE = 0x1000, 0x4000, 0x40000
_AT_FDCWD, _AT_RECURSIVE = -100, 0x8000
_MOUNT_SETATTR = 442  # the same number on every architecture (since Linux 5.12)
_PR_CAPBSET_DROP, _PR_SET_SECUREBITS, _PR_SET_NO_NEW_PRIVS, _PR_CAP_AMBIENT = 24, 28, 38, 47
_CLEAR_ALL = 4  # PR_CAP_AMBIENT_CLEAR_ALL
_NO_ROOT = 0x2F  # SECBIT_NOROOT, NO_SETUID_FIXUP, KEEP_CAPS, all but the last one set, all locked
_CAPABILITIES_3 = 0x20080522  # linux/capability.h
_SCRATCH = b"size=64m,nr_inodes=20k,mode=1777"

_libc = ctypes.CDLL(None, use_errno=True)


def _call(name: str, *arguments: object) -> int:
    result: int = getattr(_libc, name)(*arguments)
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{name}: {os.strerror(number)}")
    return result


def write(path: str, text: str) -> None:
    """Writes a file of /proc in one write. Raises: OSError."""
    opened = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
    try:
        os.write(opened, text.encode())
    finally:
        os.close(opened)


# -- entering ------------------------------------------------------------------------------


def leave_for_new(pids: bool) -> None:
    """Moves this process to a user and a network namespace of its own.

    With `pids` its next child becomes process 1 of a new pid namespace, and mounts and
    System V queues are its own too. Raises: OSError.
    """
    uid, gid = os.getuid(), os.getgid()
    _call("unshare", _NEWUSER | NEWNET | ((_NEWPID | _NEWNS | _NEWIPC) if pids else 0))
    with contextlib.suppress(FileNotFoundError):  # before Linux 3.19
        write("/proc/self/setgroups", "deny")
    write("/proc/self/uid_map", f"{uid} {uid} 1")
    write("/proc/self/gid_map", f"{gid} {gid} 1")


def show_own_processes() -> None:
    """Mounts the /proc of the pid namespace, in process 1 of it. Raises: OSError."""
    _mount(None, "/", None, _MS_REC | _MS_PRIVATE)
    _mount("proc", "/proc", "proc", _MS_NOSUID | _MS_NODEV | _MS_NOEXEC)


def another_network() -> int:
    """Makes a network namespace, moves there, returns a descriptor of it. Raises: OSError."""
    _call("unshare", NEWNET)
    return this_network()


def this_network() -> int:
    """Returns a descriptor of the network namespace that this process is in."""
    return os.open("/proc/self/ns/net", os.O_RDONLY | os.O_CLOEXEC)


def go_to(network: int) -> None:
    """Moves this process to a network namespace. Raises: OSError."""
    _call("setns", network, NEWNET)


# -- what a target may do ----------------------------------------------------------------------


def confine_files(writable: str) -> None:
    """Makes all that this process can see read-only, but for one folder and some scratch.

    The scratch is /tmp, which shows what lies there and keeps nothing, and /dev/shm. Where
    the kernel has no way to do one of these, the rest is done. Raises: OSError.
    """
    _call("unshare", _NEWNS)
    kept = os.open(writable, os.O_PATH | os.O_CLOEXEC)
    with contextlib.suppress(OSError):
        _mount("tmpfs", "/dev/shm", "tmpfs", _MS_NOSUID | _MS_NODEV, _SCRATCH)
    scratch = ["/dev/shm"]
    with contextlib.suppress(OSError):
        _cover("/tmp")
        scratch.append("/tmp")
    _mount(f"/proc/self/fd/{kept}", writable, None, _MS_BIND)
    os.close(kept)
    _read_only("/", True, _AT_RECURSIVE)
    for each in (*scratch, writable):
        with contextlib.suppress(OSError):
            _read_only(each, False)


def _cover(folder: str) -> None:
    """Lays an empty layer over a folder, which takes all that is written there."""
    below = os.open(folder, os.O_PATH | os.O_CLOEXEC)
    try:
        _mount("tmpfs", folder, "tmpfs", _MS_NOSUID | _MS_NODEV, _SCRATCH)
        for name in ("layer", "work"):
            os.mkdir(f"{folder}/{name}")
        os.chmod(f"{folder}/layer", os.stat(below).st_mode & 0o7777)
        layers = f"lowerdir=/proc/self/fd/{below},upperdir={folder}/layer,workdir={folder}/work"
        try:
            _mount("overlay", folder, "overlay", _MS_NOSUID | _MS_NODEV, layers.encode())
        except OSError:
            _call("umount2", folder.encode(), 0)
            raise
    finally:
        os.close(below)


def _mount(what: str | None, where: str, kind: str | None, flags: int, data: bytes = b"") -> None:
    _call(
        "mount", what.encode() if what else None, where.encode(),
        kind.encode() if kind else None, ctypes.c_ulong(flags), data or None,
    )  # fmt: skip


def _read_only(where: str, on: bool, flags: int = 0) -> None:
    class Attributes(ctypes.Structure):  # struct mount_attr, linux/mount.h
        _fields_ = tuple((name, ctypes.c_uint64) for name in ("set", "clear", "way", "user"))

    wanted = Attributes(_MS_RDONLY if on else 0, 0 if on else _MS_RDONLY, 0, 0)
    _call(
        "syscall", _MOUNT_SETATTR, _AT_FDCWD, where.encode(), flags,
        ctypes.byref(wanted), ctypes.sizeof(wanted),
    )  # fmt: skip


def give_up_rights() -> None:
    """Gives up every capability, for this process and all that it starts. Raises: OSError.

    Not even root's set-user-id programs bring one back.
    """
    with open("/proc/sys/kernel/cap_last_cap") as told:
        last = int(told.read())
    for capability in range(last + 1):
        _libc.prctl(_PR_CAPBSET_DROP, capability, 0, 0, 0)
    _libc.prctl(_PR_CAP_AMBIENT, _CLEAR_ALL, 0, 0, 0)
    _libc.prctl(_PR_SET_SECUREBITS, _NO_ROOT, 0, 0, 0)
    header = (ctypes.c_uint32 * 2)(_CAPABILITIES_3, 0)
    _call("capset", header, (ctypes.c_uint32 * 6)())
    _call("prctl", _PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)


def end() -> NoReturn:
    """Ends this process at once; as process 1 it takes all of its namespace with it."""
    os._exit(0)

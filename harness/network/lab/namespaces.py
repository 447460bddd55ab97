"""Namespaces: entered without root, and what a target may still do inside of them.

Belongs here: the system calls that Python has no name for (unshare, capset, prctl), each
raising OSError. Must not know: links, orders, targets. This module runs in small
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

NEWNS, _NEWIPC, _NEWUSER, _NEWPID, NEWNET = (  # linux/sched.h
    0x20000, 0x8000000, 0x10000000, 0x20000000, 0x40000000,
)  # fmt: skip
_PR_CAPBSET_DROP, _PR_SET_SECUREBITS, _PR_SET_NO_NEW_PRIVS, _PR_CAP_AMBIENT = 24, 28, 38, 47
_CLEAR_ALL = 4  # PR_CAP_AMBIENT_CLEAR_ALL
_NO_ROOT = 0x2F  # SECBIT_NOROOT, NO_SETUID_FIXUP, KEEP_CAPS, all but the last one set, all locked
_CAPABILITIES_3 = 0x20080522  # linux/capability.h
_KEYCTL = {"x86_64": 250, "aarch64": 219}.get(os.uname().machine)  # a system call
_JOIN_SESSION_KEYRING = 1  # linux/keyctl.h

_libc = ctypes.CDLL(None, use_errno=True)


def call(name: str, *arguments: object) -> int:
    """Calls a function of the C library. Raises: OSError where it returns less than 0."""
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
    call("unshare", _NEWUSER | NEWNET | ((_NEWPID | NEWNS | _NEWIPC) if pids else 0))
    with contextlib.suppress(FileNotFoundError):  # before Linux 3.19
        write("/proc/self/setgroups", "deny")
    write("/proc/self/uid_map", f"{uid} {uid} 1")
    write("/proc/self/gid_map", f"{gid} {gid} 1")


def another_network() -> int:
    """Makes a network namespace, moves there, returns a descriptor of it. Raises: OSError."""
    call("unshare", NEWNET)
    return this_network()


def this_network() -> int:
    """Returns a descriptor of the network namespace that this process is in."""
    return os.open("/proc/self/ns/net", os.O_RDONLY | os.O_CLOEXEC)


def forbid_more() -> None:
    """Lets nobody in this user namespace make another one. Raises: OSError."""
    write("/proc/sys/user/max_user_namespaces", "0")


def number_processes(most: int) -> None:
    """Lets a pid namespace have so many threads in all, root's too (since Linux 6.14)."""
    write("/proc/sys/kernel/pid_max", str(most))


def go_to(network: int) -> None:
    """Moves this process to a network namespace. Raises: OSError."""
    call("setns", network, NEWNET)


# -- what a target may do ----------------------------------------------------------------------


def give_up_rights() -> None:
    """Gives up every capability, and the session's keys, for this process and all that it starts.

    Not even root's set-user-id programs bring one back. Raises: OSError.
    """
    with open("/proc/sys/kernel/cap_last_cap") as told:
        last = int(told.read())
    for capability in range(last + 1):
        _libc.prctl(_PR_CAPBSET_DROP, capability, 0, 0, 0)
    _libc.prctl(_PR_CAP_AMBIENT, _CLEAR_ALL, 0, 0, 0)
    _libc.prctl(_PR_SET_SECUREBITS, _NO_ROOT, 0, 0, 0)
    header = (ctypes.c_uint32 * 2)(_CAPABILITIES_3, 0)
    call("capset", header, (ctypes.c_uint32 * 6)())
    call("prctl", _PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    if _KEYCTL is not None:  # a new one: keys of the session that it was started in are passed on
        _libc.syscall(_KEYCTL, _JOIN_SESSION_KEYRING, None)

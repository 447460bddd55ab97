"""Landlock: a process gives up, for itself and all below it, what it does not need.

Belongs here: the three system calls of landlock(7), by the version that the kernel speaks.
Must not know: what a target needs. Runs in the keeper; of this project it imports nothing.
"""

from __future__ import annotations

import ctypes
import errno
import os
import stat
from collections.abc import Iterable

# The same numbers on every architecture (since Linux 5.13).
_CREATE, _ADD_RULE, _RESTRICT = 444, 445, 446
_VERSION = 1  # LANDLOCK_CREATE_RULESET_VERSION
_PATH_BENEATH, _NET_PORT = 1, 2
_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR = 1, 2, 4, 8
_READ = _EXECUTE | _READ_FILE | _READ_DIR
_ON_FILES = _EXECUTE | _WRITE_FILE | _READ_FILE | 1 << 14 | 1 << 15  # truncate, ioctl on devices
# How many rights on files each version knows, beginning with the first.
_RIGHTS = (13, 14, 15, 15, 16)
_BIND_TCP, _CONNECT_TCP = 1, 2  # from version 4
_SCOPES = 3  # abstract sockets and signals of others, from version 6

_libc = ctypes.CDLL(None, use_errno=True)


class _Ruleset(ctypes.Structure):
    _fields_ = tuple((name, ctypes.c_uint64) for name in ("files", "network", "scopes"))


class _Beneath(ctypes.Structure):
    _pack_ = 1
    _fields_ = (("allowed", ctypes.c_uint64), ("parent", ctypes.c_int32))


class _Port(ctypes.Structure):
    _fields_ = (("allowed", ctypes.c_uint64), ("port", ctypes.c_uint64))


def version() -> int:
    """Returns the version of Landlock that this kernel speaks, 0 for none."""
    return max(0, int(_libc.syscall(_CREATE, None, 0, _VERSION)))


def restrict(
    readable: Iterable[str],
    writable: Iterable[str],
    shared: Iterable[str],
    binds: Iterable[int],
    calls: Iterable[int],
) -> None:
    """Leaves what lies below some paths, and TCP ports to bind and to connect to.

    What is `shared` with others can be written to and not listed.
    For this process and all that it starts from now on; new privileges have to be given up
    already (PR_SET_NO_NEW_PRIVS). Paths that are not there are left out. Raises: OSError.
    """
    known = version()
    if not known:
        raise OSError(errno.ENOSYS, "this kernel has no Landlock")
    rights = (1 << _RIGHTS[min(known, len(_RIGHTS)) - 1]) - 1
    wanted = _Ruleset(
        rights, (_BIND_TCP | _CONNECT_TCP) if known >= 4 else 0, _SCOPES if known >= 6 else 0
    )
    rules = _ruleset(wanted, known)
    try:
        for path in readable:
            _allow_path(rules, path, _READ & rights)
        for path in writable:
            _allow_path(rules, path, rights)
        for path in shared:
            _allow_path(rules, path, rights & ~_READ_DIR)
        if known >= 4:
            for allowed, ports in ((_BIND_TCP, binds), (_CONNECT_TCP, calls)):
                for port in ports:
                    rule = _Port(allowed, port)
                    _checked(_libc.syscall(_ADD_RULE, rules, _NET_PORT, ctypes.byref(rule), 0))
        _checked(_libc.syscall(_RESTRICT, rules, 0))
    finally:
        os.close(rules)


def scope() -> None:
    """Keeps this process from signalling, tracing and calling those that are not below it.

    As far as the kernel can (since Linux 6.12). Raises: OSError.
    """
    known = version()
    if known >= 6:
        rules = _ruleset(_Ruleset(0, 0, _SCOPES), known)
        try:
            _checked(_libc.syscall(_RESTRICT, rules, 0))
        finally:
            os.close(rules)


def _ruleset(wanted: _Ruleset, known: int) -> int:
    size = 8 if known < 4 else 16 if known < 6 else 24
    return _checked(_libc.syscall(_CREATE, ctypes.byref(wanted), size, 0))


def _allow_path(rules: int, path: str, allowed: int) -> None:
    try:
        opened = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except FileNotFoundError:
        return
    try:
        if not stat.S_ISDIR(os.fstat(opened).st_mode):
            allowed &= _ON_FILES
        rule = _Beneath(allowed, opened)
        _checked(_libc.syscall(_ADD_RULE, rules, _PATH_BENEATH, ctypes.byref(rule), 0))
    finally:
        os.close(opened)


def _checked(result: int) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"landlock: {os.strerror(number)}")
    return result

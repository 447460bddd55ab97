"""System calls in which a thread can wait, read from /proc/PID/task/TID/syscall.

Belongs here: which call it is, what it waits on, what bounds the wait. Must not know: what
several threads prove together. A call that is not in the table is no wait that we
understand.
"""

from __future__ import annotations

import enum
import os
import platform
import struct
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass


class Limit(enum.Enum):
    """How an argument bounds a wait."""

    NONE = enum.auto()
    MILLISECONDS = enum.auto()  # an int, below 0: for ever
    TIMESPEC = enum.auto()  # a pointer, NULL: for ever
    TIMEVAL = enum.auto()
    FUTEX = enum.auto()  # a pointer whose meaning depends on the operation
    ALWAYS = enum.auto()  # a sleep; the argument is a timespec
    KEPT = enum.auto()  # by the kernel, which does not tell it


class Source(enum.Enum):
    """What a wait is ended by, beside signals."""

    NOTHING = enum.auto()  # another thread, or a child
    ONE = enum.auto()  # the descriptor in the first argument
    POLL = enum.auto()  # an array of struct pollfd
    SELECT = enum.auto()  # bit sets
    EPOLL = enum.auto()  # what is registered with the descriptor in the first argument
    SIGNALS = enum.auto()  # a set of signals


@dataclass(frozen=True, slots=True)
class Call:
    """One system call that may wait. `argument` is where its limit stands."""

    name: str
    source: Source
    limit: Limit = Limit.NONE
    argument: int = 0


@dataclass(frozen=True, slots=True)
class Wait:
    """A thread that waits.

    `on` are the descriptors of its process that wake it, each with whether that is for
    writing too. `seconds`: at most so long; None: for ever. `stirs`: why it may end by itself
    though nobody can tell when, "" where it does not.
    """

    call: str
    on: Mapping[int, bool]
    seconds: float | None = None
    stirs: str = ""


@dataclass(frozen=True, slots=True)
class Limited:
    """Something that ends a wait by itself, within `seconds`; None: it cannot be told when."""

    seconds: float | None
    why: str


class UnknownWaitError(Exception):
    """A thread is in something that cannot be judged; the text says in what."""


class StirringError(Exception):
    """A thread runs or is about to; the text says why."""


_CALLS = {
    each.name: each
    for each in (
        Call("read", Source.ONE),
        Call("readv", Source.ONE),
        Call("recvfrom", Source.ONE),
        Call("recvmsg", Source.ONE),
        Call("recvmmsg", Source.ONE, Limit.TIMESPEC, 4),
        Call("accept", Source.ONE),
        Call("accept4", Source.ONE),
        Call("poll", Source.POLL, Limit.MILLISECONDS, 2),
        Call("ppoll", Source.POLL, Limit.TIMESPEC, 2),
        Call("select", Source.SELECT, Limit.TIMEVAL, 4),
        Call("pselect6", Source.SELECT, Limit.TIMESPEC, 4),
        Call("epoll_wait", Source.EPOLL, Limit.MILLISECONDS, 3),
        Call("epoll_pwait", Source.EPOLL, Limit.MILLISECONDS, 3),
        Call("epoll_pwait2", Source.EPOLL, Limit.TIMESPEC, 3),
        Call("futex", Source.NOTHING, Limit.FUTEX, 3),
        Call("wait4", Source.NOTHING),
        Call("waitid", Source.NOTHING),
        Call("pause", Source.NOTHING),
        Call("rt_sigsuspend", Source.NOTHING),
        Call("rt_sigtimedwait", Source.SIGNALS, Limit.TIMESPEC, 2),
        Call("nanosleep", Source.NOTHING, Limit.ALWAYS, 0),
        Call("clock_nanosleep", Source.NOTHING, Limit.ALWAYS, 2),
        # A sleep, poll or futex that SIGSTOP or a debugger has interrupted goes on in this one.
        Call("restart_syscall", Source.NOTHING, Limit.KEPT),
    )
}

# arch/x86/entry/syscalls/syscall_64.tbl and include/uapi/asm-generic/unistd.h
_NUMBERS: Mapping[str, Mapping[int, str]] = {
    "x86_64": {
        0: "read", 7: "poll", 19: "readv", 23: "select", 34: "pause", 35: "nanosleep",
        43: "accept", 45: "recvfrom", 47: "recvmsg", 61: "wait4", 128: "rt_sigtimedwait",
        130: "rt_sigsuspend", 202: "futex", 219: "restart_syscall", 230: "clock_nanosleep",
        232: "epoll_wait", 247: "waitid", 270: "pselect6", 271: "ppoll", 281: "epoll_pwait",
        288: "accept4", 299: "recvmmsg", 441: "epoll_pwait2",
    },
    "aarch64": {
        22: "epoll_pwait", 63: "read", 65: "readv", 72: "pselect6", 73: "ppoll", 95: "waitid",
        98: "futex", 101: "nanosleep", 115: "clock_nanosleep", 128: "restart_syscall",
        133: "rt_sigsuspend", 137: "rt_sigtimedwait", 202: "accept", 207: "recvfrom",
        212: "recvmsg", 242: "accept4", 243: "recvmmsg", 260: "wait4", 441: "epoll_pwait2",
    },
}  # fmt: skip
_HERE = _NUMBERS.get(platform.machine(), {})

SIGALRM = 1 << 13
"""Its bit in a set of signals."""

_WRITES = 4  # POLLOUT and EPOLLOUT
_MOST = 4096  # descriptors in one call; whoever has more is not judged
_WORD = 1 << 32


def read_wait(pid: int, text: bytes) -> Wait | None:
    """Returns what a thread waits for by what its `syscall` file says, None where it runs.

    Raises: UnknownWaitError; OSError where the process is gone or may not be looked into.
    """
    words = text.split()
    if len(words) < 9:  # "running", or "-1": stopped outside of any call
        return None
    if int(words[7], 16) < _WORD:  # the stack pointer of a 32-bit program: other numbers
        raise UnknownWaitError("it is a 32-bit program")
    call = _CALLS.get(_HERE.get(int(words[0]), ""))
    if call is None:
        raise UnknownWaitError(f"it is in system call {int(words[0])}")
    arguments = [int(word, 16) for word in words[1:7]]
    return Wait(
        call=call.name,
        on=_descriptors(pid, call.source, arguments),
        seconds=_seconds(pid, call, arguments),
        stirs=_stirs(pid, call, arguments),
    )


# -- what it waits on ----------------------------------------------------------------------


def _descriptors(pid: int, source: Source, arguments: list[int]) -> Mapping[int, bool]:
    first = arguments[0] & 0xFFFFFFFF
    if source is Source.ONE:
        return {first: False}
    if source is Source.POLL:
        return _polled(pid, arguments[0], arguments[1] & 0xFFFFFFFF)
    if source is Source.SELECT:
        return _selected(pid, first, arguments[1], arguments[2])
    if source is Source.EPOLL:
        return _registered(pid, first)
    return {}


def _polled(pid: int, address: int, count: int) -> Mapping[int, bool]:
    entries = struct.iter_unpack("=ihh", _memory(pid, address, 8 * _bounded(count)))
    return {number: bool(events & _WRITES) for number, events, _ in entries if number >= 0}


def _selected(pid: int, count: int, reads: int, writes: int) -> Mapping[int, bool]:
    reading, writing = (_bits(pid, address, count) for address in (reads, writes))
    both = reading | writing
    return {number: bool(writing >> number & 1) for number in range(count) if both >> number & 1}


def _bits(pid: int, address: int, count: int) -> int:
    size = 8 * ((_bounded(count) + 63) // 64)
    return int.from_bytes(_memory(pid, address, size), sys.byteorder) if address else 0


def _registered(pid: int, descriptor: int) -> Mapping[int, bool]:
    """Reads fdinfo's lines `tfd: NUMBER events: MASK data: ...`."""
    found = {}
    with open(f"/proc/{pid}/fdinfo/{descriptor}", "rb") as lines:  # noqa: PTH123 - a hot path
        for line in lines:
            if line.startswith(b"tfd:"):
                words = line.split()
                found[int(words[1])] = bool(int(words[3], 16) & _WRITES)
    return found


def _bounded(count: int) -> int:
    if count > _MOST:
        raise UnknownWaitError(f"it waits on {count} descriptors at once")
    return count


# -- what bounds it ------------------------------------------------------------------------


def _seconds(pid: int, call: Call, arguments: list[int]) -> float | None:
    value = arguments[call.argument]
    if call.limit is Limit.MILLISECONDS:
        value &= 0xFFFFFFFF
        return None if value & 0x80000000 else value / 1000
    if call.limit in (Limit.NONE, Limit.KEPT) or value == 0:
        return None
    if call.limit is Limit.FUTEX:
        return _futex_seconds(pid, arguments[1], value)
    whole, part = _pair(pid, value)
    if call.name == "clock_nanosleep" and arguments[1] & 1:  # TIMER_ABSTIME, of some clock
        return max(0.0, whole + part / 1e9 - time.clock_gettime(arguments[0] & 0x7FFFFFFF))
    return whole + part / (1e6 if call.limit is Limit.TIMEVAL else 1e9)


def _futex_seconds(pid: int, operation: int, address: int) -> float:
    """FUTEX_WAIT takes a span, all others a point in time (futex(2))."""
    whole, part = _pair(pid, address)
    seconds = whole + part / 1e9
    command = operation & 0x7F
    if command == 0:
        return seconds
    realtime = command == 6 or operation & 0x100  # FUTEX_LOCK_PI, FUTEX_CLOCK_REALTIME
    return max(0.0, seconds - (time.time() if realtime else time.monotonic()))


def _stirs(pid: int, call: Call, arguments: list[int]) -> str:
    if call.limit is Limit.KEPT:
        return "a call that was interrupted goes on, perhaps with a limit"
    if call.source is Source.SIGNALS and _word(pid, arguments[0]) & SIGALRM:
        return "it waits for SIGALRM"
    return ""


# -- its memory ----------------------------------------------------------------------------


def _pair(pid: int, address: int) -> tuple[int, int]:
    whole, part = struct.unpack("=qq", _memory(pid, address, 16))
    return int(whole), int(part)


def _word(pid: int, address: int) -> int:
    return int.from_bytes(_memory(pid, address, 8), "little")


def _memory(pid: int, address: int, size: int) -> bytes:
    """Reads the memory of a process. Raises: OSError, UnknownWaitError where it is not there."""
    descriptor = os.open(f"/proc/{pid}/mem", os.O_RDONLY)
    try:
        data = os.pread(descriptor, size, address)
    finally:
        os.close(descriptor)
    if len(data) != size:
        raise UnknownWaitError("its memory cannot be read")
    return data

"""Rest: proof that a target waits for more and will do nothing by itself.

Belongs here: looks at every thread of a target through /proc. Must not know: what is
awaited. The rule is one-sided: RESTS is only said where nothing but an arrival can wake
any thread; whatever is not understood is something else.

A thread rests when its state is S, it sits in a system call that waits without a time
limit, and neither it nor its process has a timer armed. State S is needed beside the
system call: a thread that was woken and not yet run still shows the call it slept in.
The whole target rests when two looks find the same threads with the same run counts.
"""

from __future__ import annotations

import ctypes
import enum
import os
import platform
import socket
import struct
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

from harness.target.process import Process

_ARM = platform.machine() == "aarch64"


class Kind(enum.Enum):
    """What a look says."""

    RESTS = "rests"
    TIMED = "waits with a time limit"
    BUSY = "is busy"
    UNKNOWN = "cannot be told"
    GONE = "is gone"


@dataclass(frozen=True, slots=True)
class Proof:
    """The result of a look: `evidence` in words, `threads` their run counts."""

    kind: Kind
    evidence: str = ""
    threads: tuple[tuple[int, bytes], ...] = ()


def _numbers(x86: dict[str, int], arm: dict[str, int]) -> dict[int, str]:
    return {number: name for name, number in (arm if _ARM else x86).items()}


# System calls that wait for an arrival, and the argument that bounds the wait (None: none).
_CALLS = _numbers(
    {
        "read": 0, "poll": 7, "readv": 19, "select": 23, "pause": 34, "accept": 43,
        "recvfrom": 45, "recvmsg": 47, "wait4": 61, "rt_sigtimedwait": 128,
        "rt_sigsuspend": 130, "futex": 202, "epoll_wait": 232, "waitid": 247,
        "pselect6": 270, "ppoll": 271, "epoll_pwait": 281, "accept4": 288,
        "recvmmsg": 299, "epoll_pwait2": 441,
    },
    {
        "epoll_pwait": 22, "read": 63, "readv": 65, "pselect6": 72, "ppoll": 73, "waitid": 95,
        "futex": 98, "rt_sigsuspend": 133, "rt_sigtimedwait": 137, "accept": 202,
        "recvfrom": 207, "recvmsg": 212, "accept4": 242, "recvmmsg": 243, "wait4": 260,
        "epoll_pwait2": 441,
    },
)  # fmt: skip
_POINTERS = {
    "select": 4, "pselect6": 4, "ppoll": 2, "futex": 3, "rt_sigtimedwait": 2, "recvmmsg": 4,
    "epoll_pwait2": 3,
}  # fmt: skip
_MILLISECONDS = {"poll": 2, "epoll_wait": 3, "epoll_pwait": 3}
_ON_A_SOCKET = ("read", "readv", "accept", "accept4", "recvfrom", "recvmsg", "recvmmsg")
_PIDFD_GETFD = 438
_SIGALRM = 1 << 13


def prove(process: Process) -> Proof:
    """Looks at all threads twice and says what they prove together."""
    pids = process.pids()
    if not pids:
        return Proof(Kind.GONE)
    first = _look(pids)
    if first.kind is not Kind.RESTS:
        return first
    second = _look(process.pids())
    if second.kind is Kind.RESTS and second.threads != first.threads:
        return Proof(Kind.BUSY, "it ran between two looks")
    return second


def _look(pids: tuple[int, ...]) -> Proof:
    threads: list[tuple[int, bytes]] = []
    calls: list[str] = []
    for pid in pids:
        try:
            for tid in sorted(map(int, os.listdir(f"/proc/{pid}/task"))):
                where = f"/proc/{pid}/task/{tid}"
                told = _thread(pid, where)
                if isinstance(told, Proof):
                    return told
                calls.append(told)
                threads.append((tid, _read(f"{where}/schedstat").split()[2]))
            armed = _timers(pid)
        except (OSError, IndexError, ValueError):  # it ended, or we may not look
            return Proof(Kind.UNKNOWN, f"process {pid} could not be looked at")
        if armed:
            return Proof(Kind.TIMED, armed)
    waits = ", ".join(sorted(set(calls)))
    number = "1 thread waits" if len(threads) == 1 else f"{len(threads)} threads wait"
    return Proof(Kind.RESTS, f"{number} without a time limit ({waits})", tuple(threads))


def _thread(pid: int, where: str) -> Proof | str:
    """Returns the call that a thread waits in, or why it does not rest."""
    state = _read(f"{where}/stat").rpartition(b")")[2].split()[0]
    if state != b"S":
        return Proof(Kind.BUSY, f"a thread is in state {state.decode()}")
    words = _read(f"{where}/syscall").split()
    if len(words) < 7:
        return Proof(Kind.BUSY, "a thread runs")
    name = _CALLS.get(int(words[0]))
    if name is None:
        return Proof(Kind.UNKNOWN, f"a thread is in system call {int(words[0])}")
    arguments = [int(word, 16) for word in words[1:7]]
    if _limited(name, arguments):
        return _housekeeping(pid, where, name)
    if name in _ON_A_SOCKET and _receive_limit(pid, arguments[0]):
        return Proof(Kind.TIMED, f"{name} on a socket with a time limit")
    return name


def _limited(name: str, arguments: list[int]) -> bool:
    if name in _POINTERS:
        return arguments[_POINTERS[name]] != 0
    if name in _MILLISECONDS:
        return arguments[_MILLISECONDS[name]] & 0x80000000 == 0
    return False


def _housekeeping(pid: int, where: str, name: str) -> Proof | str:
    """The Java machine's own threads tick for ever and never touch a socket."""
    own = _read(f"{where}/comm").strip()
    if name == "futex" and own in _JAVA and os.readlink(f"/proc/{pid}/exe").endswith("/java"):
        return f"futex of {own.decode()}"
    return Proof(Kind.TIMED, f"{name} with a time limit")


_JAVA = frozenset(
    (
        b"VM Thread", b"VM Periodic Tas", b"C2 CompilerThre", b"C1 CompilerThre", b"Sweeper thread",
        b"Common-Cleaner", b"Service Thread", b"Monitor Deflati", b"Signal Dispatch", b"Finalizer",
        b"Reference Handl", b"G1 Main Marker", b"G1 Conc#0", b"G1 Refine#0", b"G1 Service",
        b"GC Thread#0", b"GC Thread#1", b"Notification Th", b"Attach Listener", b"G1 Young RemSet",
    )
)  # fmt: skip


def _timers(pid: int) -> str:
    """Returns what may wake the process by itself, "" where nothing does."""
    if _read(f"/proc/{pid}/timers"):
        return "a POSIX timer is armed"
    for line in _read(f"/proc/{pid}/status").splitlines():
        if line.startswith(b"SigCgt:") and int(line.split()[1], 16) & _SIGALRM:
            return "it catches SIGALRM"
    for link in _links(pid):
        if link == "anon_inode:[timerfd]":
            return "it holds a timer's descriptor"
        if link == "anon_inode:[io_uring]":
            return "it uses io_uring"
    return ""


def _links(pid: int) -> Iterator[str]:
    for name in os.listdir(f"/proc/{pid}/fd"):
        with suppress(OSError):  # closed while we looked
            yield os.readlink(f"/proc/{pid}/fd/{name}")


def _receive_limit(pid: int, fd: int) -> bool:
    """Says whether SO_RCVTIMEO bounds a wait on this descriptor; True where it cannot be told."""
    try:
        if not os.readlink(f"/proc/{pid}/fd/{fd & 0x7FFFFFFF}").startswith("socket:"):
            return False
        held = os.pidfd_open(pid)
    except OSError:
        return True
    try:
        copy = ctypes.CDLL(None, use_errno=True).syscall(_PIDFD_GETFD, held, fd & 0x7FFFFFFF, 0)
    finally:
        os.close(held)
    if copy < 0:
        return True
    with socket.socket(fileno=copy) as ours:
        limit = ours.getsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, 16)
    return any(struct.unpack("qq", limit))


def _read(path: str) -> bytes:
    with open(path, "rb", buffering=0) as opened:  # noqa: PTH123 - a hot path
        return opened.read(4096)

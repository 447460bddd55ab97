"""Descriptors of a target: whether what a thread waits on is about to wake it.

Belongs here: what lies unread there, who is at the other end, when a timer goes off. Must
not know: what several threads prove together. A socket or pipe is looked at through a copy
(pidfd_getfd(2)); what cannot be looked at is never taken for quiet.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import re
import select
import socket
import struct
from collections.abc import Collection, Iterator

from harness.network.netlink import Address
from harness.network.tables import Tables
from harness.spec.model import Transport
from harness.target.process import Process
from harness.target.syscall import SIGALRM, Limited, StirringError, UnknownWaitError, Wait

_PIDFD_GETFD = 438
_LIBC = ctypes.CDLL(None, use_errno=True)
_TIMEVAL = struct.Struct("@ll")
_ARMED = re.compile(rb"it_value: \((\d+), (\d+)\)")
_SIGNALS = re.compile(rb"sigmask:\s*([0-9a-f]+)")

# Made ready by this target's own threads, or by something that happens outside.
_OWN = frozenset(
    ("anon_inode:[eventfd]", "anon_inode:[pidfd]", "anon_inode:inotify", "anon_inode:[inotify]")
)
_TRANSPORTS = {socket.SOCK_STREAM: Transport.TCP, socket.SOCK_DGRAM: Transport.UDP}


Ends = tuple[Address, Address]
"""Both ends of a TCP connection, which nobody else has in their network."""


class Descriptors:
    """The open descriptors of all processes of a target at one moment."""

    def __init__(
        self, process: Process, tables: Tables, pids: frozenset[int], ours: Collection[Ends] = ()
    ) -> None:
        """`ours` are connections with the harness, the target's end first, known to the caller.

        Raises: UnknownWaitError where one of them is beyond what can be judged; OSError.
        """
        self._process = process
        self._tables = tables
        self._pids = pids
        self._ours = ours
        self._links = {pid: links(pid) for pid in pids}
        self._seen: set[tuple[object, str, bool]] = set()
        for pid in pids:
            if "anon_inode:[io_uring]" in self._links[pid].values():
                raise UnknownWaitError(f"process {pid} uses io_uring")

    def judge(self, pid: int, wait: Wait) -> Iterator[Limited]:
        """Yields the time limits on what this thread waits on.

        Raises: StirringError where something there is about to wake it, UnknownWaitError
        where that cannot be told; OSError.
        """
        for number, writes in wait.on.items():
            link = self._links[pid].get(number, "")
            # Threads wait on the same socket or pipe; other links tell what it is, not which.
            which = link if link.startswith(("socket:", "pipe:")) else (pid, number)
            if (which, wait.call, writes) not in self._seen:
                self._seen.add((which, wait.call, writes))
                yield from self._one(pid, number, link, wait.call, writes)

    def _one(self, pid: int, number: int, link: str, call: str, writes: bool) -> Iterator[Limited]:
        kind = link.partition(":[")[0]
        if kind == "socket":
            yield from self._socket(pid, number, call, writes)
        elif kind == "pipe":
            with os.fdopen(copied(pid, number), "rb", buffering=0) as pipe:
                _unready(pipe.fileno(), writes, "a pipe")
        elif link in ("/dev/tty", self._process.terminal):
            yield from self._terminal(call)
        elif link == "anon_inode:[timerfd]":
            yield from _timer(pid, number)
        elif link == "anon_inode:[signalfd]":
            yield from _signals(pid, number)
        elif link not in _OWN:
            raise UnknownWaitError(f"it waits in {call} on {link or 'a closed descriptor'}")

    def _terminal(self, call: str) -> Iterator[Limited]:
        if self._process.has_unread_input():
            raise StirringError("what was typed is not read yet")
        if self._process.reads_in_time():
            yield Limited(0.0, f"{call} on a terminal with a time limit")

    # -- sockets ---------------------------------------------------------------------------

    def _socket(self, pid: int, number: int, call: str, writes: bool) -> Iterator[Limited]:
        if socket.getdefaulttimeout() is not None:
            # Python would make the target's own socket non-blocking through our copy.
            raise UnknownWaitError("a default time-out is set for sockets")
        with socket.socket(fileno=copied(pid, number)) as copy:
            _unready(copy.fileno(), writes, "a socket")
            if not self._known(copy) and _defers(copy):
                yield Limited(None, "it waits on a welcome socket with TCP_DEFER_ACCEPT")
            if "poll" not in call and "select" not in call:
                seconds, micro = _TIMEVAL.unpack(
                    copy.getsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, _TIMEVAL.size)
                )
                if seconds or micro:
                    yield Limited(seconds + micro / 1e6, f"{call} on a socket with SO_RCVTIMEO")

    def _known(self, copy: socket.socket) -> bool:
        """Says whether it is connected, and not listening, or taking datagrams from anybody.

        Raises: UnknownWaitError where somebody else than the harness may write to it.
        """
        try:
            peer = copy.getpeername()
        except OSError:
            return False
        if copy.family == socket.AF_UNIX:
            pid = struct.unpack("3i", copy.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))[0]
            if pid not in self._pids:
                raise UnknownWaitError(f"it waits for process {pid}")
        elif copy.family in (socket.AF_INET, socket.AF_INET6):
            self._known_peer(copy, peer)
        else:
            raise UnknownWaitError(f"it waits on a socket of family {copy.family}")
        return True

    def _known_peer(self, copy: socket.socket, peer: tuple[str, int]) -> None:
        transport = _TRANSPORTS.get(socket.SocketKind(copy.type))
        local, remote = (_plain(each) for each in (copy.getsockname(), peer))
        if transport is None or not self._tables.covers(remote[0]):
            raise UnknownWaitError(f"it waits for {remote[0]}")
        if transport is Transport.TCP and (local, remote) in self._ours:
            return
        inodes = self._tables.peers(transport, local, remote)
        if not inodes:
            return  # the other end is gone: nobody is left to write
        ours = links(os.getpid()).values()
        own = {link for held in self._links.values() for link in held.values()}
        if not any(f"socket:[{inode}]" in own or f"socket:[{inode}]" in ours for inode in inodes):
            raise UnknownWaitError(f"it waits for {transport} port {remote[1]} of {remote[0]}")


def _defers(copy: socket.socket) -> bool:
    """Says whether it hands out a client that says nothing once the kernel is tired of waiting."""
    return (
        copy.type == socket.SOCK_STREAM
        and copy.family in (socket.AF_INET, socket.AF_INET6)
        and copy.getsockopt(socket.IPPROTO_TCP, socket.TCP_DEFER_ACCEPT) != 0
    )


def links(pid: int) -> dict[int, str]:
    """Returns what the descriptors of a process are. Raises: OSError."""
    found = {}
    for name in os.listdir(f"/proc/{pid}/fd"):
        with contextlib.suppress(FileNotFoundError):  # closed meanwhile: the list itself, for one
            found[int(name)] = os.readlink(f"/proc/{pid}/fd/{name}")
    return found


def _plain(address: tuple[str, int]) -> tuple[str, int]:
    return address[0].removeprefix("::ffff:"), address[1]


def copied(pid: int, number: int) -> int:
    """Returns a copy of another process's descriptor. Raises: OSError."""
    process = os.pidfd_open(pid)
    try:
        copy: int = _LIBC.syscall(_PIDFD_GETFD, process, number, 0)
    finally:
        os.close(process)
    if copy < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"pidfd_getfd: {os.strerror(number)}")
    return copy


def _unready(held: int, writes: bool, what: str) -> None:
    """Raises: StirringError where a wait on it is about to end.

    By poll() and not by counting bytes: an empty datagram, a waiting connection and the end
    of a stream are seen too.
    """
    poll = select.poll()
    poll.register(held, select.POLLIN | (select.POLLOUT if writes else 0))
    events = dict(poll.poll(0)).get(held, 0)
    if events & ~select.POLLOUT:
        raise StirringError(f"it has not read yet what lies in {what}")
    if writes and not events:
        raise StirringError(f"it waits until it can write to {what}")


def _timer(pid: int, number: int) -> Iterator[Limited]:
    """One that shows no time is not armed, or is due and its CPU has not come to it yet."""
    found = _ARMED.search(_fdinfo(pid, number))
    seconds = int(found[1]) + int(found[2]) / 1e9 if found else 0.0
    yield Limited(seconds or None, "it waits on a timer's descriptor")


def _signals(pid: int, number: int) -> Iterator[Limited]:
    found = _SIGNALS.search(_fdinfo(pid, number))
    if found is None or int(found[1], 16) & SIGALRM:
        yield Limited(None, "it waits for SIGALRM")


def _fdinfo(pid: int, number: int) -> bytes:
    with open(f"/proc/{pid}/fdinfo/{number}", "rb") as told:  # noqa: PTH123 - a hot path
        return told.read()

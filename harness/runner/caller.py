"""The caller: connects to a server over TCP so that the kernel's queue is never in the way.

Belongs here: one connect, and what it waits for. Must not know: what is said afterwards. A
connection that finds the queue of a busy server full is tried again by the kernel after a
second; so each one waits until those before it are accepted, or never will be.
"""

from __future__ import annotations

import contextlib
import errno
import os
import socket
import time

from harness.exchange.action import Expired, Rested
from harness.network import endpoint
from harness.network.endpoint import Endpoint
from harness.network.tables import Tables
from harness.runner.quiet import Quiet
from harness.runner.watch import LONGEST_LOOK, Watch

_QUICK_LOOKS = 200  # at the queue, before the target itself is looked at
_FULL = "its queue of connections is full"
_SLOW = 0.25  # seconds after which a server that neither accepts nor rests is not waited for


class RefusedError(Exception):
    """Nobody took the connection; the text says why.

    `quiet`: it was not refused either, and this shows that it never will be taken.
    """

    def __init__(self, why: str, quiet: Rested | Expired | None = None) -> None:
        super().__init__(why)
        self.quiet = quiet


class Caller:
    """Connects to one server."""

    def __init__(
        self,
        end: Endpoint,
        port: int,
        tables: Tables,
        watch: Watch,
        quiet: Quiet,
    ) -> None:
        self._end = end
        self._port = port
        self._tables = tables
        self._watch = watch
        self._quiet = quiet
        self._calls = 0
        self._leaves_waiting = False  # it does not accept, or not in time

    def connect(self, slow: bool, unheard: bool) -> socket.socket:
        """Returns a connected socket; `unheard`: nothing is read from it. Raises: RefusedError."""
        if self._calls and not self._leaves_waiting:
            self._until_accepted()
        self._calls += 1
        sock = self._end.stream(small=slow or unheard)
        if unheard:
            endpoint.narrow(sock)
        with contextlib.ExitStack() as unless_connected:
            unless_connected.enter_context(sock)
            self._connect(sock)
            unless_connected.pop_all()
        return sock

    def _until_accepted(self) -> None:
        """Waits until the server has accepted all that came before."""
        looks, quiet, began = 0, 1, time.monotonic()
        while self._tables.waiting(self._port):
            looks += 1
            if looks < _QUICK_LOOKS:
                os.sched_yield()
                continue
            self._watch.control.begin(self._watch.process)
            if not self._watch.look(quiet) and self._quiet.rested():
                self._leaves_waiting = bool(self._tables.waiting(self._port))
            now = time.monotonic()
            self._leaves_waiting |= now - began > _SLOW or self._quiet.is_over(now)
            if self._leaves_waiting or self._watch.exited:
                return
            quiet = min(2 * quiet, LONGEST_LOOK)

    def _connect(self, sock: socket.socket) -> None:
        """Waits for a connection under way. Raises: RefusedError.

        One that finds the queue full is not answered: where the server rests, it never will be.
        """
        quiet = 1
        failed = endpoint.connect(sock, (self._end.target, self._port), 0.0)
        while failed == errno.ETIMEDOUT:
            rested, now = self._quiet.rested(), time.monotonic()
            if rested and self._tables.waiting(self._port):
                raise RefusedError(_FULL, rested)
            if self._quiet.is_over(now):
                raise RefusedError(_FULL, self._quiet.expired(_FULL))
            failed = endpoint.until_connected(sock, min(quiet / 1000, self._quiet.left(now)))
            quiet = min(2 * quiet, LONGEST_LOOK)
            if quiet == LONGEST_LOOK:
                self._watch.control.begin(self._watch.process)
        if failed:
            raise RefusedError(os.strerror(failed))

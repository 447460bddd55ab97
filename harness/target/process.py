"""A target that runs, seen from the harness: its output, its end, everything below it.

Belongs here: the harness's side of one keeper (harness.target.keeper). Must not know: how it
was started, what the target is for, how long anybody waits for it. There are no threads: a
driver polls `exit_fd` and `output_fd`.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import termios
from pathlib import Path
from typing import Protocol, Self

from harness.errors import HarnessError, MachineError, TargetError
from harness.network.poll import readable
from harness.target import keeper
from harness.target.lineage import descendants, read, threads_below
from harness.target.output import Output
from harness.target.procfile import ProcFiles
from harness.target.terminal import LONGEST_LINE

PATIENCE = 20.0
"""Seconds for what takes milliseconds unless the machine is in trouble."""

_READ = 4096  # a pty gives no more at once
_READS = 16  # per drain(): 64 KiB, so that a flood leaves the driver its turn


class Owner(Protocol):
    """Who has started a process."""

    def let_go(self, process: Process) -> None:
        """Forgets a target that was stopped."""

    def sweep(self) -> None:
        """Ends what is left of targets whose keeper was killed. Raises: MachineError."""

    def orphaned(self, process: Process) -> HarnessError:
        """Returns whose fault it is that its keeper was killed."""


class Process:
    """One target: its main process and all that it has started.

    `pid` is the main process, `keeper_pid` the one above it; after `stop` it is `stopped`.
    `exit_fd` is readable from the main one's end on, `output_fd` whenever something was
    printed; neither ends by itself, and both are closed by `stop`.
    """

    def __init__(
        self,
        pid: int,
        keeper_pid: int,
        master: int,
        slave: int,
        link: socket.socket,
        exit_fd: int,
        owner: Owner,
        folder: int | None = None,
    ) -> None:
        self.pid = pid
        self.output_fd = master
        self.exit_fd = exit_fd
        self.keeper_pid = keeper_pid
        # Held open so that the output does not end, and poll() does not spin, when a daemon
        # closes its side; that a target has ended is told by exit_fd alone.
        self._slave = slave
        self._link = link
        self.files = ProcFiles()
        self._output = Output()
        self._status: int | None = None
        self.stopped = False
        self._owner = owner
        self._folder = folder
        os.set_blocking(exit_fd, False)

    # -- its output and its input ----------------------------------------------------------

    def drain(self) -> bytes:
        """Returns what it printed since the last call, at most 64 KiB; never waits."""
        parts: list[bytes] = []
        with contextlib.suppress(BlockingIOError):
            while not self.stopped and len(parts) < _READS:
                parts.append(os.read(self.output_fd, _READ))
        data = b"".join(parts)
        self._output.add(data)
        return data

    @property
    def tail(self) -> bytes:
        """The last 64 KiB of all that was drained."""
        return self._output.tail

    @property
    def printed(self) -> int:
        """How many bytes were drained in all."""
        return self._output.total

    def type(self, line: bytes) -> None:
        """Types at its terminal. Raises: MachineError, TargetError where it reads nothing."""
        if len(line) > LONGEST_LINE:
            raise MachineError(
                f"a terminal takes lines of at most {LONGEST_LINE} bytes, "
                f"this one has {len(line)}: {line[:20]!r}..."
            )
        try:
            written = os.write(self.output_fd, line)
        except BlockingIOError:
            written = 0
        if written < len(line):
            raise TargetError("does not read its standard input: its terminal is full", self.tail)

    @property
    def terminal(self) -> str:
        """The path of its terminal."""
        return os.ttyname(self._slave)

    def has_unread_input(self) -> bool:
        """Says whether it could read from its terminal now, be it the end of the input.

        The kernel's worker that hands over what was typed is done by the time of the answer:
        poll() waits for it (n_tty_poll of drivers/tty/n_tty.c).
        """
        return not self.stopped and readable(self._slave)

    def reads_in_time(self) -> bool:
        """Says whether the program has set its terminal so that a read ends after a while."""
        settings = termios.tcgetattr(self._slave)
        local, characters = settings[3], settings[6]
        return not local & termios.ICANON and characters[termios.VTIME] not in (0, b"\0")

    @property
    def folder(self) -> Path | None:
        """Where to look into the folder that it can write to; None where that is as its path."""
        return None if self._folder is None else Path(f"/proc/self/fd/{self._folder}")

    # -- its end -----------------------------------------------------------------------------

    def status(self) -> int | None:
        """Returns the exit code of its main process, or minus the signal that ended it.

        None while it runs, and where it ran until it was stopped. Raises: TargetError where
        it has killed its keeper, MachineError where somebody else may have done that.
        """
        if self._status is None and not self.stopped:
            with contextlib.suppress(BlockingIOError):
                told = os.read(self.exit_fd, 16)
                if not told:
                    raise self._owner.orphaned(self)
                self._status = int(told)
        return self._status

    def pids(self) -> tuple[int, ...]:
        """Returns all its living processes, daemons included; () after its end."""
        return tuple(pid for pid in self.descendants() if _lives(pid))

    def descendants(self) -> tuple[int, ...]:
        """Returns all its processes, those too that have ended and were not waited for."""
        return () if self.stopped else descendants(self.keeper_pid, self.files.read)

    def threads(self) -> dict[int, list[str]]:
        """Returns the ids of all threads by process, of those too that have ended.

        Raises: OSError where one ends meanwhile.
        """
        return {} if self.stopped else threads_below(self.keeper_pid, self.files.read)

    def schedule(self) -> dict[tuple[int, int], tuple[float, float]]:
        """Returns for each thread the seconds that it ran, and that it waited for a processor.

        Since it began, by /proc/PID/task/TID/schedstat; () by process and thread id.
        """
        found = {}
        for pid in self.descendants():
            with contextlib.suppress(OSError):  # it ended meanwhile
                for thread in os.listdir(f"/proc/{pid}/task"):
                    ran, waited, _ = read(f"/proc/{pid}/task/{thread}/schedstat").split()
                    found[pid, int(thread)] = int(ran) / 1e9, int(waited) / 1e9
        return found

    def stop(self) -> None:
        """Ends everything that it has started, at once, and waits until nothing is left.

        A target that has killed its keeper is ended by the fork server. Raises: MachineError
        where something cannot be ended within 20 s.
        """
        if self.stopped:
            return
        with contextlib.ExitStack() as last:
            last.callback(self._close)
            with contextlib.suppress(MachineError, TargetError):  # told below, with what it means
                self.status()
            self._kill_group()
            self._link.shutdown(socket.SHUT_WR)
            self._until_gone()
            self.drain()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.stop()

    def _kill_group(self) -> None:
        """Kills the group that it leads at one stroke: a keeper that walks may come to no turn.

        While its end is not told nobody else has its number.
        """
        if self._status is None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.pid, signal.SIGKILL)

    def _until_gone(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.keeper_pid, signal.SIGCONT)  # for the case that the target has stopped it
        if not readable(self._link, within=PATIENCE):
            os.kill(self.keeper_pid, signal.SIGKILL)  # it lives: its end of the link is open
        elif self._link.recv(64) == keeper.GONE:
            return
        try:
            self._owner.sweep()
        except MachineError as exc:
            raise MachineError(
                f"the keeper of process {self.pid} was killed; what it watched may be left"
            ) from exc

    def _close(self) -> None:
        self.stopped = True
        self._link.close()
        self.files.close()
        for descriptor in (self.output_fd, self._slave, self.exit_fd, self._folder):
            if descriptor is not None:
                os.close(descriptor)
        self._owner.let_go(self)


def _lives(pid: int) -> bool:
    """Says whether any thread of it is neither dead nor a zombie."""
    try:
        threads = os.listdir(f"/proc/{pid}/task")
        return any(_state(f"/proc/{pid}/task/{thread}/stat") not in b"ZX" for thread in threads)
    except OSError:
        return False


def _state(path: str) -> bytes:
    """Returns the letter that follows the name in parentheses (proc(5))."""
    stat = read(path)
    after = stat.rindex(b")") + 2
    return stat[after : after + 1]

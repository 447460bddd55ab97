"""A target that runs, seen from the harness: its output, its end, everything below it.

Belongs here: the harness's side of the keeper (harness.target.keeper). Must not know: what
the target is for, how long anybody waits for it. There are no threads: a driver polls
`exit_fd` and `output_fd`.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import select
import signal
import socket
import subprocess
import sys
import termios
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Self

from harness.errors import MachineError, TargetError
from harness.target import keeper
from harness.target.output import Output
from harness.target.procfile import ProcFiles
from harness.target.terminal import LONGEST_LINE, open_terminal

_PATIENCE = 20.0  # seconds for what takes milliseconds unless the machine is in trouble
_READ = 4096  # a pty gives no more at once
_READS = 16  # per drain(): 64 KiB, so that a flood leaves the driver its turn


class Keeper:
    """The fork server of this harness: starts targets, and leaves nothing of them."""

    def __init__(self) -> None:
        """Raises: MachineError where targets cannot be started at all."""
        if sys.platform != "linux":
            raise MachineError(
                f"targets are started on Linux only, this is {sys.platform}; "
                "elsewhere a program that runs already can be tested by its address"
            )
        self._running: set[Process] = set()
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            command = [sys.executable, "-I", "-S", "-B", keeper.__file__, str(theirs.fileno())]
            try:
                self._server = subprocess.Popen(
                    command,
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    pass_fds=[theirs.fileno()],
                    start_new_session=True,  # ^C at the harness is the harness's to handle
                )
            except OSError as exc:
                self._control.close()
                raise MachineError(f"cannot start {sys.executable}: {exc.strerror}") from exc

    def start(self, argv: Sequence[str], cwd: Path, env: Mapping[str, str]) -> Process:
        """Starts a program at a terminal of its own, with `env` on top of a clean environment.

        Raises: TargetError where the program cannot be run, MachineError where the harness
        cannot run any.
        """
        order = {"argv": list(argv), "cwd": str(cwd), "env": {**clean_environment(cwd), **env}}
        with contextlib.ExitStack() as unless_started:
            master, slave = open_terminal()
            unless_started.callback(os.close, master)
            unless_started.callback(os.close, slave)
            link, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            unless_started.enter_context(link)
            exit_fd, report = os.pipe()
            unless_started.callback(os.close, exit_fd)
            try:
                self._send(json.dumps(order).encode(), [slave, theirs.fileno(), report])
            finally:
                theirs.close()
                os.close(report)
            told = _answer(link)
            if "failed" in told:
                raise _not_started(argv, cwd, told["failed"], told["errno"])
            unless_started.pop_all()
        process = Process(told["pid"], told["keeper"], master, slave, link, exit_fd, self)
        self._running.add(process)
        return process

    @property
    def alive(self) -> bool:
        """Says whether the fork server is still there."""
        return self._server.poll() is None

    def let_go(self, process: Process) -> None:
        """Forgets a target that was stopped."""
        self._running.discard(process)

    def sweep(self) -> None:
        """Ends what is left of targets whose keeper was killed. Raises: MachineError."""
        link, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with link:
            with theirs:
                self._send(keeper.SWEEP, [theirs.fileno()])
            if not _readable(link, _PATIENCE) or link.recv(64) != keeper.GONE:
                raise MachineError("the fork server of the targets does not answer")

    def close(self) -> None:
        """Stops every target that still runs, then the fork server."""
        with contextlib.ExitStack() as last:
            last.callback(self._server.wait)
            last.callback(self._server.kill)  # for the case that a target has stopped it
            last.callback(self._control.close)
            for process in tuple(self._running):
                last.callback(process.stop)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def _send(self, order: bytes, descriptors: list[int]) -> None:
        if len(order) > keeper.ORDER_LIMIT:
            raise MachineError(
                f"the arguments and the environment have {len(order)} bytes, "
                f"at most {keeper.ORDER_LIMIT} can be passed on"
            )
        try:
            self._server.send_signal(signal.SIGCONT)  # for the case that a target has stopped it
            socket.send_fds(self._control, [order], descriptors)
        except OSError as exc:
            raise MachineError(f"the fork server of the targets is gone: {exc.strerror}") from exc


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
        owner: Keeper,
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
        return not self.stopped and _readable(self._slave, 0)

    def reads_in_time(self) -> bool:
        """Says whether the program has set its terminal so that a read ends after a while."""
        settings = termios.tcgetattr(self._slave)
        local, characters = settings[3], settings[6]
        return not local & termios.ICANON and characters[termios.VTIME] not in (0, b"\0")

    # -- its end -----------------------------------------------------------------------------

    def status(self) -> int | None:
        """Returns the exit code of its main process, or minus the signal that ended it.

        None while it runs, and where it ran until it was stopped. Raises: MachineError where
        the keeper was killed.
        """
        if self._status is None and not self.stopped:
            with contextlib.suppress(BlockingIOError):
                told = os.read(self.exit_fd, 16)
                if not told:
                    raise MachineError(f"the keeper of process {self.pid} was killed")
                self._status = int(told)
        return self._status

    def pids(self) -> tuple[int, ...]:
        """Returns all its living processes, daemons included; () after its end."""
        return tuple(pid for pid in self.descendants() if _lives(pid))

    def descendants(self) -> tuple[int, ...]:
        """Returns all its processes, those too that have ended and were not waited for."""
        return () if self.stopped else keeper.descendants(self.keeper_pid, self.files.read)

    def schedule(self) -> dict[tuple[int, int], tuple[float, float]]:
        """Returns for each thread the seconds that it ran, and that it waited for a processor.

        Since it began, by /proc/PID/task/TID/schedstat; () by process and thread id.
        """
        found = {}
        for pid in self.descendants():
            with contextlib.suppress(OSError):  # it ended meanwhile
                for thread in os.listdir(f"/proc/{pid}/task"):
                    ran, waited, _ = keeper.read(f"/proc/{pid}/task/{thread}/schedstat").split()
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
            with contextlib.suppress(MachineError):  # told below, with what it means
                self.status()
            self._link.shutdown(socket.SHUT_WR)
            self._until_gone()
            self.drain()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.stop()

    def _until_gone(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.keeper_pid, signal.SIGCONT)  # for the case that the target has stopped it
        if not _readable(self._link, _PATIENCE):
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
        for descriptor in (self.output_fd, self._slave, self.exit_fd):
            os.close(descriptor)
        self._owner.let_go(self)


def clean_environment(cwd: Path) -> dict[str, str]:
    """Returns what a target finds in its environment: nothing of the harness's but PATH."""
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": str(cwd),
        "TMPDIR": str(cwd),
        "LANG": "C.UTF-8",
        "TERM": "dumb",
    }


def _readable(what: socket.socket | int, seconds: float) -> bool:
    poll = select.poll()
    poll.register(what, select.POLLIN)
    return bool(poll.poll(seconds * 1000))


def _answer(link: socket.socket) -> dict[str, Any]:
    """Returns what the keeper says of the start. Raises: MachineError."""
    told = link.recv(4096) if _readable(link, _PATIENCE) else b""
    if not told:
        raise MachineError("the keeper of a target did not come up")
    answer: dict[str, Any] = json.loads(told)
    return answer


def _not_started(argv: Sequence[str], cwd: Path, step: str, number: int) -> Exception:
    why = os.strerror(number)
    if step == "program":
        hint = "A script needs a first line such as #!/bin/sh." if number == errno.ENOEXEC else ""
        return TargetError(f"cannot run {argv[0]}: {why}", hint=hint)
    if step == "folder":
        return MachineError(f"cannot enter the working folder {cwd}: {why}")
    return MachineError(f"cannot start a process ({step}): {why}")


def _lives(pid: int) -> bool:
    """Says whether any thread of it is neither dead nor a zombie."""
    try:
        threads = os.listdir(f"/proc/{pid}/task")
        return any(_state(f"/proc/{pid}/task/{thread}/stat") not in b"ZX" for thread in threads)
    except OSError:
        return False


def _state(path: str) -> bytes:
    """Returns the letter that follows the name in parentheses (proc(5))."""
    stat = keeper.read(path)
    after = stat.rindex(b")") + 2
    return stat[after : after + 1]

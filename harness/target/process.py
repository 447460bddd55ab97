"""Processes: targets as they run, under a keeper, on a terminal of their own.

Belongs here: start, output, typing, status, stop. Must not know: exchanges, how a
program is found or built. No thread reads anything: whoever waits polls `exit_fd` and
`output_fd`.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import select
import socket
import subprocess
import sys
import termios
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

from harness.errors import HarnessError, MachineError, TargetError
from harness.target import keeper

_TAIL = 1 << 16  # bytes of output that are kept
_DRAUGHT = 1 << 18  # bytes that one drain() takes at most
_LINE = 4095  # bytes that a terminal's line can hold (termios(3): MAX_CANON)
_ANSWER = 10.0  # seconds that a keeper may take to answer


class Keeper:
    """Starts targets. Started once for a run; ends with the harness, whatever ends that."""

    def __init__(self) -> None:
        self._orders, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        script = str(Path(keeper.__file__))
        try:
            self._server = subprocess.Popen(
                [sys.executable, "-I", "-S", "-B", script, str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                env={"PATH": os.environ.get("PATH", os.defpath)},
            )
        except OSError as exc:
            raise MachineError(f"the keeper cannot be started: {exc.strerror}") from exc
        finally:
            theirs.close()

    def __enter__(self) -> Keeper:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, tb: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Ends the keeper; targets that still run have keepers of their own."""
        self._orders.close()
        self._server.wait()

    def start(self, argv: Sequence[str], cwd: Path, env: Mapping[str, str]) -> Process:
        """Starts a program. Raises: TargetError where it cannot be executed."""
        master, slave = os.openpty()
        _as_plain_as_a_pipe(slave)
        os.set_blocking(master, False)
        line, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        request = json.dumps({"argv": list(argv), "cwd": str(cwd), "env": dict(env)}).encode()
        try:
            socket.send_fds(self._orders, [request], [slave, theirs.fileno()])
        except OSError as exc:
            raise HarnessError(f"the keeper is gone: {exc.strerror}") from exc
        finally:
            theirs.close()
        line.settimeout(_ANSWER)
        answer = _message(line)
        process = Process(int(answer["pid"]), int(answer["keeper"]), line, master, slave)
        if answer["failed"]:
            process.stop()
            raise TargetError(f"cannot execute {argv[0]}: {answer['failed']}")
        return process


class Process:
    """A target that runs, or has run."""

    def __init__(
        self, pid: int, keeper_pid: int, line: socket.socket, master: int, slave: int
    ) -> None:
        self.pid = pid
        self.tail = b""
        self.printed = 0
        self._keeper_pid = keeper_pid
        self._line = line
        self._master = master
        self._slave = slave  # held open: a terminal without a user is read as an error
        self._status: int | None = None
        self._stopped = False

    @property
    def exit_fd(self) -> int:
        """A descriptor that is readable once the program has ended."""
        return self._line.fileno()

    @property
    def output_fd(self) -> int:
        """A descriptor that is readable when the program has printed."""
        return self._master

    def drain(self) -> bytes:
        """Returns what was printed since the last call, some 256 KiB at most; never waits."""
        found = []
        left = _DRAUGHT
        while left > 0:
            try:
                piece = os.read(self._master, min(left, 1 << 16))
            except OSError:  # nothing there
                break
            if not piece:
                break
            found.append(piece)
            left -= len(piece)
        new = b"".join(found)
        self.printed += len(new)
        self.tail = (self.tail + new)[-_TAIL:]
        return new

    def type(self, line: bytes) -> None:
        """Types a line at the program's terminal. Raises: HarnessError where it is too long."""
        if len(line) > _LINE:
            raise HarnessError(f"a terminal's line holds {_LINE} bytes, not {len(line)}")
        with contextlib.suppress(OSError):  # a program that is gone reads nothing
            os.write(self._master, line)

    @property
    def untyped(self) -> int:
        """How many typed bytes the program has not read yet."""
        waiting = fcntl.ioctl(self._slave, termios.FIONREAD, bytes(4))
        return int.from_bytes(waiting, sys.byteorder)

    def status(self) -> int | None:
        """Returns the exit code, or minus the signal's number; None while it runs."""
        if self._status is None and not self._stopped and _readable(self._line, 0):
            self._status = int(_message(self._line).get("status", -9))
        return self._status

    def pids(self) -> tuple[int, ...]:
        """Returns all living processes of the target, those that left its session included."""
        found: list[int] = []
        rest = keeper.children(self._keeper_pid)
        while rest:
            pid = rest.pop()
            if _lives(pid):
                found.append(pid)
            rest += keeper.children(pid)
        return tuple(found)

    def stop(self) -> None:
        """Ends the target and all that it has started; afterwards none of them is left.

        By SIGKILL at once: what a program does on SIGTERM is no requirement of any suite,
        and a ladder would cost every bad program its full length.
        """
        if self._stopped:
            return
        self.status()
        with contextlib.suppress(OSError):
            self._line.send(b"stop")
        while _readable(self._line, _ANSWER):
            if "stopped" in (message := _message(self._line)):
                break
            self._status = int(message.get("status", -9))
        self._stopped = True
        self.drain()
        self._line.close()
        os.close(self._master)
        os.close(self._slave)


def _as_plain_as_a_pipe(slave: int) -> None:
    """No echo, and no CR added to LF; lines can still be ended by EOF."""
    modes = termios.tcgetattr(slave)
    modes[1] &= ~termios.OPOST
    modes[3] &= ~termios.ECHO
    termios.tcsetattr(slave, termios.TCSANOW, modes)


def _readable(line: socket.socket, seconds: float) -> bool:
    poll = select.poll()
    poll.register(line, select.POLLIN)
    return bool(poll.poll(seconds * 1000))


def _message(line: socket.socket) -> dict[str, Any]:
    try:
        data = line.recv(1 << 16)
    except OSError as exc:
        raise HarnessError(f"the keeper does not answer: {exc}") from exc
    if not data:
        raise HarnessError("the keeper is gone")
    found: dict[str, Any] = json.loads(data)
    return found


def _lives(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat", "rb") as stat:  # noqa: PTH123 - a hot path
            return stat.read().rpartition(b")")[2].split()[0] not in (b"Z", b"X")
    except OSError:
        return False

"""Launchers: what starts targets, on the host or in a lab, and leaves nothing of them.

Belongs here: the harness's side of the fork server (harness.target.keeper). Must not know:
what a target is for, what becomes of it once it runs.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Self

import harness
from harness.errors import HarnessError, MachineError, TargetError
from harness.network.lab import broker
from harness.network.lab.lab import Lab, Level
from harness.network.lab.wire import Wire
from harness.network.poll import readable
from harness.target import keeper, openfiles
from harness.target.isolation import FREE, Confinement
from harness.target.process import PATIENCE, Process
from harness.target.terminal import open_terminal

_ROOT = str(Path(harness.__file__).parent.parent)


class Launcher:
    """Starts targets by orders to a fork server, and keeps count of those that run."""

    def __init__(self, control: socket.socket) -> None:
        self._control = control
        self._running: set[Process] = set()

    def start(
        self,
        argv: Sequence[str],
        cwd: Path,
        env: Mapping[str, str],
        confinement: Confinement = FREE,
    ) -> Process:
        """Starts a program at a terminal of its own, with `env` on top of a clean environment.

        `confinement` is what it is kept from. Raises: TargetError where the program cannot be
        run, MachineError where the harness cannot run any.
        """
        order = {
            "do": "start",
            "argv": list(argv),
            "cwd": str(cwd),
            "env": {**clean_environment(cwd), **env},
            "confinement": confinement.order(),
        }
        with contextlib.ExitStack() as unless_started:
            master, slave = open_terminal()
            unless_started.callback(os.close, master)
            unless_started.callback(os.close, slave)
            exit_fd, report = os.pipe()
            unless_started.callback(os.close, exit_fd)
            try:
                link = self._ordered(order, [slave], [report])
            finally:
                os.close(report)
            unless_started.enter_context(link)
            told, handles = _answer(link)
            if "failed" in told:
                raise _not_started(argv, cwd, told["failed"], told["errno"])
            unless_started.pop_all()
        pid, keeper_pid = _outer(handles[:2]) if handles else (told["pid"], told["keeper"])
        folder = handles[2] if handles[2:] else None
        process = Process(pid, keeper_pid, master, slave, link, exit_fd, self, folder)
        self._running.add(process)
        return process

    def let_go(self, process: Process) -> None:
        """Forgets a target that was stopped."""
        self._running.discard(process)

    def sweep(self) -> None:
        """Ends what is left of targets whose keeper was killed. Raises: MachineError."""
        with self._ordered({"do": "sweep"}) as link:
            if not readable(link, within=PATIENCE) or link.recv(64) != keeper.GONE:
                raise MachineError("the fork server of the targets does not answer")

    def orphaned(self, process: Process) -> HarnessError:
        """Returns whose fault it is that its keeper was killed: anybody's of this machine."""
        return MachineError(f"the keeper of process {process.pid} was killed")

    def close(self) -> None:
        """Stops every target that still runs, then the fork server."""
        with contextlib.ExitStack() as last:
            last.callback(self._end)
            for process in tuple(self._running):
                last.callback(process.stop)

    def _end(self) -> None:
        self._control.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def _ordered(
        self, order: Mapping[str, object], before: Sequence[int] = (), after: Sequence[int] = ()
    ) -> socket.socket:
        """Sends an order with descriptors around one end of a new socket; returns the other."""
        link, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs, contextlib.ExitStack() as unless_sent:
            unless_sent.enter_context(link)
            self._send(json.dumps(order).encode(), [*before, theirs.fileno(), *after])
            unless_sent.pop_all()
        return link

    def _send(self, order: bytes, descriptors: list[int]) -> None:
        if len(order) > keeper.ORDER_LIMIT:
            raise TargetError(
                f"its arguments and environment have {len(order)} bytes, "
                f"at most {keeper.ORDER_LIMIT} can be passed on"
            )
        try:
            socket.send_fds(self._control, [order], descriptors)
        except OSError as exc:
            raise MachineError(f"the fork server of the targets is gone: {exc.strerror}") from exc


class Keeper(Launcher):
    """The fork server of this harness: starts targets on the host, and makes labs."""

    def __init__(self) -> None:
        """Raises: MachineError where targets cannot be started at all."""
        if sys.platform != "linux":
            raise MachineError(
                f"targets are started on Linux only, this is {sys.platform}; "
                "elsewhere a program that runs already can be tested by its address"
            )
        control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        super().__init__(control)
        command = [sys.executable, "-I", "-S", "-B", "-c", keeper.PROGRAM]
        with theirs:
            try:
                self._server = subprocess.Popen(
                    [*command, str(theirs.fileno()), _ROOT, str(openfiles.AT_FIRST)],
                    env=_own_environment(),
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    pass_fds=[theirs.fileno()],
                    start_new_session=True,  # ^C at the harness is the harness's to handle
                )
            except OSError as exc:
                control.close()
                raise MachineError(f"cannot start {sys.executable}: {exc.strerror}") from exc

    @property
    def alive(self) -> bool:
        """Says whether the fork server is still there."""
        return self._server.poll() is None

    def lab(self, level: Level) -> Inside:
        """Makes a lab. Raises: MachineError with the step that this machine refuses."""
        control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with contextlib.ExitStack() as unless_made:
            unless_made.enter_context(control)
            with theirs:
                order = {"do": "lab", "shape": level.shape, "pids": level.pids}
                link = self._ordered(order, [theirs.fileno()])
            with link:
                pid, ending = _until_ready(link, level)
            unless_made.pop_all()
        return Inside(control, Lab(control, pid, ending, level))

    def _end(self) -> None:
        super()._end()
        self._server.kill()  # for the case that a target has stopped it
        self._server.wait()

    def _send(self, order: bytes, descriptors: list[int]) -> None:
        self._server.send_signal(signal.SIGCONT)  # for the case that a target has stopped it
        super()._send(order, descriptors)


class Inside(Launcher):
    """Starts targets in a lab, and ends the lab with them."""

    def __init__(self, control: socket.socket, lab: Lab) -> None:
        super().__init__(control)
        self.lab = lab

    def orphaned(self, process: Process) -> HarnessError:
        """Returns whose fault it is that its keeper was killed: nobody else is in there."""
        if not self.lab.confines:
            return super().orphaned(process)
        told = "it killed the process that watches it"
        return TargetError(told, process.tail, phase="play")

    def sweep(self) -> None:
        """Ends what is left; where the lab has ended, there is nothing. Raises: MachineError."""
        try:
            super().sweep()
        except MachineError:
            if not (self.lab.confines and self.lab.ends()):
                raise

    def wire(self) -> Wire:
        """Has the wire between both sides of the lab carried on. Raises: MachineError."""
        control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with contextlib.ExitStack() as unless_ready:
            unless_ready.enter_context(control)
            with theirs:
                link = self._ordered({"do": "relay"}, [theirs.fileno()])
            with link:
                told, _ = _answer(link)
            if "failed" in told:
                raise MachineError(f"no wire in this lab: {os.strerror(told['errno'])}")
            unless_ready.pop_all()
        return Wire(control)

    def _end(self) -> None:
        self.lab.close()


def _own_environment() -> dict[str, str]:
    """Returns what the fork server has of our environment: a target may be able to see it."""
    kept = ("PATH", "LD_LIBRARY_PATH", "LANG")
    return {name: os.environ[name] for name in kept if name in os.environ}


def clean_environment(cwd: Path) -> dict[str, str]:
    """Returns what a target finds in its environment: nothing of the harness's but PATH."""
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": str(cwd),
        "TMPDIR": str(cwd),
        "LANG": "C.UTF-8",
        "TERM": "dumb",
    }


def _until_ready(link: socket.socket, level: Level) -> tuple[int, int]:
    """Returns the first process of a new lab and its pidfd, when all of it is up.

    The one comes from who has made that process, and that it is ready from itself.
    """
    found: dict[str, Any] = {}
    handles: list[int] = []
    with contextlib.ExitStack() as unless_ready:
        unless_ready.callback(broker.close, handles)
        while not {"pid", "ready"} <= set(found):
            told, handed = _answer(link)
            found |= told
            handles += handed
            if "failed" in told:
                step, why = told["failed"], os.strerror(told["errno"])
                raise MachineError(f"no {level.name} on this machine: {step}: {why}", step)
        unless_ready.pop_all()
    return found["pid"], handles[0]


def _answer(link: socket.socket) -> tuple[dict[str, Any], list[int]]:
    """Returns what is said of an order, and the descriptors with it. Raises: MachineError."""
    told, handles, flags = b"", list[int](), 0
    if readable(link, within=PATIENCE):
        told, handles, flags, _ = socket.recv_fds(link, 4096, 4)
    if flags & socket.MSG_CTRUNC:  # what does not fit is closed by the kernel (unix(7))
        broker.close(handles)
        raise MachineError("too many open files for one more target: see `ulimit -n`")
    if not told:
        raise MachineError("the keeper of a target did not come up")
    for handle in handles:
        os.set_inheritable(handle, False)
    return json.loads(told), handles


def _outer(handles: Sequence[int]) -> tuple[int, ...]:
    """Returns the pids of processes as this process sees them; 0 of one that has ended."""
    pids = []
    for handle in handles:
        told = Path(f"/proc/self/fdinfo/{handle}").read_text()
        os.close(handle)
        pids += [max(0, int(line.split()[1])) for line in told.splitlines() if "Pid:" in line[:4]]
    return tuple(pids)


def _not_started(argv: Sequence[str], cwd: Path, step: str, number: int) -> Exception:
    why = os.strerror(number)
    if step == "program":
        hint = "A script needs a first line such as #!/bin/sh." if number == errno.ENOEXEC else ""
        return TargetError(f"cannot run {argv[0]}: {why}", hint=hint)
    if step == "folder":
        return MachineError(f"cannot enter the working folder {cwd}: {why}")
    return MachineError(f"cannot start a process ({step}): {why}")

"""The keeper of a target, and the fork server that makes keepers and labs.

Runs as a program of its own (`python -I -S -B -c PROGRAM FD`), single-threaded and with few
imports, so that a keeper is a fork of a small process and no new interpreter. Belongs here:
what must outlive the harness, be it killed. Must not know: the rest of the harness; nothing of
it is imported here but what is as lean: the inner part of a lab (harness.network.lab).

A keeper is the session leader at the target's terminal and its subreaper, so it stands where
a shell stands for a program that is started by hand: the target leads the foreground process
group, a child that it leaves behind lives on, and whatever is started below it, with setsid
and double fork too, comes back to the keeper when it is orphaned. The keeper ends all of it
when the harness asks, or when the harness is gone: both show as the end of its socket.

It ends them by SIGKILL at once. What a target has said lies in the kernel already, its
working folder is thrown away, and a SIGTERM that is caught would hand it the time of the run.

A lab is a fork of the fork server that has entered namespaces of its own and goes on as a
fork server in there, being process 1. It ends with its control socket, and all of the lab
with it, since a pid namespace does not outlive its first process.
"""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import json
import os
import resource
import select
import signal
import socket
import sys
import termios
from collections.abc import Mapping
from typing import Any

from harness.network.lab import broker, mounts, namespaces
from harness.network.lab.broker import Broker
from harness.network.poll import readable, writable
from harness.target import confinement
from harness.target.launch import NotLaunchedError, launch
from harness.target.lineage import children_of, descendants

PROGRAM = "import sys; sys.path.append(sys.argv[2]); from harness.target.keeper import main; main()"
"""What the fork server's interpreter runs; its arguments: a descriptor, a folder, open files."""

ORDER_LIMIT = 200_000
"""Bytes of an order (arguments and environment); a Unix socket's message takes no more."""

GONE = b"gone"
"""The last word of a keeper and the answer to a sweep: no process is left."""

_PR_SET_DUMPABLE, _PR_SET_CHILD_SUBREAPER = 4, 36  # linux/prctl.h
_MOST_PROCESSES = 512  # of a lab, threads and all; a user's are limited besides
_GLANCE = 200  # milliseconds between two looks at the memory of a target


# -- the fork server -----------------------------------------------------------------------


def main() -> None:
    """Serves the harness at the other end of the descriptor that the command line names.

    With as many open files as it says: the harness's own limit is none for a target.
    """
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (int(sys.argv[3]), hard))
    with socket.socket(fileno=int(sys.argv[1])) as from_harness:
        from_harness.set_inheritable(False)
        serve(from_harness)


def serve(control: socket.socket, lab: Broker | None = None) -> None:
    """Follows orders until the harness is gone; `lab` is the one that this process is in.

    An order is JSON with descriptors: `start` {argv, cwd, env, confinement} with the terminal,
    the keeper's end of its socket, the pipe for the exit status; `lab` {shape, pids} with the
    end of its control socket and a socket for the answer; `sweep`, to end what is left of
    targets whose keeper was killed, with a socket for the answer; in a lab `sockets`, which
    is answered here, and `relay` with its control socket and a socket for the answer.
    """
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the kernel reaps the keepers
    libc = ctypes.CDLL(None, use_errno=True)  # loaded here once, not in every keeper
    libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)  # for the orphans of a keeper that is killed
    keepers: dict[int, int] = {}
    while True:
        told, descriptors, _, _ = socket.recv_fds(control, ORDER_LIMIT, 3)
        for descriptor in descriptors:  # recv_fds() has no way to ask the kernel for this
            os.set_inheritable(descriptor, False)
        if not told:
            return _sweep(keepers)
        order = json.loads(told)
        if order["do"] == "sockets" and lab is not None:
            _hand_out(control, lab, order)
        elif order["do"] == "sweep":
            _sweep(keepers)
            with socket.socket(fileno=descriptors.pop()) as link, contextlib.suppress(OSError):
                link.send(GONE)
        else:
            _drop_ended(keepers)
            keepers |= _forked(order, descriptors, control, lab, libc, keepers)
        broker.close(descriptors)


def _drop_ended(keepers: dict[int, int]) -> None:
    """Forgets the keepers that have ended: their numbers are given to others, targets too."""
    for pid, ending in tuple(keepers.items()):
        if readable(ending):
            os.close(keepers.pop(pid))


def _forked(
    order: dict[str, Any],
    descriptors: list[int],
    control: socket.socket,
    lab: Broker | None,
    libc: ctypes.CDLL,
    keepers: Mapping[int, int],
) -> dict[int, int]:
    """Makes a keeper or a lab. Returns its pid with a pidfd, nothing where there is none."""
    try:
        pid = os.fork()
    except OSError as exc:
        with socket.socket(fileno=os.dup(descriptors[1])) as link:
            _answer(link, failed="fork", errno=exc.errno)
        return {}
    if pid:
        with contextlib.suppress(ProcessLookupError):  # it has ended, and the kernel has reaped it
            return {pid: os.pidfd_open(pid)}
        return {}
    try:
        control.close()
        broker.close([*keepers.values()])
        link = socket.socket(fileno=descriptors[1])
        if order["do"] == "lab":
            _become_lab(order, socket.socket(fileno=descriptors[0]), link)
        elif order["do"] == "relay" and lab is not None:
            _relay(lab, socket.socket(fileno=descriptors[0]), link)
        else:
            _keep(order, descriptors[0], link, descriptors[2], lab is not None, libc)
    finally:
        os._exit(0)


def _hand_out(control: socket.socket, lab: Broker, order: dict[str, Any]) -> None:
    try:
        made = lab.sockets(order)
    except OSError as exc:
        _answer(control, errno=exc.errno)
        return
    with contextlib.suppress(OSError):  # the harness may be gone by now
        socket.send_fds(control, [json.dumps({"errno": 0}).encode()], made)
    broker.close(made)


def _become_lab(order: dict[str, Any], control: socket.socket, link: socket.socket) -> None:
    """Enters namespaces and serves in there. Tells its pid, and that it is ready or why not."""
    step = "namespaces"
    try:
        namespaces.leave_for_new(order["pids"])
        inner = os.fork() if order["pids"] else 0
        if inner:
            control.close()
            _tell_pid(link, inner)
            os.waitpid(inner, 0)
            return
        if order["pids"]:
            step = "proc"
            mounts.show_own_processes()
            with contextlib.suppress(OSError):  # before Linux 6.14 all namespaces share it
                namespaces.number_processes(_MOST_PROCESSES)
        else:
            _tell_pid(link, os.getpid())
        step = "links"
        lab = Broker(order["shape"])
    except OSError as exc:
        _answer(link, failed=step, errno=exc.errno)
        return
    _answer(link, ready=True)
    link.close()
    serve(control, lab)


def _relay(lab: Broker, control: socket.socket, link: socket.socket) -> None:
    """Becomes the wire of the lab, until the harness closes its end. Tells that it is ready."""
    try:
        run = lab.relay(control)
    except OSError as exc:
        _answer(link, failed="wire", errno=exc.errno)
        return
    _answer(link, ready=True)
    link.close()
    run()


def _tell_pid(link: socket.socket, pid: int) -> None:
    ending = os.pidfd_open(pid)
    with contextlib.suppress(OSError):  # the harness may be gone by now
        socket.send_fds(link, [json.dumps({"pid": pid}).encode()], [ending])
    os.close(ending)


def _sweep(keepers: dict[int, int]) -> None:
    """Kills all children that are no keepers, and theirs when they come up; waits for the end."""
    _drop_ended(keepers)
    while orphans := [pid for pid in children_of(os.getpid()) if pid not in keepers]:
        for pid in orphans:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        with contextlib.suppress(ProcessLookupError):
            ending = os.pidfd_open(orphans[0])
            readable(ending, within=None)
            os.close(ending)


def _answer(link: socket.socket, **told: object) -> None:
    with contextlib.suppress(OSError):  # the harness may be gone by now
        link.send(json.dumps(told).encode())


# -- the keeper ----------------------------------------------------------------------------


def _keep(
    order: dict[str, Any],
    terminal: int,
    link: socket.socket,
    report: int,
    in_lab: bool,
    libc: ctypes.CDLL,
) -> None:
    """Starts the target, tells its exit status, and ends what is left when told to."""
    try:
        _take_over(terminal, libc)
        waker = _woken_by_children()
        wanted = order["confinement"]
        if wanted["way"]:
            confinement.confine(wanted, terminal)
            # Its target has the same rights now: without this it could look into it (ptrace(2)).
            libc.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
        main = launch(order, terminal)
    except NotLaunchedError as exc:
        _answer(link, failed=exc.step, errno=exc.number)
        return
    except OSError as exc:
        _answer(link, failed="keeper", errno=exc.errno)
        return
    os.chdir("/")  # the working folder may be removed before this process ends
    _introduce(link, main, wanted["writable"], in_lab)
    _watch(main, link, report, waker, wanted, terminal)
    _end_all()
    with contextlib.suppress(OSError):
        link.send(GONE)


def _introduce(link: socket.socket, main: int, folder: str, in_lab: bool) -> None:
    """Tells both pids. Out of a lab, where they have other numbers, it hands pidfds too.

    And the folder that the target can write to, which may be at a root of its own.
    """
    told = json.dumps({"pid": main, "keeper": os.getpid()}).encode()
    handles = [os.pidfd_open(pid) for pid in (main, os.getpid())] if in_lab else []
    if in_lab and folder:
        handles.append(os.open(folder, os.O_PATH))
    with contextlib.suppress(OSError):  # the harness may be gone by now
        socket.send_fds(link, [told], handles)
    broker.close(handles)


def _take_over(terminal: int, libc: ctypes.CDLL) -> None:
    """Becomes subreaper, and leader of a session at the terminal."""
    if libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "prctl")
    os.setsid()
    fcntl.ioctl(terminal, termios.TIOCSCTTY, 0)
    # What the terminal sends to its session when it hangs up is not for the keeper.
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)


def _woken_by_children() -> int:
    """Returns a descriptor that is readable once a child has ended."""
    waker, wake = os.pipe()
    os.set_blocking(waker, False)
    os.set_blocking(wake, False)
    signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda number, frame: None)
    return waker


def _watch(
    main: int,
    link: socket.socket,
    report: int,
    waker: int,
    wanted: dict[str, Any],
    terminal: int,
) -> None:
    """Reaps, and tells the status of the main process, until the harness lets go.

    Ends those that take more than they may.
    """
    poll = select.poll()
    poll.register(link, select.POLLIN)
    poll.register(waker, select.POLLIN)
    while True:
        ready = dict(poll.poll(_GLANCE if wanted["memory"] else None))
        if link.fileno() in ready:
            return
        if wanted["memory"]:
            _end_excess(wanted, terminal)
        with contextlib.suppress(BlockingIOError):
            os.read(waker, 4096)
        status = _reap(main)
        if status is not None:
            with contextlib.suppress(OSError):  # the harness may be gone by now
                os.write(report, str(status).encode())
            os.close(report)


def _end_excess(wanted: dict[str, Any], terminal: int) -> None:
    told = confinement.excess(wanted)
    if told:
        confinement.end_all(wanted)
        if writable(terminal, 0.0):  # it may have stopped its output, or filled the terminal
            with contextlib.suppress(OSError):
                os.write(terminal, f"\n[wireharness: ended for {told}]\n".encode())


def _reap(main: int) -> int | None:
    """Takes in every child that has ended. Returns the status of the main one if it has."""
    status = None
    with contextlib.suppress(ChildProcessError):
        while True:
            pid, told = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                break
            if pid == main:
                status = os.waitstatus_to_exitcode(told)
    return status


def _end_all() -> None:
    """Kills whatever is below this process and waits until nothing is."""
    while True:
        below = _kill_all_below()
        try:
            # Among those found is a child of ours, and it is about to end. Where none was
            # found, one has been orphaned to us since: look again.
            os.waitpid(-1, 0 if below else os.WNOHANG)
        except ChildProcessError:
            return


def _kill_all_below() -> tuple[int, ...]:
    """Returns the pids of those that were there."""
    below = descendants(os.getpid())
    for pid in below:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, signal.SIGKILL)
    return below

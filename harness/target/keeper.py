"""The keeper: a process of its own that starts targets and leaves nothing of them behind.

Belongs here: fork, exec, wait, kill. Run as a script by `python -I -S -B` with a Unix
socket's number; imports the standard library alone. For each target it forks a child that
becomes the subreaper of all that the target starts: a daemon that forks twice and leaves
its session still ends up as that child's child. The end of the socket, even by SIGKILL of
the harness, is the order to kill.
"""

from __future__ import annotations

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

_SUBREAPER = 36  # linux/prctl.h: PR_SET_CHILD_SUBREAPER


def main(number: int) -> None:
    """Starts a keeper for each request until the harness hangs up."""
    orders = socket.socket(fileno=number)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # keepers are nobody's zombies
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the harness, which hangs up
    while True:
        request, fds, _, _ = socket.recv_fds(orders, 1 << 20, 2)
        if not request:
            return
        if os.fork() == 0:
            orders.close()
            keep(json.loads(request), fds[0], socket.socket(fileno=fds[1]))
            os._exit(0)
        for fd in fds:
            os.close(fd)


def keep(request: dict[str, object], terminal: int, line: socket.socket) -> None:
    """Starts one target, tells how it ends, and kills what is left when told to."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    ctypes.CDLL(None).prctl(_SUBREAPER, 1, 0, 0, 0)
    failed_read, failed_write = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(failed_read)
        line.close()
        become(request, terminal, failed_write)
    os.close(failed_write)
    os.close(terminal)
    why = os.read(failed_read, 4096)
    os.close(failed_read)
    tell(line, {"keeper": os.getpid(), "pid": pid, "failed": why.decode("utf-8", "replace")})
    watch(pid, line)
    bury()
    tell(line, {"stopped": True})


def become(request: dict[str, object], terminal: int, failed: int) -> None:
    """Turns this process into the target; tells why where that fails."""
    try:
        os.setsid()
        fcntl.ioctl(terminal, termios.TIOCSCTTY, 0)
        for fd in (0, 1, 2):
            os.dup2(terminal, fd)
        os.set_inheritable(failed, False)
        os.closerange(3, failed)
        os.closerange(failed + 1, 1 << 16)
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        os.umask(0o022)
        for number in (signal.SIGINT, signal.SIGPIPE, signal.SIGCHLD, signal.SIGXFSZ):
            signal.signal(number, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_SETMASK, ())
        os.chdir(str(request["cwd"]))
        argv, env = request["argv"], request["env"]
        assert isinstance(argv, list) and isinstance(env, dict)  # noqa: PT018 - ours, as JSON
        os.execvpe(argv[0], argv, env)
    except OSError as exc:
        os.write(failed, f"{exc.strerror}".encode())
    os._exit(127)


def watch(pid: int, line: socket.socket) -> None:
    """Tells the target's status when it ends, and returns when the harness wants an end."""
    ended = os.pidfd_open(pid)
    poll = select.poll()
    poll.register(line, select.POLLIN)
    poll.register(ended, select.POLLIN)
    while True:
        for fd, _ in poll.poll():
            if fd == line.fileno():
                line.recv(16)  # an order left unread would make our last words an error
                return
            poll.unregister(ended)
            _, status = os.waitpid(pid, 0)
            tell(line, {"status": os.waitstatus_to_exitcode(status)})


def bury() -> None:
    """Kills children until there are none: whoever loses its parent becomes one of ours."""
    while True:
        for child in children(os.getpid()):
            try:
                os.kill(child, signal.SIGKILL)
            except ProcessLookupError:
                continue
        try:
            os.waitpid(-1, 0)
        except ChildProcessError:
            return


def children(pid: int) -> list[int]:
    """Returns the direct children of a process."""
    found: list[int] = []
    try:
        for task in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{task}/children", "rb") as listed:  # noqa: PTH123 - lean
                found += map(int, listed.read().split())
    except (OSError, ValueError):
        return found
    return found


def tell(line: socket.socket, message: dict[str, object]) -> None:
    """Sends a message, unless the harness is gone."""
    try:
        line.send(json.dumps(message).encode())
    except OSError:
        return


if __name__ == "__main__":
    main(int(sys.argv[1]))

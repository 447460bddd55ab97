"""The launch: from a keeper's order to a process that runs the target's own program.

Belongs here: the two ways there, and which step fails with which errno. Must not know: what
becomes of it. Runs in the keeper, and is as lean.
"""

from __future__ import annotations

import contextlib
import os
import resource
import signal
from typing import Any

from harness.target import confinement

_SIGNALS = signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}


class NotLaunchedError(Exception):
    """The target did not come to run its program: which step failed, with which errno."""

    def __init__(self, step: str, number: int) -> None:
        super().__init__(step, number)
        self.step = step
        self.number = number


def _spawned(order: dict[str, Any], terminal: int) -> int:
    """By posix_spawn(), a vfork that costs half of a fork: so the keeper is confined itself."""
    return os.posix_spawnp(
        order["argv"][0],
        order["argv"],
        order["env"],
        file_actions=[(os.POSIX_SPAWN_DUP2, terminal, number) for number in range(3)],
        setpgroup=0,
        setsigmask=(),
        setsigdef=_SIGNALS,
    )


def _forked_apart(order: dict[str, Any], terminal: int) -> int:
    """By a fork, which is kept from the keeper too: it can neither signal nor trace it."""
    told, tell = os.pipe()
    pid = os.fork()
    if pid:
        os.close(tell)
        failed = os.read(told, 16)
        os.close(told)
        if failed:
            os.waitpid(pid, 0)
            raise OSError(int(failed), os.strerror(int(failed)))
        return pid
    try:
        os.setpgid(0, 0)
        for each in _SIGNALS:
            signal.signal(each, signal.SIG_DFL)
        signal.set_wakeup_fd(-1)
        for number in range(3):
            os.dup2(terminal, number)
        confinement.keep_apart(order["confinement"])
        os.execvpe(order["argv"][0], order["argv"], order["env"])
    except OSError as exc:
        os.write(tell, str(exc.errno).encode())
    finally:
        os._exit(127)


def launch(order: dict[str, Any], terminal: int) -> int:
    """Returns the pid of the target, which runs its own program by then.

    Raises: NotLaunchedError. Nothing else is inherited, since every other descriptor is
    closed by exec.
    """
    os.umask(0o022)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.environ["PATH"] = order["env"].get("PATH", os.defpath)
    step = "folder"
    try:
        os.chdir(order["cwd"])
        step = "program"
        pid = (_forked_apart if order["confinement"]["apart"] else _spawned)(order, terminal)
    except OSError as exc:
        raise NotLaunchedError(step, exc.errno or 0) from exc
    with contextlib.suppress(OSError):  # it is at its end already, or another user's
        os.tcsetpgrp(terminal, pid)
        # So quick a program that it read before it was in the foreground was stopped for that,
        # and with it what it had started by then.
        os.killpg(pid, signal.SIGCONT)
    return pid

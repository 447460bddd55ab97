"""Confinement: what a process gives up before it becomes a target.

Belongs here: carrying out what harness.target.isolation has asked for, in the keeper. Must
not know: why. It is lean: of this project it imports what runs in a keeper too.
"""

from __future__ import annotations

import contextlib
import os
import re
import resource
import signal
from collections.abc import Iterable
from typing import Any

from harness.network.lab import mounts, namespaces, root
from harness.target import landlock
from harness.target.lineage import descendants, read

FILES, ROOT, LANDLOCK = "files", "root", "landlock"
"""Ways: all is read-only; nothing else is there; what is there may not be touched."""

_DEVICES = ("/dev/null", "/dev/zero", "/dev/full", "/dev/tty", "/dev/shm")
_SEEN = ("/dev/random", "/dev/urandom", "/proc", "/sys/devices/system/cpu")
_HELD = re.compile(rb"^Rss(?:Anon|Shmem):\s*(\d+) kB", re.MULTILINE)
"""Of /proc/PID/status: memory that no file is behind, be it shared with others."""


def confine(wanted: dict[str, Any], terminal: int) -> None:
    """Confines the keeper and all that it will start at this terminal. Raises: OSError.

    `wanted` is {way, writable, megabytes, visible, hidden, binds, calls, limits, apart}.
    """
    if wanted["way"] == FILES:
        mounts.guard_files(wanted["writable"])
    elif wanted["way"] == ROOT:
        room = wanted["writable"], wanted["megabytes"]
        root.enter(*room, wanted["visible"], wanted["hidden"], os.ttyname(terminal))
    namespaces.give_up_rights()
    if not wanted["apart"]:
        _limit(wanted["limits"])


def keep_apart(wanted: dict[str, Any]) -> None:
    """Keeps this process, which is to be the target, from its keeper too. Raises: OSError."""
    if wanted["way"] == LANDLOCK:
        seen = (*root.system_paths(), *_SEEN, *wanted["visible"])
        used = (os.ttyname(0), *_DEVICES)
        landlock.restrict(seen, (wanted["writable"],), used, wanted["binds"], wanted["calls"])
    else:
        landlock.scope()
    _limit(wanted["limits"])


def _limit(limits: dict[str, int]) -> None:
    for name, limit in limits.items():
        with contextlib.suppress(ValueError):  # it is lower already
            resource.setrlimit(getattr(resource, f"RLIMIT_{name}"), (limit, limit))


def excess(wanted: dict[str, Any]) -> str:
    """Returns what all below this process have too much of, "" for nothing."""
    memory, processes = wanted["memory"], wanted["processes"]
    if wanted["way"] == ROOT:  # all that /proc shows is the target's, but for the lab's own two
        below = [int(name) for name in os.listdir("/proc") if name.isdigit() and name != "1"]
        below.remove(os.getpid())
    else:
        below = list(descendants(os.getpid()))
    if len(below) > processes:
        return f"having more than {processes} processes"
    total = 0
    for each in below:
        with contextlib.suppress(OSError):
            total += sum(int(kilo) << 10 for kilo in _HELD.findall(read(f"/proc/{each}/status")))
    return f"taking more than {memory >> 20} MB of memory" if total > memory else ""


def end_all(wanted: dict[str, Any]) -> None:
    """Kills all below this process, at one stroke where nobody else is there.

    Where others are, each is stopped before it is killed, since those that fork without an
    end make more meanwhile than can be found.
    """
    if wanted["way"] == ROOT:
        with contextlib.suppress(ProcessLookupError):
            os.kill(-1, signal.SIGKILL)  # all but process 1 and this one
        return
    found: set[int] = set()
    while new := [each for each in descendants(os.getpid()) if each not in found]:
        found.update(new)
        _signal(new, signal.SIGSTOP)
    _signal(found, signal.SIGKILL)


def _signal(pids: Iterable[int], number: int) -> None:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, number)

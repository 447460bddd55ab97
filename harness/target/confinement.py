"""Confinement: what a process gives up before it becomes a target.

Belongs here: carrying out what harness.target.isolation has asked for, in the keeper. Must
not know: why. It is lean: of this project it imports what runs in a keeper too.
"""

from __future__ import annotations

import contextlib
import os
import resource
from typing import Any

from harness.network.lab import mounts, namespaces, root
from harness.target import landlock
from harness.target.lineage import descendants, read

FILES, ROOT, LANDLOCK = "files", "root", "landlock"
"""Ways: all is read-only; nothing else is there; what is there may not be touched."""

_DEVICES = ("/dev/null", "/dev/zero", "/dev/full", "/dev/tty", "/dev/pts", "/dev/shm")
_SEEN = ("/dev/random", "/dev/urandom", "/proc", "/sys/devices/system/cpu")
_PAGE = os.sysconf("SC_PAGE_SIZE")


def confine(wanted: dict[str, Any]) -> None:
    """Confines the keeper and all that it will start. Raises: OSError.

    `wanted` is {way, writable, megabytes, visible, hidden, binds, calls, limits, apart}.
    """
    if wanted["way"] == FILES:
        mounts.guard_files(wanted["writable"])
    elif wanted["way"] == ROOT:
        root.enter(wanted["writable"], wanted["megabytes"], wanted["visible"], wanted["hidden"])
    namespaces.give_up_rights()
    if not wanted["apart"]:
        _limit(wanted["limits"])


def keep_apart(wanted: dict[str, Any]) -> None:
    """Keeps this process, which is to be the target, from its keeper too. Raises: OSError."""
    if wanted["way"] == LANDLOCK:
        seen = (*root.system_paths(), *_SEEN, *wanted["visible"])
        landlock.restrict(seen, (wanted["writable"], *_DEVICES), wanted["binds"], wanted["calls"])
    else:
        landlock.scope()
    _limit(wanted["limits"])


def _limit(limits: dict[str, int]) -> None:
    for name, limit in limits.items():
        with contextlib.suppress(ValueError):  # it is lower already
            resource.setrlimit(getattr(resource, f"RLIMIT_{name}"), (limit, limit))


def memory_below(pid: int) -> int:
    """Returns the bytes of memory that all below a process have for themselves."""
    total = 0
    for each in descendants(pid):
        with contextlib.suppress(OSError, ValueError):
            _, resident, shared, *_ = map(int, read(f"/proc/{each}/statm").split())
            total += (resident - shared) * _PAGE
    return total

"""Who is below a process, by /proc.

Belongs here: children and their children, as they are now. Must not know: what they are for.
The keeper runs this in a process of its own, which imports nothing that takes long.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from functools import partial

# A kernel without CONFIG_PROC_CHILDREN does not list them: all of /proc is looked through.
_LISTED = os.path.exists("/proc/thread-self/children")


def children_of(pid: int) -> list[int]:
    """Returns the pids of a process's children, zombies included."""
    return _lister(read)(pid)


def descendants(root: int, reading: Callable[[str], bytes] | None = None) -> tuple[int, ...]:
    """Returns the pids of everything below a process, zombies included, parents first.

    An orphan moves up to the root, which is its subreaper, and a thread's children to the
    thread that leads the process. Both are asked last, so that nothing escapes by moving
    while this looks. `reading` reads a small file of /proc.
    """
    children = _lister(reading or read)
    found: dict[int, None] = {}
    while waiting := [child for child in children(root) if child not in found]:
        while waiting:
            pid = waiting.pop()
            found[pid] = None
            waiting += [child for child in children(pid) if child not in found]
    return tuple(found)


def _lister(reading: Callable[[str], bytes]) -> Callable[[int], list[int]]:
    """Returns what tells the children of a process, those of now or of a moment later."""
    return partial(_children, reading) if _LISTED else _children_by_parent()


def _children(reading: Callable[[str], bytes], pid: int) -> list[int]:
    children: list[int] = []
    with contextlib.suppress(OSError):  # it ended meanwhile
        for thread in reversed(os.listdir(f"/proc/{pid}/task")):  # the leader is the first
            with contextlib.suppress(OSError):
                children += map(int, reading(f"/proc/{pid}/task/{thread}/children").split())
    return children


def _children_by_parent() -> Callable[[int], list[int]]:
    below: dict[int, list[int]] = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            with contextlib.suppress(OSError):
                # The name in parentheses may hold anything; state and parent follow it.
                stat = read(f"/proc/{name}/stat")
                parent = int(stat[stat.rindex(b")") + 2 :].split()[1])
                below.setdefault(parent, []).append(int(name))
    return lambda pid: below.get(pid, [])


def read(path: str) -> bytes:
    """Returns what a small file of /proc says now. Raises: OSError."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        return os.read(descriptor, 1 << 16)
    finally:
        os.close(descriptor)

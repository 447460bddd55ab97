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


def threads_below(root: int, reading: Callable[[str], bytes]) -> dict[int, list[str]]:
    """Returns the threads of everything below a process that has one thread itself.

    As `descendants` does, whose lists of threads serve twice here. Raises: OSError where
    one of them ends meanwhile.
    """
    if not _LISTED:
        return {pid: _threads(pid) for pid in descendants(root, reading)}
    found: dict[int, list[str]] = {}
    while waiting := [pid for pid in _of_thread(reading, root, root) if pid not in found]:
        while waiting:
            pid = waiting.pop()
            found[pid] = names = _threads(pid)
            for name in reversed(names):  # the leader is the first
                waiting += [pid for pid in _of_thread(reading, pid, name) if pid not in found]
    return found


def _lister(reading: Callable[[str], bytes]) -> Callable[[int], list[int]]:
    """Returns what tells the children of a process, those of now or of a moment later."""
    return partial(_children, reading) if _LISTED else _children_by_parent()


def _children(reading: Callable[[str], bytes], pid: int) -> list[int]:
    children: list[int] = []
    with contextlib.suppress(OSError):  # it ended meanwhile
        for thread in reversed(_threads(pid)):  # the leader is the first
            children += _of_thread(reading, pid, thread)
    return children


def _threads(pid: int) -> list[str]:
    return os.listdir(f"/proc/{pid}/task")


def _of_thread(reading: Callable[[str], bytes], pid: int, thread: int | str) -> list[int]:
    """Returns the children of one thread; none where it has ended: they have moved."""
    try:
        return [int(pid) for pid in reading(f"/proc/{pid}/task/{thread}/children").split()]
    except OSError:
        return []


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

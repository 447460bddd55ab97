"""How many files the harness may have open at once, and how many its targets.

Belongs here: the soft limit of this process (getrlimit(2)), which most systems set to 1024. A
lab with its target takes 50 descriptors, each client of a crowd one more. Must not know: who
holds them. A target has the limit that was there at first: a server may go by it.
"""

from __future__ import annotations

import resource

_ROOM = 65_536
"""Enough, and no more: there are programs that close each one they may have had before them."""

AT_FIRST = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
"""The soft limit as this process found it."""


def make_room() -> None:
    """Raises this process's soft limit as far as it may and needs to."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    room = _ROOM if hard == resource.RLIM_INFINITY else min(hard, _ROOM)
    if soft != resource.RLIM_INFINITY and soft < room:
        resource.setrlimit(resource.RLIMIT_NOFILE, (room, hard))

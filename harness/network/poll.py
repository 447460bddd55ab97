"""Waiting for descriptors, whatever their numbers: select() takes none above 1023.

Belongs here: poll(2), once and on a few. Must not know: what they are. Labs wait by it too: of
this project it imports nothing.
"""

from __future__ import annotations

import select
import socket


def readable(*what: socket.socket | int, within: float | None = 0.0) -> bool:
    """Waits so many seconds, None: for ever, for something to read or an end. Says if it came.

    poll() counts whole milliseconds, and part of one as one.
    """
    return _ready(what, select.POLLIN, within)


def writable(what: socket.socket | int, within: float) -> bool:
    """Waits so many seconds until it takes more, or has failed. Says whether it does or has."""
    return _ready((what,), select.POLLOUT, within)


def _ready(what: tuple[socket.socket | int, ...], event: int, within: float | None) -> bool:
    poll = select.poll()
    for each in what:
        poll.register(each, event)
    return bool(poll.poll(None if within is None else max(0.0, within) * 1000))

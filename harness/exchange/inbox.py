"""Inboxes: what has arrived on one connection and was not yet judged.

Belongs here: bytes of a stream, datagrams with their bounds, the end. Must not know: what
was expected.
"""

from __future__ import annotations

from collections import deque

from harness.exchange.action import Received
from harness.spec.model import Ending, Transport


class Inbox:
    """Arrivals of one connection, oldest first.

    `holds`: there is something to judge; an empty datagram is something. `whole`: no more can
    come to what is there. `used`: something was said on it. `met`: an event of the exchange was
    met by it. `judged` counts the messages taken out, `before` is when the last of these had come.
    What is looked at for every message is an attribute: a property costs a call.
    """

    __slots__ = (
        "_aside", "_datagrams", "_passed", "_stream", "astray", "at", "before", "ended", "holds",
        "judged", "known", "met", "new_port", "open", "used", "whole",
    )  # fmt: skip

    def __init__(self, over: Transport) -> None:
        self.known: bytes | None = b""  # what `data` gives, None while that is not made
        self.holds = False
        self._stream = bytearray()
        self.at = 0.0  # when the last of it came
        self.before = 0.0
        self.judged = 0
        self.new_port = False
        self.astray = False
        self.ended: Ending | None = None
        self.open = True  # our side
        self.used = False
        self.met = False
        self._datagrams: deque[Received] | None = deque() if over is Transport.UDP else None
        self._aside: list[Received] = []  # datagrams that were looked at too early
        self._passed = bytearray()  # the same of a stream
        self.whole = self._datagrams is not None

    @property
    def data(self) -> bytes:
        """The stream so far, or the oldest datagram."""
        if self.known is None:
            self.known = bytes(self._stream)
        return self.known

    @property
    def size(self) -> int:
        """How many bytes `data` has."""
        return len(self._stream) if self._datagrams is None else len(self.data)

    def since(self, size: int) -> bytes:
        """Returns what came behind so many bytes of the stream."""
        return bytes(self._stream[size:])

    @property
    def spent(self) -> bool:
        """Says whether all was said and judged: a client may come again on another connection."""
        return not self.holds and (not self.open or (self.ended is not None and self.used))

    @property
    def wordless(self) -> bool:
        """Says whether the other side came and went, and nobody has said a word."""
        return self.ended is not None and not self.used

    def end(self, how: Ending) -> None:
        """Takes in that the other side has ended it."""
        self.ended = how
        self.whole = True

    def add(self, signal: Received) -> None:
        """Takes in an arrival."""
        self.used = self.holds = True
        if self._datagrams is None:
            data = signal.data
            self.known = None if self._stream else data
            self._stream += data
            self.at = signal.at
            return
        self._datagrams.append(signal)
        if len(self._datagrams) == 1:
            _, self.known, self.at, self.new_port, self.astray = signal

    def drop(self, length: int) -> None:
        """Takes out a message: so many bytes of the stream, or the oldest datagram."""
        self.before = self.at
        self.judged += 1
        if self._datagrams is None:
            if length == len(self._stream) and not self._passed:
                self._stream.clear()
                self.known, self.holds = b"", False
            else:
                self._stream[:length] = self._passed
                self._passed.clear()
                self.known = None
            return
        self._datagrams.popleft()
        self._datagrams.extendleft(reversed(self._aside))
        self._aside.clear()
        self._show()

    def set_aside(self, length: int) -> None:
        """Looks at the next message first; this one comes back once that is taken out."""
        if self._datagrams is None:
            self._passed += self._stream[:length]
            del self._stream[:length]
            self.known, self.holds = None, bool(self._stream)
            return
        self._aside.append(self._datagrams.popleft())
        self._show()

    def _show(self) -> None:
        if not self._datagrams:
            self.known, self.holds, self.new_port, self.astray = b"", False, False, False
            return
        _, self.known, self.at, self.new_port, self.astray = self._datagrams[0]
        self.holds = True

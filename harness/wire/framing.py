"""Framings: where a message in a byte stream ends when the message itself does not say.

Belongs here: cutting a stream into messages. Must not know: what a message means.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass


class FramingKind(enum.Enum):
    """How the end of a message is found."""

    LINE = "line"  # up to and with LF
    CRLF = "crlf"  # up to and with CR LF
    DELIMITER = "delimiter"  # up to and with `delimiter`
    FIXED = "fixed"  # `size` bytes
    LENGTH = "length"  # an unsigned big-endian prefix of `size` bytes counts what follows it
    CLOSE = "close"  # all until the stream ends
    DATAGRAM = "datagram"  # the datagram's own bounds
    HTTP = "http"  # RFC 9112, 6.3


@dataclass(frozen=True, slots=True)
class Framing:
    """One framing with its parameter."""

    kind: FramingKind
    delimiter: bytes = b""
    size: int = 0


LINE = Framing(FramingKind.LINE)
CLOSE = Framing(FramingKind.CLOSE)
DATAGRAM = Framing(FramingKind.DATAGRAM)


def end_of_message(data: bytes, framing: Framing) -> int | None:
    """Returns how many bytes the first message takes with its own end, None if it is not all here.

    A CLOSE or DATAGRAM message has no end inside the bytes: None.
    """
    raise NotImplementedError

"""Framings: where a message in a byte stream ends when the message itself does not say.

Belongs here: cutting a stream into messages. Must not know: what a message means.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass

from harness.wire.http import end_of_http


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
    match framing.kind:
        case FramingKind.LINE:
            return _after(data, b"\n")
        case FramingKind.CRLF:
            return _after(data, b"\r\n")
        case FramingKind.DELIMITER:
            return _after(data, framing.delimiter)
        case FramingKind.FIXED:
            return framing.size if len(data) >= framing.size else None
        case FramingKind.LENGTH:
            return _counted(data, framing.size)
        case FramingKind.HTTP:
            return end_of_http(data)
    return None


def _after(data: bytes, delimiter: bytes) -> int | None:
    at = data.find(delimiter)
    return None if at < 0 else at + len(delimiter)


def _counted(data: bytes, size: int) -> int | None:
    if len(data) < size:
        return None
    whole = size + int.from_bytes(data[:size], "big")
    return whole if len(data) >= whole else None

"""The pcapng format: blocks of a capture file, as bytes (draft-ietf-opsawg-pcapng).

Belongs here: how sections, interfaces, packets, names and comments are written. Must not know:
files, where packets come from, what the comments say.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from itertools import chain

ETHERNET = 1
"""The link type of frames that begin with an Ethernet header."""

_SECTION, _INTERFACE, _PACKET = 0x0A0D0D0A, 1, 6
_NAMES, _STATISTICS = 4, 5
_MAGIC = 0x1A2B3C4D
_COMMENT, _APPLICATION = 1, 4
_NAME, _DESCRIPTION, _RESOLUTION = 2, 3, 9
_RECEIVED, _DROPPED = 4, 5
_NANOSECONDS = b"\x09"  # 10**-9
_LONGEST = 65_535  # bytes of one option

Option = tuple[int, bytes]


def _text(words: str) -> bytes:
    """Returns UTF-8: a path may hold bytes that are none."""
    return words.encode(errors="backslashreplace")


def section(application: str, comment: str) -> bytes:
    """Returns what a file begins with: what has written it, and a word about the whole."""
    options = [(_COMMENT, _text(comment)), (_APPLICATION, _text(application))]
    return _block(_SECTION, struct.pack("<IHHq", _MAGIC, 1, 0, -1), options)


def interface(name: str, description: str, comment: str = "") -> bytes:
    """Returns the interface of the packets behind it: Ethernet, times in nanoseconds."""
    options = [(_COMMENT, _text(comment))] if comment else []
    options += [(_NAME, _text(name)), (_DESCRIPTION, _text(description))]
    return _block(
        _INTERFACE, struct.pack("<HHI", ETHERNET, 0, 0), [*options, (_RESOLUTION, _NANOSECONDS)]
    )


def names(hosts: Iterable[tuple[bytes, str]]) -> bytes:
    """Returns the block that names addresses of 4 or 16 bytes."""
    records = ((1 if len(ip) == 4 else 2, ip + _text(name) + b"\0") for ip, name in hosts)
    return _block(_NAMES, _options(records), [])


def packet(at: int, data: bytes, length: int, comments: Sequence[str] = ()) -> bytes:
    """Returns a packet; `at` in nanoseconds since 1970, `length` in bytes on the wire."""
    fixed = struct.pack("<IIIII", 0, at >> 32, at & 0xFFFFFFFF, len(data), length)
    told = [(_COMMENT, _text(comment)) for comment in comments]
    return _block(_PACKET, fixed + _padded(data), told)


def statistics(at: int, received: int, dropped: int) -> bytes:
    """Returns how many packets the interface had, and how many of them were lost."""
    fixed = struct.pack("<III", 0, at >> 32, at & 0xFFFFFFFF)
    counts = [(_RECEIVED, struct.pack("<Q", received)), (_DROPPED, struct.pack("<Q", dropped))]
    return _block(_STATISTICS, fixed, counts)


def _block(kind: int, fixed: bytes, options: Sequence[Option]) -> bytes:
    body = fixed + (_options(options) if options else b"")
    length = struct.pack("<I", 12 + len(body))
    return struct.pack("<I", kind) + length + body + length


def _options(options: Iterable[Option]) -> bytes:
    """Returns a list of them with its end; each is cut where it is too long."""
    return b"".join(
        struct.pack("<HH", kind, len(value[:_LONGEST])) + _padded(value[:_LONGEST])
        for kind, value in chain(options, [(0, b"")])
    )


def _padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % 4)

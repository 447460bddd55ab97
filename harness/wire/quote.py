"""How bytes are shown to people: never as a raw control byte.

Belongs here: escaping for text and rows of hex. Must not know: reports, colours.
"""

from __future__ import annotations

from collections.abc import Iterator

_NAMED = {0x0A: "\\n", 0x0D: "\\r", 0x09: "\\t", 0x5C: "\\\\", 0x22: '\\"'}


def quoted(data: bytes, limit: int = 80) -> str:
    """Returns the bytes as a quoted text; beyond `limit` bytes cut, with the number left out."""
    shown = "".join(_character(byte) for byte in data[:limit])
    left = len(data) - limit
    return f'"{shown}"' + (f" and {left} bytes more" if left > 0 else "")


def hex_rows(data: bytes, start: int = 0, width: int = 16) -> Iterator[str]:
    """Yields rows of an offset, the bytes in hex, and those that print."""
    for at in range(0, len(data), width):
        row = data[at : at + width]
        shown = "".join(chr(byte) if 0x20 <= byte < 0x7F else "." for byte in row)
        yield f"{start + at:06x}  {row.hex(' '):<{3 * width - 1}}  {shown}"


def _character(byte: int) -> str:
    if byte in _NAMED:
        return _NAMED[byte]
    return chr(byte) if 0x20 <= byte < 0x7F else f"\\x{byte:02x}"

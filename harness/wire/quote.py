"""How bytes are shown to people: never as a raw control byte.

Belongs here: escaping for text. Must not know: reports, colours.
"""

from __future__ import annotations

_NAMED = {0x0A: "\\n", 0x0D: "\\r", 0x09: "\\t", 0x5C: "\\\\", 0x22: '\\"'}


def quoted(data: bytes, limit: int = 80) -> str:
    """Returns the bytes as a quoted text; beyond `limit` bytes cut, with the number left out."""
    shown = "".join(_character(byte) for byte in data[:limit])
    left = len(data) - limit
    return f'"{shown}"' + (f" and {left} bytes more" if left > 0 else "")


def _character(byte: int) -> str:
    if byte in _NAMED:
        return _NAMED[byte]
    return chr(byte) if 0x20 <= byte < 0x7F else f"\\x{byte:02x}"

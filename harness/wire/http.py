"""Where an HTTP message ends in a stream (RFC 9112, 6.3).

Belongs here: start line, header fields, body length. Must not know: methods' meanings.
"""

from __future__ import annotations

import re

_STATUS = re.compile(rb"HTTP/1\.[01] ([0-9]{3})")
_LENGTH = re.compile(rb"[0-9]{1,18}")
_CHUNK = re.compile(rb"[0-9A-Fa-f]{1,15}")
_BODILESS = (204, 304)


def end_of_http(data: bytes) -> int | None:
    """Returns how many bytes the first message takes, None if it is not all here.

    A response without a length ends with the stream: None, too.
    """
    head = data.find(b"\r\n\r\n")
    if head < 0:
        return None
    body = head + 4
    fields = _fields(data[:head])
    if fields.get(b"transfer-encoding", b"").lower().endswith(b"chunked"):
        return _after_chunks(data, body)
    if b"content-length" in fields:
        length = fields[b"content-length"]
        whole = body + int(length) if _LENGTH.fullmatch(length) else body
        return whole if len(data) >= whole else None
    status = _STATUS.match(data)
    if status is None or int(status.group(1)) in _BODILESS or status.group(1).startswith(b"1"):
        return body
    return None


def _fields(head: bytes) -> dict[bytes, bytes]:
    lines = head.split(b"\r\n")[1:]
    pairs = (line.partition(b":") for line in lines)
    return {name.strip().lower(): value.strip() for name, _, value in pairs}


def _after_chunks(data: bytes, at: int) -> int | None:
    while (end := data.find(b"\r\n", at)) >= 0:
        digits = data[at:end].partition(b";")[0].strip()
        if not _CHUNK.fullmatch(digits):
            return end + 2  # no chunk: what stands here is judged as the message's end
        size = int(digits, 16)
        at = end + 2 + size + 2
        if size == 0:
            return _after_trailer(data, end + 2)
        if at > len(data):
            return None
    return None


def _after_trailer(data: bytes, at: int) -> int | None:
    if data[at : at + 2] == b"\r\n":
        return at + 2
    end = data.find(b"\r\n\r\n", at)
    return None if end < 0 else end + 4

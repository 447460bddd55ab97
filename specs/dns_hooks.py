"""What YAML should not say about DNS messages."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

_HEADER, _QUESTION, _RECORD = 12, 4, 10  # bytes, those of question and record behind their name
_NAMES_IN = {
    2: (0,),
    5: (0,),
    6: (0, 0),
    12: (0,),
    15: (2,),
}  # NS, CNAME, SOA, PTR, MX: bytes before


class _MalformedError(ValueError):
    pass


def pointers_go_back(captures: Mapping[str, bytes], at: float) -> str | None:
    """RFC 1035, 4.1.4: a pointer leads to a prior occurrence of a name."""
    return _wrong_names(captures["reply"])


def pointers_go_back_over_tcp(captures: Mapping[str, bytes], at: float) -> str | None:
    return _wrong_names(captures["reply"][2:])  # without the length before it


def _wrong_names(message: bytes) -> str | None:
    try:
        for start in _names(message):
            _walk(message, start)
    except _MalformedError as wrong:
        return str(wrong)
    return None


def _names(message: bytes) -> Iterator[int]:
    """Yields where a name begins, in the order of the message."""
    counts = [int.from_bytes(message[at : at + 2], "big") for at in range(4, _HEADER, 2)]
    at = _HEADER
    for _ in range(counts[0]):
        yield at
        at = _walk(message, at) + _QUESTION
    for _ in range(sum(counts[1:])):
        yield at
        at = _walk(message, at) + _RECORD
        if at > len(message):
            raise _MalformedError("the message ends in the middle of a record")
        kind = int.from_bytes(message[at - 10 : at - 8], "big")
        end = at + int.from_bytes(message[at - 2 : at], "big")
        for before in _NAMES_IN.get(kind, ()):
            at += before
            yield at
            at = _walk(message, at)
        if at > end or end > len(message):
            raise _MalformedError("the length of a record's data does not agree with what it holds")
        at = end


def _walk(message: bytes, start: int) -> int:
    """Returns where a name ends that begins at `start`. Raises: _MalformedError."""
    at, end, lowest, size = start, 0, start, 0
    while True:
        if at >= len(message):
            raise _MalformedError(f"the name at byte {start} leads behind the end of the message")
        length = message[at]
        if length == 0:
            return end or at + 1
        if length < 0x40:
            at, size = at + 1 + length, size + 1 + length
            if size > 254:
                raise _MalformedError(f"the name at byte {start} has more than 255 bytes")
            continue
        if length < 0xC0 or at + 1 >= len(message):
            raise _MalformedError(f"the label at byte {at} is neither a label nor a pointer")
        end = end or at + 2
        target = int.from_bytes(message[at : at + 2], "big") & 0x3FFF
        if target >= lowest:
            raise _MalformedError(
                f"the pointer at byte {at} leads to byte {target}, which is not before it"
            )
        if target < _HEADER:
            raise _MalformedError(f"the pointer at byte {at} leads into the header")
        at = lowest = target


def no_longer_than_the_minimum(captures: Mapping[str, bytes], at: float) -> str | None:
    """RFC 2308, 3: the TTL of the SOA is the lesser of its own and its MINIMUM field."""
    ttl, minimum = int(captures["ttl"]), int(captures["minimum"])
    if ttl > minimum:
        return f"the SOA's TTL is {ttl}, its MINIMUM field {minimum}: the lesser one counts"
    return None

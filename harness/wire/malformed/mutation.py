"""Mutations: messages of a suite made wrong by their own fields.

Belongs here: bounds and what lies beyond them, truncations, additions, flipped bits: always the
same ones, each once, and so many at the most. Must not know: what a target makes of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from harness.wire.malformed.regions import Region, Writing

_MOST = 64  # mutations of one kind
_LONG = 1000  # bytes of a word that no message has
_SIGNS = (b"-1", b"+1", b"", b"0x10", b"1e3", b"1.5", b"00", b"9" * 40, b"A")
_SIZES = (8, 16, 31, 32, 63, 64)  # bits of the numbers that programs keep
_BEHIND: Mapping[str, bytes] = MappingProxyType(
    {
        "nul": b"\0",
        "blank": b" ",
        "newline": b"\n",
        "crlf": b"\r\n",
        "letter": b"x",
        "high-byte": b"\xff",
        "thousand-bytes": b"x" * _LONG,
    }
)


@dataclass(frozen=True, slots=True)
class Mutation:
    """One message made wrong: a stable id, what was changed, and the bytes."""

    id: str
    changes: str
    data: bytes


def mutations(data: bytes, regions: Sequence[Region], kind: str) -> tuple[Mutation, ...]:
    """Returns the mutations of one kind of KINDS, none equal to the message or to another."""
    found: dict[bytes, Mutation] = {}
    names: set[str] = set()
    for each in KINDS[kind](data, regions):
        if each.data != data and each.data not in found and each.id not in names:
            found[each.data] = each
            names.add(each.id)
    return tuple(_spread(list(found.values())))


def _spread(all_of_them: list[Mutation]) -> Iterator[Mutation]:
    """Yields as many as are allowed, evenly chosen, the first and the last among them."""
    if len(all_of_them) <= _MOST:
        yield from all_of_them
        return
    last = len(all_of_them) - 1
    for at in dict.fromkeys(round(each * last / (_MOST - 1)) for each in range(_MOST)):
        yield all_of_them[at]


# -- fields --------------------------------------------------------------------------------


def _fields(data: bytes, regions: Sequence[Region]) -> Iterator[Mutation]:
    for region in regions:
        before, after = data[: region.start], data[region.end :]
        for name, changes, value in _values(region, data[region.start : region.end]):
            yield Mutation(
                f"{region.name}-{name}", f"{region.name} {changes}", before + value + after
            )


def _values(region: Region, value: bytes) -> Iterator[tuple[str, str, bytes]]:
    if region.writing is Writing.DIGITS:
        yield from _decimals(region, value)
    elif region.writing is Writing.WORD:
        yield from _words(value)
    elif region.writing is Writing.OCTETS:
        yield from _octets(value)
    else:
        yield from _numbers(region, value)


def _numbers(region: Region, value: bytes) -> Iterator[tuple[str, str, bytes]]:
    """The bounds of a binary number, its neighbours, and where its sign would change."""
    order = "little" if region.writing is Writing.REVERSED else "big"
    size, most = len(value), (1 << 8 * len(value)) - 1
    now = int.from_bytes(value, "little" if order == "little" else "big")
    half = (most + 1) // 2
    for number in (0, 1, now - 1, now + 1, half - 1, half, most - 1, most):
        if 0 <= number <= most:
            yield (
                f"is-{number}",
                f"is {number}",
                number.to_bytes(size, "little" if order == "little" else "big"),
            )


def _decimals(region: Region, value: bytes) -> Iterator[tuple[str, str, bytes]]:
    """The bounds of a number in decimal and one beyond, those of machines, and what is none."""
    now = int(value) if value.isdigit() else 0
    bounds = {0, max(now - 1, 0), now + 1}
    for bound in (region.least, region.most):
        bounds |= {max(bound - 1, 0), bound, bound + 1} if bound is not None else set()
    bounds |= {number for bits in _SIZES for number in ((1 << bits) - 1, 1 << bits)}
    for number in sorted(bounds):
        yield f"is-{number}", f"is {number}", str(number).encode()
    for index, text in enumerate(_SIGNS, start=1):
        shown = text.decode() if len(text) < 8 else f"{len(text)} digits"
        yield f"odd-{index}", f"is {shown}" if text else "is left out", text
    yield "padded", "has zeros before it", b"0" * 20 + value


def _words(value: bytes) -> Iterator[tuple[str, str, bytes]]:
    yield "left-out", "is left out", b""
    yield "in-other-case", "is in the other case", value.swapcase()
    yield "twice", "stands twice", value + b" " + value
    yield "cut", "lacks its last letter", value[:-1]
    yield "nul-inside", "has a NUL in it", value[:1] + b"\0" + value[1:]
    yield "no-text", "is no text", b"\xff\xfe" + value[2:]
    yield "format", "is a format for printf", b"%s%n%d"
    yield "long", f"has {_LONG:,} bytes", (value * _LONG)[:_LONG]


def _octets(value: bytes) -> Iterator[tuple[str, str, bytes]]:
    yield "left-out", "is left out", b""
    yield "cut", "lacks its last byte", value[:-1]
    yield "longer", "has one byte more", value + b"\0"
    yield "twice", "stands twice", value * 2
    yield "zeros", "is all zeros", bytes(len(value))
    yield "ones", "is all ones", b"\xff" * len(value)


# -- the message as a whole ----------------------------------------------------------------


def _truncations(data: bytes, _: Sequence[Region]) -> Iterator[Mutation]:
    for size in range(len(data)):
        yield Mutation(f"cut-at-{size}", f"{size} of {len(data)} bytes", data[:size])


def _additions(data: bytes, _: Sequence[Region]) -> Iterator[Mutation]:
    for name, more in _BEHIND.items():
        yield Mutation(f"and-{name}", f"a {name.replace('-', ' ')} behind it", data + more)
    yield Mutation("and-itself", "itself behind it", data * 2)
    for name, more in _BEHIND.items():
        yield Mutation(f"behind-{name}", f"a {name.replace('-', ' ')} before it", more + data)


def _flips(data: bytes, _: Sequence[Region]) -> Iterator[Mutation]:
    for bit in (7, 0, 5):
        for at, byte in enumerate(data):
            flipped = data[:at] + bytes([byte ^ 1 << bit]) + data[at + 1 :]
            yield Mutation(f"flip-{at}-{bit}", f"bit {bit} of byte {at} flipped", flipped)


KINDS: Mapping[str, Callable[[bytes, Sequence[Region]], Iterator[Mutation]]] = MappingProxyType(
    {
        "fields": _fields,
        "truncations": _truncations,
        "additions": _additions,
        "flips": _flips,
    }
)

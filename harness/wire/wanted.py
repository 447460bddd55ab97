"""Wanted: what one field of a packet has to be, held against what scapy has read there.

Belongs here: numbers, texts and packets within packets, each with its words for what is wrong.
Must not know: where a message ends, how a packet is produced.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from harness.wire.framing import CLOSE, DATAGRAM
from harness.wire.layout import encoded, name_of, number_of, text_of
from harness.wire.message import Judge, Matched, Mismatch, Scope
from harness.wire.parts import filtered
from harness.wire.quote import quoted
from harness.wire.spans import agreeing
from harness.wire.template import literal
from harness.wire.values import Given, Packets, Value, split

_INTEGER = re.compile(rb"-?[0-9]{1,20}")
_SHOWN = 60  # bytes of a value in words

Captures = dict[str, bytes]


class Wanted(Protocol):
    """What one field has to be."""

    name: str

    def wrong(self, field: Any, packet: Any, raw: bytes, captures: Captures) -> Mismatch | None:  # noqa: ANN401 - scapy's fields and packets are untyped
        """Returns what is wrong with a field that was read; `captures` grows where nothing is.

        `raw` are its bytes, where they are known; the offset of a mismatch counts from them.
        """
        ...

    def wrong_so_far(self, field: Any, packet: Any, raw: bytes) -> Mismatch | None:  # noqa: ANN401 - scapy's fields and packets are untyped
        """Returns what is wrong with the beginning of a field."""
        ...


def wanted(given: Given, scope: Scope) -> Mapping[str, Sequence[Wanted]]:
    """Returns what the fields have to be, by their names; references are resolved."""
    found: dict[str, list[Wanted]] = {}
    for key, value in given.values:
        found.setdefault(split(key)[0], []).append(_of(given, key, value, scope))
    return found


def _of(given: Given, key: str, value: Value, scope: Scope) -> Wanted:
    name, how = split(key)
    if isinstance(value, Packets):
        return WantedPackets(name, value, scope)
    if isinstance(value, int):
        return WantedNumber(name, value, exact=name in given.layout.kinds)
    judge = value.bind(scope, DATAGRAM)
    packet = given.layout.packet()
    is_number = isinstance(packet.getfieldval(name), int)
    if is_number and judge.expected is not None:
        known = number_of(packet.get_field(name), judge.expected)
        if known is not None:
            return WantedNumber(name, known, exact=name in given.layout.kinds)
    if how and judge.expected is not None:
        judge = literal(filtered(judge.expected, how)).bind({}, DATAGRAM)
    begun = None if is_number or how else value.bind(scope, CLOSE)
    return WantedText(name, how, judge, begun)


class WantedNumber:
    """A number. `exact`: its bytes are its own, so that the first wrong one can be told."""

    def __init__(self, name: str, number: int, exact: bool) -> None:
        self.name = name
        self._number = number
        self._exact = exact

    def wrong(self, field: Any, packet: Any, raw: bytes, captures: Captures) -> Mismatch | None:  # noqa: ANN401 - see Wanted
        """See Wanted."""
        value = packet.getfieldval(self.name)
        if value == self._number:
            return None
        agree = agreeing(encoded(field, packet, self._number) or b"", raw)
        found, right = _told(field, value), _told(field, self._number)
        return Mismatch(min(agree, len(raw)), f"{self.name} is {found}, wanted {right}")

    def wrong_so_far(self, field: Any, packet: Any, raw: bytes) -> Mismatch | None:  # noqa: ANN401 - see Wanted
        """See Wanted."""
        if not self._exact:
            return None
        agree = agreeing(encoded(field, packet, self._number) or b"", raw)
        return Mismatch(agree, f"{self.name} is not {self._number}") if agree < len(raw) else None


class WantedText:
    """A text, or a number as it is written; what came goes through a filter where there is one."""

    def __init__(self, name: str, how: str, judge: Judge, begun: Judge | None) -> None:
        self.name = name
        self._how = how
        self._judge = judge
        self._begun = begun

    def wrong(self, field: Any, packet: Any, raw: bytes, captures: Captures) -> Mismatch | None:  # noqa: ANN401 - see Wanted
        """See Wanted."""
        value = packet.getfieldval(self.name)
        found = self._judge.judge(filtered(text_of(value), self._how), ended=True)
        word = name_of(field, value) if isinstance(value, int) else b""
        if word and not isinstance(found, Matched):
            found = self._judge.judge(word, ended=True)
        if isinstance(found, Matched):
            captures.update(found.captures)
            return None
        own = isinstance(found, Mismatch) and isinstance(value, bytes)
        offset = found.offset if isinstance(found, Mismatch) and own else 0
        right = self._judge.expected
        why = f"is {_told(field, value)}"
        why += f", wanted {quoted(right, _SHOWN)}" if right is not None else ""
        if isinstance(found, Mismatch) and found.why:
            why = found.why
        return Mismatch(min(offset, len(raw)), f"{self.name} {why}")

    def wrong_so_far(self, field: Any, packet: Any, raw: bytes) -> Mismatch | None:  # noqa: ANN401 - see Wanted
        """See Wanted."""
        found = self._begun.judge(raw, ended=False) if self._begun is not None else None
        return found if isinstance(found, Mismatch) else None


class WantedPackets:
    """Packets within a packet: these, in this order or in any, alone or among others."""

    def __init__(self, name: str, packets: Packets, scope: Scope) -> None:
        self.name = name
        self._packets = packets
        self._wanted = [_Packet(each, scope) for each in packets.wanted]
        self._lacks = [_Packet(each, scope) for each in packets.lacks]

    def wrong(self, field: Any, packet: Any, raw: bytes, captures: Captures) -> Mismatch | None:  # noqa: ANN401 - see Wanted
        """See Wanted."""
        here = packet.getfieldval(self.name)
        why = self._in_order(here, captures) if self._packets.ordered else ""
        if not self._packets.ordered:
            why = self._in_any_order(here, captures)
        return Mismatch(0, f"{self.name} {why}") if why else None

    def wrong_so_far(self, field: Any, packet: Any, raw: bytes) -> Mismatch | None:  # noqa: ANN401 - see Wanted
        """See Wanted: what is cut in the middle of a packet tells nothing."""
        return None

    def _in_order(self, here: Sequence[Any], captures: Captures) -> str:
        if len(here) != len(self._wanted):
            return f"holds {len(here)}, wanted {len(self._wanted)}"
        for at, (one, found) in enumerate(zip(self._wanted, here, strict=True)):
            why = one.wrong(found, captures)
            if why:
                return f"[{at}] {why}"
        return ""

    def _in_any_order(self, here: Sequence[Any], captures: Captures) -> str:
        left = list(here)
        for one in self._wanted:
            whys = [one.wrong(each, captures) for each in left]
            if "" in whys:
                left.pop(whys.index(""))
                continue
            closest = f": one {whys[0]}" if len(whys) == 1 else ""
            return f"holds no {one.describe()} among its {len(here)}{closest}"
        for one in self._lacks:
            if any(not one.wrong(each, {}) for each in here):
                return f"holds {one.describe()}, which must not be there"
        if left and not self._packets.others:
            return f"holds {len(left)} more than wanted"
        return ""


class _Packet:
    """One packet within another."""

    def __init__(self, given: Given, scope: Scope) -> None:
        self.describe = given.describe
        self._layout = given.layout
        self._wanted = wanted(given, scope)

    def wrong(self, packet: Any, captures: Captures) -> str:  # noqa: ANN401 - scapy's packets are untyped
        """Returns what is wrong, "" where nothing is and `captures` has grown."""
        if type(packet) is not self._layout.packet:
            return f"is no {self._layout.name}"
        found: Captures = {}
        for name, several in self._wanted.items():
            for each in several:
                wrong = each.wrong(packet.get_field(name), packet, b"", found)
                if wrong is not None:
                    return wrong.why if wrong.why.startswith(name) else f"{name} {wrong.why}"
        captures.update(found)
        return ""


def _told(field: Any, value: Any) -> str:  # noqa: ANN401 - scapy's fields are untyped
    """Returns a value for a message: a number with its name, a text cut and quoted."""
    if isinstance(value, int):
        word = name_of(field, value)
        return f"{value} ({word.decode()})" if word else str(value)
    return quoted(text_of(value), _SHOWN)

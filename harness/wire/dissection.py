"""Dissection: arrivals taken apart field by field and held against what is wanted.

Belongs here: the judge of a layout's messages; a mismatch names the field and the first byte
of it. Must not know: YAML, how a message is produced.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from harness.wire.framing import CLOSE, DATAGRAM, Framing, FramingKind, end_of_message
from harness.wire.layout import Layout, encoded, plain, taken
from harness.wire.message import Judge, Judged, Matched, Mismatch, More, Scope
from harness.wire.spans import agreeing
from harness.wire.template import Template

_INTEGER = re.compile(rb"-?[0-9]{1,20}")


class FieldsJudge:
    """Judges arrivals field by field."""

    def __init__(
        self,
        layout: Layout,
        values: Sequence[tuple[str, int | Template]],
        scope: Scope,
        expected: bytes | None,
        framing: Framing,
    ) -> None:
        self.expected = expected
        self._layout = layout
        self._framing = framing
        self._numbers: dict[str, int] = {}
        self._judges: dict[str, Judge] = {}
        self._begun: dict[str, Judge] = {}
        for name, value in values:
            self._want(name, value, scope)

    def _want(self, name: str, value: int | Template, scope: Scope) -> None:
        if isinstance(value, int):
            self._numbers[name] = value
            return
        judge = value.bind(scope, DATAGRAM)
        is_number = isinstance(self._layout.packet().getfieldval(name), int)
        if is_number and judge.expected is not None and _INTEGER.fullmatch(judge.expected):
            self._numbers[name] = int(judge.expected)
            return
        self._judges[name] = judge
        if not is_number:
            self._begun[name] = value.bind(scope, CLOSE)

    def judge(self, data: bytes, ended: bool) -> Judged:
        """See Judge."""
        if self._framing.kind is FramingKind.DATAGRAM:
            return self._walk(data, ended=True, whole=True)
        if self._layout.ends_itself:
            return self._walk(data, ended, whole=False)
        end = end_of_message(data, self._framing)
        if end is not None or ended:
            return self._walk(data[:end], ended=True, whole=True)
        early = self._walk(data, ended=False, whole=True)
        return early if isinstance(early, Mismatch) else More()

    def find(self, data: bytes) -> tuple[int, int] | None:
        """See Judge."""
        for at in range(len(data)):
            found = self.judge(data[at:], ended=False)
            if isinstance(found, Matched) and found.length:
                return at, at + found.length
        return None

    def _walk(self, data: bytes, ended: bool, whole: bool) -> Judged:
        packet, left = self._layout.packet(), data
        captures: dict[str, bytes] = {}
        for field in self._layout.packet.fields_desc:
            at = len(data) - len(plain(left))
            found = taken(field, packet, left)
            if found is None:
                wrong = self._wrong_so_far(field, packet, plain(left))
                if wrong is not None:
                    return Mismatch(at + wrong.offset, wrong.why)
                missing = Mismatch(len(data), f"it ends in the field {field.name}")
                return missing if ended else More()
            left, value = found
            raw = data[at : len(data) - len(plain(left))]
            wrong = self._wrong(field, packet, value, raw, captures)
            if wrong is not None:
                return Mismatch(at + wrong.offset, wrong.why)
        size = len(data) - len(plain(left))
        if whole and size < len(data):
            return Mismatch(size, "more than the message")
        return Matched(size, captures)

    def _wrong_so_far(self, field: Any, packet: Any, data: bytes) -> Mismatch | None:  # noqa: ANN401 - scapy's fields are untyped
        """Returns what is wrong with the beginning of a field."""
        number, begun = self._numbers.get(field.name), self._begun.get(field.name)
        if number is not None and field.name in self._layout.kinds:
            agree = agreeing(encoded(field, packet, number) or b"", data)
            return Mismatch(agree, f"{field.name} is not {number}") if agree < len(data) else None
        found = begun.judge(data, ended=False) if begun is not None else None
        return found if isinstance(found, Mismatch) else None

    def _wrong(
        self,
        field: Any,  # noqa: ANN401 - scapy's fields are untyped
        packet: Any,  # noqa: ANN401
        value: Any,  # noqa: ANN401
        raw: bytes,
        captures: dict[str, bytes],
    ) -> Mismatch | None:
        name = field.name
        if name in self._numbers:
            wanted = self._numbers[name]
            if value == wanted:
                return None
            agree = agreeing(encoded(field, packet, wanted) or b"", raw)
            return Mismatch(min(agree, len(raw)), f"{name} is {value}, wanted {wanted}")
        if name not in self._judges:
            return None
        text = value if isinstance(value, bytes) else str(value).encode()
        found = self._judges[name].judge(text, ended=True)
        if isinstance(found, Matched):
            captures.update(found.captures)
            return None
        offset = found.offset if isinstance(found, Mismatch) and isinstance(value, bytes) else 0
        why = found.why if isinstance(found, Mismatch) and found.why else f"is {value}"
        return Mismatch(min(offset, len(raw)), f"{name} {why}")

"""Comments: the words that stand beside packets in a capture.

Belongs here: what is told of the whole, and of the entry that a packet carries. Must not know:
frames, formats.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from harness.exchange.plan import Expect, Send
from harness.report.failure import from_here, title_of
from harness.report.page import cut, printable
from harness.report.talk import ON_THE_WIRE, step_of
from harness.runner.outcome import Entry, Kind, Outcome
from harness.spec.model import Role, Says, Transport
from harness.verdict import Verdict
from harness.wire.message import Dissecting
from harness.wire.quote import quoted

_SHOWN = 60  # bytes of a message that are quoted
_FIELDS = 400  # characters
_MOST_BEFORE = 6
_RECONSTRUCTED = (
    "Made from the transcript: what was said, when and by whom. It is not what was on the wire:"
    " addresses (RFC 5737), the clients' ports, sequence numbers and acknowledgements are made up."
)


def preface(outcome: Outcome, command: str, lost: int) -> str:
    """Returns what is told of the whole: the case, its verdict, how this came about."""
    finding, plan = outcome.finding, outcome.plan
    told = [f"{title_of(outcome)}  {printable(outcome.target)} ({plan.role}, the target)"]
    told += [plan.case.purpose]
    reason = f": {printable(finding.reason)}" if finding.reason else ""
    told += [f"{str(outcome.verdict).upper()}{reason}"]
    told += [f"event: {from_here(finding.place)}"] if finding.place else []
    told += [f"again: {printable(command)}"]
    told += [_RECONSTRUCTED] if outcome.seen is None else []
    told += [f"{lost} packets are not in this file: there were too many of them"] if lost else []
    return "\n".join(told)


class Comments:
    """What is told of the packets of one outcome, in their order.

    `missing` is what was said and is in none of them.
    """

    def __init__(self, outcome: Outcome, missing: Sequence[Entry] = ()) -> None:
        self._outcome = outcome
        self._fault = _at_fault(outcome)
        self._missing = {id(each) for each in missing}
        self._order = {id(each): at for at, each in enumerate(outcome.transcript)}
        self._told: set[int] = set()
        self._at = 0  # behind the last entry that was told of

    def on(self, entry: Entry, said: bytes) -> list[str]:
        """Returns the event of a packet that carries an entry, of whose bytes it has `said`.

        The first packet of an entry also tells its fields by name, what came to pass before it
        and is in no packet, and the verdict where that is about it.
        """
        if id(entry) in self._told:
            return [self._event(entry, said)] if said else []
        self._told.add(id(entry))
        outcome, told = self._outcome, [self._event(entry, said or entry.data)]
        fields = "; ".join(dict.fromkeys(_fields(outcome, entry)))
        told += [cut(printable(fields), _FIELDS)] if fields else []
        told += list(self._before(entry))[-_MOST_BEFORE:]
        if entry is self._fault:
            told.append(f"{str(outcome.verdict).upper()}: {printable(outcome.finding.reason)}")
        return told

    def _event(self, entry: Entry, said: bytes) -> str:
        step = step_of(self._outcome.plan, entry)
        event = str(from_here(step.place)) if step is not None else "after the last event"
        return f"{event}: {_speaker(self._outcome, entry)} {_act(entry, said)}"

    def _before(self, entry: Entry) -> Iterator[str]:
        """Yields the notes since the packet before, and what was said and not sent."""
        end = self._order[id(entry)]
        for each in self._outcome.transcript[self._at : end]:
            if each.kind is Kind.NOTE:
                yield f"before this: {printable(each.detail)}"
            elif id(each) in self._missing:
                yield f"before this, and in no packet: {self._event(each, each.data)}"
        self._at = max(self._at, end + 1)


def _speaker(outcome: Outcome, entry: Entry) -> str:
    who = printable(entry.who or "client")
    if entry.by_client:
        return who
    return "server" if len(outcome.plan.case.clients) == 1 else f"server to {who}"


def _act(entry: Entry, data: bytes) -> str:
    aside = f" ({printable(entry.detail)})" if entry.detail else ""
    said = f" {quoted(data, _SHOWN)}" if entry.kind is Kind.BYTES else ""
    act = "connects" if entry.kind is Kind.OPEN else entry.kind.value
    return f"{act}{said}{aside}"


def _fields(outcome: Outcome, entry: Entry) -> Iterator[str]:
    """Yields the fields by name of a message that has a layout, as far as they are there."""
    step = step_of(outcome.plan, entry)
    if isinstance(step, Send):
        acts: list[object] = list(step.says)
    elif isinstance(step, Expect):
        acts = [choice.act for choice in step.choices]
    else:
        return
    data = _whole(outcome, entry)
    for act in acts if data else ():
        if isinstance(act, Says) and isinstance(act.message, Dissecting):
            yield act.message.dissected(data)


def _whole(outcome: Outcome, entry: Entry) -> bytes:
    """Returns the bytes of an event; in a stream, at its first piece, also those that follow."""
    connection = getattr(entry.step, "connection", None)
    if entry.kind is not Kind.BYTES or connection is None:
        return b""
    if connection.over is Transport.UDP:
        return entry.data
    said = [
        each
        for each in outcome.transcript
        if each.kind is Kind.BYTES
        and (each.step, each.by_client, each.who) == (entry.step, entry.by_client, entry.who)
    ]
    return b"".join(each.data for each in said) if said and said[0] is entry else b""


def _at_fault(outcome: Outcome) -> Entry | None:
    """Returns what the target did last at the event that the verdict names.

    Where it did nothing there, that is what came last of all.
    """
    if outcome.verdict is Verdict.PASS:
        return None
    by_client = outcome.plan.role is Role.CLIENT
    said = [each for each in outcome.transcript if each.kind in ON_THE_WIRE]
    for entry in reversed(said):
        step = step_of(outcome.plan, entry)
        there = step is not None and step.place == outcome.finding.place
        if there and entry.by_client is by_client:
            return entry
    return said[-1] if said else None

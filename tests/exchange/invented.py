"""Invented suites: small exchanges that make sense, drawn by hypothesis.

Every message begins with a mark of its own, so that none is the beginning of another.
"""

from __future__ import annotations

from hypothesis import strategies as st
from talk import may_be_silent

from harness.errors import Place
from harness.spec.model import (
    Act,
    AnyOf,
    Case,
    Choice,
    Closes,
    Ending,
    Event,
    Exits,
    Level,
    Opens,
    Prints,
    Restarts,
    Role,
    Says,
    Silent,
    Stores,
    Suite,
    Transport,
    Types,
)
from harness.wire.framing import DATAGRAM, Framing, FramingKind
from harness.wire.parts import Hole, Literal, Part, Reference
from harness.wire.template import Template

FRAMINGS = (
    Framing(FramingKind.LINE),
    Framing(FramingKind.CRLF),
    Framing(FramingKind.DELIMITER, delimiter=b"||"),
    Framing(FramingKind.FIXED, size=5),
    Framing(FramingKind.LENGTH, size=2),
    Framing(FramingKind.CLOSE),
    Framing(FramingKind.HTTP),
)
_VALUES = {
    "int": ("0", "17", "007"),
    "word": ("w", "two-words"),
    "letters": ("abc", "z"),
    "digits": ("0", "123"),
    "alnum": ("a1", "B"),
    "ascii": ("any text!",),
    "line": ("", "a\tline"),
}


class Draft:
    """An exchange as far as it is drawn: whose turn nothing forbids."""

    def __init__(self, draw: st.DrawFn, clients: tuple[str, ...]) -> None:
        self._draw = draw
        self._clients = clients
        self.events: list[Event] = []
        self._names: list[str] = []
        self._marks = 0
        self._standing: dict[tuple[str, Transport], str] = {}
        self._owed: set[tuple[str, Transport, Role]] = set()  # silent until the other speaks

    def _choose(self, *options: object) -> object:
        return self._draw(st.sampled_from(options))

    def grow(self, client: str, over: Transport) -> None:
        """Adds one event that makes sense now."""
        key = (client, over)
        state = self._standing.get(key, "new")
        if state == "gone":
            return
        turns = ["client"]
        if state == "half":
            turns = ["server", "server-closes"]
        elif state == "open":
            turns = ["client", "client", "server", "server", "silence"]
            turns += ["client-closes", "server-closes"] if over is Transport.TCP else ["leaves"]
        getattr(self, "_" + str(self._choose(*turns)).replace("-", "_"))(client, over)

    def _add(self, by: Role, client: str, over: Transport, act: Act) -> None:
        place = Place("invented.yaml", len(self.events) + 1)
        setup = self._draw(st.booleans())
        self.events.append(Event(by, client, over, act, place, setup))

    def _client(self, client: str, over: Transport) -> None:
        fresh = self._standing.get((client, over), "new") == "new"
        if fresh and over is Transport.TCP and self._draw(st.booleans()):
            self._add(Role.CLIENT, client, over, Opens())
        else:
            self._speak(Role.CLIENT, client, over, fresh and over is Transport.UDP)
        self._standing[client, over] = "open"

    def _server(self, client: str, over: Transport) -> None:
        self._speak(Role.SERVER, client, over)

    def _speak(self, by: Role, client: str, over: Transport, must: bool = False) -> None:
        if (client, over, by) in self._owed:
            by = by.other
            if self._standing.get((client, over)) == "half":
                return
        says = self._says(over)
        act: Act = says
        kind = self._choose("one", "one", "one", "other", "silent", "or-silent")
        if kind == "other":
            act = AnyOf((Choice(says), Choice(self._says(over), Level.SHOULD, "the other")))
        elif kind == "or-silent" and not must:
            act = AnyOf((Choice(says), Choice(Silent())))
        elif kind == "silent" and not must and (client, over, by.other) not in self._owed:
            act = AnyOf((Choice(Silent()), Choice(says)))
            self._owed.add((client, over, by))
        if (client, over, by) not in self._owed:
            self._owed.discard((client, over, by.other))
        if not isinstance(act, AnyOf):
            self._names += sorted(says.message.captures)
        self._add(by, client, over, act)

    def _silence(self, client: str, over: Transport) -> None:
        by = next(r for r in Role if (client, over, r.other) not in self._owed)
        self._owed.add((client, over, by))
        self._add(by, client, over, Silent())
        self._speak(by.other, client, over, must=True)

    def _client_closes(self, client: str, over: Transport) -> None:
        how = self._choose(Ending.FIN, Ending.HALF, Ending.RESET)
        self._add(Role.CLIENT, client, over, Closes(how))
        self._left(client, over, "half" if how is Ending.HALF else "new")

    def _server_closes(self, client: str, over: Transport) -> None:
        how = self._choose(Ending.FIN, Ending.ANY, Ending.RESET)
        self._add(Role.SERVER, client, over, Closes(how))
        self._left(client, over, "new")

    def _leaves(self, client: str, over: Transport) -> None:
        self._add(Role.CLIENT, client, over, Closes())
        self._left(client, over, "new")

    def _left(self, client: str, over: Transport, state: str) -> None:
        if self.waits and state == "new":
            state = "gone"  # who waits for silence would miss that the connection is another one
        self._standing[client, over] = state
        self._owed -= {(client, over, role) for role in Role}

    @property
    def waits(self) -> bool:
        """Says whether a client may be silent: its peer then waits, and the client goes on."""
        return any(each.by is Role.CLIENT and may_be_silent(each.act) for each in self.events)

    def beside(self) -> None:
        """Adds an event beside the wire."""
        client, over = self._clients[0], Transport.TCP
        message = Template(tuple(self._references()) or (Literal(b"shown"),))
        acts = (Types(message), Prints(message), Prints(Template((Literal(b"\0"),)), never=True))
        self._add(Role.CLIENT, client, over, self._choose(*acts, Stores(message)))

    def restart(self) -> None:
        if not self._owed and not self.waits:
            self._add(Role.SERVER, self._clients[0], Transport.TCP, Restarts())
            self._standing.clear()

    def end(self) -> None:
        self._add(Role.CLIENT, self._clients[0], Transport.TCP, self._choose(
            Exits(), Exits(code=3), Exits(nonzero=True)
        ))  # fmt: skip

    # -- messages --------------------------------------------------------------------------

    def _says(self, over: Transport) -> Says:
        self._marks += 1
        mark = Literal(b"<%d>" % self._marks)
        kind = self._choose("literal", "literal", "hole", "sized", "references")
        if kind == "literal":
            return Says(Template((Literal(mark.data + self._draw(st.binary(max_size=20))),)))
        if kind == "references":
            return Says(Template((mark, *self._references())))
        name = f"n{self._marks}"
        if kind == "sized":
            data = self._draw(st.binary(max_size=9))
            parts: tuple[Part, ...] = (
                Hole(name, "int"),
                Literal(b" "),
                Hole(name + "d", "bytes", size=name),
            )
            example = Template((mark, Literal(b"%d " % len(data)), Literal(data)))
            return Says(Template((mark, *parts)), example)
        what = str(self._choose(*_VALUES))
        value = str(self._choose(*_VALUES[what]))
        low, high = (0, None) if what in ("int", "line") else (1, None)
        hole, end = Hole(name, what, low, high), Literal(b"\r\n")
        return Says(Template((mark, hole, end)), Template((mark, Literal(value.encode()), end)))

    def _references(self) -> list[Part]:
        if not self._names:
            return []
        names = self._draw(st.lists(st.sampled_from(self._names), max_size=2))
        return [Reference(name, str(self._choose("", "upper", "length"))) for name in names]


@st.composite
def suites(draw: st.DrawFn, beside: bool = True) -> Suite:
    """A suite of one case."""
    transports = draw(st.sampled_from([
        (Transport.TCP,), (Transport.UDP,), (Transport.TCP, Transport.UDP)
    ]))  # fmt: skip
    clients = draw(st.sampled_from([("client",), ("alice", "bob"), ("alice", "bob", "carol")]))
    draft = Draft(draw, clients)
    for _ in range(draw(st.integers(1, 10))):
        draft.grow(draw(st.sampled_from(clients)), draw(st.sampled_from(transports)))
        if beside and draw(st.integers(0, 4)) == 0:
            draft.beside()
    if beside and draw(st.integers(0, 4)) == 0:
        draft.restart()
        draft.grow(clients[0], transports[0])
    if beside and draw(st.integers(0, 3)) == 0:
        draft.end()
    pipelined = not draft.waits and draw(st.booleans())
    framing = draw(st.sampled_from(FRAMINGS)) if Transport.TCP in transports else DATAGRAM
    return _suite(transports, framing, clients, tuple(draft.events), pipelined)


def _suite(
    transports: tuple[Transport, ...],
    framing: Framing,
    clients: tuple[str, ...],
    events: tuple[Event, ...],
    pipelined: bool,
) -> Suite:
    place = Place("invented.yaml")
    case = Case("one", "", (), 0, tuple(Role), clients, events, place)
    return Suite(
        "invented", "", "", tuple(Role), transports, framing, {}, {}, {}, (), (case,),
        "invented.yaml", idempotent=True, pipelined=pipelined,
    )  # fmt: skip


def told(suite: Suite) -> str:
    """The exchange, a line for each event."""
    lines = [f"{'+'.join(suite.transports)} {suite.framing.kind.value} pipelined={suite.pipelined}"]
    for event in suite.cases[0].exchange:
        acts = event.act.choices if isinstance(event.act, AnyOf) else (event.act,)
        lines.append(f"{event.by} ({event.client}/{event.over}): " + " or ".join(map(_told, acts)))
    return "\n".join(lines)


def _told(act: Act | Choice) -> str:
    if isinstance(act, Choice):
        return _told(act.act)
    return f'says "{act.message.describe()}"' if isinstance(act, Says) else str(act)

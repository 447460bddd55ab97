"""Events: from the lines of an exchange to the model.

Belongs here: speakers, acts, alternatives, fragments and repeats. Must not know: cases.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import islice

from harness.errors import Place
from harness.spec import keys
from harness.spec.model import (
    Act,
    AnyOf,
    Choice,
    Closes,
    Ending,
    Event,
    Exits,
    GoesOn,
    Hook,
    Level,
    Opens,
    Origin,
    Prints,
    Restarts,
    Role,
    Said,
    Says,
    Silent,
    Stores,
    Transport,
    Types,
)
from harness.spec.payloads import (
    Surroundings,
    is_payload,
    payload,
    payload_of,
    template_of,
    text_template,
)
from harness.spec.section import Span, optional_flag, optional_text, section, whole
from harness.spec.tree import Field, Fields, Node, Tree, is_scalar, is_text
from harness.wire.message import Message

_ACTS = tuple(key.name for key in keys.ACTS)
_SAYING = ("example", "hook", "from", "answers", "not_before")  # keys that belong to says
_ON_CONNECTION = (Says, AnyOf, Silent, Opens, Closes, GoesOn)
_SERVER, _ANY_CLIENT = "server", "client"
_MOST = 10_000  # events of one exchange
_EXIT_CODES = Span(0, 255)
_TIMES = Span(1, _MOST)


@dataclass(frozen=True, slots=True)
class Fragment:
    """A named exchange, in the file where it stands; `seen` are names that it refers to."""

    tree: Tree
    node: Node
    place: Place
    parameters: tuple[str, ...]
    surroundings: Surroundings
    hooks: Mapping[str, Callable[..., str | None]]
    seen: set[str] = field(default_factory=set)


@dataclass(slots=True)
class Stage:
    """What an exchange is read with: who takes part, what can be used.

    `last` is the client that acted last, to whom a server's event is by default. `meant` is
    the client that a fragment's `client` is. `path` are the fragments that are being read.
    """

    clients: tuple[str, ...]
    transports: tuple[Transport, ...]
    fragments: Mapping[str, Fragment]
    hooks: Mapping[str, Callable[..., str | None]]
    around: Surroundings
    last: str = ""
    meant: str = ""
    path: tuple[str, ...] = ()
    fragments_used: set[str] = field(default_factory=set)

    @property
    def names(self) -> tuple[str, ...]:
        """The clients, as an event may name them."""
        return (*self.clients, _ANY_CLIENT) if self.meant else self.clients

    def client(self, name: str) -> str:
        """Returns the client that is meant by a name."""
        return self.meant if self.meant and name == _ANY_CLIENT else name


def events(tree: Tree, node: Node, what: str, stage: Stage) -> tuple[Event, ...]:
    """Returns the events of an exchange, fragments and repeats written out. Raises: SpecError."""
    tree.some(node, what)
    found = tuple(islice(_exchange(tree, node, stage), _MOST + 1))
    if len(found) > _MOST:
        raise tree.error(node, f"{what} has more than {_MOST:,} events")
    return found


def _exchange(tree: Tree, node: Node, stage: Stage) -> Iterator[Event]:
    for item in tree.some(node, "exchange"):
        fields = tree.fields(item, "an event")
        if "use" in fields:
            yield from _used(tree, item, fields, stage)
        elif "repeat" in fields:
            yield from _repeated(tree, fields, stage)
        else:
            yield _event(tree, item, fields, stage)


# -- reuse -------------------------------------------------------------------------------


def _used(tree: Tree, item: Node, fields: Fields, stage: Stage) -> Iterator[Event]:
    use = fields["use"].node
    name = tree.word(use, "use", tuple(stage.fragments))
    fragment = stage.fragments[name]
    if name in stage.path:
        circle = " uses ".join((*stage.path[stage.path.index(name) :], name))
        raise tree.error(use, f"a fragment uses itself: {circle}")
    stage.fragments_used.add(name)
    what = f"the use of {name}"
    tree.known(fields, what, (*keys.names("use"), *fragment.parameters))
    tree.required(item, fields, what, fragment.parameters)
    values = {
        each: template_of(tree, fields[each].node, each, stage.around)
        for each in fragment.parameters
    }
    meant = stage.meant
    if "as" in fields:
        meant = stage.client(tree.word(fields["as"].node, "as", stage.names))
    inside = replace(fragment.surroundings, values=values, used=set())
    inner = replace(
        stage,
        around=inside,
        hooks=fragment.hooks,
        last=meant if "as" in fields else stage.last,
        meant=meant,
        path=(*stage.path, name),
    )
    yield from _exchange(fragment.tree, fragment.node, inner)
    stage.last = inner.last
    fragment.seen.update(inside.used)
    fragment.surroundings.used.update(inside.used - set(values))


def _repeated(tree: Tree, fields: Fields, stage: Stage) -> Iterator[Event]:
    tree.known(fields, "an event", keys.names("repeated"))
    inner = section(tree, fields["repeat"].node, "repeat", "repeat")
    for _ in range(whole(tree, inner["times"].node, "times", _TIMES)):
        yield from _exchange(tree, inner["exchange"].node, stage)


# -- one event -----------------------------------------------------------------------------


def _event(tree: Tree, item: Node, fields: Fields, stage: Stage) -> Event:
    speaker = _speaker(tree, item, fields, stage)
    value = fields[speaker].node
    inner: Fields = {}
    if is_scalar(value):
        act: Act = Says(text_template(tree, value, speaker, stage.around))
    else:
        inner = tree.fields(value, f"what {speaker} does")
        tree.known(inner, f"what {speaker} does", _KEYS)
        act = _act(tree, value, inner, stage)
    client = _client(tree, speaker, inner, stage)
    by = Role.SERVER if speaker == _SERVER else Role.CLIENT
    over = _over(tree, inner, stage)
    _possible(tree, item, act, by, over)
    for name in ("to", "over"):
        if name in inner and not isinstance(act, _ON_CONNECTION):
            raise tree.error(inner[name].place, f"{name!r} is for what is said and done on a line")
    return Event(by, client, over, act, tree.place(item), optional_flag(tree, inner, "setup"))


_KEYS = (*keys.names("event"), *keys.names("payload"))


def _speaker(tree: Tree, item: Node, fields: Fields, stage: Stage) -> str:
    speakers = (_SERVER, *stage.names)
    if _ANY_CLIENT in fields and _ANY_CLIENT not in speakers and stage.path:
        hint = f"write `as: {stage.clients[0]}` where {stage.path[-1]!r} is used"
        message = "there are several clients, and nothing says which one this is"
        raise tree.error(item, message, hint)
    tree.known(fields, "an event", (*speakers, "use", "repeat"))
    if len(fields) != 1:
        found = " and ".join(fields) or "nobody"
        raise tree.error(item, f"an event has one speaker, found {found}")
    return next(iter(fields))


def _client(tree: Tree, speaker: str, inner: Fields, stage: Stage) -> str:
    if speaker != _SERVER:
        if "to" in inner:
            raise tree.error(inner["to"].place, "a client speaks to the server alone")
        stage.last = stage.client(speaker)
        return stage.last
    if "to" in inner:
        return stage.client(tree.word(inner["to"].node, "to", stage.names))
    return stage.last or stage.clients[0]


def _over(tree: Tree, inner: Fields, stage: Stage) -> Transport:
    if "over" not in inner:
        return stage.transports[0]
    return Transport(tree.word(inner["over"].node, "over", tuple(map(str, stage.transports))))


def _act(tree: Tree, node: Node, fields: Fields, stage: Stage) -> Act:
    acts = [name for name in _ACTS if name in fields]
    ways = [name for name in keys.names("payload") if name in fields]
    if len(acts) + bool(ways) != 1:
        found = " and ".join([*acts, *ways[:1]]) or "none"
        raise tree.error(node, f"an event has one act, found {found}")
    acts = acts or ["says"]
    _belonging(tree, fields, acts[0])
    if acts[0] in ("says", "silent", "closes"):
        return _said(tree, node, fields, stage, acts[0])
    return _other(tree, fields[acts[0]], stage)


def _belonging(tree: Tree, fields: Fields, act: str) -> None:
    for name in _SAYING:
        if name in fields and act != "says":
            raise tree.error(fields[name].place, f"{name} belongs to says, found {act}")


def _other(tree: Tree, chosen: Field, stage: Stage) -> Act:
    node, around = chosen.node, stage.around
    match chosen.name:
        case "any_of":
            return _any_of(tree, node, stage)
        case "types":
            return Types(_closed(tree, node, "types", around))
        case "prints":
            return Prints(payload(tree, node, "prints", around))
        case "never_prints":
            return Prints(payload(tree, node, "never_prints", around), never=True)
        case "stores":
            return Stores(_closed(tree, node, "stores", around))
        case "never_stores":
            return Stores(_closed(tree, node, "never_stores", around), never=True)
        case "exits":
            return _exits(tree, node)
    _true(tree, node, chosen.name)
    flags: Mapping[str, Act] = {"opens": Opens(), "restarts": Restarts(), "goes_on": GoesOn()}
    return flags[chosen.name]


def _closed(tree: Tree, node: Node, what: str, around: Surroundings) -> Message:
    """Returns a payload of which all bytes are known when it is wanted."""
    found = payload(tree, node, what, around)
    if found.open:
        raise tree.error(node, f"{what} wants a payload without holes")
    return found


def _true(tree: Tree, node: Node, what: str) -> None:
    if not tree.flag(node, what):
        raise tree.error(node, f"{what!r} is true or left out")


def _exits(tree: Tree, node: Node) -> Exits:
    if not is_text(node):
        return Exits(whole(tree, node, "exits", _EXIT_CODES))
    word = tree.word(node, "exits", keys.EXITS.split("|"))
    return Exits(nonzero=word == "nonzero")


def _any_of(tree: Tree, node: Node, stage: Stage) -> AnyOf:
    found = [_choice(tree, item, stage) for item in tree.items(node, "any_of")]
    if len(found) < 2:
        raise tree.error(node, f"any_of wants two alternatives or more, found {len(found)}")
    return AnyOf(tuple(found))


def _choice(tree: Tree, item: Node, stage: Stage) -> Choice:
    if is_scalar(item):
        return Choice(Says(text_template(tree, item, "an alternative", stage.around)))
    fields = tree.fields(item, "an alternative")
    tree.known(fields, "an alternative", (*keys.names("choice"), *keys.names("payload")))
    acts = [name for name in ("says", "silent", "closes") if name in fields]
    acts += ["says"] if is_payload(fields) else []
    if len(acts) != 1:
        found = " and ".join(acts) or "none"
        raise tree.error(item, f"an alternative wants one of says, silent, closes, found {found}")
    _belonging(tree, fields, acts[0])
    said = _said(tree, item, fields, stage, acts[0])
    level = Level.MUST
    if "level" in fields:
        level = Level(tree.word(fields["level"].node, "level", keys.LEVELS.split("|")))
    if "reason" in fields and level is Level.MUST:
        raise tree.error(fields["reason"].place, "a reason is told where the level is below must")
    return Choice(said, level, optional_text(tree, fields, "reason"))


def _said(tree: Tree, node: Node, fields: Fields, stage: Stage, act: str) -> Said:
    if act == "silent":
        _true(tree, fields["silent"].node, "silent")
        return Silent()
    if act == "closes":
        return Closes(Ending(tree.word(fields["closes"].node, "closes", keys.ENDINGS.split("|"))))
    around = stage.around
    message = (
        payload(tree, fields["says"].node, "says", around)
        if "says" in fields
        else payload_of(tree, node, fields, "the payload", around)
    )
    example = None
    if "example" in fields:
        example = payload(tree, fields["example"].node, "example", around)
        if not message.open:
            raise tree.error(fields["example"].place, "an example for a message without holes")
        if example.open:
            raise tree.error(fields["example"].node, "an example has no holes")
    says = Says(message, example, _hook(tree, fields, stage))
    if "from" in fields:
        origin = tree.word(fields["from"].node, "from", keys.ORIGINS.split("|"))
        says = replace(says, origin=Origin(origin))
    if "answers" in fields:
        says = replace(says, answers=whole(tree, fields["answers"].node, "answers", _TIMES))
    if "not_before" in fields:
        says = replace(says, not_before=tree.number(fields["not_before"].node, "not_before"))
    return says


def _hook(tree: Tree, fields: Fields, stage: Stage) -> Hook | None:
    if "hook" not in fields:
        return None
    node = fields["hook"].node
    if not stage.hooks:
        raise tree.error(node, "the suite names no file of hooks")
    name = tree.word(node, "hook", tuple(stage.hooks))
    return Hook(name, stage.hooks[name])


def _possible(tree: Tree, item: Node, act: Act, by: Role, over: Transport) -> None:
    """Raises: SpecError for what cannot happen."""
    acts = [choice.act for choice in act.choices] if isinstance(act, AnyOf) else [act]
    closes = any(isinstance(each, Closes) for each in acts)
    wrong = ""
    if over is Transport.UDP and closes and by is Role.SERVER:
        wrong = "UDP has no connection that could be closed"
    elif over is Transport.TCP and _from_elsewhere(act):
        wrong = "over TCP what is said comes on its connection, never from another port"
    elif over is Transport.TCP and _timed_or_aimed(act):
        wrong = "answers and not_before are about datagrams"
    elif by is Role.CLIENT and any(says.answers is not None for says in messages(act)):
        wrong = "clients begin the talk: it is the server that answers"
    elif isinstance(act, Opens) and by is Role.SERVER:
        wrong = "clients begin the talk: a server does not open"
    elif isinstance(act, Restarts) and by is Role.CLIENT:
        wrong = "it is the server that restarts"
    elif isinstance(act, Types) and by is Role.SERVER:
        wrong = "only a client is typed to"
    if wrong:
        raise tree.error(item, wrong)


def _from_elsewhere(act: Act) -> bool:
    return any(says.origin is not Origin.USUAL for says in messages(act))


def _timed_or_aimed(act: Act) -> bool:
    return any((says.answers, says.not_before) != (None, None) for says in messages(act))


def messages(act: Act) -> Iterator[Says]:
    """Yields what is said by an act, alternatives included."""
    if isinstance(act, Says):
        yield act
    elif isinstance(act, AnyOf):
        for choice in act.choices:
            if isinstance(choice.act, Says):
                yield choice.act


def referring(event: Event) -> Iterator[Message]:
    """Yields the messages of an event that may hold references."""
    act = event.act
    for says in messages(act):
        yield says.message
        if says.example is not None:
            yield says.example
    if isinstance(act, Types):
        yield act.line
    elif isinstance(act, Prints):
        yield act.message
    elif isinstance(act, Stores):
        yield act.content

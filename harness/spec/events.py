"""Events: from the lines of an exchange to the model.

Belongs here: speakers, acts, alternatives, fragments and repeats. Must not know: cases.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace

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
from harness.spec.tree import Field, Fields, Node, Tree, is_text
from harness.wire.message import Message

_ACTS = tuple(key.name for key in keys.ACTS)
_DEEPEST = 20  # fragments in fragments; more is a circle


@dataclass(frozen=True, slots=True)
class Fragment:
    """A named exchange, in the file where it stands."""

    tree: Tree
    node: Node
    parameters: tuple[str, ...]
    surroundings: Surroundings
    hooks: Mapping[str, Callable[..., str | None]]


@dataclass(slots=True)
class Stage:
    """What an exchange is read with: who takes part, what can be used.

    `last` is the client that acted last, to whom a server's event is by default.
    """

    clients: tuple[str, ...]
    transports: tuple[Transport, ...]
    fragments: Mapping[str, Fragment]
    hooks: Mapping[str, Callable[..., str | None]]
    around: Surroundings
    last: str = ""
    depth: int = 0
    fragments_used: set[str] = field(default_factory=set)


def exchange(tree: Tree, node: Node, stage: Stage) -> Iterator[Event]:
    """Yields the events of an exchange, fragments and repeats written out."""
    for item in tree.items(node, "exchange"):
        fields = tree.fields(item, "an event")
        if "use" in fields:
            yield from _used(tree, item, fields, stage)
        elif "repeat" in fields:
            yield from _repeated(tree, item, fields, stage)
        else:
            yield _event(tree, item, fields, stage)


# -- reuse -------------------------------------------------------------------------------


def _used(tree: Tree, item: Node, fields: Fields, stage: Stage) -> Iterator[Event]:
    name = tree.word(fields["use"].node, "use", tuple(stage.fragments))
    fragment = stage.fragments[name]
    stage.fragments_used.add(name)
    what = f"the use of {name}"
    tree.known(fields, what, ("use", *fragment.parameters))
    tree.required(item, fields, what, fragment.parameters)
    if stage.depth >= _DEEPEST:
        raise tree.error(item, f"fragment {name!r} uses itself")
    values = {
        each: template_of(tree, fields[each].node, each, stage.around)
        for each in fragment.parameters
    }
    inner = replace(
        stage,
        around=fragment.surroundings.with_values(values),
        hooks=fragment.hooks,
        depth=stage.depth + 1,
    )
    yield from exchange(fragment.tree, fragment.node, inner)
    stage.last = inner.last


def _repeated(tree: Tree, item: Node, fields: Fields, stage: Stage) -> Iterator[Event]:
    tree.known(fields, "an event", ("repeat",))
    inner = tree.fields(fields["repeat"].node, "repeat")
    tree.known(inner, "repeat", keys.names("repeat"))
    tree.required(fields["repeat"].node, inner, "repeat", keys.required("repeat"))
    times = tree.integer(inner["times"].node, "times")
    for _ in range(times):
        yield from exchange(tree, inner["exchange"].node, stage)


# -- one event -----------------------------------------------------------------------------


def _event(tree: Tree, item: Node, fields: Fields, stage: Stage) -> Event:
    speaker = _speaker(tree, item, fields, stage)
    value = fields[speaker].node
    if is_text(value):
        inner: Fields = {}
        says = Says(text_template(tree, value, speaker, stage.around))
        act: Act = says
    else:
        inner = tree.fields(value, f"what {speaker} does")
        tree.known(inner, f"what {speaker} does", _names_of_event())
        act = _act(tree, value, inner, stage)
    client = _client(tree, speaker, inner, stage)
    by = Role.SERVER if speaker == "server" else Role.CLIENT
    over = _over(tree, inner, stage)
    _possible(tree, item, act, by, over)
    setup = "setup" in inner and tree.flag(inner["setup"].node, "setup")
    return Event(by, client, over, act, tree.place(item), setup)


def _names_of_event() -> tuple[str, ...]:
    return (*keys.names("event"), *keys.names("payload"))


def _speaker(tree: Tree, item: Node, fields: Fields, stage: Stage) -> str:
    speakers = ("server", *stage.clients)
    tree.known(fields, "an event", (*speakers, "use", "repeat"))
    if len(fields) != 1:
        found = " and ".join(fields) or "nobody"
        raise tree.error(item, f"an event has one speaker, found {found}")
    return next(iter(fields))


def _client(tree: Tree, speaker: str, inner: Fields, stage: Stage) -> str:
    if speaker != "server":
        if "to" in inner:
            raise tree.error(inner["to"].place, "a client speaks to the server alone")
        stage.last = speaker
        return speaker
    if "to" in inner:
        return tree.word(inner["to"].node, "to", stage.clients)
    return stage.last or stage.clients[0]


def _over(tree: Tree, inner: Fields, stage: Stage) -> Transport:
    if "over" not in inner:
        return stage.transports[0]
    return Transport(tree.word(inner["over"].node, "over", tuple(map(str, stage.transports))))


def _act(tree: Tree, node: Node, fields: Fields, stage: Stage) -> Act:
    acts = [name for name in _ACTS if name in fields]
    if is_payload(fields):
        acts.append("says")
    if len(acts) != 1:
        found = " and ".join(acts) or "none"
        raise tree.error(node, f"an event wants one act of {', '.join(_ACTS)}, found {found}")
    stray = [name for name in ("example", "answers", "not_before") if name in fields]
    if acts[0] != "says" and stray:
        raise tree.error(fields[stray[0]].place, f"{stray[0]} belongs to says, found {acts[0]}")
    if acts[0] in ("says", "silent", "closes"):
        return _said(tree, node, fields, stage, acts[0])
    return _other(tree, fields[acts[0]], stage)


def _other(tree: Tree, chosen: Field, stage: Stage) -> Act:
    node, around = chosen.node, stage.around
    match chosen.name:
        case "any_of":
            return _any_of(tree, node, stage)
        case "types":
            return Types(text_template(tree, node, "types", around))
        case "prints":
            return Prints(payload(tree, node, "prints", around))
        case "never_prints":
            return Prints(payload(tree, node, "never_prints", around), never=True)
        case "stores":
            return Stores(payload(tree, node, "stores", around))
        case "never_stores":
            return Stores(payload(tree, node, "never_stores", around), never=True)
        case "exits":
            return _exits(tree, node)
    if not tree.flag(node, chosen.name):
        raise tree.error(node, f"{chosen.name!r} is true or left out")
    flags: Mapping[str, Act] = {"opens": Opens(), "restarts": Restarts(), "goes_on": GoesOn()}
    return flags[chosen.name]


def _exits(tree: Tree, node: Node) -> Exits:
    if not is_text(node):
        return Exits(tree.integer(node, "exits"))
    word = tree.word(node, "exits", ("any", "nonzero"))
    return Exits(nonzero=word == "nonzero")


def _any_of(tree: Tree, node: Node, stage: Stage) -> AnyOf:
    found = []
    for item in tree.items(node, "any_of"):
        if is_text(item):
            found.append(Choice(Says(text_template(tree, item, "any_of", stage.around))))
            continue
        fields = tree.fields(item, "an alternative")
        tree.known(fields, "an alternative", (*keys.names("choice"), *keys.names("payload")))
        acts = [name for name in ("says", "silent", "closes") if name in fields]
        acts += ["says"] if is_payload(fields) else []
        if len(acts) != 1:
            raise tree.error(item, "an alternative wants one of says, silent, closes")
        said = _said(tree, item, fields, stage, acts[0])
        level = Level.MUST
        if "level" in fields:
            level = Level(tree.word(fields["level"].node, "level", keys.LEVELS.split("|")))
        reason = tree.text(fields["reason"].node, "reason") if "reason" in fields else ""
        found.append(Choice(said, level, reason))
    if len(found) < 2:
        raise tree.error(node, f"any_of wants two alternatives or more, found {len(found)}")
    return AnyOf(tuple(found))


def _said(tree: Tree, node: Node, fields: Fields, stage: Stage, act: str) -> Said:
    if act == "silent":
        if not tree.flag(fields["silent"].node, "silent"):
            raise tree.error(fields["silent"].node, "'silent' is true or left out")
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
        says = replace(says, answers=tree.integer(fields["answers"].node, "answers"))
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
    wrong = ""
    if over is Transport.UDP and isinstance(act, Closes) and by is Role.SERVER:
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

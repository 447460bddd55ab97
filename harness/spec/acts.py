"""Acts: from the keys of one event to what is done.

Belongs here: every act with what belongs to it, alternatives, what cannot happen. Must not
know: who else takes part, fragments, cases.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType

from harness.spec import keys
from harness.spec.craft import craft_of, wrong_over
from harness.spec.model import (
    Act,
    AnyOf,
    CallsNobody,
    Choice,
    Closes,
    Crafts,
    Ending,
    Event,
    Exits,
    GoesOn,
    Hook,
    LetsGo,
    Level,
    Opens,
    Origin,
    Prints,
    Reads,
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
    example_of,
    payload,
    payload_of,
    text_template,
)
from harness.spec.section import Span, optional_text, whole
from harness.spec.surroundings import Surroundings
from harness.spec.tree import Field, Fields, Node, Tree, is_scalar, is_text
from harness.wire.message import Message

Hooks = Mapping[str, Callable[..., str | None]]
_ACTS = tuple(key.name for key in keys.ACTS)
_SAYING = ("example", "hook", "from", "answers", "not_before", "again")  # keys that belong to says
_FLAGS: Mapping[str, Act] = MappingProxyType(
    {
        "opens": Opens(),
        "restarts": Restarts(),
        "lets_go": LetsGo(),
        "calls_nobody": CallsNobody(),
        "goes_on": GoesOn(),
    }
)
_EXIT_CODES = Span(0, 255)
_NUMBERS = Span(1, 10_000)  # of datagrams on a connection


def act_of(tree: Tree, node: Node, fields: Fields, around: Surroundings, hooks: Hooks) -> Act:
    """Reads what is done: one act with what belongs to it. Raises: SpecError."""
    acts = [name for name in _ACTS if name in fields]
    ways = [name for name in keys.names("payload") if name in fields]
    if len(acts) + bool(ways) != 1:
        found = " and ".join([*acts, *ways[:1]]) or "none"
        raise tree.error(node, f"an event has one act, found {found}")
    acts = acts or ["says"]
    _belonging(tree, fields, acts[0])
    if acts[0] in ("says", "silent", "closes"):
        return _said(tree, node, fields, around, hooks, acts[0])
    if acts[0] == "prints":
        return _prints(tree, fields, around)
    return _other(tree, fields[acts[0]], around, hooks)


def _belonging(tree: Tree, fields: Fields, act: str) -> None:
    for name in _SAYING:
        if name in fields and act != "says" and (name, act) != ("example", "prints"):
            raise tree.error(fields[name].place, f"{name} belongs to says, found {act}")


def _other(tree: Tree, chosen: Field, around: Surroundings, hooks: Hooks) -> Act:
    node = chosen.node
    match chosen.name:
        case "any_of":
            return _any_of(tree, node, around, hooks)
        case "types":
            return Types(_closed(tree, node, "types", around))
        case "never_prints":
            return Prints(payload(tree, node, "never_prints", around), never=True)
        case "stores":
            return Stores(_closed(tree, node, "stores", around))
        case "never_stores":
            return Stores(_closed(tree, node, "never_stores", around), never=True)
        case "exits":
            return _exits(tree, node)
        case "reads":
            return Reads(tree.flag(node, "reads"))
        case "craft":
            return craft_of(tree, node, around)
    _true(tree, node, chosen.name)
    return _FLAGS[chosen.name]


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


def _any_of(tree: Tree, node: Node, around: Surroundings, hooks: Hooks) -> AnyOf:
    found = [_choice(tree, item, around, hooks) for item in tree.items(node, "any_of")]
    if len(found) < 2:
        raise tree.error(node, f"any_of wants two alternatives or more, found {len(found)}")
    return AnyOf(tuple(found))


def _choice(tree: Tree, item: Node, around: Surroundings, hooks: Hooks) -> Choice:
    if is_scalar(item):
        return Choice(Says(text_template(tree, item, "an alternative", around)))
    fields = tree.fields(item, "an alternative")
    tree.known(fields, "an alternative", (*keys.names("choice"), *keys.names("payload")))
    acts = [name for name in ("says", "silent", "closes") if name in fields]
    ways = [name for name in keys.names("payload") if name in fields]
    if len(acts) + bool(ways) != 1:
        found = " and ".join([*acts, *ways[:1]]) or "none"
        raise tree.error(item, f"an alternative wants one of says, silent, closes, found {found}")
    acts = acts or ["says"]
    _belonging(tree, fields, acts[0])
    said = _said(tree, item, fields, around, hooks, acts[0])
    level = Level.MUST
    if "level" in fields:
        level = Level(tree.word(fields["level"].node, "level", keys.LEVELS.split("|")))
    if "reason" in fields and level is Level.MUST:
        raise tree.error(fields["reason"].place, "a reason is told where the level is below must")
    return Choice(said, level, optional_text(tree, fields, "reason"))


def _said(
    tree: Tree, node: Node, fields: Fields, around: Surroundings, hooks: Hooks, act: str
) -> Said:
    if act == "silent":
        _true(tree, fields["silent"].node, "silent")
        return Silent()
    if act == "closes":
        return Closes(Ending(tree.word(fields["closes"].node, "closes", keys.ENDINGS.split("|"))))
    message = (
        payload(tree, fields["says"].node, "says", around)
        if "says" in fields
        else payload_of(tree, node, fields, "the payload", around)
    )
    example = example_of(tree, fields, message, around)
    says = Says(message, example, _hook(tree, fields, around, hooks))
    if "from" in fields:
        origin = tree.word(fields["from"].node, "from", keys.ORIGINS.split("|"))
        says = replace(says, origin=Origin(origin))
    if "answers" in fields:
        says = replace(says, answers=whole(tree, fields["answers"].node, "answers", _NUMBERS))
    if "not_before" in fields:
        says = replace(says, not_before=tree.number(fields["not_before"].node, "not_before"))
    if "again" in fields:
        says = replace(says, again=tree.number(fields["again"].node, "again"))
    return says


def _prints(tree: Tree, fields: Fields, around: Surroundings) -> Prints:
    message = payload(tree, fields["prints"].node, "prints", around)
    return Prints(message, example=example_of(tree, fields, message, around))


def _hook(tree: Tree, fields: Fields, around: Surroundings, hooks: Hooks) -> Hook | None:
    if "hook" not in fields:
        return None
    node = fields["hook"].node
    if not hooks:
        raise tree.error(node, "the suite names no file of hooks")
    name = tree.word(node, "hook", tuple(hooks))
    call = hooks[name]
    try:
        inspect.signature(call).bind({}, 0.0)
    except TypeError as exc:
        message = f"the hook {name} does not take (captures, at): {exc}"
        raise tree.error(node, message, f"write `def {name}(captures, at):`") from exc
    return Hook(name, call)


def refuse_impossible(tree: Tree, item: Node, act: Act, by: Role, over: Transport) -> None:
    """Raises: SpecError for what cannot happen."""
    acts = [choice.act for choice in act.choices] if isinstance(act, AnyOf) else [act]
    closes = any(isinstance(each, Closes) for each in acts)
    wrong = ""
    if over is Transport.UDP and closes and by is Role.SERVER:
        wrong = "UDP has no connection that could be closed"
    elif over is Transport.UDP and act == Reads(on=False):
        wrong = "over UDP nobody sees whether what was said is read"
    elif over is Transport.TCP and _from_elsewhere(act):
        wrong = "over TCP what is said comes on its connection, never from another port"
    elif over is Transport.TCP and _timed_or_aimed(act):
        wrong = "answers, not_before and again are about datagrams"
    elif by is Role.CLIENT and any(says.answers is not None for says in messages(act)):
        wrong = "clients begin the talk: it is the server that answers"
    elif isinstance(act, Opens) and by is Role.SERVER:
        wrong = "clients begin the talk: a server does not open"
    elif isinstance(act, Restarts) and by is Role.CLIENT:
        wrong = "it is the server that restarts"
    elif isinstance(act, Types) and by is Role.SERVER:
        wrong = "only a client is typed to"
    elif isinstance(act, Crafts):
        by_server = by is Role.SERVER and over is Transport.TCP
        wrong = "over TCP it is the client that crafts" if by_server else wrong_over(act, over)
    if wrong:
        raise tree.error(item, wrong)


def _from_elsewhere(act: Act) -> bool:
    return any(says.origin is not Origin.USUAL for says in messages(act))


def _timed_or_aimed(act: Act) -> bool:
    said = messages(act)
    return any((says.answers, says.not_before, says.again) != (None,) * 3 for says in said)


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
    elif isinstance(act, Crafts):
        yield act.says.message
    elif isinstance(act, Prints):
        yield act.message
        if act.example is not None:
            yield act.example
    elif isinstance(act, Stores):
        yield act.content

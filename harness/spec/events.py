"""Events: from the lines of an exchange to the model.

Belongs here: speakers, fragments and repeats. Must not know: what an act consists of, cases.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import islice

from harness.errors import Place
from harness.spec import keys
from harness.spec.acts import Hooks, act_of, refuse_impossible
from harness.spec.model import (
    STRANGER,
    Act,
    AnyOf,
    Closes,
    Crafts,
    Event,
    GoesOn,
    Opens,
    Reads,
    Role,
    Says,
    Silent,
    Transport,
)
from harness.spec.payloads import (
    template_of,
    text_template,
)
from harness.spec.section import Span, is_named, optional_flag, section, whole
from harness.spec.surroundings import Surroundings
from harness.spec.tree import Fields, Node, Tree, is_scalar
from harness.spec.wire import impairment
from harness.wire.template import literal

_ON_CONNECTION = (Says, AnyOf, Silent, Opens, Closes, GoesOn, Reads, Crafts)
_SERVER, _ANY_CLIENT = "server", "client"
_MOST = 10_000  # events of one exchange
_TIMES = Span(1, _MOST)


@dataclass(frozen=True, slots=True)
class Fragment:
    """A named exchange, in the file where it stands; `seen` are names that it refers to."""

    tree: Tree
    node: Node
    place: Place
    parameters: tuple[str, ...]
    surroundings: Surroundings
    hooks: Hooks
    seen: set[str] = field(default_factory=set)


@dataclass(slots=True)
class Stage:
    """What an exchange is read with: who takes part, what can be used.

    `crowds` are groups of clients with how many each has. `over` carries what does not say it
    (None: the first transport). `last` is the client that acted last, to whom a server's event
    is by default. `meant` is the client that a fragment's `client` is. `path` are the
    fragments that are being read.
    """

    clients: tuple[str, ...]
    transports: tuple[Transport, ...]
    fragments: Mapping[str, Fragment]
    hooks: Hooks
    around: Surroundings
    crowds: Mapping[str, int] = field(default_factory=dict)
    over: Transport | None = None
    last: str = ""
    meant: str = ""
    path: tuple[str, ...] = ()
    fragments_used: set[str] = field(default_factory=set)

    @property
    def names(self) -> tuple[str, ...]:
        """The clients, as an event may name them."""
        return (*self.clients, *self.crowds, *((_ANY_CLIENT,) if self.meant else ()))

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
        elif "wire" in fields:
            yield _impaired(tree, item, fields, stage)
        else:
            yield from _each(_event(tree, item, fields, stage), stage.crowds)


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
        over=None,
        path=(*stage.path, name),
    )
    setup = optional_flag(tree, fields, "setup")
    for event in _exchange(fragment.tree, fragment.node, inner):
        yield replace(event, setup=True) if setup else event
    stage.last = inner.last
    fragment.seen.update(inside.used)
    fragment.surroundings.used.update(inside.used - set(values))


def _repeated(tree: Tree, fields: Fields, stage: Stage) -> Iterator[Event]:
    tree.known(fields, "an event", keys.names("repeated"))
    inner = section(tree, fields["repeat"].node, "repeat", "repeat")
    times, node = whole(tree, inner["times"].node, "times", _TIMES), inner["exchange"].node
    if "counter" in inner:
        yield from _counted(tree, inner, times, stage)
        return
    if "first" in inner:
        raise tree.error(inner["first"].place, "'first' belongs to 'counter', and there is none")
    yield from _exchange(tree, node, stage)
    if times > 1:  # from the second on all are alike: who has spoken last is the same
        again = tuple(_exchange(tree, node, stage))
        yield from (event for _ in range(times - 1) for event in again)


def _counted(tree: Tree, fields: Fields, times: int, stage: Stage) -> Iterator[Event]:
    """Yields the events of each pass with the pass's number put in for the counter's name."""
    counter, node = fields["counter"].node, fields["exchange"].node
    name = tree.text(counter, "counter")
    first = whole(tree, fields["first"].node, "first", _TIMES) if "first" in fields else 1
    if not is_named(name, "name"):
        raise tree.error(counter, f"a counter is named in letters, digits and _: {name!r}")
    if name in stage.around.values:
        raise tree.error(counter, f"the counter {name!r} has the name of another value")
    around, used = stage.around, set[str]()
    for number in range(first, first + times):
        values = {**around.values, name: literal(str(number).encode())}
        stage.around = replace(around, values=values, used=used)
        yield from _exchange(tree, node, stage)
    stage.around = around
    if name not in used:
        raise tree.error(counter, f"the counter {name!r} is used nowhere")
    around.used.update(used - {name})


# -- one event -----------------------------------------------------------------------------


def members(crowd: str, count: int) -> tuple[str, ...]:
    """Returns the clients of a crowd."""
    return tuple(f"{crowd}-{number}" for number in range(1, count + 1))


def _each(event: Event, crowds: Mapping[str, int]) -> Iterator[Event]:
    if event.client not in crowds:
        yield event
        return
    for name in members(event.client, crowds[event.client]):
        yield replace(event, client=name)


def _event(tree: Tree, item: Node, fields: Fields, stage: Stage) -> Event:
    speaker = _speaker(tree, item, fields, stage)
    value = fields[speaker].node
    inner: Fields = {}
    if is_scalar(value):
        act: Act = Says(text_template(tree, value, speaker, stage.around))
    else:
        inner = tree.fields(value, f"what {speaker} does")
        tree.known(inner, f"what {speaker} does", _KEYS)
        act = act_of(tree, value, inner, stage.around, stage.hooks)
    client = _client(tree, speaker, inner, stage)
    by = Role.SERVER if speaker == _SERVER else Role.CLIENT
    over = _over(tree, inner, stage)
    refuse_impossible(tree, item, act, by, over)
    if client == STRANGER and not (over is Transport.UDP and isinstance(act, Says | AnyOf)):
        raise tree.error(item, "strangers are said something over UDP, and nothing else")
    for name in ("to", "over"):
        if name in inner and not isinstance(act, _ON_CONNECTION):
            raise tree.error(inner[name].place, f"{name!r} is for what is said and done on a line")
    return Event(by, client, over, act, tree.place(item), optional_flag(tree, inner, "setup"))


_KEYS = (*keys.names("event"), *keys.names("payload"))


def _speaker(tree: Tree, item: Node, fields: Fields, stage: Stage) -> str:
    speakers = (_SERVER, *stage.names)
    if _ANY_CLIENT in fields and _ANY_CLIENT not in speakers and stage.path:
        hint = f"write `as: {stage.names[0]}` where {stage.path[-1]!r} is used"
        message = "there are several clients, and nothing says which one this is"
        raise tree.error(item, message, hint)
    tree.known(fields, "an event", (*speakers, "use", "repeat", "wire"))
    if len(fields) != 1:
        found = " and ".join(fields) or "nobody"
        raise tree.error(item, f"an event has one speaker, found {found}")
    return next(iter(fields))


def _client(tree: Tree, speaker: str, inner: Fields, stage: Stage) -> str:
    if speaker != _SERVER:
        if "to" in inner:
            if tree.text(inner["to"].node, "to") != STRANGER:
                raise tree.error(inner["to"].place, "a client speaks to the server alone")
            return STRANGER
        stage.last = stage.client(speaker)
        return stage.last
    if "to" in inner:
        return stage.client(tree.word(inner["to"].node, "to", (*stage.names, STRANGER)))
    return stage.last or stage.names[0]


def _impaired(tree: Tree, item: Node, fields: Fields, stage: Stage) -> Event:
    tree.known(fields, "an event", keys.names("wired"))
    node = fields["wire"].node
    inner = section(tree, node, "wire", "wire")
    speaker = tree.word(inner["from"].node, "from", (_SERVER, *stage.names))
    last = stage.last
    client = _client(tree, speaker, inner, stage)
    stage.last = last  # nobody has acted
    by = Role.SERVER if speaker == _SERVER else Role.CLIENT
    act = impairment(tree, node, inner)
    return Event(by, client, _over(tree, inner, stage), act, tree.place(item))


def _over(tree: Tree, inner: Fields, stage: Stage) -> Transport:
    if "over" not in inner:
        return stage.over or stage.transports[0]
    return Transport(tree.word(inner["over"].node, "over", tuple(map(str, stage.transports))))

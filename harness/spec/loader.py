"""The loader: from the text of a spec file to a suite, or to the first thing wrong in it.

Belongs here: suites, cases, rows, includes, and what must hold between their parts. Must
not know: the file system (it comes in as `Sources`), how anything is played.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from harness.errors import SpecError
from harness.spec import keys
from harness.spec.binding import hold_together
from harness.spec.events import Fragment, Stage, exchange
from harness.spec.model import (
    Case,
    Delivery,
    Launch,
    Level,
    Parameter,
    Requirement,
    Role,
    Suite,
    Transport,
    Unused,
)
from harness.spec.payloads import (
    Sources,
    Surroundings,
    beside,
    bounds,
    layouts,
    payload,
    template_of,
)
from harness.spec.tree import Field, Fields, Node, Tree, is_text
from harness.wire.framing import DATAGRAM, LINE, Framing, FramingKind
from harness.wire.template import Template

_ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_REQUIREMENT = re.compile(r"[A-Z][A-Z0-9]*(-[A-Z0-9]+)*")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_RESERVED = ("probe", "start")
_DEADLINE = 3.0


@dataclass(slots=True)
class _Parts:
    """What a suite and its included files bring together."""

    requirements: dict[str, Requirement] = field(default_factory=dict)
    fragments: dict[str, Fragment] = field(default_factory=dict)
    features: dict[str, str] = field(default_factory=dict)
    layouts: dict[str, Any] = field(default_factory=dict)
    hooks: dict[str, Callable[..., str | None]] = field(default_factory=dict)
    cases: list[tuple[Tree, Node]] = field(default_factory=list)
    used: set[str] = field(default_factory=set)


def load(path: str, text: str, sources: Sources) -> Suite:
    """Returns the suite of a spec file. Raises: SpecError."""
    tree = Tree(path, text)
    fields = tree.fields(tree.root, "a suite")
    tree.known(fields, "a suite", keys.names("suite"))
    tree.required(tree.root, fields, "a suite", keys.required("suite"))
    roles = _roles(tree, fields)
    transports = _transports(tree, fields["transport"].node)
    parts = _Parts()
    for name in tree.words(fields["include"].node, "include") if "include" in fields else ():
        _include(tree, fields["include"].node, name, sources, parts)
    _collect(tree, fields, sources, parts)
    around = Surroundings(sources, parts.layouts, used=parts.used)
    parameters = _parameters(tree, fields)
    fresh = _flag(tree, fields, "fresh")
    reader = _Reader(parts, around, roles, transports, parameters, fresh)
    suite = Suite(
        id=_identifier(tree, fields["suite"].node, "suite"),
        title=tree.text(fields["title"].node, "title"),
        reference=_optional_text(tree, fields, "reference"),
        roles=roles,
        transports=transports,
        framing=_framing(tree, fields, transports),
        launches=_launches(tree, fields, around),
        parameters=parameters,
        requirements=parts.requirements,
        probe=tuple(exchange(tree, fields["probe"].node, reader.stage(("client",), {}))),
        cases=tuple(reader.cases(tree, fields["cases"].node)),
        path=path,
        idempotent=_flag(tree, fields, "idempotent"),
        pipelined=_flag(tree, fields, "pipelined"),
        deadline=_seconds(tree, fields) or _DEADLINE,
        features=parts.features,
        unused=tuple(reader.unused(tree, fields)),
    )
    hold_together(tree, suite)
    return suite


# -- the parts -----------------------------------------------------------------------------


def _include(tree: Tree, node: Node, name: str, sources: Sources, parts: _Parts) -> None:
    path = beside(tree.path, name)
    try:
        text = sources.read(path).decode("utf-8")
    except (SpecError, UnicodeDecodeError) as exc:
        raise tree.error(node, f"cannot include {name}: {exc}") from exc
    inner = Tree(path, text)
    fields = inner.fields(inner.root, "an included file")
    inner.known(fields, "an included file", keys.names("include"))
    _collect(inner, fields, sources, parts)
    if "cases" in fields:
        parts.cases += [(inner, each) for each in inner.items(fields["cases"].node, "cases")]


def _collect(tree: Tree, fields: Fields, sources: Sources, parts: _Parts) -> None:
    if "layouts" in fields:
        parts.layouts |= layouts(tree, fields["layouts"].node)
    if "hooks" in fields:
        parts.hooks |= _hooks(tree, fields["hooks"].node, sources)
    if "features" in fields:
        entries = tree.fields(fields["features"].node, "features")
        parts.features |= {k: tree.text(v.node, f"feature {k}") for k, v in entries.items()}
    if "requirements" in fields:
        for name, entry in tree.fields(fields["requirements"].node, "requirements").items():
            if name in parts.requirements:
                first = parts.requirements[name].place
                raise tree.error(entry.place, f"requirement {name} stands already in {first}")
            parts.requirements[name] = _requirement(tree, entry)
    if "fragments" in fields:
        for name, entry in tree.fields(fields["fragments"].node, "fragments").items():
            if name in parts.fragments:
                raise tree.error(entry.place, f"fragment {name!r} stands already elsewhere")
            parts.fragments[name] = _fragment(tree, name, entry.node, sources, parts)


def _hooks(tree: Tree, node: Node, sources: Sources) -> Mapping[str, Callable[..., str | None]]:
    try:
        return sources.hooks(beside(tree.path, tree.text(node, "hooks")))
    except SpecError as exc:
        raise tree.error(node, exc.message) from exc


def _requirement(tree: Tree, entry: Field) -> Requirement:
    name, node = entry.name, entry.node
    if not _REQUIREMENT.fullmatch(name):
        raise tree.error(entry.place, f"a requirement's id is like ECHO-1, found {name!r}")
    what = f"requirement {name}"
    fields = _section(tree, node, what, "requirement")
    return Requirement(
        id=name,
        level=Level(tree.word(fields["level"].node, "level", keys.LEVELS.split("|"))),
        text=tree.text(fields["text"].node, "text"),
        source=_optional_text(tree, fields, "source"),
        hint=_optional_text(tree, fields, "hint"),
        place=entry.place,
    )


def _fragment(tree: Tree, name: str, node: Node, sources: Sources, parts: _Parts) -> Fragment:
    fields = _section(tree, node, f"fragment {name}", "fragment")
    parameters = tree.words(fields["with"].node, "with") if "with" in fields else ()
    around = Surroundings(sources, parts.layouts, used=parts.used)
    return Fragment(tree, fields["exchange"].node, parameters, around, parts.hooks)


def _section(tree: Tree, node: Node, what: str, section: str) -> Fields:
    fields = tree.fields(node, what)
    tree.known(fields, what, keys.names(section))
    tree.required(node, fields, what, keys.required(section))
    return fields


# -- the suite's own -----------------------------------------------------------------------


def _roles(tree: Tree, fields: Fields) -> tuple[Role, ...]:
    found = tree.words(fields["roles"].node, "roles", keys.ROLES.split("|"))
    if not found:
        raise tree.error(fields["roles"].node, "roles names nobody")
    return tuple(map(Role, found))


def _transports(tree: Tree, node: Node) -> tuple[Transport, ...]:
    known = keys.TRANSPORTS.split("|")
    if is_text(node):
        return (Transport(tree.word(node, "transport", known)),)
    found = tree.words(node, "transport", known)
    if not found:
        raise tree.error(node, "transport names none")
    return tuple(map(Transport, found))


def _framing(tree: Tree, fields: Fields, transports: tuple[Transport, ...]) -> Framing:
    if "framing" not in fields:
        return LINE if Transport.TCP in transports else DATAGRAM
    node = fields["framing"].node
    if Transport.TCP not in transports:
        raise tree.error(node, "a datagram has its own bounds: framing is for TCP")
    if is_text(node):
        word = tree.word(node, "framing", ("line", "crlf", "close", "http"))
        return Framing(FramingKind(word))
    inner = tree.fields(node, "framing")
    tree.known(inner, "framing", ("delimiter", "fixed", "length"))
    if len(inner) != 1:
        raise tree.error(node, "framing wants one of delimiter, fixed, length")
    (name, entry), *_ = inner.items()
    if name == "delimiter":
        return Framing(FramingKind.DELIMITER, tree.text(entry.node, name).encode())
    size = tree.integer(entry.node, name)
    if size < 1:
        raise tree.error(entry.node, f"{name} is 1 or more, found {size}")
    return Framing(FramingKind(name), size=size)


def _launches(tree: Tree, fields: Fields, around: Surroundings) -> dict[Role, Launch]:
    if "target" not in fields:
        return {}
    inner = _section(tree, fields["target"].node, "target", "launches")
    return {Role(name): _launch(tree, entry.node, around) for name, entry in inner.items()}


def _launch(tree: Tree, node: Node, around: Surroundings) -> Launch:
    fields = _section(tree, node, "how a target is started", "launch")
    return Launch(
        run=tree.text(fields["run"].node, "run"),
        files=_files(tree, fields, around),
        folders=tree.words(fields["folders"].node, "folders") if "folders" in fields else (),
        port=tree.integer(fields["port"].node, "port") if "port" in fields else None,
    )


def _files(tree: Tree, fields: Fields, around: Surroundings) -> dict[str, bytes]:
    found = {}
    entries = tree.fields(fields["files"].node, "files") if "files" in fields else {}
    for name, entry in entries.items():
        if name.startswith("/") or ".." in name.split("/"):
            raise tree.error(entry.place, f"a file lies in the working folder, found {name!r}")
        read = payload(tree, entry.node, f"file {name}", around)
        if read.open or read.references:
            raise tree.error(entry.node, f"file {name} has holes or references")
        found[name] = read.produce({})
    return found


def _parameters(tree: Tree, fields: Fields) -> dict[str, Parameter]:
    entries = tree.fields(fields["parameters"].node, "parameters") if "parameters" in fields else {}
    found = {}
    for name, entry in entries.items():
        if not _NAME.fullmatch(name):
            raise tree.error(entry.place, f"a parameter's name is letters, digits, _: {name!r}")
        inner = _section(tree, entry.node, f"parameter {name}", "parameter")
        if len(inner) != 1:
            raise tree.error(entry.node, f"parameter {name} wants one kind")
        (kind, value), *_ = inner.items()
        if kind == "choice":
            choices = tree.words(value.node, "choice")
            found[name] = Parameter(name, kind, entry.place, choices=choices)
        else:
            low, high = bounds(tree, value.node, kind)
            found[name] = Parameter(name, kind, entry.place, low, high)
    return found


def _identifier(tree: Tree, node: Node, what: str) -> str:
    found = tree.text(node, what)
    if not _ID.fullmatch(found):
        raise tree.error(node, f"an id is a-z, 0-9 and hyphens, found {found!r}")
    return found


def _optional_text(tree: Tree, fields: Fields, name: str) -> str:
    return tree.text(fields[name].node, name) if name in fields else ""


def _flag(tree: Tree, fields: Fields, name: str) -> bool:
    return name in fields and tree.flag(fields[name].node, name)


def _seconds(tree: Tree, fields: Fields) -> float | None:
    if "deadline" not in fields:
        return None
    found = tree.number(fields["deadline"].node, "deadline")
    if not found:
        raise tree.error(fields["deadline"].node, "a deadline is more than 0 seconds")
    return found


# -- cases ---------------------------------------------------------------------------------


@dataclass(slots=True)
class _Reader:
    """Reads cases with all that the suite has."""

    parts: _Parts
    around: Surroundings
    roles: tuple[Role, ...]
    transports: tuple[Transport, ...]
    parameters: Mapping[str, Parameter]
    fresh: bool = False
    fragments_used: set[str] = field(default_factory=set)

    def stage(self, clients: tuple[str, ...], values: Mapping[str, Template]) -> Stage:
        around = self.around.with_values(values) if values else self.around
        parts = self.parts
        return Stage(
            clients,
            self.transports,
            parts.fragments,
            parts.hooks,
            around,
            fragments_used=self.fragments_used,
        )

    def cases(self, tree: Tree, node: Node) -> Iterator[Case]:
        seen: dict[str, Case] = {}
        own = [(tree, item) for item in tree.items(node, "cases")]
        for where, item in own + self.parts.cases:
            for case in self._case(where, item):
                if case.id in seen:
                    first = seen[case.id].place
                    raise where.error(item, f"case {case.id!r} stands already in {first}")
                seen[case.id] = case
                yield case

    def _case(self, tree: Tree, node: Node) -> Iterator[Case]:
        fields = tree.fields(node, "a case")
        tree.known(fields, "a case", keys.names("case"))
        tree.required(node, fields, "a case", keys.required("case"))
        name = _identifier(tree, fields["id"].node, "id")
        if name in _RESERVED:
            raise tree.error(fields["id"].node, f"{name!r} is the harness's own: choose another id")
        if "rows" not in fields:
            yield self._one(tree, node, fields, name, {})
            return
        for row, values in self._rows(tree, fields["rows"].node):
            yield self._one(tree, node, fields, f"{name}-{row}", values)

    def _rows(self, tree: Tree, node: Node) -> Iterator[tuple[str, dict[str, Template]]]:
        columns: set[str] | None = None
        for row, entry in tree.fields(node, "rows").items():
            if not _ID.fullmatch(row):
                raise tree.error(entry.place, f"a row's name is a-z, 0-9 and hyphens: {row!r}")
            cells = tree.fields(entry.node, f"row {row}")
            if columns not in (None, set(cells)):
                raise tree.error(entry.place, f"row {row!r} has other names than the first")
            columns = set(cells)
            yield row, {k: template_of(tree, v.node, k, self.around) for k, v in cells.items()}

    def _one(
        self, tree: Tree, node: Node, fields: Fields, name: str, values: Mapping[str, Template]
    ) -> Case:
        clients: tuple[str, ...] = ("client",)
        if "clients" in fields:
            clients = self._clients(tree, fields["clients"].node)
        roles = self.roles
        if "roles" in fields:
            roles = tuple(map(Role, tree.words(fields["roles"].node, "roles", self.roles)))
        return Case(
            id=name,
            purpose=tree.text(fields["purpose"].node, "purpose"),
            verifies=self._verified(tree, fields),
            points=tree.number(fields["points"].node, "points") if "points" in fields else 0,
            roles=roles,
            clients=clients,
            exchange=tuple(exchange(tree, fields["exchange"].node, self.stage(clients, values))),
            place=tree.place(node),
            deliveries=_deliveries(tree, fields, "deliveries") or None,
            without=_deliveries(tree, fields, "without"),
            tags=tree.words(fields["tags"].node, "tags") if "tags" in fields else (),
            hint=_optional_text(tree, fields, "hint"),
            fresh=self.fresh or _flag(tree, fields, "fresh"),
            files=_files(tree, fields, self.around.with_values(values)),
            deadline=_seconds(tree, fields),
            feature=self._feature(tree, fields),
            weighed="points" in fields,
        )

    def _clients(self, tree: Tree, node: Node) -> tuple[str, ...]:
        found = tree.words(node, "clients")
        for name in found:
            if name in ("server", "use", "repeat") or not _NAME.fullmatch(name):
                raise tree.error(node, f"{name!r} cannot be a client's name")
        if not found:
            raise tree.error(node, "clients names nobody")
        return found

    def _verified(self, tree: Tree, fields: Fields) -> tuple[str, ...]:
        if "verifies" not in fields:
            return ()
        return tree.words(fields["verifies"].node, "verifies", tuple(self.parts.requirements))

    def _feature(self, tree: Tree, fields: Fields) -> str:
        if "feature" not in fields:
            return ""
        return tree.word(fields["feature"].node, "feature", tuple(self.parts.features))

    def unused(self, tree: Tree, fields: Fields) -> Iterator[Unused]:
        """Yields what this file defines and nothing uses; an included file serves others too."""
        layouts_used = {
            name.removeprefix("layout ") for name in self.parts.used if name.startswith("layout ")
        }
        for section, used in (
            ("fragments", self.fragments_used),
            ("layouts", layouts_used),
            ("parameters", self.parts.used),
        ):
            own = tree.fields(fields[section].node, section) if section in fields else {}
            for name, entry in own.items():
                if name not in used:
                    yield Unused(section.removesuffix("s"), name, entry.place)


def _deliveries(tree: Tree, fields: Fields, name: str) -> tuple[Delivery, ...]:
    if name not in fields:
        return ()
    known = tuple(str(each) for each in Delivery)
    return tuple(map(Delivery, tree.words(fields[name].node, name, known)))

"""Cases: from their YAML to the model, one for each row.

Belongs here: cases and their rows. Must not know: other parts of a suite but through Parts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from harness.spec import keys
from harness.spec.events import Stage, events, members
from harness.spec.model import STRANGER, Case, Delivery, Event, Role, Transport, Unused
from harness.spec.parts import Parts
from harness.spec.payloads import template_of
from harness.spec.section import (
    Span,
    entries,
    files,
    filled_text,
    identifier,
    is_named,
    named,
    optional_flag,
    optional_text,
    optional_words,
    seconds,
    section,
    whole,
)
from harness.spec.surroundings import Surroundings
from harness.spec.tree import Field, Fields, Node, Tree
from harness.wire.parameter import Parameter
from harness.wire.template import Template

_ALONE = ("client",)
_RESERVED = ("probe", "start")  # cases of the harness
_NO_CLIENTS = ("server", "use", "repeat", "as", "wire", STRANGER)
_CROWD = Span(1, 1000)  # clients; each has a socket here and one at the target
_LAYOUT = "layout "  # before a layout's name among what payloads have used


@dataclass(slots=True)
class Reader:
    """Reads exchanges and cases with all that the suite has; `unused` grows by the way.

    `left_out` are the requirements of included cases over a transport that the suite lacks.
    """

    parts: Parts
    roles: tuple[Role, ...]
    transports: tuple[Transport, ...]
    parameters: Mapping[str, Parameter]
    fragments_used: set[str] = field(default_factory=set)
    unused: dict[Unused, None] = field(default_factory=dict)
    left_out: set[str] = field(default_factory=set)

    def probe(self, tree: Tree, entry: Field) -> tuple[Event, ...]:
        """Returns the events of the probe. Raises: SpecError."""
        return self._exchange(tree, entry, self._stage(_ALONE, self.parts.surroundings))

    def _exchange(self, tree: Tree, entry: Field, stage: Stage) -> tuple[Event, ...]:
        found = events(tree, entry.node, entry.name, stage)
        self.fragments_used |= stage.fragments_used
        return found

    def _stage(self, clients: tuple[str, ...], around: Surroundings) -> Stage:
        return Stage(clients, self.transports, self.parts.usable, self.parts.hooks, around)

    def cases(self, tree: Tree, node: Node) -> Iterator[Case]:
        """Yields the cases of the suite, then those of its included files. Raises: SpecError."""
        seen: dict[str, Case] = {}
        own = [(tree, item) for item in tree.some(node, "cases")]
        for where, item in own + [each for each in self.parts.cases if self._is_spoken(*each)]:
            for case in self._case(where, item):
                if case.id in seen:
                    first = seen[case.id].place
                    raise where.error(item, f"case {case.id!r} stands already in {first}")
                seen[case.id] = case
                yield case

    def _is_spoken(self, tree: Tree, node: Node) -> bool:
        """Says whether the suite has the transport that an included case wants."""
        fields = section(tree, node, "a case", "case")
        if "over" not in fields:
            return True
        over = Transport(tree.word(fields["over"].node, "over", keys.TRANSPORTS.split("|")))
        if over not in self.transports:
            self.left_out.update(self._verified(tree, fields))
        return over in self.transports

    def _case(self, tree: Tree, node: Node) -> Iterator[Case]:
        fields = section(tree, node, "a case", "case")
        name = identifier(tree, fields["id"].node, "id")
        if name in _RESERVED:
            raise tree.error(fields["id"].node, f"{name!r} is the harness's own: choose another id")
        if "rows" not in fields:
            yield self._one(tree, node, fields, name, {})
            return
        columns = self._columns(tree, fields["rows"].node)
        around = replace(self.parts.surroundings, used=set())
        for row, cells in columns.items():
            values = {
                column: template_of(tree, cell.node, column, self.parts.surroundings)
                for column, cell in cells.items()
            }
            filled = around.with_values(values)
            yield self._one(tree, node, fields, f"{name}-{row}", values, filled)
        self.parts.used |= around.used
        for column, cell in next(iter(columns.values())).items():
            if column not in around.used:
                self.unused[Unused("row value", column, cell.place)] = None

    def _columns(self, tree: Tree, node: Node) -> dict[str, Fields]:
        found: dict[str, Fields] = {}
        for row, entry in tree.fields(node, "rows").items():
            if not is_named(row, "id"):
                raise tree.error(
                    entry.place, f"a row's name is a-z, 0-9 and hyphens, found {row!r}"
                )
            cells = tree.fields(entry.node, f"row {row}")
            for cell in cells.values():
                named(tree, cell, "a row's value")
            first = next(iter(found.values()), cells)
            for name in set(first) ^ set(cells):
                missing = name in first
                told = f"has no {name!r}" if missing else f"has {name!r}"
                where = entry.place if missing else cells[name].place
                other = next(iter(found))
                raise tree.error(where, f"row {row!r} {told}, other than row {other!r}")
            found[row] = cells
        if not found:
            raise tree.error(node, "rows is empty")
        return found

    def _one(
        self,
        tree: Tree,
        node: Node,
        fields: Fields,
        name: str,
        values: Mapping[str, Template],
        around: Surroundings | None = None,
    ) -> Case:
        around = around or self.parts.surroundings
        stage = self._of_case(tree, fields, around)
        crowds = [each for name in stage.crowds.items() for each in members(*name)]
        return Case(
            id=name,
            purpose=filled_text(tree, fields["purpose"].node, "purpose"),
            verifies=self._verified(tree, fields),
            points=tree.number(fields["points"].node, "points") if "points" in fields else 0,
            roles=tuple(map(Role, optional_words(tree, fields, "roles", self.roles))) or self.roles,
            clients=(*stage.clients, *crowds),
            exchange=self._exchange(tree, fields["exchange"], stage),
            place=tree.place(node),
            deliveries=_deliveries(tree, fields, "deliveries") or None,
            without=_deliveries(tree, fields, "without"),
            tags=optional_words(tree, fields, "tags"),
            hint=optional_text(tree, fields, "hint"),
            fresh=optional_flag(tree, fields, "fresh"),
            files=files(tree, fields, around),
            deadline=seconds(tree, fields),
            feature=self._feature(tree, fields),
            weighed="points" in fields,
        )

    def _of_case(self, tree: Tree, fields: Fields, around: Surroundings) -> Stage:
        crowds = self._crowds(tree, entries(tree, fields, "crowds"))
        clients: tuple[str, ...] = () if crowds else _ALONE
        if "clients" in fields:
            clients = tree.words(fields["clients"].node, "clients")
            for name in clients:
                _refuse_as_client(tree, fields["clients"].node, name)
        both = next((each for each in clients if each in crowds), "")
        if both:
            raise tree.error(fields["crowds"].node, f"{both!r} is a client's name already")
        stage = replace(self._stage(clients, around), crowds=crowds)
        if "over" not in fields:
            return stage
        known = tuple(map(str, self.transports))
        return replace(stage, over=Transport(tree.word(fields["over"].node, "over", known)))

    def _crowds(self, tree: Tree, fields: Fields) -> dict[str, int]:
        found = {}
        for name, entry in fields.items():
            _refuse_as_client(tree, entry.node, name)
            found[name] = whole(tree, entry.node, name, _CROWD)
        return found

    def _verified(self, tree: Tree, fields: Fields) -> tuple[str, ...]:
        return optional_words(tree, fields, "verifies", tuple(self.parts.requirements))

    def _feature(self, tree: Tree, fields: Fields) -> str:
        if "feature" not in fields:
            return ""
        return tree.word(fields["feature"].node, "feature", tuple(self.parts.features))

    def all_unused(self, tree: Tree, fields: Fields) -> tuple[Unused, ...]:
        """Returns what this file defines and nothing uses; an included file serves others too."""
        used = self.parts.used
        layouts = {each.removeprefix(_LAYOUT) for each in used if each.startswith(_LAYOUT)}
        found = list(self.unused)
        for name, among in (
            ("fragments", self.fragments_used),
            ("layouts", layouts),
            ("parameters", used),
        ):
            own = entries(tree, fields, name).values()
            found += [
                Unused(name.removesuffix("s"), each.name, each.place)
                for each in own
                if each.name not in among
            ]
        return tuple(found + self._fragment_parameters())

    def _fragment_parameters(self) -> list[Unused]:
        return [
            Unused(f"parameter of fragment {name}", each, fragment.place)
            for name, fragment in self.parts.fragments.items()
            if name in self.fragments_used
            for each in fragment.parameters
            if each not in fragment.seen
        ]


def _refuse_as_client(tree: Tree, node: Node, name: str) -> None:
    if name in _NO_CLIENTS or not is_named(name, "name"):
        raise tree.error(node, f"{name!r} cannot be a client's name")


def _deliveries(tree: Tree, fields: Fields, name: str) -> tuple[Delivery, ...]:
    known = keys.DELIVERIES.split("|")
    return tuple(map(Delivery, optional_words(tree, fields, name, known)))

"""Parts: what a suite and its included files bring together.

Belongs here: requirements, fragments, layouts, hooks and features, each defined once. Must
not know: cases, what uses the parts.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from harness.errors import Place, SpecError
from harness.spec import keys, layouts
from harness.spec.events import Fragment
from harness.spec.model import Delivery, Level, Requirement, Role
from harness.spec.payloads import beside
from harness.spec.section import (
    entries,
    filled_text,
    is_named,
    optional_text,
    optional_words,
    section,
    stays_inside,
)
from harness.spec.surroundings import Sources, Surroundings
from harness.spec.tree import Field, Fields, Node, Tree

PROBE = "probe"
"""The name by which the suite's probe is used in other exchanges."""

_OF_USE = keys.names("use")


@dataclass(slots=True)
class Parts:
    """All that files have brought so far; `used` are the names that payloads refer to."""

    sources: Sources
    trees: dict[str, Tree] = field(default_factory=dict)
    requirements: dict[str, Requirement] = field(default_factory=dict)
    fragments: dict[str, Fragment] = field(default_factory=dict)
    features: dict[str, str] = field(default_factory=dict)
    proves: dict[Delivery, str] = field(default_factory=dict)
    layouts: dict[str, Any] = field(default_factory=dict)
    hooks: dict[str, Callable[..., str | None]] = field(default_factory=dict)
    probe: Fragment | None = None
    cases: list[tuple[Tree, Node]] = field(default_factory=list)
    robustness: list[tuple[Tree, Node]] = field(default_factory=list)
    used: set[str] = field(default_factory=set)
    unescaped: dict[Place, str] = field(default_factory=dict)

    @property
    def usable(self) -> dict[str, Fragment]:
        """The fragments, and the suite's probe, which is used like one."""
        return {**self.fragments, **({PROBE: self.probe} if self.probe is not None else {})}

    @property
    def surroundings(self) -> Surroundings:
        """What payloads can use of them."""
        return Surroundings(self.sources, self.layouts, used=self.used, unescaped=self.unescaped)

    def include(self, tree: Tree, node: Node) -> None:
        """Takes in one file. Raises: SpecError."""
        name = tree.text(node, "include")
        path, data = self._found(tree, node, name)
        try:
            text = data.decode("utf-8")
        except UnicodeDecodeError as exc:
            raise tree.error(node, f"cannot include it: {path} is no UTF-8 text: {exc}") from exc
        inner = Tree(path, text)
        fields = inner.fields(inner.root, "an included file")
        inner.known(fields, "an included file", keys.names("include"))
        self.take(inner, fields)
        if "cases" in fields:
            self.cases += [(inner, each) for each in inner.some(fields["cases"].node, "cases")]

    def _found(self, tree: Tree, node: Node, name: str) -> tuple[str, bytes]:
        """Returns path and content of the file beside, or else of the shipped one."""
        path = beside(tree.path, name)
        try:
            return path, self.sources.read(path)
        except SpecError as exc:
            message = f"cannot include it: {exc.message}"
            if not isinstance(exc.__cause__, FileNotFoundError) or not stays_inside(name):
                raise tree.error(node, message) from exc
        shipped = self.sources.shipped(name)
        try:
            return shipped, self.sources.read(shipped)
        except SpecError as exc:
            raise tree.error(node, message, f"nor is there one shipped: {shipped}") from exc

    def take(self, tree: Tree, fields: Fields) -> None:
        """Takes what one file defines. Raises: SpecError, also where it is defined already."""
        self.trees[tree.path] = tree
        for name, layout in layouts.compiled(tree, entries(tree, fields, "layouts")).items():
            _once(tree, fields["layouts"].node, "layout", name, self.layouts)
            self.layouts[name] = layout
        if "hooks" in fields:
            self._take_hooks(tree, fields["hooks"].node)
        for name, entry in entries(tree, fields, "features").items():
            if not is_named(name, "id"):
                raise tree.error(entry.place, f"a feature is a-z, 0-9 and hyphens, found {name!r}")
            _once(tree, fields["features"].node, "feature", name, self.features)
            self.features[name] = tree.text(entry.node, f"feature {name}")
        for name, entry in entries(tree, fields, "requirements").items():
            _once(tree, fields["requirements"].node, "requirement", name, self.requirements)
            self.requirements[name] = _requirement(tree, entry)
        self._take_proofs(tree, entries(tree, fields, "proves"))
        if "robustness" in fields:
            node = fields["robustness"].node
            self.robustness += [(tree, each) for each in tree.some(node, "robustness")]
        for name, entry in entries(tree, fields, "fragments").items():
            self._take_fragment(tree, fields, name, entry)
        if "probe" in fields:
            node, place = fields["probe"].node, fields["probe"].place
            self.probe = Fragment(tree, node, place, (), self.surroundings, self.hooks)

    def take_levels(self, tree: Tree, fields: Fields) -> None:
        """Changes how binding requirements are that included files have brought."""
        for name, entry in entries(tree, fields, "levels").items():
            if name not in self.requirements:
                known = ", ".join(self.requirements) or "none"
                message = f"{name!r} is no requirement of an included file"
                raise tree.error(entry.place, message, f"these are: {known}")
            level = Level(tree.word(entry.node, name, keys.LEVELS.split("|")))
            self.requirements[name] = replace(self.requirements[name], level=level)

    def _take_fragment(self, tree: Tree, fields: Fields, name: str, entry: Field) -> None:
        """A suite may say otherwise than a file that it includes, to the same parameters."""
        if name == PROBE:
            raise tree.error(entry.place, "'probe' is the suite's probe: choose another name")
        known, found = self.fragments.get(name), self._fragment(tree, entry)
        if known is not None and "suite" not in fields:
            _once(tree, fields["fragments"].node, "fragment", name, self.fragments)
        if known is not None and known.parameters != found.parameters:
            wanted = ", ".join(known.parameters) or "none"
            message = f"fragment {name!r} has other parameters where it is included: {wanted}"
            raise tree.error(entry.place, message)
        self.fragments[name] = found

    def _take_proofs(self, tree: Tree, fields: Fields) -> None:
        """A suite may say otherwise than a file that it includes."""
        tree.known(fields, "proves", keys.DELIVERIES.split("|"))
        rules = tuple(self.requirements)
        self.proves |= {Delivery(k): tree.word(v.node, k, rules) for k, v in fields.items()}

    def _take_hooks(self, tree: Tree, node: Node) -> None:
        try:
            found = self.sources.hooks(beside(tree.path, tree.text(node, "hooks")))
        except SpecError as exc:
            raise tree.error(node, exc.message) from exc
        for name, call in found.items():
            if name in self.hooks:
                raise tree.error(node, f"hook {name!r} is defined by an included file already")
            self.hooks[name] = call

    def _fragment(self, tree: Tree, entry: Field) -> Fragment:
        fields = section(tree, entry.node, f"fragment {entry.name}", "fragment")
        parameters = optional_words(tree, fields, "with")
        for name in parameters:
            if name in _OF_USE or not is_named(name, "name"):
                raise tree.error(fields["with"].node, f"{name!r} cannot be a parameter's name")
        node = fields["exchange"].node
        return Fragment(tree, node, entry.place, parameters, self.surroundings, self.hooks)


def _once(tree: Tree, node: Node, what: str, name: str, known: dict[str, Any]) -> None:
    """Raises: SpecError for what another file has defined; within one the tree sees it."""
    if name in known:
        entry = tree.fields(node, what)[name]
        raise tree.error(entry.place, f"{what} {name!r} is defined by an included file already")


def _requirement(tree: Tree, entry: Field) -> Requirement:
    name, node = entry.name, entry.node
    if not is_named(name, "requirement"):
        raise tree.error(entry.place, f"a requirement's id is like ECHO-1, found {name!r}")
    fields = section(tree, node, f"requirement {name}", "requirement")
    return Requirement(
        id=name,
        level=Level(tree.word(fields["level"].node, "level", keys.LEVELS.split("|"))),
        text=filled_text(tree, fields["text"].node, "text"),
        source=optional_text(tree, fields, "source"),
        hint=optional_text(tree, fields, "hint"),
        place=entry.place,
        roles=tuple(map(Role, optional_words(tree, fields, "roles", keys.ROLES.split("|")))),
    )

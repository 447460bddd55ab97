"""Manifests: what target.yaml says of the program beside it.

Belongs here: reading that file strictly, what its placeholders may name. Must not know: how
programs are found or run.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from string import Formatter

from harness.errors import Place, SpecError
from harness.spec.model import Role
from harness.spec.section import Span, stays_inside, whole
from harness.spec.tree import Fields, Node, Tree, is_text
from harness.verdict import Verdict

NAME = "target.yaml"

_KEYS = (
    "role", "implements", "run", "build", "language", "port", "features", "parameters",
    "files", "folders", "env", "needs", "breaks", "known",
)  # fmt: skip
_KNOWN_KEYS = ("case", "delivery", "verdict", "reason", "why", "sometimes")
_PORTS = Span(1, 65_535)
LANGUAGES = ("python", "c", "c++", "java", "node", "rust", "go", "executable")


@dataclass(frozen=True, slots=True)
class Known:
    """A deviation that the maintainer knows of: which outcomes, with what in the reason, and why.

    `case` and `delivery` are patterns with `*`. `sometimes`: passing is no news.
    """

    case: str
    delivery: str
    verdict: Verdict
    reason: str
    why: str
    sometimes: bool
    place: Place


@dataclass(frozen=True, slots=True)
class Placeholder:
    """A {name} in `run` or in the content of a file; `line` is the line where it stands."""

    name: str
    place: Place
    line: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """One target.yaml. What it says of starting wins over the suite."""

    place: Place
    role: Role | None = None
    implements: tuple[str, ...] = ()
    run: str = ""
    build: tuple[str, ...] = ()
    language: str = ""
    port: int | None = None
    features: tuple[str, ...] = ()
    parameters: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)
    folders: tuple[str, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict)
    needs: tuple[str, ...] = ()
    breaks: tuple[str, ...] = ()
    known: tuple[Known, ...] = ()
    placeholders: tuple[Placeholder, ...] = ()


def read_manifest(path: Path) -> Manifest:
    """Returns the manifest. Raises: SpecError with file, line and what was wanted."""
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as exc:
        raise SpecError(Place(str(path)), f"cannot read it as UTF-8 text: {exc}") from exc
    tree = Tree(str(path), text)
    fields = tree.fields(tree.root, "a target")
    tree.known(fields, "a target", _KEYS)
    _refuse_outside(tree, fields)
    return Manifest(
        place=tree.place(tree.root),
        role=_role(tree, fields),
        implements=_words(tree, fields, "implements"),
        run=_text(tree, fields, "run"),
        build=_commands(tree, fields),
        language=_language(tree, fields),
        port=whole(tree, fields["port"].node, "port", _PORTS) if "port" in fields else None,
        features=_words(tree, fields, "features"),
        parameters=_texts(tree, fields, "parameters"),
        files=_texts(tree, fields, "files"),
        folders=_words(tree, fields, "folders"),
        env=_texts(tree, fields, "env"),
        needs=_words(tree, fields, "needs"),
        breaks=_words(tree, fields, "breaks"),
        known=_known(tree, fields),
        placeholders=tuple(_placeholders(tree, fields)),
    )


FILLED = ("host", "port", "folder")
"""Placeholders that every start fills; `{program}` besides in a command line."""


def refuse_unfilled(manifest: Manifest, given: Collection[str], drawn: Collection[str]) -> None:
    """Refuses a placeholder that is neither filled nor among the parameters given.

    `drawn` are the parameters of the suite, which have no value before a case begins.
    Raises: SpecError at its place.
    """
    for each in manifest.placeholders:
        if each.name in FILLED or each.name in given:
            continue
        hint = "known are " + ", ".join(f"{{{name}}}" for name in ("program", *FILLED, *given))
        if each.name in drawn:
            hint = f"each case draws it anew: give it a value by --param={each.name}=VALUE"
        message = f"nothing fills the placeholder {{{each.name}}}"
        raise SpecError(each.place, message, each.line, hint)


def _refuse_outside(tree: Tree, fields: Fields) -> None:
    """Raises: SpecError where a file or folder would lie outside of the working folder."""
    files = tree.fields(fields["files"].node, "files") if "files" in fields else {}
    for name, entry in files.items():
        if not stays_inside(name):
            raise tree.error(entry.place, f"a file lies in the working folder, found {name!r}")
    for name in _words(tree, fields, "folders"):
        if not stays_inside(name):
            node = fields["folders"].node
            raise tree.error(node, f"a folder lies in the working folder, found {name!r}")


def _role(tree: Tree, fields: Fields) -> Role | None:
    if "role" not in fields:
        return None
    return Role(tree.word(fields["role"].node, "role", tuple(map(str, Role))))


def _language(tree: Tree, fields: Fields) -> str:
    return tree.word(fields["language"].node, "language", LANGUAGES) if "language" in fields else ""


def _commands(tree: Tree, fields: Fields) -> tuple[str, ...]:
    if "build" not in fields:
        return ()
    node = fields["build"].node
    if is_text(node):
        return (tree.text(node, "build"),)
    return tree.words(node, "build")


def _words(tree: Tree, fields: Fields, name: str) -> tuple[str, ...]:
    return tree.words(fields[name].node, name) if name in fields else ()


def _text(tree: Tree, fields: Fields, name: str) -> str:
    return tree.text(fields[name].node, name) if name in fields else ""


def _texts(tree: Tree, fields: Fields, name: str) -> dict[str, str]:
    if name not in fields:
        return {}
    inner = tree.fields(fields[name].node, name)
    return {key: tree.text(entry.node, key) for key, entry in inner.items()}


def _placeholders(tree: Tree, fields: Fields) -> Iterator[Placeholder]:
    """Yields all but {program}. Raises: SpecError for quotes and braces that do not match."""
    if "run" in fields:
        node = fields["run"].node
        try:
            words = shlex.split(tree.text(node, "run"))
        except ValueError as exc:
            raise tree.error(node, f"run is split as a shell does: {exc}") from exc
        for word in words:
            if word != "{program}":
                yield from _named(tree, node, word)
    if "files" in fields:
        for name, entry in tree.fields(fields["files"].node, "files").items():
            yield from _named(tree, entry.node, tree.text(entry.node, name))


def _named(tree: Tree, node: Node, text: str) -> Iterator[Placeholder]:
    try:
        fields = [field for _, field, _, _ in Formatter().parse(text) if field is not None]
    except ValueError as exc:
        raise tree.error(node, f"{exc}: a literal brace is written twice") from exc
    for each in fields:
        name = re.split(r"[.\[]", each)[0]
        place = tree.found(tree.place(node), f"{{{name}}}")
        yield Placeholder(name, place, tree.error(place, "").line_text)


def _known(tree: Tree, fields: Fields) -> tuple[Known, ...]:
    if "known" not in fields:
        return ()
    return tuple(_deviation(tree, item) for item in tree.items(fields["known"].node, "known"))


def _deviation(tree: Tree, node: Node) -> Known:
    what = "a known deviation"
    fields = tree.fields(node, what)
    tree.known(fields, what, _KNOWN_KEYS)
    tree.required(node, fields, what, ("case", "reason", "why"))
    verdict = "fail"
    if "verdict" in fields:
        verdict = tree.word(fields["verdict"].node, "verdict", ("fail", "warn", "blocked"))
    return Known(
        case=tree.text(fields["case"].node, "case"),
        delivery=_text(tree, fields, "delivery") or "*",
        verdict=Verdict[verdict.upper()],
        reason=tree.text(fields["reason"].node, "reason"),
        why=tree.text(fields["why"].node, "why"),
        sometimes="sometimes" in fields and tree.flag(fields["sometimes"].node, "sometimes"),
        place=tree.place(node),
    )

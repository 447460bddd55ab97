"""The loader: from the text of a spec file to a suite, or to the first thing wrong in it.

Belongs here: the suite itself, and the order in which its parts are read. Must not know:
the file system (it comes in as `Sources`), how anything is played.
"""

from __future__ import annotations

from string import Formatter

from harness.errors import Place
from harness.spec import keys
from harness.spec.binding import hold_together
from harness.spec.cases import Reader
from harness.spec.model import (
    Case,
    Delivery,
    Launch,
    Requirement,
    Role,
    Suite,
    Transport,
)
from harness.spec.parts import Parts
from harness.spec.payloads import LARGEST, bounds, note_unescaped
from harness.spec.robustness import robust_cases
from harness.spec.section import (
    Span,
    entries,
    files,
    filled_text,
    folders,
    identifier,
    named,
    optional_flag,
    optional_text,
    seconds,
    section,
    whole,
)
from harness.spec.surroundings import Sources, Surroundings
from harness.spec.tree import Field, Fields, Node, Tree, is_mapping, is_text
from harness.wire.framing import DATAGRAM, LINE, Framing, FramingKind
from harness.wire.parameter import Parameter

_DEADLINE = 3.0
_PORTS = Span(1, 65_535)
_SIZES = {"fixed": Span(1, LARGEST), "length": Span(1, 8)}  # bytes of the message, of its length
_PLACEHOLDERS = ("program", "host", "port", "folder")
_ONLY_FOR = {
    "framing": Transport.TCP,
    "pipelined": Transport.TCP,
    "unordered": Transport.TCP,
    "idempotent": Transport.UDP,
}


def load(path: str, text: str, sources: Sources) -> Suite:
    """Returns the suite of a spec file. Raises: SpecError."""
    tree = Tree(path, text)
    fields = section(tree, tree.root, "a suite", "suite")
    roles = tuple(map(Role, tree.words(fields["roles"].node, "roles", keys.ROLES.split("|"))))
    transports = _transports(tree, fields)
    parts = Parts(sources)
    if "include" in fields:
        tree.words(fields["include"].node, "include")
        for node in tree.items(fields["include"].node, "include"):
            parts.include(tree, node)
    parts.take_levels(tree, fields)
    parts.take(tree, fields)
    parameters = _parameters(tree, fields)
    reader = Reader(parts, roles, transports, parameters)
    probe = reader.probe(tree, fields["probe"])
    cases = tuple(reader.cases(tree, fields["cases"].node))
    suite = Suite(
        id=identifier(tree, fields["suite"].node, "suite"),
        title=filled_text(tree, fields["title"].node, "title"),
        reference=optional_text(tree, fields, "reference"),
        roles=roles,
        transports=transports,
        framing=_framing(tree, fields, transports, parts.unescaped),
        launches=_launches(tree, fields, parts.surroundings, roles, tuple(parameters)),
        parameters=parameters,
        requirements=_verifiable(parts, cases, reader.left_out),
        probe=probe,
        cases=(*cases, *robust_cases(parts, roles, probe, cases)),
        path=path,
        survives=_survives(tree, fields),
        idempotent=optional_flag(tree, fields, "idempotent"),
        pipelined=optional_flag(tree, fields, "pipelined"),
        unordered=optional_flag(tree, fields, "unordered"),
        deadline=seconds(tree, fields) or _DEADLINE,
        features=parts.features,
        proves=parts.proves,
        unused=reader.all_unused(tree, fields),
        unescaped=parts.unescaped,
    )
    hold_together(parts.trees, suite)
    return suite


def load_included(path: str, text: str, sources: Sources) -> bool:
    """Says whether this is a file to be included: it has keys of one, and none of a suite alone.

    Its cases are judged where it is included. Raises: SpecError for what is wrong without them.
    """
    tree = Tree(path, text)
    if not is_mapping(tree.root):
        return False
    fields = tree.fields(tree.root, "an included file")
    if not fields or not set(fields) <= set(keys.names("include")):
        return False
    Parts(sources).take(tree, fields)
    return True


def _verifiable(
    parts: Parts, cases: tuple[Case, ...], left_out: set[str]
) -> dict[str, Requirement]:
    """Returns the requirements without those that only cases over another transport verify."""
    left = left_out.difference(*(case.verifies for case in cases), parts.proves.values())
    return {name: each for name, each in parts.requirements.items() if name not in left}


# -- on the wire ---------------------------------------------------------------------------


def _transports(tree: Tree, fields: Fields) -> tuple[Transport, ...]:
    node, known = fields["transport"].node, keys.TRANSPORTS.split("|")
    words = (
        (tree.word(node, "transport", known),)
        if is_text(node)
        else tree.words(node, "transport", known)
    )
    found = tuple(map(Transport, words))
    for name, wanted in _ONLY_FOR.items():
        if name in fields and wanted not in found:
            raise tree.error(fields[name].place, f"{name!r} is for {wanted}, which is not spoken")
    return found


def _survives(tree: Tree, fields: Fields) -> dict[Delivery, Place]:
    if "survives" not in fields:
        return {}
    node = fields["survives"].node
    words = tree.words(node, "survives", keys.IMPAIRED.split("|"))
    places = map(tree.place, tree.items(node, "survives"))
    return dict(zip(map(Delivery, words), places, strict=True))


def _framing(
    tree: Tree, fields: Fields, transports: tuple[Transport, ...], unescaped: dict[Place, str]
) -> Framing:
    if "framing" not in fields:
        return LINE if Transport.TCP in transports else DATAGRAM
    node = fields["framing"].node
    if is_text(node):
        return Framing(FramingKind(tree.word(node, "framing", keys.FRAMINGS.split("|"))))
    inner = section(tree, node, "framing", "framing")
    name, entry = _only(tree, node, inner, "framing")
    if name == "delimiter":
        delimiter = tree.text(entry.node, name).encode()
        if not delimiter:
            raise tree.error(entry.node, "delimiter is empty")
        note_unescaped(tree, entry.node, unescaped)
        return Framing(FramingKind.DELIMITER, delimiter)
    return Framing(FramingKind(name), size=whole(tree, entry.node, name, _SIZES[name]))


def _only(tree: Tree, node: Node, fields: Fields, what: str) -> tuple[str, Field]:
    """Returns the one entry of a section of which only one can be chosen."""
    if len(fields) != 1:
        known = ", ".join(keys.names(what))
        found = " and ".join(fields) or "none"
        raise tree.error(node, f"{what} wants one of {known}, found {found}")
    return next(iter(fields.items()))


# -- targets -------------------------------------------------------------------------------


def _launches(
    tree: Tree,
    fields: Fields,
    around: Surroundings,
    roles: tuple[Role, ...],
    parameters: tuple[str, ...],
) -> dict[Role, Launch]:
    if "target" not in fields:
        return {}
    found = {}
    for name, entry in section(tree, fields["target"].node, "target", "launches").items():
        if name not in roles:
            raise tree.error(entry.place, f"the suite has no role {name!r}")
        found[Role(name)] = _launch(tree, entry.node, around, parameters)
    return found


def _launch(tree: Tree, node: Node, around: Surroundings, parameters: tuple[str, ...]) -> Launch:
    fields = section(tree, node, "how a target is started", "launch")
    port = fields.get("port")
    return Launch(
        run=_run(tree, fields["run"].node, around, parameters),
        files=files(tree, fields, around),
        folders=folders(tree, fields),
        port=whole(tree, port.node, "port", _PORTS) if port else None,
    )


def _run(tree: Tree, node: Node, around: Surroundings, parameters: tuple[str, ...]) -> str:
    text = filled_text(tree, node, "run")
    known = (*_PLACEHOLDERS, *parameters)
    try:
        names = [name for _, name, _, _ in Formatter().parse(text) if name is not None]
    except ValueError as exc:
        raise tree.error(node, f"run: {exc}; a literal brace is written twice") from exc
    for name in names:
        if name not in known:
            place = tree.inside(node, text.find(f"{{{name}"))
            listed = ", ".join(f"{{{each}}}" for each in known)
            raise tree.error(place, f"run has {{{name}}}, known are {listed}")
    around.used.update(names)
    return text


# -- parameters ----------------------------------------------------------------------------


def _parameters(tree: Tree, fields: Fields) -> dict[str, Parameter]:
    found = {}
    for name, entry in entries(tree, fields, "parameters").items():
        named(tree, entry, "a parameter")
        inner = section(tree, entry.node, f"parameter {name}", "parameter")
        kind, value = _only(tree, entry.node, inner, "parameter")
        if kind == "choice":
            choices = tree.words(value.node, "choice")
            found[name] = Parameter(name, kind, entry.place, choices=choices)
        else:
            most = None if kind == "int" else LARGEST
            low, high = bounds(tree, value.node, kind, most)
            found[name] = Parameter(name, kind, entry.place, low, high)
    return found

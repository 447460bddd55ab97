"""Every key of the spec language, once: the loader, the schema and the manual read it here.

Belongs here: names, kinds, meanings. Must not know: how a value is read. A kind is one of
`text`, `template`, `whole`, `number`, `flag`, `payload`, `exchange`, `words`, `mapping`, or
the words it may be, with bars between.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Key:
    """One key: `kind` as above, `section` the one that describes its value's own keys."""

    name: str
    kind: str
    meaning: str
    required: bool = False
    section: str = ""


ROLES = "server|client"
TRANSPORTS = "tcp|udp"
LEVELS = "must|should|may"
ENDINGS = "fin|half|reset|any"
ORIGINS = "new-port|stranger"

SUITE = (
    Key("suite", "text", "Id of the suite: a-z, 0-9 and hyphens.", required=True),
    Key("title", "text", "What it is about, in one line.", required=True),
    Key("reference", "text", "Where its requirements come from."),
    Key("roles", "words", "What targets can play: server, client.", required=True),
    Key("transport", "words", "tcp, udp, or a list of both; the first is the default.", True),
    Key("framing", "framing", "Where a message of a TCP stream ends; default line."),
    Key(
        "target",
        "mapping",
        "How programs handed in are started, for each role.",
        section="launches",
    ),
    Key("parameters", "mapping", "Values drawn anew for each seed.", section="parameter"),
    Key("layouts", "mapping", "Binary messages: a list of fields, or a layer of scapy."),
    Key("hooks", "text", "A Python file with functions that judge captures."),
    Key("features", "mapping", "Optional parts that a target may claim: id to text."),
    Key(
        "requirements",
        "mapping",
        "What cases verify: id to level, text, source.",
        section="requirement",
    ),
    Key("fragments", "mapping", "Exchanges with a name, to be used in others.", section="fragment"),
    Key("include", "words", "Files with requirements, fragments, layouts, cases to take in."),
    Key("idempotent", "flag", "UDP: a request may come twice or late, the answers are alike."),
    Key("pipelined", "flag", "TCP: requests may be sent ahead of the answers."),
    Key("fresh", "flag", "Each case wants a process that has served nobody yet."),
    Key("deadline", "number", "Seconds that a case may take, start-up apart; default 3."),
    Key("probe", "exchange", "The shortest exchange that a right target answers.", required=True),
    Key("cases", "cases", "What is tested.", required=True, section="case"),
)
INCLUDED = tuple(
    key
    for key in SUITE
    if key.name in ("requirements", "fragments", "layouts", "hooks", "cases", "features")
)
LAUNCHES = (
    Key("server", "mapping", "How a server is started.", section="launch"),
    Key("client", "mapping", "How a client is started.", section="launch"),
)
LAUNCH = (
    Key("run", "text", "The command line: {program} {host} {port} {folder}.", required=True),
    Key("files", "mapping", "Files in the working folder: name to payload."),
    Key("folders", "words", "Empty folders in the working folder."),
    Key("port", "whole", "The port, where the program cannot be told one."),
)
REQUIREMENT = (
    Key("level", LEVELS, "How binding it is.", required=True),
    Key("text", "text", "The requirement in one or two sentences.", required=True),
    Key("source", "text", "Section of the reference, or another source."),
    Key("hint", "text", "What to look at in a program that breaks it."),
)
PARAMETER = (
    Key("letters", "bounds", "So many lower case letters."),
    Key("digits", "bounds", "So many digits."),
    Key("alnum", "bounds", "So many letters and digits."),
    Key("int", "bounds", "A whole number between two bounds, in decimal."),
    Key("bytes", "bounds", "So many bytes of any value."),
    Key("choice", "words", "One of several texts."),
)
FRAGMENT = (
    Key("with", "words", "Its parameters."),
    Key("exchange", "exchange", "Its events.", required=True),
)
CASE = (
    Key("id", "text", "Unique in the suite: a-z, 0-9 and hyphens.", required=True),
    Key("purpose", "text", "What it proves, in one sentence.", required=True),
    Key("verifies", "words", "Requirements' ids."),
    Key("points", "number", "What it is worth."),
    Key("roles", "words", "Roles it is for; default the suite's."),
    Key("clients", "words", "Names of the clients, where there are several."),
    Key("exchange", "exchange", "Its events.", required=True),
    Key("rows", "mapping", "Examples: one case for each, its values put in for {name}."),
    Key("deliveries", "words", "Only these deliveries."),
    Key("without", "words", "Not these deliveries."),
    Key("tags", "words", "Words to select it by."),
    Key("hint", "text", "What to look at where it fails."),
    Key("fresh", "flag", "Wants a process that has served nobody yet."),
    Key("files", "mapping", "Files in the working folder, beside the suite's or instead."),
    Key("deadline", "number", "Seconds, where the suite's do not do."),
    Key("feature", "text", "Played only where the target claims this feature."),
)
PAYLOAD = (
    Key("text", "template", "Text with {references} and {holes:type}."),
    Key("hex", "text", "Bytes in hexadecimal; blanks do not count."),
    Key("base64", "text", "Bytes in base64."),
    Key("file", "text", "The content of a file beside the spec."),
    Key("fill", "payload", "A payload `times` times over."),
    Key("join", "payloads", "Payloads one after the other."),
    Key("bytes", "bounds", "Any bytes, so many."),
    Key("any", "flag", "Any bytes at all."),
    Key("layout", "text", "A binary message, with `fields`."),
)
PAYLOAD_MORE = (
    Key("times", "whole", "How often `fill` is repeated."),
    Key("fields", "mapping", "The layout's fields: a number, a text, {name} or {name:int}."),
)
ACTS = (
    Key("says", "payload", "Sends these bytes; expected of the target, or sent by the harness."),
    Key(
        "any_of",
        "choices",
        "One of several is right: the first that matches counts.",
        section="choice",
    ),
    Key("opens", "flag", "Connects, before anything is said."),
    Key("closes", ENDINGS, "Closes: both ways, one way (half), by reset; any is for expecting."),
    Key("silent", "flag", "Says nothing in answer to what was said."),
    Key("types", "template", "A line typed at the program's terminal."),
    Key("prints", "payload", "The output holds this."),
    Key("never_prints", "payload", "The output does not hold this, to the end."),
    Key("stores", "payload", "A file with exactly this content lies under the working folder."),
    Key("never_stores", "payload", "No such file lies beside the working folder, as ../name does."),
    Key("exits", "exit", "The program ends: a code, any, or nonzero."),
    Key("restarts", "flag", "The server is stopped and started on its port."),
)
MODIFIERS = (
    Key("to", "text", "Which client a server's event is about; default: who acted last."),
    Key("over", TRANSPORTS, "The transport, where the suite has both."),
    Key("setup", "flag", "Rests on it: a target that fails here is blocked, not failed."),
    Key("example", "payload", "What is sent where the message has holes."),
    Key("hook", "text", "A function of the hooks' file that judges what was captured."),
    Key(
        "from",
        ORIGINS,
        "UDP: it comes from a port of its own, with which the talk goes on, or from a stranger.",
    ),
)
CHOICE = (
    *(key for key in ACTS if key.name in ("says", "silent", "closes")),
    *(key for key in MODIFIERS if key.name in ("example", "hook", "from")),
    Key("level", LEVELS, "Below must it earns a warning."),
    Key("reason", "text", "What the warning says."),
)
REPEAT = (
    Key("times", "whole", "How often.", required=True),
    Key("exchange", "exchange", "The events.", required=True),
)

SECTIONS: Mapping[str, tuple[Key, ...]] = MappingProxyType(
    {
        "suite": SUITE,
        "include": INCLUDED,
        "launches": LAUNCHES,
        "launch": LAUNCH,
        "requirement": REQUIREMENT,
        "parameter": PARAMETER,
        "fragment": FRAGMENT,
        "case": CASE,
        "payload": (*PAYLOAD, *PAYLOAD_MORE),
        "event": (*ACTS, *MODIFIERS),
        "choice": CHOICE,
        "repeat": REPEAT,
    }
)


def names(section: str) -> tuple[str, ...]:
    """Returns the keys of a section."""
    return tuple(key.name for key in SECTIONS[section])


def required(section: str) -> tuple[str, ...]:
    """Returns the keys that a section must have."""
    return tuple(key.name for key in SECTIONS[section] if key.required)

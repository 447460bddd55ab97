"""Every key of the spec language, once: the loader, the schema and the manual read it here.

Belongs here: names, kinds, meanings. Must not know: how a value is read. A kind is one of
KINDS, or the words that the value may be, with bars between.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from types import MappingProxyType

KINDS: Mapping[str, str] = MappingProxyType(
    {
        "text": "a text",
        "template": "a text with {references} and {holes:type}",
        "payload": "a text (template), or a mapping with one way of writing bytes",
        "payloads": "a list of payloads",
        "whole": "a whole number from 1 up",
        "numbers": "a whole number from 1 up, or a list of them",
        "number": "a number from 0 up",
        "flag": "true or false",
        "true": "true, or left out",
        "bounds": "a number, or [least, most]",
        "words": "a list of texts, each once",
        "transport": "tcp, udp, or a list of both",
        "framing": "line, crlf, close, http, or a mapping",
        "exit": "a number from 0 to 255, any, or nonzero",
        "value": "a whole number, a payload without layout, or packets",
        "turn": "a whole number from 1 up, or the counter of a repeat as a text",
        "packets": "a list of payloads, each with a layout",
        "layout": "a list of fields, each `name: type`, or a mapping",
        "exchange": "a list of events",
        "choices": "a list of payloads and alternatives",
        "cases": "a list of cases",
        "fields": "a mapping of fields to numbers and texts",
        "trials": "a list of mappings with keys of their own",
        "row": "a mapping of names to payloads",
        "section": "a mapping with keys of its own",
        "mapping": "a mapping with names that you choose",
    }
)


@dataclass(frozen=True, slots=True)
class Key:
    """One key: `kind` as above.

    `section` describes the keys of its value, or of each value of a mapping. `of` says what
    a list of words may hold, or the kind of a mapping's values. `names` is what the names in
    a mapping look like, one of PATTERNS.
    """

    name: str
    kind: str
    meaning: str
    required: bool = False
    section: str = ""
    of: str = ""
    names: str = ""


ROLES = "server|client"
TRANSPORTS = "tcp|udp"
LEVELS = "must|should|may"
ENDINGS = "fin|half|reset|any"
ORIGINS = "new-port|any-port|stranger"
FRAMINGS = "line|crlf|close|http"
EXITS = "any|nonzero"
MUTATIONS = "all|fields|truncations|additions|flips"
REACTIONS = "any|silent"
DELIVERIES = (
    "whole|split|bytewise|coalesced|slow-reader|plain|repeated|reordered|from-another-port"
    "|after-empty|after-oversized|lost-request|lost-reply|lossy"
)
IMPAIRED = "lost-request|lost-reply|lossy"
PATTERNS: Mapping[str, str] = MappingProxyType(
    {
        "id": r"[a-z0-9]+(-[a-z0-9]+)*",
        "requirement": r"[A-Z][A-Z0-9]*(-[A-Z0-9]+)*",
        "name": r"[A-Za-z_][A-Za-z0-9_]*",
        "delivery": f"({DELIVERIES})",
    }
)

SUITE = (
    Key("suite", "text", "Id of the suite: a-z, 0-9 and hyphens.", required=True, names="id"),
    Key("title", "text", "What it is about, in one line.", required=True),
    Key("reference", "text", "Where its requirements come from."),
    Key("roles", "words", "What targets can play.", required=True, of=ROLES),
    Key("transport", "transport", "What carries the bytes; the first is the default.", True),
    Key(
        "framing",
        "framing",
        "Where a message of a TCP stream ends; default line.",
        section="framing",
    ),
    Key("target", "section", "How programs handed in are started, by role.", section="launches"),
    Key(
        "parameters",
        "mapping",
        "Values drawn anew for each seed.",
        section="parameter",
        names="name",
    ),
    Key("layouts", "mapping", "Binary messages.", section="layout", of="layout"),
    Key("hooks", "text", "A Python file with functions that judge captures."),
    Key("features", "mapping", "Optional parts that a target may claim.", of="text", names="id"),
    Key(
        "requirements",
        "mapping",
        "What cases verify, by id.",
        section="requirement",
        names="requirement",
    ),
    Key(
        "proves",
        "mapping",
        "Which requirement a delivery holds a target to, besides the case's own.",
        of="text",
        names="delivery",
    ),
    Key("fragments", "mapping", "Exchanges with a name, to be used in others.", section="fragment"),
    Key("include", "words", "Files that bring requirements, fragments, layouts, cases."),
    Key(
        "levels",
        "mapping",
        "How binding requirements of included files are here.",
        of=LEVELS,
        names="requirement",
    ),
    Key("idempotent", "flag", "UDP: a request may come twice or late, the answers are alike."),
    Key(
        "survives",
        "words",
        "Deliveries with losses that the protocol makes good: cases are played under them too.",
        of=IMPAIRED,
    ),
    Key("pipelined", "flag", "TCP: requests may be sent ahead of the answers."),
    Key("unordered", "flag", "TCP: answers to requests sent ahead may come in any order."),
    Key("deadline", "number", "Seconds for a case, and anew from each right answer on; default 3."),
    Key("probe", "exchange", "The shortest exchange that a right target answers.", required=True),
    Key("cases", "cases", "What is tested.", required=True, section="case"),
    Key(
        "robustness",
        "trials",
        "Malformed messages to a server, the probe after each.",
        section="robustness",
    ),
)
INCLUDED = tuple(
    replace(key, required=False)
    for key in SUITE
    if key.name
    in (
        *("requirements", "proves", "fragments", "layouts", "hooks"),
        *("cases", "features", "robustness"),
    )
)
FRAMING = (
    Key("delimiter", "text", "A message ends with this text."),
    Key("fixed", "whole", "A message has so many bytes."),
    Key("length", "whole", "A message begins with its length, big-endian, in so many bytes."),
)
LAUNCHES = (
    Key("server", "section", "How a server is started.", section="launch"),
    Key("client", "section", "How a client is started.", section="launch"),
)
LAUNCH = (
    Key("run", "text", "The command line: {program} {host} {port} {folder}.", required=True),
    Key("files", "mapping", "Files in the working folder, by name.", of="payload"),
    Key("folders", "words", "Empty folders in the working folder."),
    Key("port", "whole", "The port, where the program cannot be told one."),
)
REQUIREMENT = (
    Key("level", LEVELS, "How binding it is.", required=True),
    Key("text", "text", "The requirement in one or two sentences.", required=True),
    Key("source", "text", "Section of the reference, or another source."),
    Key("hint", "text", "What to look at in a program that breaks it."),
    Key("roles", "words", "Roles that it binds; default whoever is tested.", of=ROLES),
)
PARAMETER = (
    Key("letters", "bounds", "So many lower case letters."),
    Key("digits", "bounds", "So many digits."),
    Key("alnum", "bounds", "So many letters and digits."),
    Key("int", "bounds", "A whole number between two bounds, in decimal."),
    Key("bytes", "bounds", "So many bytes of any value."),
    Key("choice", "words", "One of several texts."),
)
LAYOUT = (Key("scapy", "text", "One of scapy's layers, like scapy.layers.tftp.TFTP.", True),)
FRAGMENT = (
    Key("with", "words", "Its parameters, that each use gives."),
    Key("exchange", "exchange", "Its events.", required=True),
)
CASE = (
    Key("id", "text", "Unique in the suite: a-z, 0-9 and hyphens.", required=True, names="id"),
    Key("purpose", "text", "What it proves, in one sentence.", required=True),
    Key("verifies", "words", "Requirements' ids."),
    Key("points", "number", "What it is worth; default 0."),
    Key("roles", "words", "Roles it is for; default the suite's.", of=ROLES),
    Key("clients", "words", "Names of the clients, where there are several."),
    Key(
        "crowds",
        "mapping",
        "Groups of clients, with how many each has: what a group does, each of them does.",
        of="whole",
        names="name",
    ),
    Key("over", TRANSPORTS, "What carries its events; an included case is left out without it."),
    Key("exchange", "exchange", "Its events.", required=True),
    Key(
        "rows", "mapping", "One case for each, its values put in for {name}.", of="row", names="id"
    ),
    Key("deliveries", "words", "Only these deliveries.", of=DELIVERIES),
    Key("without", "words", "Not these deliveries.", of=DELIVERIES),
    Key("tags", "words", "Words to select it by."),
    Key("hint", "text", "What to look at where it fails."),
    Key("fresh", "flag", "Wants a process that has served nobody yet."),
    Key("files", "mapping", "Files beside those of the suite, or instead.", of="payload"),
    Key("deadline", "number", "Seconds, where the suite's do not do."),
    Key("feature", "text", "Played only where the target claims this feature."),
)
ROBUSTNESS = (
    Key("id", "text", "Its cases are called by it and their group.", required=True, names="id"),
    Key("verifies", "words", "Requirements' ids."),
    Key("points", "number", "What each of its cases is worth; default 0."),
    Key(
        "packets",
        "words",
        "UDP: entries and groups of the catalogue, or all (docs/malformed.md).",
    ),
    Key("messages", "words", "Ways of making the message itself wrong.", of=MUTATIONS),
    Key("without", "words", "Entries and mutations that are left out."),
    Key("case", "text", "The case whose message is taken; default the probe's."),
    Key("message", "whole", "Which of the client's messages there it is; default the first."),
    Key("reaction", REACTIONS, "To a wrong message: any, or silent; default any."),
    Key("tags", "words", "Words to select its cases by."),
    Key("hint", "text", "What to look at where one fails."),
)
CRAFT = (
    Key("packet", "text", "UDP: an entry of the catalogue (docs/malformed.md)."),
    Key("layers", "mapping", "Layers of one packet, each with fields.", of="fields"),
    Key("payload", "payload", "What it carries."),
)
PAYLOAD = (
    Key("text", "template", "Text with {references} and {holes:type}."),
    Key("hex", "text", "Bytes in hexadecimal; blanks do not count."),
    Key("base64", "text", "Bytes in base64."),
    Key("file", "text", "The content of a file beside the spec."),
    Key("fill", "payload", "A payload `times` times over."),
    Key("join", "payloads", "Payloads one after the other."),
    Key("bytes", "bounds", "Any bytes, so many."),
    Key("any", "true", "Any bytes at all."),
    Key("piece", "turn", "The piece of this number, from 1, of `of` in pieces of `size` bytes."),
    Key("layout", "text", "A binary message, with `fields`."),
)
PAYLOAD_MORE = (
    Key("times", "whole", "How often `fill` is repeated."),
    Key("of", "payload", "What `piece` is taken of; behind its end a piece is empty."),
    Key("size", "whole", "How many bytes a `piece` has; the last has what is left."),
    Key("fields", "mapping", "Values of the layout's fields; the others are free.", of="value"),
    Key("length", "bounds", "How many bytes the whole message of a layout has."),
    Key("head", "true", "Of a layout: behind the last field that is given anything may follow."),
    Key("capture", "text", "The name under which the whole message of a layout is known."),
)
PACKETS = (
    Key("any_order", "packets", "These packets in any order, and no others."),
    Key("holds", "packets", "These packets in any order, be it among others."),
    Key("lacks", "packets", "None of these packets."),
)
ACTS = (
    Key("says", "payload", "Sends these bytes; expected of the target, or sent by the harness."),
    Key(
        "any_of",
        "choices",
        "One of several is right: the first that matches counts, the first is sent.",
        section="choice",
    ),
    Key("opens", "true", "Connects, before anything is said."),
    Key("closes", ENDINGS, "Closes: both ways, one way (half), by reset; any is for expecting."),
    Key("silent", "true", "Says nothing in answer to what was said."),
    Key("types", "template", "A line typed at the program's terminal."),
    Key("prints", "payload", "The output holds this."),
    Key("never_prints", "payload", "The output does not hold this, to the end."),
    Key("stores", "payload", "A file with exactly this content lies under the working folder."),
    Key("never_stores", "payload", "No such file lies beside the working folder, as ../name does."),
    Key("exits", "exit", "The program ends: a code, any, or nonzero."),
    Key("restarts", "true", "The server is stopped and started on its port."),
    Key("reads", "flag", "All that was said to it is read; false: nothing more is, from here on."),
    Key("lets_go", "true", "Holds no socket that it did not hold when the exchange began."),
    Key("calls_nobody", "true", "Has talked to nobody but the other side of the exchange."),
    Key("craft", "section", "Sends a packet that is made by hand.", section="craft"),
    Key("goes_on", "true", "It may go on by itself: what else it says here does not count."),
)
MODIFIERS = (
    Key(
        "to",
        "text",
        "Which client a server's event is about; default: who acted last. UDP: or the stranger.",
    ),
    Key("over", TRANSPORTS, "The transport, where the suite has both."),
    Key("setup", "flag", "Rests on it: a target that fails here is blocked, not failed."),
    Key(
        "example", "payload", "What is sent, or would be right to print, for a message with holes."
    ),
    Key("hook", "text", "A function of the hooks' file that judges what was captured."),
    Key(
        "from",
        ORIGINS,
        "UDP: it comes from a port of its own, with which the talk goes on, from either, or from a"
        " stranger.",
    ),
    Key(
        "answers",
        "whole",
        "UDP: it answers the datagram of this number on the connection, from 1, not the last.",
    ),
    Key(
        "not_before",
        "number",
        "UDP: seconds that lie between the target's datagram before and this one, at the least.",
    ),
    Key(
        "again",
        "number",
        "UDP: the target may repeat it until it says more, after so many seconds at the least.",
    ),
)
CHOICE = (
    *(key for key in ACTS if key.name in ("says", "silent", "closes")),
    *(key for key in MODIFIERS if key.name in ("example", "hook", "from", "not_before", "again")),
    Key("level", LEVELS, "Below must it earns a warning."),
    Key("reason", "text", "What the warning says."),
)
USE = (
    Key("use", "text", "The fragment's name; probe is the suite's probe.", required=True),
    Key("as", "text", "Which client the fragment's `client` is; default: who acted last."),
    Key("setup", "flag", "The case rests on all that the fragment does."),
)
REPEATED = (Key("repeat", "section", "An exchange several times over.", True, section="repeat"),)
REPEAT = (
    Key("times", "whole", "How often.", required=True),
    Key("counter", "text", "A name for the number of the pass, from 1.", names="name"),
    Key("first", "whole", "The counter's first number, where it is not 1."),
    Key("exchange", "exchange", "The events.", required=True),
)
WIRED = (Key("wire", "section", "What becomes of packets from here on.", True, section="wire"),)
WIRE = (
    Key("from", "text", "Whose packets: the server's, or those of a client.", required=True),
    Key("to", "text", "Which client the server's packets go to; default: who acted last."),
    Key("over", TRANSPORTS, "The transport, where the suite has both."),
    Key("drop", "numbers", "Packets that are lost, numbered from 1."),
    Key("repeat", "numbers", "Packets that come twice."),
    Key("swap", "numbers", "Packets that the next one overtakes."),
    Key("delay", "numbers", "Packets that are held back."),
    Key("corrupt", "numbers", "Packets of which a bit flips: their checksum shows it."),
    Key("by", "number", "Seconds for which `delay` holds back; default 0.2."),
)

SECTIONS: Mapping[str, tuple[Key, ...]] = MappingProxyType(
    {
        "suite": SUITE,
        "include": INCLUDED,
        "framing": FRAMING,
        "launches": LAUNCHES,
        "launch": LAUNCH,
        "requirement": REQUIREMENT,
        "parameter": PARAMETER,
        "layout": LAYOUT,
        "fragment": FRAGMENT,
        "case": CASE,
        "robustness": ROBUSTNESS,
        "craft": CRAFT,
        "payload": (*PAYLOAD, *PAYLOAD_MORE),
        "packets": PACKETS,
        "event": (*ACTS, *MODIFIERS),
        "choice": CHOICE,
        "use": USE,
        "repeated": REPEATED,
        "repeat": REPEAT,
        "wired": WIRED,
        "wire": WIRE,
    }
)


@cache
def names(section: str) -> tuple[str, ...]:
    """Returns the keys of a section."""
    return tuple(key.name for key in SECTIONS[section])


@cache
def required(section: str) -> tuple[str, ...]:
    """Returns the keys that a section must have."""
    return tuple(key.name for key in SECTIONS[section] if key.required)

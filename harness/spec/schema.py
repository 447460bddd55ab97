"""The JSON Schema of spec files (draft 2020-12), for editors that complete and check.

Belongs here: what each kind of key looks like as JSON. Must not know: single keys, which
stand in harness.spec.keys; what only the loader can judge (ids, bindings, examples).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from harness.spec import keys
from harness.spec.keys import Key

Schema = dict[str, Any]
DIALECT = "https://json-schema.org/draft/2020-12/schema"
_TEXT: Schema = {"type": "string"}
_WHOLE: Schema = {"type": "integer", "minimum": 1}
_COUNT: Schema = {"type": "integer", "minimum": 0}
_PAYLOAD: Schema = {"$ref": "#/$defs/payload"}
_PACKETS: Schema = {"type": "array", "items": {"$ref": "#/$defs/payload"}}
_SAID: Schema = {"anyOf": [_TEXT, {"$ref": "#/$defs/event"}]}


def schema() -> Schema:
    """Returns the schema of a spec file; `$defs/include` is that of an included one."""
    definitions = {
        "exchange": list_of({"$ref": "#/$defs/line"}),
        "line": _line(),
        "payload": {"anyOf": [_TEXT, _chosen("payload", (keys.PAYLOAD,))]},
        "event": _chosen("event", (keys.ACTS, keys.PAYLOAD), also="payload"),
        "choice": _chosen("choice", (_said(), keys.PAYLOAD), also="payload"),
        "value": {"anyOf": [{"type": "integer"}, _PAYLOAD, _PACKETS, _packets()]},
        "framing": _chosen("framing", (keys.FRAMING,)),
        "parameter": _chosen("parameter", (keys.PARAMETER,)),
        "case": _record("case"),
        "include": _record("include"),
    }
    return {"$schema": DIALECT, **_record("suite"), "$defs": definitions}


def included() -> Schema:
    """Returns the schema of a file to be included."""
    whole = schema()
    definitions = whole["$defs"]
    return {"$schema": DIALECT, **definitions.pop("include"), "$defs": definitions}


def _record(section: str) -> Schema:
    """Returns a mapping with the keys of a section, and no others."""
    return record(keys.SECTIONS[section], _value)


def record(known: Sequence[Key], value: Callable[[Key], Schema]) -> Schema:
    """Returns a mapping with these keys and no others, each with the value that it has."""
    described: Schema = {
        "type": "object",
        "properties": {key.name: {"description": key.meaning, **value(key)} for key in known},
        "additionalProperties": False,
    }
    needed = [key.name for key in known if key.required]
    return {**described, "required": needed} if needed else described


def _chosen(section: str, ways: Sequence[tuple[Key, ...]], also: str = "") -> Schema:
    """Returns a mapping with exactly one of the `ways` among its keys."""
    described = _record(section)
    if also:
        described["properties"] |= _record(also)["properties"]
    described["oneOf"] = [{"required": [key.name]} for way in ways for key in way]
    if "fill" in described["properties"]:
        described["dependentRequired"] = {
            "times": ["fill"],
            "fill": ["times"],
            "piece": ["of", "size"],
            "of": ["piece"],
            "size": ["piece"],
            "fields": ["layout"],
            "length": ["layout"],
            "head": ["layout"],
            "capture": ["layout"],
        }
    return described


def _packets() -> Schema:
    return _record("packets") | {"minProperties": 1}


def _said() -> tuple[Key, ...]:
    return tuple(key for key in keys.CHOICE if key in keys.ACTS)


def _line() -> Schema:
    """Returns one line of an exchange: a speaker, the use of a fragment, a repeat."""
    use = _record("use") | {"additionalProperties": _PAYLOAD}
    speaker: Schema = {
        "type": "object",
        "properties": {"server": _SAID, "client": _SAID},
        "propertyNames": {"pattern": _whole_of("name"), "not": {"enum": ["use", "repeat", "wire"]}},
        "additionalProperties": _SAID,
        "minProperties": 1,
        "maxProperties": 1,
    }
    return {"anyOf": [speaker, use, _record("repeated"), _record("wired")]}


def _value(key: Key) -> Schema:
    if key.kind in _KINDS:
        return _KINDS[key.kind](key)
    return {"enum": key.kind.split("|")}


def _text(key: Key) -> Schema:
    return {**_TEXT, "pattern": _whole_of(key.names)} if key.names else dict(_TEXT)


def _words(key: Key) -> Schema:
    item = {"enum": key.of.split("|")} if key.of else _TEXT
    return {**list_of(item), "uniqueItems": True}


def _transport(_: Key) -> Schema:
    one = {"enum": keys.TRANSPORTS.split("|")}
    return {"anyOf": [one, {**list_of(one), "uniqueItems": True}]}


def _framing(_: Key) -> Schema:
    return {"anyOf": [{"enum": keys.FRAMINGS.split("|")}, {"$ref": "#/$defs/framing"}]}


def _exit(_: Key) -> Schema:
    code = {**_COUNT, "maximum": 255}
    return {"anyOf": [code, {"enum": keys.EXITS.split("|")}]}


def _bounds(_: Key) -> Schema:
    pair = {"type": "array", "items": _COUNT, "minItems": 1, "maxItems": 2}
    return {"anyOf": [_COUNT, pair]}


def _layout(_: Key) -> Schema:
    field = {
        "type": "object",
        "propertyNames": {"pattern": _whole_of("name")},
        "additionalProperties": _TEXT,
    }
    return {"anyOf": [list_of(field), _record("layout")]}


def _mapping(key: Key) -> Schema:
    described: Schema = {"type": "object", "additionalProperties": _entry(key)}
    if key.of == "row":
        described["minProperties"] = 1
    return {**described, "propertyNames": _named(key.names)} if key.names else described


def _entry(key: Key) -> Schema:
    """Returns what stands under each name of a mapping."""
    if key.of:
        return _value(replace(key, kind=key.of, of="", names=""))
    return {"$ref": "#/$defs/parameter"} if key.section == "parameter" else _record(key.section)


def _row(_: Key) -> Schema:
    return {"type": "object", "propertyNames": _named("name"), "additionalProperties": _PAYLOAD}


def _named(pattern: str) -> Schema:
    return {"pattern": _whole_of(pattern)}


def _whole_of(pattern: str) -> str:
    return f"^{keys.PATTERNS[pattern]}$"


def list_of(item: Schema, least: int = 1) -> Schema:
    """Returns a list of so many items at the least."""
    return {"type": "array", "items": item, "minItems": least}


_KINDS: Mapping[str, Callable[[Key], Schema]] = MappingProxyType(
    {
        "text": _text,
        "template": lambda _: dict(_TEXT),
        "payload": lambda _: dict(_PAYLOAD),
        "payloads": lambda _: list_of(_PAYLOAD),
        "whole": lambda _: dict(_WHOLE),
        "numbers": lambda _: {"anyOf": [_WHOLE, {**list_of(_WHOLE), "uniqueItems": True}]},
        "number": lambda _: {"type": "number", "minimum": 0},
        "flag": lambda _: {"type": "boolean"},
        "true": lambda _: {"const": True},
        "bounds": _bounds,
        "words": _words,
        "transport": _transport,
        "framing": _framing,
        "exit": _exit,
        "value": lambda _: {"$ref": "#/$defs/value"},
        "turn": lambda _: {"anyOf": [_WHOLE, _TEXT]},
        "packets": lambda _: dict(_PACKETS),
        "layout": _layout,
        "exchange": lambda _: {"$ref": "#/$defs/exchange"},
        "choices": lambda _: list_of({"anyOf": [_TEXT, {"$ref": "#/$defs/choice"}]}, least=2),
        "cases": lambda _: list_of({"$ref": "#/$defs/case"}),
        "fields": lambda _: {
            "type": ["object", "null"],
            "additionalProperties": {"type": ["integer", "string"]},
        },
        "trials": lambda key: list_of(_record(key.section)),
        "row": _row,
        "section": lambda key: _record(key.section),
        "mapping": _mapping,
    }
)

"""The JSON Schema of scheme files (draft 2020-12), for editors that complete and check.

Belongs here: what each kind of key looks like as JSON. Must not know: single keys, which stand in
harness.grading.schemekeys; what only the reader can judge (patterns, the order of rows).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from harness.grading.scheme import PERSON, SHARE
from harness.grading.schemekeys import DELIVERIES, SECTIONS
from harness.spec.keys import Key
from harness.spec.schema import DIALECT, Schema, list_of, record

_TEXT: Schema = {"type": "string", "pattern": r"\S"}
_NUMBER: Schema = {"type": "number", "minimum": 0}
_SHARE: Schema = {**_NUMBER, "maximum": 1}
_WEIGHTS: Schema = {
    "type": "object",
    "properties": dict.fromkeys(DELIVERIES.split("|"), _NUMBER),
    "additionalProperties": False,
    "minProperties": 1,
}


def schema() -> Schema:
    """Returns the schema of a scheme file."""
    return {"$schema": DIALECT, **_section("scheme")}


def _section(name: str) -> Schema:
    return record(SECTIONS[name], _value)


def _value(key: Key) -> Schema:
    return {"enum": key.kind.split("|")} if "|" in key.kind else _KINDS[key.kind](key)


def _words(key: Key) -> Schema:
    item: Schema = {"enum": key.of.split("|")} if key.of else {"type": "string"}
    return {**list_of(item), "uniqueItems": True}


_KINDS: Mapping[str, Callable[[Key], Schema]] = MappingProxyType(
    {
        "text": lambda _: _TEXT,
        "number": lambda _: _NUMBER,
        "positive": lambda _: {"type": "number", "exclusiveMinimum": 0},
        "share": lambda _: _SHARE,
        "credit": lambda _: {"anyOf": [_SHARE, {"enum": [SHARE, PERSON]}]},
        "flag": lambda _: {"type": "boolean"},
        "words": _words,
        "weights": lambda _: _WEIGHTS,
        "section": lambda key: _section(key.section),
        "sections": lambda key: {"type": "object", "additionalProperties": _section(key.section)},
        "rows": lambda key: list_of(_section(key.section)),
    }
)

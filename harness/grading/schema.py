"""The JSON Schema of results (draft 2020-12), made from the types themselves.

Belongs here: what each type looks like as JSON. Must not know: single fields.
"""

from __future__ import annotations

import enum
import inspect
import typing
from dataclasses import MISSING, fields, is_dataclass
from typing import Any

from harness.grading.document import hints_of, is_optional
from harness.grading.result import FORMAT, Result

Schema = dict[str, Any]
_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_SIMPLE: dict[type, Schema] = {
    str: {"type": "string"},
    int: {"type": "integer"},
    float: {"type": "number"},
    bool: {"type": "boolean"},
    bytes: {"type": "string", "contentEncoding": "base64"},
}


def schema() -> Schema:
    """Returns the schema of a result file."""
    definitions: dict[str, Schema] = {}
    described = _record(Result, definitions)
    described["properties"]["format"] = {"const": FORMAT}
    return {"$schema": _DIALECT, **described, "$defs": definitions}


def _record(kind: type, definitions: dict[str, Schema]) -> Schema:
    hints = hints_of(kind)
    return {
        "description": (inspect.getdoc(kind) or "").strip(),
        "type": "object",
        "properties": {name: _of(each, definitions) for name, each in hints.items()},
        "required": [each.name for each in fields(kind) if each.default is MISSING],
        "additionalProperties": False,
    }


def _of(kind: Any, definitions: dict[str, Schema]) -> Schema:  # noqa: ANN401 - a type
    optional = is_optional(kind)
    if optional is not None:
        return {"anyOf": [_of(optional, definitions), {"type": "null"}]}
    if typing.get_origin(kind) is tuple:
        return {"type": "array", "items": _of(typing.get_args(kind)[0], definitions)}
    if is_dataclass(kind):
        name = typing.cast("type", kind).__name__
        if name not in definitions:
            definitions[name] = _record(typing.cast("type", kind), definitions)
        return {"$ref": f"#/$defs/{name}"}
    if issubclass(kind, enum.Enum):
        return {"enum": [str(each) for each in kind]}
    return dict(_SIMPLE[kind])

"""Documents: frozen data as JSON and back, by its own types.

Belongs here: the one way in which dataclasses become JSON (bytes in base64, verdicts and other
enums as their words). Must not know: what the data is about, files.
"""

from __future__ import annotations

import base64
import binascii
import enum
import json
import types
import typing
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from functools import cache
from typing import Any, TypeVar

from harness.errors import UsageError

T = TypeVar("T")


def to_json(value: object) -> str:
    """Returns the text, in ASCII: no control character of anybody's is in it."""
    return json.dumps(to_data(value), indent=1)


def from_json(kind: type[T], text: str | bytes, named: str) -> T:
    """Returns the data. Raises: UsageError that calls the text `named`."""
    try:
        return typing.cast("T", _from_data(kind, json.loads(text), ""))
    except (ValueError, RecursionError) as exc:
        raise UsageError(f"{named}: this is no {kind.__name__.lower()} of ours: {exc}") from exc


def to_data(value: object) -> Any:  # noqa: ANN401 - whatever JSON has
    """Returns what JSON has for it."""
    if isinstance(value, bytes):
        return base64.b64encode(value).decode("ascii")
    if isinstance(value, enum.Enum):
        return str(value)
    if isinstance(value, tuple):
        return [to_data(each) for each in value]
    if is_dataclass(value):
        return {each.name: to_data(getattr(value, each.name)) for each in fields(value)}
    return value


def _from_data(kind: Any, data: Any, at: str) -> object:  # noqa: ANN401 - a type, any JSON
    optional = is_optional(kind)
    if optional is not None:
        return None if data is None else _from_data(optional, data, at)
    if typing.get_origin(kind) is tuple:
        (inner, _) = typing.get_args(kind)
        found = _checked(list, data, at)
        return tuple(_from_data(inner, each, f"{at}[{n}]") for n, each in enumerate(found))
    if is_dataclass(kind):
        return _record(typing.cast("type", kind), _checked(dict, data, at), at)
    if kind is bytes:
        return _bytes(_checked(str, data, at), at)
    if isinstance(kind, type) and issubclass(kind, enum.Enum):
        return _member(kind, _checked(str, data, at), at)
    if kind is float and isinstance(data, int) and not isinstance(data, bool):
        return float(data)
    return _checked(kind, data, at)


def _record(kind: type, data: Mapping[str, Any], at: str) -> object:
    hints = hints_of(kind)
    unknown = next((name for name in data if name not in hints), None)
    if unknown is not None:
        raise ValueError(f"{at or 'it'} has an unknown key {unknown!r}")
    found = {name: _from_data(hints[name], each, f"{at}.{name}") for name, each in data.items()}
    try:
        return kind(**found)
    except TypeError as exc:  # a key that has no default
        raise ValueError(f"{at or 'it'}: {exc}") from exc


def _checked(kind: type, data: Any, at: str) -> Any:  # noqa: ANN401 - any JSON
    if not isinstance(data, kind) or (isinstance(data, bool) and kind is not bool):
        raise ValueError(f"{at or 'it'} is {type(data).__name__}, wanted {kind.__name__}")
    return data


def _bytes(text: str, at: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error as exc:
        raise ValueError(f"{at} is no base64: {exc}") from exc


def _member(kind: type[enum.Enum], word: str, at: str) -> enum.Enum:
    for each in kind:
        if str(each) == word:
            return each
    raise ValueError(f"{at} is {word!r}, wanted one of {', '.join(map(str, kind))}")


def is_optional(kind: Any) -> Any:  # noqa: ANN401 - a type
    """Returns X of `X | None`, None for every other type."""
    if isinstance(kind, types.UnionType) and type(None) in kind.__args__:
        return next(each for each in kind.__args__ if each is not type(None))
    return None


@cache
def hints_of(kind: type) -> dict[str, Any]:
    """Returns the types of a dataclass's fields."""
    return typing.get_type_hints(kind)

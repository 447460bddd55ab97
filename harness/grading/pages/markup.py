"""Markup: HTML that is made of elements, so that no text can become one.

Belongs here: escaping, elements, addresses. Must not know: what the pages show.

A plain `str` is text, whoever wrote it, and is escaped where it becomes part of an element; only
what is made here is markup. Control, format and bidirectional characters are shown as escapes, so
that no text can reorder or hide what stands beside it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from html import escape
from urllib.parse import quote

from harness.report.page import printable

_NAME = re.compile(r"[a-zA-Z][a-zA-Z0-9-]*")
_VOID = ("meta", "input", "br", "wbr")
_BOUND = ("href", "src")


class Html(str):
    """Markup that was made by `element`, `joined`, `each_in` or `verbatim`."""

    __slots__ = ()


class Address(str):
    """Where a link leads to: a file below the page's folder or beside it, or a place in a page."""

    __slots__ = ()


NOTHING = Html("")
Part = str | None
"""Text, or markup where it is `Html`; None is left out."""
Value = str | bool | float | None


def element(name: str, /, *parts: Part, **attributes: Value) -> Html:
    """Returns an element around its parts.

    In the names of attributes `_` stands for `-`, one at the end is dropped (`class_`). An
    attribute that is None or False is left out, True stands alone. Raises: ValueError for an
    attribute by which a text could act: a handler, a style, an address that nobody has made.
    """
    told = "".join(_attribute(each, value) for each, value in attributes.items())
    if not _NAME.fullmatch(name):
        raise ValueError(f"{name!r} is no element's name")
    if name in _VOID:
        return Html(f"<{name}{told}>")
    return Html(f"<{name}{told}>{joined(*parts)}</{name}>")


def joined(*parts: Part) -> Html:
    """Returns the parts one after the other."""
    return Html("".join(map(_shown, parts)))


def each_in(parts: Iterable[Part], between: Part = None) -> Html:
    """Returns the parts with something between each two."""
    return Html(_shown(between).join(map(_shown, parts)))


def verbatim(trusted: str) -> Html:
    """Returns a text as markup: for files that are part of this program alone."""
    return Html(trusted)


def beside(*names: str) -> Address:
    """Returns the relative address of a file, whatever characters are in its path's names."""
    return Address("./" + "/".join(quote(each, safe="") for each in names))


def inside(place: str) -> Address:
    """Returns the address of an element of the same page, by its id."""
    return Address("#" + quote(place, safe=""))


def identifier(*words: str) -> str:
    """Returns an id for an element, made of words of anybody's."""
    return "-".join(quote(each, safe="").replace("%", "_") for each in words)


def _attribute(name: str, value: Value) -> str:
    name = name.rstrip("_").replace("_", "-")
    if value is None or value is False:
        return ""
    if not _NAME.fullmatch(name) or name.startswith("on") or name == "style":
        raise ValueError(f"{name!r} is no attribute for a page")
    if name in _BOUND and not isinstance(value, Address):
        raise ValueError(f"{name} leads to {value!r}, which nobody has looked at")
    if value is True:
        return f" {name}"
    told = f"{value:g}" if isinstance(value, float) else str(value)
    return f' {name}="{_escaped(told)}"'


def _shown(part: Part) -> str:
    if part is None:
        return ""
    return part if isinstance(part, Html) else _escaped(part)


def _escaped(text: str) -> str:
    return escape(printable(text), quote=True)

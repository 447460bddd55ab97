"""Text that a target had a hand in, made harmless for each medium.

Belongs here: one function for each medium, and nothing else makes text safe for it. Must not
know: results. What comes in may hold anything; what goes out is text, and only text, there.
"""

from __future__ import annotations

import html
import re

from harness.report.page import cut, printable

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "|", "%")
_WORDS = re.compile(r"[A-Za-z0-9 ]")
_LONGEST_CELL = 30_000  # characters; spreadsheets take 32,767


def plain(text: str) -> str:
    """Returns lines without any control, format or unassigned character."""
    return "\n".join(printable(line) for line in text.split("\n"))


def one_line(text: str, most: int = 300) -> str:
    """Returns one such line, cut."""
    return cut(" ".join(printable(line) for line in text.split("\n")), most)


def cell(text: str) -> str:
    """Returns a cell of a CSV file that no spreadsheet takes for a formula.

    OWASP's rule: a quote before what begins with a sign, also behind blanks.
    """
    safe = cut(one_line(text, _LONGEST_CELL), _LONGEST_CELL)
    return f"'{safe}" if safe.lstrip().startswith(_FORMULA) else safe


def hypertext(text: str) -> str:
    """Returns HTML in which the text is text, its lines kept."""
    return "<br>".join(html.escape(line) for line in plain(text).split("\n"))


def markdown(text: str) -> str:
    """Returns Markdown in which the text is text, on one line.

    Every character that could mean something there is written as its number: a renderer shows it
    and reads no structure, link or command in it. Code keeps GitHub from seeing names in it.
    """
    safe = one_line(text)
    coded = (each if _WORDS.match(each) else f"&#{ord(each)};" for each in safe)
    return f"<code>{''.join(coded)}</code>" if safe else ""


def command_data(text: str) -> str:
    """Returns the message of a workflow command of GitHub Actions (actions/toolkit, command.ts)."""
    return plain(text).replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def command_property(text: str) -> str:
    """Returns a property of one."""
    return command_data(text).replace(":", "%3A").replace(",", "%2C")

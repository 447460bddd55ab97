"""What a program printed: the few lines of it that tell most.

Belongs here: which lines are shown of a compiler's, an interpreter's or a program's own
output. Must not know: outcomes, verdicts.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from harness.report.page import cut, printable

MOST_LINES = 5
MOST_OF_BUILD = 8
_ERROR = re.compile(rb"\berror(:|\[)|undefined reference|multiple definition", re.IGNORECASE)
_TRACEBACK = b"Traceback (most recent call last)"


def build_lines(output: bytes, columns: int) -> list[str]:
    """Returns the log of a failed build from its first error on, safe to print.

    The first is the one to mend: those after it often follow from it.
    """
    lines = _lines(output)
    first = next((at for at, line in enumerate(lines) if _ERROR.search(line)), None)
    if first is None:
        return output_lines(output, columns)
    return [_safe(line, columns) for line in lines[first : first + MOST_OF_BUILD]]


def output_lines(output: bytes, columns: int) -> list[str]:
    """Returns the last lines, up to the exception where there is a Python traceback."""
    lines = _lines(output)
    end = _end_of_traceback(lines) or len(lines)
    return [_safe(line, columns) for line in lines[max(0, end - MOST_LINES) : end]]


def _lines(output: bytes) -> list[bytes]:
    text = output.rstrip(b"\r\n")
    return text.split(b"\n") if text else []


def _end_of_traceback(lines: Sequence[bytes]) -> int | None:
    """Returns the index behind the line that names the exception of the last traceback."""
    starts = [at for at, line in enumerate(lines) if _TRACEBACK in line]
    if not starts:
        return None
    calls = enumerate(lines[starts[-1] + 1 :], starts[-1] + 2)
    return next((behind for behind, line in calls if line.strip() and line[:1] != b" "), None)


def _safe(line: bytes, columns: int) -> str:
    text = line.rstrip(b"\r")[: 4 * columns].decode("utf-8", "backslashreplace")
    return cut(printable(text), columns)

"""Diagnosis: what a wrong answer tells about the program, where the bytes make it certain.

Belongs here: pure looks at expected and actual bytes, in words that a student knows. Must
not know: verdicts, plays.
"""

from __future__ import annotations

import signal
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from harness.spec.model import Delivery

_TELLING = 3  # bytes; fewer are found anywhere
_CRASHES = (
    signal.SIGSEGV,
    signal.SIGBUS,
    signal.SIGABRT,
    signal.SIGFPE,
    signal.SIGILL,
    signal.SIGSYS,
    signal.SIGTRAP,
)


@dataclass(frozen=True, slots=True)
class Answer:
    """A wrong answer with what led to it. `sent` are the messages, `pieces` of the last one."""

    expected: bytes
    actual: bytes
    sent: Sequence[bytes]
    pieces: Sequence[bytes]
    delivery: Delivery


def hint(answer: Answer) -> str:
    """Returns one sentence, "" where the bytes tell nothing for certain."""
    if not answer.expected:
        return ""
    return next((told for look in _LOOKS if (told := look(answer))), "")


def ending(status: int) -> str:
    """Returns how a process ended: "crashed: SIGSEGV", "exited with code 1"."""
    if status >= 0:
        return f"exited with code {status}"
    try:
        name = signal.Signals(-status).name
    except ValueError:
        name = f"signal {-status}"
    return f"crashed: {name}" if crashed(status) else f"was ended by {name}"


def crashed(status: int) -> bool:
    """Says whether a process was ended by a fault of its own, which no exit code tells."""
    return -status in _CRASHES


def printed_instead(expected: bytes, printed: bytes) -> str:
    """Returns one sentence where the answer that did not come is in what the server printed."""
    wanted = expected.strip()
    if len(wanted) < _TELLING or wanted not in printed:
        return ""
    return (
        "The answer was printed and did not come: what is printed goes to the terminal. Send it "
        "to the socket."
    )


def _noun(answer: Answer) -> str:
    """What comes before anything was sent answers nothing: a client's request, a greeting."""
    return "answer" if answer.sent else "message"


def _nothing_yet(answer: Answer) -> str:
    if answer.actual:
        return ""
    if len(answer.pieces) > 1:
        return (
            "The message came in pieces. One read() may bring only a part: go on reading until "
            "the message is whole."
        )
    return ""


def _padded(answer: Answer) -> str:
    rest = answer.actual[len(answer.expected) :]
    if answer.actual.startswith(answer.expected) and rest and not rest.strip(b"\0"):
        return (
            f"The {_noun(answer)} is right and followed by {len(rest)} NUL bytes: the whole "
            "buffer was sent instead of the length of what is in it."
        )
    return ""


def _doubled(answer: Answer) -> str:
    if answer.actual == answer.expected * 2:
        return f"The {_noun(answer)} came twice."
    return ""


def _newline(answer: Answer) -> str:
    wanted, found = answer.expected, answer.actual
    if not found:
        return ""
    if wanted.endswith(b"\n") and found == wanted[:-1]:
        return f"The {_noun(answer)} lacks its final newline."
    if found.startswith(wanted) and found[len(wanted) :] in (b"\n", b"\r\n"):
        return f"The {_noun(answer)} has one newline too many."
    if wanted.endswith(b"\r\n") and found == wanted[:-2] + b"\n":
        return f"The {_noun(answer)} ends with LF where CR LF is wanted."
    if found == wanted.removesuffix(b"\n") + b"\r\n":
        return f"The {_noun(answer)} ends with CR LF where LF alone is wanted."
    return ""


def _parrot(answer: Answer) -> str:
    if answer.sent and answer.actual == answer.sent[-1] != answer.expected:
        return "The answer is what was sent, unchanged."
    return ""


def _piecewise(answer: Answer) -> str:
    if len(answer.pieces) < 2 or not answer.actual:
        return ""
    first = answer.pieces[0]
    short = answer.expected.startswith(answer.actual.rstrip(b"\r\n"))
    if short and len(answer.actual.rstrip(b"\r\n")) <= len(first) + 2:
        return (
            f"Only the first piece ({len(first)} of {sum(map(len, answer.pieces))} bytes) was "
            "answered: the server takes one read() for the whole message."
        )
    return (
        "The message came in pieces, and the answer is not that to the whole of it: one read() "
        "was taken for one message."
    )


def _coalesced(answer: Answer) -> str:
    if answer.delivery is Delivery.COALESCED and len(answer.sent) > 1:
        return (
            "Several messages came in one segment: one read() can bring more than one of them, "
            "and each wants its own answer."
        )
    return ""


def _older(answer: Answer) -> str:
    wanted, found = answer.expected.lower(), answer.actual.lower()
    for earlier in answer.sent[:-1]:
        start = earlier.lower().rstrip(b"\r\n")
        if start and found.startswith(start) and not wanted.startswith(start):
            return "The answer is that to an earlier message."
    return ""


_LOOKS: tuple[Callable[[Answer], str], ...] = (
    _nothing_yet,
    _padded,
    _doubled,
    _newline,
    _piecewise,
    _coalesced,
    _parrot,
    _older,
)

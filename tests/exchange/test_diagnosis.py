"""Hints: each appears where the bytes make it certain, and nowhere else."""

import pytest

from harness.exchange.diagnosis import Answer, ending, hint, printed_instead
from harness.spec.model import Delivery

WHOLE, SPLIT, COALESCED = Delivery.WHOLE, Delivery.SPLIT, Delivery.COALESCED


def told(expected, actual, sent=(b"hello\n",), pieces=(b"hello\n",), delivery=WHOLE):
    return hint(Answer(expected, actual, sent, pieces, delivery))


CUT = {"pieces": (b"h", b"ello\n"), "delivery": SPLIT}
TWO = {"sent": (b"one\n", b"two\n"), "pieces": (b"one\ntwo\n",)}
ROWS = [
    ("nothing-of-pieces", b"HELLO\n", b"", CUT, "go on reading until the message is whole"),
    ("nothing-for-a-newline", b"\n", b"", {}, ""),
    ("nothing-of-one", b"HELLO\n", b"", {}, ""),
    ("padded", b"HELLO\n", b"HELLO\n\0\0\0", {}, "followed by 3 NUL bytes"),
    ("padded-with-something", b"HELLO\n", b"HELLO\n\0x", {}, ""),
    ("doubled", b"HELLO\n", b"HELLO\nHELLO\n", {}, "came twice"),
    ("no-newline", b"HELLO\n", b"HELLO", {}, "lacks its final newline"),
    ("no-newline-of-a-client", b"hi\n", b"hi", {"sent": ()}, "The message lacks its final newline"),
    ("a-newline-more", b"HELLO\n", b"HELLO\n\n", {}, "one newline too many"),
    ("a-crlf-more", b"HELLO\n", b"HELLO\n\r\n", {}, "one newline too many"),
    ("lf-for-crlf", b"HELLO\r\n", b"HELLO\n", {}, "LF where CR LF is wanted"),
    ("crlf-for-lf", b"HELLO\n", b"HELLO\r\n", {}, "CR LF where LF alone"),
    ("first-piece", b"HELLO\n", b"H", CUT, "Only the first piece (1 of 6 bytes)"),
    ("first-piece-with-newline", b"HELLO\n", b"H\n", CUT, "Only the first piece"),
    ("other-of-pieces", b"HELLO\n", b"X", CUT, "is not that to the whole of it"),
    ("coalesced", b"ONE\n", b"ONETWO\n", {**TWO, "delivery": COALESCED}, "wants its own answer"),
    ("parrot", b"HELLO\n", b"hello\n", {}, "what was sent, unchanged"),
    ("echo", b"hello\n", b"hello\nhello\n", {}, "came twice"),
    ("older", b"TWO\n", b"ONE\n", TWO, "to an earlier message"),
    ("start-of-the-same", b"ONE TWO\n", b"ONE\n", {"sent": (b"one", b" two\n")}, ""),
    ("just-wrong", b"HELLO\n", b"GOODBYE\n", {}, ""),
    ("nothing-known", b"", b"HELLO\n", CUT, ""),
]  # fmt: skip


@pytest.mark.parametrize(
    ("expected", "actual", "more", "words"), [row[1:] for row in ROWS], ids=[row[0] for row in ROWS]
)
def test_a_hint(expected, actual, more, words):
    found = told(expected, actual, **more)
    assert words in found
    assert bool(found) is bool(words)


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (0, "exited with code 0"),
        (3, "exited with code 3"),
        (-11, "crashed: SIGSEGV"),
        (-6, "crashed: SIGABRT"),
        (-15, "was ended by SIGTERM"),
        (-99, "was ended by signal 99"),
    ],
    ids=["well", "code", "segv", "abort", "term", "unknown"],
)
def test_how_a_process_ended(status, words):
    assert ending(status) == words


@pytest.mark.parametrize(
    ("expected", "printed", "told"),
    [
        (b"HELLO\n", b"got hello\nHELLO\n", True),
        (b"HELLO\r\n", b"HELLO", True),
        (b"HELLO\n", b"got hello\n", False),
        (b"A\n", b"A\n", False),
        (b"\n", b"\n", False),
    ],
    ids=["printed", "without-end", "another", "too-short", "empty"],
)
def test_an_answer_that_was_printed(expected, printed, told):
    assert bool(printed_instead(expected, printed)) is told

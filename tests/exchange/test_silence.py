"""Silences: each tells which of the three has decided, and what was seen."""

import pytest
from test_play import ASK, FIN, HEAD, MAYBE, SENTINEL, SILENT, a_plan, played, says

from harness.exchange.action import Expired, Rested
from harness.exchange.silence import Silence

RESTS = Rested("it waits in read", ("process 7 thread 7: read", "keeper: given a CPU 3 times"))
LATE = Expired(0.25, "it computes", raw=("it ran",))
FIRST = HEAD.count("\n") + 1  # the line of the exchange's first event
MORE = (FIRST + 1, True, "rest", RESTS.evidence, RESTS.raw)


def proven(exchange, *signals):
    play, _ = played(a_plan(exchange), signals)
    return [
        (each.place.line, each.more, each.decided_by, each.evidence, each.raw)
        for each in play.silences.proven
    ]


def test_nothing_more_was_said_because_it_rests():
    assert proven(ASK, says(b"yes\n"), RESTS) == [MORE]


def test_an_answer_that_does_not_come_tells_what_was_seen():
    assert proven(ASK, RESTS) == [(FIRST + 1, False, "rest", RESTS.evidence, RESTS.raw)]
    assert proven(ASK, LATE) == [(FIRST + 1, False, "deadline", "it computes", ("it ran",))]


@pytest.mark.parametrize("exchange", [SILENT, MAYBE], ids=["silent", "maybe"])
def test_silence_by_rest_and_by_the_deadline(exchange):
    by_rest = (FIRST + 1, False, "rest", RESTS.evidence, RESTS.raw)
    by_time = (FIRST + 1, False, "deadline", LATE.evidence, LATE.raw)
    assert proven(exchange, RESTS, RESTS) == [by_rest, MORE]
    assert proven(exchange, LATE, RESTS) == [by_time, MORE]


def test_silence_by_what_follows():
    evidence = f"the answer of line {FIRST + 3} came, and nothing before it"
    sentinel, more = proven(SENTINEL, says(b"yes\n"), RESTS)
    assert sentinel == (FIRST + 1, False, "sentinel", evidence, ())
    assert more[:2] == (FIRST + 3, True)


def test_a_silence_that_is_broken_proves_nothing():
    assert proven(SENTINEL, says(b"no\nyes\n")) == []


def test_a_connection_that_is_closed_needs_no_proof():
    assert proven('client: "ask\\n"\nserver: {closes: fin}\n', FIN) == []


def test_it_is_told_on_one_line_with_all_that_was_seen():
    play, _ = played(a_plan(ASK), [says(b"yes\n"), RESTS])
    (silence,) = play.silences.proven
    assert str(silence) == (
        f"x.yaml:{FIRST + 1}: nothing more, by rest: it waits in read; "
        "process 7 thread 7: read; keeper: given a CPU 3 times"
    )
    assert str(Silence(None, True, "rest", "x")) == "the end: nothing more, by rest: x"

"""Plays: each kind of signal in each kind of step, and what is told of it."""

import pytest

from harness.exchange.action import (
    Await,
    Awaited,
    DoClose,
    DoFind,
    Done,
    DoOpen,
    DoRestart,
    DoSend,
    DoType,
    Ended,
    Exited,
    Expired,
    Found,
    NotStarted,
    Opened,
    Printed,
    Received,
    Refused,
    Restarted,
    Rested,
    Sent,
)
from harness.exchange.plan import Connection
from harness.exchange.planning import make_plan
from harness.exchange.play import Play
from harness.library import Files
from harness.spec.loader import load
from harness.spec.model import Delivery, Ending, Role, Transport
from harness.verdict import Fault, Verdict

HEAD = """
suite: small
title: Small
roles: [{role}]
transport: [{transport}]
requirements:
  A-1: {{level: must, text: It works.}}
probe:
  - client: "p\\n"
  - server: "p\\n"
cases:
  - id: one
    purpose: It works.
    verifies: [A-1]
    points: 1
    exchange:
"""
CLIENT = Connection("client", Transport.TCP)
DATAGRAMS = Connection("client", Transport.UDP)


def a_plan(exchange, role=Role.SERVER, transport="tcp", delivery=Delivery.WHOLE):
    events = "".join(f"      - {line.strip()}\n" for line in exchange.strip().splitlines())
    suite = load("x.yaml", HEAD.format(role=role, transport=transport) + events, Files())
    return make_plan(suite, suite.cases[0], role, delivery, 1, {})


def played(plan, signals, answers=()):
    """Feeds the signals where the play waits; what it asks for is done, or as `answers` say."""
    play, given, asked = Play(plan), list(signals), []
    answers = dict(answers)
    action = play.start()
    while not isinstance(action, Done):
        asked.append(action)
        match action:
            case Await():
                assert given, f"nothing is left to feed: {action}"
                signal = given.pop(0)
            case _ if type(action) in answers:
                signal = answers[type(action)]
            case DoOpen(connection):
                signal = Opened(connection)
            case DoFind():
                signal = Found(True)
            case DoRestart():
                signal = Restarted()
            case DoSend() | DoClose() | DoType():
                signal = Sent()
        action = play.feed(signal)
    assert not given, f"over before {given}"
    return play, asked


def says(data, at=0.0, over=CLIENT, new_port=False):
    return Received(over, data, at, new_port)


FIN, RESET = Ended(CLIENT, Ending.FIN), Ended(CLIENT, Ending.RESET)
RESTS, LATE = Rested("seen in the kernel"), Expired(3.0, "it computes")
STARVED = Expired(3.0, "", "the machine was late")
ASK = 'client: "ask\\n"\nserver: "yes\\n"\n'
SETUP = 'client: {says: "ask\\n", setup: true}\nserver: {says: "yes\\n", setup: true}\n'
SILENT = 'client: "ask\\n"\nserver: {silent: true}\n'
SENTINEL = SILENT + ASK
MAYBE = 'client: "ask\\n"\nserver: {any_of: [{says: "no\\n"}, {silent: true}]}\n'
CLOSES = 'client: "ask\\n"\nserver: {closes: fin}\n'
ADVICE = (
    'client: "ask\\n"\n'
    'server: {any_of: [{says: "yes\\n"}, {says: "no\\n", level: should, reason: it says no}]}\n'
)

SERVER_ROWS = [
    ("answer", ASK, [says(b"yes\n"), RESTS], Verdict.PASS, "", ""),
    ("in-pieces", ASK, [says(b"y"), says(b"es\n"), RESTS], Verdict.PASS, "", ""),
    ("closes-behind", ASK, [says(b"yes\n"), FIN, RESTS], Verdict.PASS, "", ""),
    ("wrong", ASK, [says(b"yez\n")], Verdict.FAIL, "said something else than it has to", "bytes"),
    ("more", ASK, [says(b"yes\nmore"), ], Verdict.FAIL, "said 4 bytes more", "bytes"),
    ("more-later", ASK, [says(b"yes\n"), says(b"x")], Verdict.FAIL, "said 1 byte more", "bytes"),
    ("rests", ASK, [RESTS], Verdict.FAIL, "did not answer: it waits for more", "rest"),
    ("rests-half", ASK, [says(b"ye"), RESTS], Verdict.FAIL, "the message is not complete", "rest"),
    ("late", ASK, [LATE], Verdict.FAIL, "did not answer: 3.0 s were not enough", "deadline"),
    ("starved", ASK, [STARVED], Verdict.INCONCLUSIVE, ", and the machine was late", "deadline"),
    ("closes", ASK, [FIN, RESTS], Verdict.FAIL, "closed the connection instead", "end"),
    ("resets", ASK, [RESET, RESTS], Verdict.FAIL, "reset the connection instead", "end"),
    ("closes-half", ASK, [says(b"ye"), FIN, RESTS], Verdict.FAIL, "in the middle of its message",
     "end"),
    ("crashes", ASK, [FIN, Exited(-11)], Verdict.FAIL, "crashed: SIGSEGV in the middle", "exit"),
    ("crash-seen-first", ASK, [Exited(-11)], Verdict.FAIL, "crashed: SIGSEGV in", "exit"),
    ("exits", ASK, [FIN, says(b"", 0.0, DATAGRAMS), Exited(1)], Verdict.FAIL, "exited with code 1",
     "exit"),
    ("crashes-behind", ASK, [says(b"yes\n"), Exited(-6)], Verdict.FAIL,
     "crashed: SIGABRT after its last answer", "exit"),
    ("closes-and-crashes-behind", ASK, [says(b"yes\n"), FIN, Exited(-6)], Verdict.FAIL,
     "crashed: SIGABRT after its last answer", "exit"),
    ("exits-behind", ASK, [says(b"yes\n"), Exited(0)], Verdict.FAIL,
     "exited with code 0 after its last answer", "exit"),
    ("setup", SETUP, [says(b"no\n")], Verdict.BLOCKED, "what this case rests on failed", "bytes"),
    ("setup-rests", SETUP, [RESTS], Verdict.BLOCKED, "what this case rests on failed", "rest"),
    ("silence", SILENT, [RESTS, RESTS], Verdict.PASS, "", ""),
    ("silence-late", SILENT, [LATE, RESTS], Verdict.PASS, "", ""),
    ("not-silent", SILENT, [says(b"x")], Verdict.FAIL, "said 1 byte where it has to stay silent",
     "bytes"),
    ("closes-silently", SILENT, [FIN, RESTS, RESTS], Verdict.PASS, "", ""),
    ("sentinel", SENTINEL, [says(b"yes\n"), RESTS], Verdict.PASS, "", ""),
    ("sentinel-broken", SENTINEL, [says(b"no\nyes\n")], Verdict.FAIL, "to stay silent", "bytes"),
    ("maybe-not", MAYBE, [RESTS, RESTS], Verdict.PASS, "", ""),
    ("maybe", MAYBE, [says(b"no\n"), RESTS], Verdict.PASS, "", ""),
    ("maybe-something-else", MAYBE, [says(b"nein\n")], Verdict.FAIL, "something else", "bytes"),
    ("maybe-half", MAYBE, [says(b"n"), RESTS], Verdict.FAIL, "is not complete", "rest"),
    ("maybe-later", MAYBE + ASK, [says(b"no\nyes\n"), RESTS], Verdict.PASS, "", ""),
    ("maybe-in-pieces", MAYBE + ASK, [says(b"n"), says(b"o\nyes\n"), RESTS], Verdict.PASS, "", ""),
    ("maybe-twice", MAYBE + ASK, [says(b"no\nno\nyes\n")], Verdict.FAIL, "something else", "bytes"),
    ("end", CLOSES, [FIN], Verdict.PASS, "", ""),
    ("end-by-reset", CLOSES, [RESET, RESTS], Verdict.FAIL, "reset the connection", "end"),
    ("no-end", CLOSES, [RESTS], Verdict.FAIL, "did not close the connection", "rest"),
    ("no-end-but-bytes", CLOSES, [says(b"x")], Verdict.FAIL, "instead of closing", "bytes"),
    ("advice-kept", ADVICE, [says(b"yes\n"), RESTS], Verdict.PASS, "", ""),
    ("advice-broken", ADVICE, [says(b"no\n"), RESTS], Verdict.WARN, "it says no", ""),
    ("advice-and-must-broken", ADVICE + ASK, [says(b"no\n"), says(b"?")], Verdict.FAIL,
     "something else", "bytes"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("exchange", "signals", "verdict", "reason", "decided_by"),
    [row[1:] for row in SERVER_ROWS],
    ids=[row[0] for row in SERVER_ROWS],
)
def test_a_server_is_judged(exchange, signals, verdict, reason, decided_by):
    play, _ = played(a_plan(exchange), signals)
    finding = play.finding
    assert finding.verdict is verdict, finding
    assert reason in finding.reason
    assert finding.decided_by == decided_by
    faults = {Verdict.PASS: Fault.NOBODY, Verdict.INCONCLUSIVE: Fault.MACHINE}
    assert finding.fault is faults.get(verdict, Fault.TARGET)
    assert (finding.place is None) is (verdict is Verdict.PASS)


TYPED = 'client: {types: "go"}\nclient: "ask\\n"\n'
PRINTS = TYPED + 'server: "yes\\n"\nclient: {prints: "yes"}\n'
NEVER = TYPED + 'server: "yes\\n"\nclient: {never_prints: "no"}\nclient: {prints: "yes"}\n'
STORES = TYPED + 'server: "yes\\n"\nclient: {stores: "yes\\n"}\n'
EXITS = TYPED + "server: {closes: fin}\nclient: {exits: nonzero}\n"
ANY = TYPED + "server: {closes: fin}\nclient: {exits: any}\n"
CODE = TYPED + "server: {closes: fin}\nclient: {exits: 3}\n"
OPENS = 'client: {opens: true}\nserver: "hello\\n"\n'
HERE, ASKED = Opened(CLIENT), says(b"ask\n")

CLIENT_ROWS = [
    ("prints", PRINTS, [HERE, ASKED, Printed(b"> yes\n"), RESTS], Verdict.PASS, "", ""),
    ("prints-in-pieces", PRINTS, [HERE, ASKED, Printed(b"> ye"), Printed(b"s\n"), RESTS],
     Verdict.PASS, "", ""),
    ("prints-early", PRINTS, [Printed(b"yes"), HERE, ASKED, RESTS], Verdict.PASS, "", ""),
    ("prints-not", PRINTS, [HERE, ASKED, Printed(b"no"), RESTS], Verdict.FAIL,
     "did not print what it has to: it waits for more", "rest"),
    ("prints-not-in-time", PRINTS, [HERE, ASKED, LATE], Verdict.FAIL, "not enough", "deadline"),
    ("ends-before-it-prints", PRINTS, [HERE, ASKED, Exited(0)], Verdict.FAIL,
     "exited with code 0 before it printed this", "exit"),
    ("never", NEVER, [HERE, ASKED, Printed(b"yes"), RESTS], Verdict.PASS, "", ""),
    ("never-broken", NEVER, [HERE, ASKED, Printed(b"no, yes")], Verdict.FAIL,
     "printed what it must not print", "bytes"),
    ("never-broken-later", NEVER, [HERE, ASKED, Printed(b"yes"), Printed(b"no")], Verdict.FAIL,
     "printed what it must not print", "bytes"),
    ("nobody-comes", PRINTS, [RESTS], Verdict.FAIL, "did not connect", "rest"),
    ("comes-and-is-silent", PRINTS, [HERE, RESTS], Verdict.FAIL, "did not say anything", "rest"),
    ("comes-and-goes", PRINTS, [HERE, FIN, RESTS], Verdict.FAIL,
     "closed the connection: it waits", "rest"),
    ("comes-and-ends", PRINTS, [HERE, FIN, Exited(1)], Verdict.FAIL, "exited with code 1", "exit"),
    ("looks-first", PRINTS, [HERE, FIN, HERE, ASKED, Printed(b"yes"), RESTS],
     Verdict.PASS, "", ""),
    ("opens", OPENS, [HERE, RESTS], Verdict.PASS, "", ""),
    ("opens-not", OPENS, [RESTS], Verdict.FAIL, "did not connect", "rest"),
    ("exits", EXITS, [HERE, ASKED, Exited(1)], Verdict.PASS, "", ""),
    ("exits-well", EXITS, [HERE, ASKED, Exited(0)], Verdict.FAIL,
     "exited with code 0, wanted another code than 0", "exit"),
    ("exits-not", EXITS, [HERE, ASKED, RESTS], Verdict.FAIL, "did not end", "rest"),
    ("code", CODE, [HERE, ASKED, Exited(3)], Verdict.PASS, "", ""),
    ("another-code", CODE, [HERE, ASKED, Exited(4)], Verdict.FAIL, "code 4, wanted code 3", "exit"),
    ("crash-for-a-failure", EXITS, [HERE, ASKED, Exited(-11)], Verdict.FAIL,
     "crashed: SIGSEGV, wanted another code than 0", "exit"),
    ("crash-for-any-code", ANY, [HERE, ASKED, Exited(-6)], Verdict.FAIL,
     "crashed: SIGABRT, wanted any code", "exit"),
    ("pipe-for-a-failure", EXITS, [HERE, ASKED, Exited(-13)], Verdict.PASS, "", ""),
    ("crash-for-a-code", CODE, [HERE, ASKED, Exited(-11)], Verdict.FAIL, "SIGSEGV", "exit"),
    ("stores", STORES, [HERE, ASKED, RESTS], Verdict.PASS, "", ""),
]  # fmt: skip


@pytest.mark.parametrize(
    ("exchange", "signals", "verdict", "reason", "decided_by"),
    [row[1:] for row in CLIENT_ROWS],
    ids=[row[0] for row in CLIENT_ROWS],
)
def test_a_client_is_judged(exchange, signals, verdict, reason, decided_by):
    play, asked = played(a_plan(exchange, Role.CLIENT), signals)
    finding = play.finding
    assert finding.verdict is verdict, finding
    assert reason in finding.reason
    assert finding.decided_by == decided_by
    typed = [action.line for action in asked if isinstance(action, DoType)]
    assert typed == ([b"go\n"] if "types" in exchange else [])


def test_a_file_is_looked_for_once_more_before_it_is_missed():
    signals = [HERE, ASKED, RESTS]
    play, asked = played(a_plan(STORES, Role.CLIENT), signals, {DoFind: Found(False)})
    assert "stored no file with this content: it waits for more" in play.finding.reason
    assert (play.finding.decided_by, play.finding.evidence) == ("rest", RESTS.evidence)
    assert sum(isinstance(action, DoFind) for action in asked) == 2


def test_a_program_that_has_ended_stores_nothing_more():
    signals = [HERE, ASKED, Exited(0)]
    play, _ = played(a_plan(STORES, Role.CLIENT), signals, {DoFind: Found(False)})
    assert (play.finding.decided_by, play.finding.verdict) == ("exit", Verdict.FAIL)


def test_a_slow_answer_that_need_not_come_may_come_behind_another_clients():
    maybe = """
client: "ask\\n"
server: {any_of: ["yes\\n", {silent: true}]}
client: {opens: true, over: udp}
client: {says: "ask", over: udp}
server: {says: "yes", over: udp}
"""
    plan = a_plan(maybe, transport="tcp, udp")
    other = Received(DATAGRAMS, b"yes", 0.0)
    play, _ = played(plan, [LATE, says(b"yes\n"), other, RESTS])
    assert play.finding.verdict is Verdict.PASS
    play, _ = played(plan, [LATE, says(b"no\n"), other])
    assert "more than it has to" in play.finding.reason


def test_nobody_listens():
    refused = {DoOpen: Refused(CLIENT, "Connection refused")}
    play, _ = played(a_plan(ASK), [RESTS], refused)
    assert "does not take the connection: Connection refused" in play.finding.reason
    assert play.finding.decided_by == "end"


@pytest.mark.parametrize(
    ("signal", "verdict", "reason"),
    [
        (RESTS, Verdict.FAIL, "does not take the connection: it waits for more"),
        (LATE, Verdict.FAIL, "does not take the connection: 3.0 s were not enough"),
        (STARVED, Verdict.INCONCLUSIVE, "take the connection, and the machine was late"),
    ],
    ids=["rests", "late", "starved"],
)
def test_nobody_takes_the_connection(signal, verdict, reason):
    play, _ = played(a_plan(ASK), [], {DoOpen: signal})
    assert reason in play.finding.reason
    assert play.finding.verdict is verdict


def test_what_was_said_before_a_write_was_refused_is_judged():
    refused = {DoSend: Refused(CLIENT, "reset")}
    play, _ = played(a_plan(ASK), [says(b"yes\n"), FIN, RESTS], refused)
    assert play.finding.verdict is Verdict.PASS


def test_a_target_that_reads_nothing():
    play, _ = played(a_plan(ASK), [], {DoSend: RESTS})
    assert "lies unread" in play.finding.reason
    assert play.finding.decided_by == "rest"


RESTARTS = ASK + "server: {restarts: true}\n" + ASK


def test_a_server_is_started_again():
    play, asked = played(a_plan(RESTARTS), [says(b"yes\n"), says(b"yes\n"), RESTS])
    assert play.finding.verdict is Verdict.PASS
    assert sum(isinstance(action, DoOpen) for action in asked) == 2


def test_a_server_that_cannot_be_started_again():
    not_started = {DoRestart: NotStarted("Address already in use")}
    play, _ = played(a_plan(RESTARTS), [says(b"yes\n")], not_started)
    assert "on its port: Address already in use" in play.finding.reason
    assert play.finding.verdict is Verdict.FAIL


def test_a_port_that_is_closed_over_udp():
    plan = a_plan(ASK, transport="udp", delivery=Delivery.PLAIN)
    play, _ = played(plan, [Refused(DATAGRAMS, "Connection refused"), RESTS])
    assert "nobody listens on the UDP port any more" in play.finding.reason


@pytest.mark.parametrize("new_port", [True, False], ids=["new-port", "same-port"])
@pytest.mark.parametrize("wanted", [True, False], ids=["wants-new", "wants-same"])
def test_an_answer_comes_from_the_port_that_it_has_to(new_port, wanted):
    origin = ", from: new-port" if wanted else ""
    exchange = f'client: "ask"\nserver: {{says: "yes"{origin}}}\n'
    plan = a_plan(exchange, transport="udp", delivery=Delivery.PLAIN)
    right = new_port is wanted
    signals = [says(b"yes", 0.0, DATAGRAMS, new_port), *([RESTS] if right else [])]
    play, _ = played(plan, signals)
    assert play.finding.verdict is (Verdict.PASS if right else Verdict.FAIL)


def test_a_repeated_request_may_be_answered_once_or_twice_and_no_more():
    for copies, verdict in ((1, Verdict.PASS), (2, Verdict.PASS), (3, Verdict.FAIL)):
        plan = a_plan('client: "ask"\nserver: "yes"\n', Role.SERVER, "udp", Delivery.REPEATED)
        signals = [says(b"yes", 0.0, DATAGRAMS)] * copies + [RESTS] * (copies < 3)
        play, asked = played(plan, signals)
        assert play.finding.verdict is verdict
        assert next(a for a in asked if isinstance(a, DoSend)).pieces == (b"ask", b"ask")


def test_a_wait_tells_what_it_is_for():
    waits = [(ASK, Awaited.ANSWER), (SILENT, Awaited.SILENCE), (CLOSES, Awaited.CLOSE)]
    for exchange, kind in waits:
        play = Play(a_plan(exchange))
        play.start()
        play.feed(Opened(CLIENT))
        action = play.feed(Sent())
        assert isinstance(action, Await)
        assert action.kind is kind
        assert action.connection == CLIENT


def test_what_is_wanted_again_in_a_repetition_is_what_was_captured_last():
    talk = (
        '{client: "who\\n"}, {server: "i am {name:word}\\n"},'
        ' {client: "hello {name}\\n"}, {server: "bye {name}\\n"}'
    )
    names = (b"bob", b"eve")
    said = [says(text % name) for name in names for text in (b"i am %s\n", b"bye %s\n")]
    play, _ = played(a_plan(f"repeat: {{times: 2, exchange: [{talk}]}}"), [*said, RESTS])
    assert play.finding.verdict is Verdict.PASS, play.finding
    wrong = [*said[:-1], says(b"bye bob\n")]
    play, _ = played(a_plan(f"repeat: {{times: 2, exchange: [{talk}]}}"), wrong)
    assert play.finding.verdict is Verdict.FAIL


def test_a_capture_is_wanted_again():
    exchange = 'client: "who\\n"\nserver: "i am {name:word}\\n"\nclient: "hello {name}\\n"\n'
    play, asked = played(a_plan(exchange), [says(b"i am bob\n"), RESTS])
    assert play.captures["name"] == b"bob"
    assert [a.pieces for a in asked if isinstance(a, DoSend)] == [(b"who\n",), (b"hello bob\n",)]


LONG = {
    "exact": ('server: {fill: "ab", times: 20000}\n', b"ab" * 20_000),
    "line": ('server: "{_:line}\\n"\n', b"a" * 40_000 + b"\n"),
    "two-holes": ('server: "{_:line} {_:line}\\n"\n', b"a" * 20_000 + b" " + b"b" * 20_000 + b"\n"),
}


@pytest.mark.parametrize(("expected", "answer"), LONG.values(), ids=LONG)
def test_a_long_answer_in_many_pieces_is_the_same_answer(expected, answer):
    pieces = [says(answer[at : at + 7]) for at in range(0, len(answer), 7)]
    plan = a_plan('client: "ask"\n' + expected)
    play, _ = played(plan, [*pieces, RESTS])
    assert play.finding.verdict is Verdict.PASS
    play, _ = played(plan, [*pieces[:-1], RESTS])
    assert "the message is not complete" in play.finding.reason
    play, _ = played(plan, [*pieces[:-1], FIN, RESTS])
    assert "in the middle of its message" in play.finding.reason


def test_a_wrong_byte_far_back_is_told_once_nothing_more_comes():
    right = b"ab" * 20_000
    wrong = right[:39_000] + b"?"
    pieces = [says(wrong[at : at + 7]) for at in range(0, len(wrong), 7)]
    play, _ = played(
        a_plan('client: "ask"\nserver: {fill: "ab", times: 20000}\n'), [*pieces, RESTS]
    )
    assert play.finding.verdict is Verdict.FAIL
    assert play.finding.comparison.offset == 39_000

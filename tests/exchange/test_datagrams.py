"""Single datagrams in a play: where an answer goes, what comes too soon, what no longer counts."""

import pytest

from harness.errors import Place, SpecError
from harness.exchange.action import Await, Done, DoSend, Exited, Received, Rested, Sent
from harness.exchange.plan import STRANGERS, Connection
from harness.exchange.planning import make_plan
from harness.exchange.play import Play
from harness.spec.loader import load
from harness.spec.model import Delivery, Role, Transport
from harness.verdict import Verdict

SUITE = """\
suite: pings
title: Pings
roles: [client]
transport: udp
requirements:
  PING-1: {level: must, text: It pings.}
probe:
  - client: "ping"
  - server: "pong"
cases:
  - id: pinged
    purpose: It pings.
    verifies: [PING-1]
    exchange:
"""
CLIENT = Connection("client", Transport.UDP)


class NoFiles:
    def read(self, path):
        raise SpecError(Place(path), "there is none")

    def hooks(self, path):
        raise SpecError(Place(path), "there is none")


def play_of(*events):
    text = SUITE + "\n".join(f"      - {event}" for event in events)
    suite = load("pings.yaml", text, NoFiles())
    return Play(make_plan(suite, suite.cases[0], Role.CLIENT, Delivery.PLAIN, 1, {}))


def ping(play, text, at):
    return play.feed(Received(CLIENT, text, at))


def test_an_answer_goes_to_where_the_last_judged_datagram_came_from():
    play = play_of('client: "1"', 'client: "2"', 'server: "pong"')
    play.start()
    ping(play, b"1", 0.0)
    assert ping(play, b"2", 0.0) == DoSend(CLIENT, (b"pong",), to=2)


def test_a_late_answer_goes_to_where_its_own_datagram_came_from():
    play = play_of('client: "1"', 'client: "2"', 'server: {says: "pong", answers: 1}')
    play.start()
    ping(play, b"1", 0.0)
    assert ping(play, b"2", 0.0) == DoSend(CLIENT, (b"pong",), to=1)


def test_a_datagram_that_came_ahead_does_not_move_the_answer():
    play = play_of('client: "1"', 'server: "pong"', 'client: "2"', "client: {goes_on: true}")
    play.start()
    play.feed(Received(CLIENT, b"1", 0.0))
    assert play.feed(Sent()) != Done()
    assert ping(play, b"2", 0.0) == Done()
    assert play.finding.verdict is Verdict.PASS


@pytest.mark.parametrize(
    ("second", "verdict"), [(10.5, Verdict.PASS), (12.0, Verdict.PASS), (10.499, Verdict.FAIL)]
)
def test_what_comes_too_soon_is_wrong(second, verdict):
    play = play_of('client: "1"', 'client: {says: "2", not_before: 0.5}', "client: {goes_on: true}")
    play.start()
    ping(play, b"1", 10.0)
    assert ping(play, b"2", second) == Done()
    assert play.finding.verdict is verdict


def test_how_much_too_soon_is_told():
    play = play_of('client: "1"', 'client: {says: "2", not_before: 0.5}')
    play.start()
    ping(play, b"1", 10.0)
    ping(play, b"2", 10.25)
    assert "did not wait: this came 0.250 s after" in play.finding.reason
    assert "0.5 s is the least" in play.finding.reason


def test_what_is_said_in_between_does_not_move_the_time():
    play = play_of('client: "1"', 'server: "x"', 'client: {says: "2", not_before: 0.5}')
    play.start()
    assert isinstance(ping(play, b"1", 10.0), DoSend)
    play.feed(Sent())
    ping(play, b"2", 10.1)
    assert play.finding.verdict is Verdict.FAIL


def test_what_else_is_said_counts_where_nobody_lets_it():
    play = play_of('client: "1"')
    play.start()
    assert isinstance(ping(play, b"1", 0.0), Await)
    ping(play, b"2", 0.0)
    assert play.finding.verdict is Verdict.FAIL


def test_what_else_is_said_counts_nothing_where_it_may_go_on():
    play = play_of('client: "1"', "client: {goes_on: true}", 'client: {prints: "done"}')
    play.start()
    assert isinstance(ping(play, b"1", 0.0), Await)
    assert isinstance(ping(play, b"2", 0.0), Await)
    assert play.finding.verdict is Verdict.PASS


def test_what_came_too_soon_is_shown_and_no_byte_of_it_blamed():
    play = play_of('client: "1"', 'client: {says: "2", not_before: 0.5}')
    play.start()
    ping(play, b"1", 10.0)
    ping(play, b"2", 10.25)
    comparison = play.finding.comparison
    assert (comparison.expected, comparison.actual, comparison.offset) == (b"2", b"2", None)


def test_what_would_earn_a_warning_is_not_shown_as_wanted():
    play = play_of('client: {any_of: [{says: "1"}, {says: "one", level: should}]}')
    play.start()
    ping(play, b"2", 0.0)
    assert play.finding.comparison.wanted == "1"


RESENT = ('client: {says: "1", again: 0.5}', 'client: "2"', "client: {goes_on: true}")


@pytest.mark.parametrize(
    ("came", "told"),
    [
        ([(b"1", 0.0), (b"2", 0.1)], ""),
        ([(b"1", 0.0), (b"1", 0.5), (b"1", 1.0), (b"2", 1.0)], ""),
        ([(b"1", 0.0), (b"1", 0.4)], "something else"),
        ([(b"1", 0.0), (b"1", 0.5), (b"1", 0.9)], "something else"),
        ([(b"1", 0.0), (b"11", 0.5)], "something else"),
    ],
    ids=["once", "resent", "too-soon", "too-soon-again", "not-the-same"],
)
def test_what_a_timer_resends_is_passed_over(came, told):
    play = play_of(*RESENT)
    play.start()
    for data, at in came:
        ping(play, data, at)
    assert play.finding.verdict is (Verdict.FAIL if told else Verdict.PASS)
    assert told in play.finding.reason


def test_what_is_resent_behind_the_next_message_is_too_much():
    play = play_of('client: {says: "1", again: 0.5}', 'client: "2"', 'client: "3"')
    play.start()
    for data, at in ((b"1", 0.0), (b"2", 0.1), (b"1", 1.0)):
        ping(play, data, at)
    assert play.finding.verdict is Verdict.FAIL


def test_what_is_resent_breaks_no_silence():
    play = play_of('client: {says: "1", again: 0.5}', "client: {silent: true}")
    play.start()
    for data, at in ((b"1", 0.0), (b"1", 1.0)):
        assert isinstance(ping(play, data, at), Await)


@pytest.mark.parametrize(
    ("signal", "told"),
    [
        ({"astray": True}, "to the port it had asked"),
        ({"new_port": True}, "from another port than before"),
    ],
    ids=["astray", "from-elsewhere"],
)
def test_a_talk_stays_on_its_two_ports(signal, told):
    play = play_of('client: "1"', 'server: {says: "pong", from: new-port}', 'client: "2"')
    play.start()
    assert ping(play, b"1", 0.0) == DoSend(CLIENT, (b"pong",), another_port=True, to=1)
    play.feed(Sent())
    play.feed(Received(CLIENT, b"2", 0.0, **signal))
    assert play.finding.verdict is Verdict.FAIL
    assert told in play.finding.reason


TOLD = ('client: "1"', 'server: {says: "x", from: stranger}', 'client: {says: "no", to: stranger}')


@pytest.mark.parametrize(
    ("connection", "verdict"),
    [(STRANGERS, Verdict.PASS), (CLIENT, Verdict.FAIL)],
    ids=["stranger", "server"],
)
def test_what_a_stranger_is_answered_can_be_wanted(connection, verdict):
    play = play_of(*TOLD, "client: {goes_on: true}")
    play.start()
    assert ping(play, b"1", 0.0) == DoSend(CLIENT, (b"x",), stray=True)
    play.feed(Sent())
    action = play.feed(Received(connection, b"no", 0.0))
    if action != Done():
        play.feed(Rested("it waits"))
    assert play.finding.verdict is verdict


def test_a_silence_that_is_less_than_right_earns_its_warning():
    play = play_of(
        *TOLD[:2], 'client: {any_of: ["2", {silent: true, level: should, reason: rude}]}'
    )
    play.start()
    ping(play, b"1", 0.0)
    play.feed(Sent())
    play.feed(Rested("it waits"))
    play.feed(Rested("it waits"))
    assert (play.finding.verdict, play.finding.reason) == (Verdict.WARN, "rude")


def test_a_client_that_has_ended_says_nothing_more():
    play = play_of(*TOLD[:2], 'client: {any_of: ["2", {silent: true}]}', "client: {exits: 3}")
    play.start()
    ping(play, b"1", 0.0)
    play.feed(Sent())
    assert play.feed(Exited(3)) == Done()
    assert play.finding.verdict is Verdict.PASS


def test_what_a_stranger_is_answered_is_too_much_where_silence_is_wanted():
    told = 'client: {to: stranger, any_of: [{says: "no"}, {silent: true}]}'
    play = play_of(*TOLD[:2], told)
    play.start()
    ping(play, b"1", 0.0)
    play.feed(Sent())
    play.feed(Received(STRANGERS, b"yes", 0.0))
    assert play.finding.verdict is Verdict.FAIL

"""What a spec says about single datagrams: what they answer, how soon, which do not count."""

import pytest

from harness.errors import Place, SpecError
from harness.spec.loader import load
from harness.spec.model import GoesOn

SUITE = """\
suite: pings
title: Pings
roles: [{role}]
transport: {transport}
requirements:
  PING-1: {{level: must, text: It pings.}}
probe:
  - client: "ping"
  - server: "pong"
cases:
  - id: pinged
    purpose: It pings.
    verifies: [PING-1]
    exchange:
      - client: "ping"
{event}
"""


class NoFiles:
    def read(self, path):
        raise SpecError(Place(path), "there is none")

    def hooks(self, path):
        raise SpecError(Place(path), "there is none")


def event_of(event, role="client", transport="udp"):
    lines = "\n".join(f"      - {line}" for line in event.split("\n"))
    text = SUITE.format(event=lines, role=role, transport=transport)
    return load("pings.yaml", text, NoFiles()).cases[0].exchange[1]


def test_an_answer_names_the_datagram_that_it_answers():
    assert event_of('server: {says: "pong", answers: 1}').act.answers == 1


def test_a_datagram_has_a_time_before_which_it_is_wrong():
    assert event_of('client: {says: "ping", not_before: 0.5}').act.not_before == 0.5


def test_an_alternative_has_such_a_time_too():
    act = event_of('client: {any_of: [{says: "a", not_before: 2}, {says: "b"}]}').act
    assert [choice.act.not_before for choice in act.choices] == [2, None]


def test_a_datagram_may_come_again_after_a_time():
    act = event_of('client: {any_of: [{says: "a", again: 0.5}, {says: "b"}]}').act
    assert [choice.act.again for choice in act.choices] == [0.5, None]


def test_a_client_may_go_on():
    assert event_of("client: {goes_on: true}").act == GoesOn()


@pytest.mark.parametrize(
    ("event", "role", "transport", "wrong"),
    [
        ('client: {says: "x", answers: 1}', "client", "udp", "it is the server that answers"),
        ('server: {says: "x", answers: 1}', "server", "udp", "chooses itself what it answers"),
        ('server: {says: "x", answers: 1}', "client", "tcp", "are about datagrams"),
        ('server: {says: "x", answers: one}', "client", "udp", "answers is a whole number"),
        ('client: {types: "x", answers: 1}', "client", "udp", "answers belongs to says"),
        ('client: {says: "x", not_before: 1}', "server", "udp", "does not wait"),
        ('client: {says: "x", not_before: 1}', "client", "tcp", "are about datagrams"),
        ('client: {says: "x", not_before: -1}', "client", "udp", "a number from 0 up"),
        ('client: {says: "x", again: 1}', "client", "tcp", "are about datagrams"),
        ('client: {says: "x", again: soon}', "client", "udp", "again is a number"),
        ("client: {exits: 0, again: 1}", "client", "udp", "again belongs to says"),
        ('server: {says: "x", to: stranger}', "client", "udp", "is the stranger itself"),
        ('server: {says: "x", to: stranger}', "server", "tcp", "said something over UDP"),
        ("server: {goes_on: true, to: stranger}", "server", "udp", "said something over UDP"),
        ('client: {prints: "x", not_before: 1}', "client", "udp", "not_before belongs to says"),
        ("client: {goes_on: false}", "client", "udp", "true"),
        ('client: {goes_on: true}\nclient: "x"', "client", "udp", "does not count"),
    ],
)
def test_what_makes_no_sense_is_refused(event, role, transport, wrong):
    with pytest.raises(SpecError, match=wrong):
        event_of(event, role, transport)

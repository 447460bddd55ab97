"""What a suite takes in and says otherwise: probe, fragments, levels, cases over a transport."""

import pytest

from harness.errors import Place, SpecError
from harness.exchange.delivery import deliveries_of
from harness.spec.lint import lint
from harness.spec.loader import load
from harness.spec.model import CallsNobody, LetsGo, Level, Reads, Transport

SUITE = """
suite: talk
title: Talk
roles: [server]
transport: {transport}
include: [life.yaml]
{more}
requirements:
  TALK-1: {{level: must, text: The server talks.}}
probe:
  - client: "hello\\n"
  - server: "hello\\n"
cases:
  - id: talks
    purpose: The server talks.
    verifies: [TALK-1]
    exchange:
      - client: "hello\\n"
      - server: "hello\\n"
"""
LIFE = """
requirements:
  LIFE-1: {level: must, text: It lives.}
  LIFE-2: {level: must, text: It lives over TCP.}
fragments:
  works:
    exchange:
      - use: probe
cases:
  - id: lives
    purpose: It lives.
    verifies: [LIFE-1]
    points: 1
    clients: [alice, bob]
    exchange:
      - {use: works, as: alice}
      - {use: works, as: bob}
  - id: lives-over-tcp
    purpose: It lives over TCP.
    verifies: [LIFE-2]
    points: 1
    over: tcp
    crowds: {many: 3}
    exchange:
      - many: {opens: true}
      - {use: works, as: many}
      - many: {closes: fin}
"""


class Files:
    def __init__(self, life):
        self._life = life

    def read(self, path):
        if path != "life.yaml":
            raise SpecError(Place(path), "no such file")
        return self._life.encode()

    def shipped(self, name):
        return name


def suite(transport="tcp", more="", life=LIFE):
    return load("talk.yaml", SUITE.format(transport=transport, more=more), Files(life))


def case(found, name):
    return next(each for each in found.cases if each.id == name)


def speakers(found):
    return [(event.by, event.client, event.over) for event in found.exchange]


def test_the_probe_is_used_for_each_client():
    found = case(suite(), "lives")
    who = [("client", "alice"), ("server", "alice"), ("client", "bob"), ("server", "bob")]
    assert [(by, client) for by, client, _ in speakers(found)] == who
    assert all(event.place.file == "talk.yaml" for event in found.exchange)


def test_what_a_crowd_does_each_of_it_does():
    found = case(suite(), "lives-over-tcp")
    assert found.clients == ("many-1", "many-2", "many-3")
    assert [event.client for event in found.exchange] == [*found.clients] * 4


@pytest.mark.parametrize("transport", ["[udp, tcp]", "[tcp, udp]"])
def test_a_case_says_what_carries_it_but_not_what_carries_the_probe(transport):
    found = case(suite(transport), "lives-over-tcp")
    first = Transport(transport[1:4])
    over = [Transport.TCP] * 3 + [first] * 6 + [Transport.TCP] * 3
    assert [each for _, _, each in speakers(found)] == over


def test_what_the_suite_does_not_speak_is_left_out_with_its_requirements():
    found = suite("udp")
    assert [each.id for each in found.cases] == ["talks", "lives"]
    assert list(found.requirements) == ["LIFE-1", "TALK-1"]


def test_a_suite_says_otherwise_by_a_fragment_of_the_same_name():
    found = suite(more='fragments: {works: {exchange: [client: "one\\n", server: "two\\n"]}}')
    said = [event.act.message.produce({}) for event in case(found, "lives").exchange]
    assert said == [b"one\n", b"two\n"] * 2
    assert [str(each) for each in lint(found, deliveries_of)] == []


def test_a_suite_says_how_binding_it_is():
    found = suite(more="levels: {LIFE-1: should}")
    assert found.requirements["LIFE-1"].level is Level.SHOULD
    assert found.requirements["LIFE-2"].level is Level.MUST


def test_points_of_what_is_taken_in_do_not_ask_for_points():
    assert [str(each) for each in lint(suite(), deliveries_of)] == []


@pytest.mark.parametrize(
    ("written", "act"),
    [
        ("server: {reads: true}", Reads()),
        ("bob: {reads: false}", Reads(on=False)),
        ("bob: {reads: true}", Reads()),
        ("server: {lets_go: true}", LetsGo()),
        ("server: {calls_nobody: true}", CallsNobody()),
    ],
)
def test_an_act(written, act):
    life = LIFE.replace("  - id: lives-over", f"      - {written}\n  - id: lives-over")
    event = case(suite(life=life), "lives").exchange[-1]
    assert (event.act, event.client) == (act, "bob")

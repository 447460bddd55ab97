"""Answers to requests that were sent ahead, in a stream that promises no order of them."""

from itertools import permutations

import pytest

from harness.exchange.action import Await, Done, DoOpen, DoSend, Opened, Received, Rested, Sent
from harness.exchange.plan import Connection
from harness.exchange.planning import make_plan
from harness.exchange.play import Play
from harness.library import Files
from harness.spec.loader import load
from harness.spec.model import Delivery, Role, Transport
from harness.verdict import Verdict

SUITE = """
suite: small
title: Small
roles: [server]
transport: tcp
pipelined: true
unordered: {unordered}
requirements:
  A-1: {{level: must, text: It works.}}
probe:
  - client: "p\\n"
  - server: "p\\n"
cases:
  - id: three
    purpose: It works.
    verifies: [A-1]
    exchange:
      - client: "one\\n"
      - server: "first\\n"
      - client: "two\\n"
      - server: "second\\n"
      - client: "three\\n"
      - server: "third\\n"
"""
CLIENT = Connection("client", Transport.TCP)
ANSWERS = (b"first\n", b"second\n", b"third\n")


def played(pieces, unordered="true", delivery=Delivery.COALESCED):
    suite = load("x.yaml", SUITE.format(unordered=unordered), Files())
    play = Play(make_plan(suite, suite.cases[0], Role.SERVER, delivery, 1, {}))
    action, left = play.start(), list(pieces)
    while not isinstance(action, Done):
        match action:
            case DoOpen(connection):
                action = play.feed(Opened(connection))
            case DoSend():
                action = play.feed(Sent())
            case Await():
                signal = Received(CLIENT, left.pop(0), 0.0) if left else Rested("it waits")
                action = play.feed(signal)
    return play.finding


def bytewise(data):
    return [data[at : at + 1] for at in range(len(data))]


@pytest.mark.parametrize("order", list(permutations(ANSWERS)), ids=lambda o: b"".join(o).decode())
@pytest.mark.parametrize("cut", [bytewise, lambda data: [data]], ids=["bytewise", "whole"])
def test_answers_in_any_order_are_right(order, cut):
    assert played(cut(b"".join(order))).verdict is Verdict.PASS


@pytest.mark.parametrize("cut", [bytewise, lambda data: [data]], ids=["bytewise", "whole"])
@pytest.mark.parametrize(
    "said",
    [b"second\nfirst\n", b"third\nsecond\n", b"first\nfirst\nthird\n", b"second\nfourth\n",
     b"third\nsecond\nfirst\nthird\n"],
    ids=["two-alone", "without-the-first", "one-twice", "a-wrong-one", "one-more"],
)  # fmt: skip
def test_other_answers_are_wrong(said, cut):
    assert played(cut(said)).verdict is Verdict.FAIL


def test_their_order_counts_where_the_suite_says_nothing():
    assert played([b"second\nfirst\nthird\n"], unordered="false").verdict is Verdict.FAIL


def test_their_order_counts_where_each_is_asked_for_behind_the_one_before():
    assert played([b"second\nfirst\nthird\n"], delivery=Delivery.WHOLE).verdict is Verdict.FAIL

"""A client that has ended: it will not connect any more, and nobody waits for it."""

import pytest

from harness.errors import Place, SpecError
from harness.exchange.action import Await, Awaited, Done, Exited
from harness.exchange.planning import make_plan
from harness.exchange.play import Play
from harness.spec.loader import load
from harness.spec.model import Delivery, Role
from harness.verdict import Verdict

SUITE = """\
suite: asks
title: It asks
roles: [client]
transport: tcp
requirements:
  ASK-1: {level: must, text: It asks.}
probe:
  - client: "?\\n"
cases:
  - id: asked
    purpose: It asks.
    verifies: [ASK-1]
    exchange:
      - %s
"""


class NoFiles:
    def read(self, path):
        raise SpecError(Place(path), "there is none")

    def hooks(self, path):
        raise SpecError(Place(path), "there is none")


def play_of(event):
    suite = load("asks.yaml", SUITE % event, NoFiles())
    play = Play(make_plan(suite, suite.cases[0], Role.CLIENT, Delivery.WHOLE, 1, {}))
    assert play.start() == Await(Awaited.CONNECT, *where(play))
    return play


def where(play):
    (step,) = play.plan.steps
    return step.connection, step.place


@pytest.mark.parametrize("event", ['client: "?\\n"', "client: {opens: true}", 'server: "hello\\n"'])
def test_its_end_ends_the_wait_for_it(event):
    play = play_of(event)
    assert play.feed(Exited(1)) == Done()
    assert play.finding.verdict is Verdict.FAIL
    assert play.finding.reason == "the client exited with code 1 in the middle of the exchange"


@pytest.mark.parametrize(
    "event",
    ["client: {silent: true}", 'client: {any_of: [{silent: true}, "?\\n"]}'],
    ids=["silence", "an answer or none"],
)
def test_who_need_not_say_anything_may_be_gone(event):
    play = play_of(event)
    assert play.feed(Exited(0)) == Done()
    assert play.finding.verdict is Verdict.PASS

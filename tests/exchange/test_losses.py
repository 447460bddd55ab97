"""Losses: which datagrams are lost, and what is said again."""

import pytest

from harness.errors import Place, SpecError
from harness.exchange.losses import lossy, lost_replies, lost_requests
from harness.exchange.plan import Expect, Impair, Send
from harness.exchange.planning import make_plan, steps_of
from harness.spec.loader import load
from harness.spec.model import Delivery, Role, Transport
from harness.wire.schedule import Fate

SUITE = """\
suite: talk
title: Talk
roles: [server, client]
transport: [udp, tcp]
requirements:
  TALK-1: {{level: must, text: They talk.}}
probe:
  - client: "hello"
cases:
  - id: talks
    purpose: They talk.
    verifies: [TALK-1]
    deadline: 2
    {more}
    exchange:
"""


class NoFiles:
    def read(self, path):
        raise SpecError(Place(path), "there is none")

    def hooks(self, path):
        raise SpecError(Place(path), "there is none")


def suite_of(*events, more="points: 1"):
    text = SUITE.format(more=more) + "".join(f"      - {event}\n" for event in events)
    return load("x.yaml", text, NoFiles())


def steps(role, *events, **more):
    return steps_of(suite_of(*events, **more).cases[0], role)


def told(steps):
    """Returns what is said, expected (>) and lost (x, and whose), in words."""
    words = []
    for step in steps:
        match step:
            case Send(says=(says,)):
                words.append(says.message.produce({}).decode())
            case Expect(choices=(choice, *_)):
                words.append(f">{choice.act.message.produce({}).decode()}")
            case Impair(by=by):
                words.append(f"x{by}")
    return " ".join(words)


A, B = 'client: "a"', 'server: "A"'
C, D = 'client: "c"', 'server: "C"'


@pytest.mark.parametrize(
    ("events", "replies", "requests"),
    [
        ([A, B], "xserver a >A a >A", "xclient >a >a A"),
        ([A, B, C, D], "xserver a >A a >A xserver c >C c >C", "xclient >a >a A xclient >c >c C"),
        ([A, C, B, D], "a c >A >C", ">a xclient >c >c A C"),
        ([A, B, D], "a >A >C", "xclient >a >a A C"),
        ([A], "a", ">a"),
        (['client: {says: "a", over: tcp}', 'server: {says: "A", over: tcp}'], "a >A", ">a A"),
        ([A, 'server: {says: "A", from: new-port}'], "a >A", ">a A"),
        ([A, 'server: {any_of: ["A", {silent: true}]}'], "a >A", "xclient >a >a A"),
        ([A, 'server: {any_of: ["A", "B"]}'], "xserver a >A a >A", "xclient >a >a A"),
    ],
)
def test_what_is_lost_and_said_again(events, replies, requests):
    assert told(lost_replies(steps(Role.SERVER, *events))) == replies
    if "new-port" not in events[-1]:
        assert told(lost_requests(steps(Role.CLIENT, *events))) == requests


def test_a_late_answer_is_to_the_datagram_that_it_names():
    late = steps(Role.CLIENT, A, 'server: {says: "A", answers: 1}', more="roles: [client]")
    assert lost_requests(late) == late


def test_what_comes_again_is_not_late():
    events = (A, B, 'client: {says: "c", not_before: 0.5}', D)
    found = lost_requests(steps(Role.CLIENT, *events, more="roles: [client]"))
    bounds = [one.choices[0].act.not_before for one in found if isinstance(one, Expect)]
    assert bounds == [None, None, 0.5, None]


@pytest.mark.parametrize("role", Role)
def test_a_lossy_stream_loses_in_both_directions_from_its_beginning(role):
    events = ('client: {says: "a\\n", over: tcp}', 'server: {says: "A\\n", over: tcp}')
    plain = steps(role, *events)
    first, second, *rest = lossy(plain, role)
    assert tuple(rest) == plain
    assert {first.by, second.by} == set(Role)
    assert first.connection.over is Transport.TCP
    assert all(Fate.DROP in each.schedule.fates.values() for each in (first, second))


def test_datagrams_are_no_lossy_stream():
    plain = steps(Role.SERVER, A, B)
    assert lossy(plain, Role.SERVER) == plain


@pytest.mark.parametrize(
    ("delivery", "role", "seconds"),
    [
        (Delivery.PLAIN, Role.CLIENT, 2),
        (Delivery.LOST_REQUEST, Role.CLIENT, 6),
        (Delivery.LOST_REPLY, Role.SERVER, 2),
    ],
)
def test_whoever_waits_for_what_was_lost_has_the_time_for_it(delivery, role, seconds):
    suite = suite_of(A, B, C, D)
    assert make_plan(suite, suite.cases[0], role, delivery, 1, {}).seconds == seconds

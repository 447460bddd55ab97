"""The wire in an exchange: what is read of it, and what lint finds in it."""

import pytest

from harness.errors import Place, SpecError
from harness.exchange.delivery import deliveries_of
from harness.spec.lint import lint
from harness.spec.loader import load
from harness.spec.model import Delivery, Impairs, Role, Transport
from harness.wire.schedule import DELAY, Fate, Schedule

SUITE = """\
suite: talk
title: Talk
roles: [server, client]
transport: {transport}
{more}
requirements:
  TALK-1: {{level: must, text: They talk.}}
probe:
  - client: "hello"
  - server: "hello"
cases:
  - id: talks
    purpose: They talk.
    verifies: [TALK-1]
    {case}
    exchange:
"""
ASK, ANSWER = 'client: "a"', 'server: "A"'


class NoFiles:
    def read(self, path):
        raise SpecError(Place(path), "there is none")

    def hooks(self, path):
        raise SpecError(Place(path), "there is none")


def suite_of(*events, transport="udp", more="", case="points: 1"):
    head = SUITE.format(transport=transport, more=more, case=case)
    return load("x.yaml", head + "".join(f"      - {each}\n" for each in events), NoFiles())


def event_of(wire, **more):
    return suite_of(f"wire: {wire}", ASK, ANSWER, **more).cases[0].exchange[0]


@pytest.mark.parametrize(
    ("wire", "schedule"),
    [
        ("{drop: 2, from: client}", Schedule({2: Fate.DROP})),
        ("{drop: [1, 2], from: client}", Schedule({1: Fate.DROP, 2: Fate.DROP})),
        ("{swap: 1, repeat: 3, from: client}", Schedule({1: Fate.SWAP, 3: Fate.REPEAT})),
        ("{delay: 6, from: client}", Schedule({6: Fate.DELAY}, DELAY)),
        ("{delay: 6, by: 1.5, from: client}", Schedule({6: Fate.DELAY}, 1.5)),
        ("{corrupt: 7, from: client}", Schedule({7: Fate.CORRUPT})),
    ],
)
def test_the_schedule(wire, schedule):
    event = event_of(wire)
    assert event.act == Impairs(schedule)
    assert (event.by, event.client, event.over) == (Role.CLIENT, "client", Transport.UDP)


def test_whose_packets():
    assert event_of("{drop: 1, from: server}").by is Role.SERVER
    over = event_of("{drop: 1, from: server, over: tcp}", transport="[udp, tcp]").over
    assert over is Transport.TCP
    named = suite_of(
        'bob: "b"', "wire: {drop: 1, from: server, to: alice}", "wire: {drop: 1, from: server}",
        'alice: "a"', 'server: "A"', "wire: {drop: 1, from: alice}", 'server: "A"',
        case="clients: [alice, bob]\n    roles: [server]",
    ).cases[0]  # fmt: skip
    told = [(each.by, each.client) for each in named.exchange if isinstance(each.act, Impairs)]
    assert told == [(Role.SERVER, "alice"), (Role.SERVER, "bob"), (Role.CLIENT, "alice")]


# -- lint --------------------------------------------------------------------------------


def found(*events, **more):
    return [each.message for each in lint(suite_of(*events, **more), deliveries_of)]


@pytest.mark.parametrize(
    ("events", "told"),
    [
        ([ASK, ANSWER, "wire: {drop: 1, from: client}"], "client says nothing after this"),
        ([ASK, ANSWER, "wire: {drop: 1, from: server}"], "the server says nothing after this"),
        (
            ["wire: {drop: 2, from: client}", ASK, ANSWER],
            "client says 1 after this, and there is no packet 2",
        ),
        (
            ["wire: {swap: 1, from: client}", ASK, ANSWER],
            "client says 1 after this, and there is no packet 2",
        ),
        (
            ["wire: {drop: 2, from: client}", ASK, "wire: {drop: 1, from: client}", ASK, ANSWER],
            "client says 1 after this, and there is no packet 2",
        ),
        (
            ["wire: {swap: 1, from: client}", ASK, ANSWER, ASK, ANSWER],
            "packet 1 waits for packet 2, and is answered before that comes",
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_played(events, told):
    assert found(*events) == [told]


@pytest.mark.parametrize(
    "events",
    [
        ["wire: {drop: 1, from: client}", ASK, ASK, ANSWER],
        ["wire: {swap: 1, from: client}", ASK, ASK, ANSWER, ANSWER],
        ["wire: {drop: 1, from: client}", "wire: {drop: 2, from: server}", ASK, ANSWER, ANSWER],
        [
            "wire: {drop: 2, from: server}",
            ASK,
            ANSWER,
            ASK,
            "server: {any_of: [{silent: true}, B]}",
        ],
    ],
)
def test_what_can_be_played(events):
    assert found(*events) == []


def test_a_stream_s_segments_are_not_to_be_counted_beforehand():
    assert found("wire: {drop: 9, from: client}", ASK, ANSWER, transport="tcp") == []


TCP = {"transport": "tcp"}


@pytest.mark.parametrize(
    ("events", "late"),
    [
        ([ASK, "wire: {drop: 1, from: server}", ANSWER], True),
        ([ASK, ANSWER, "wire: {drop: 1, from: client}", ASK, ANSWER], True),
        (["wire: {drop: 1, from: server}", ASK, ANSWER], False),
        ([ASK, "wire: {drop: 1, from: client}", ANSWER, ASK, ANSWER], False),
    ],
)
def test_over_tcp_a_wire_stands_before_what_is_answered(events, late):
    told = found(*events, **TCP)
    assert bool(told) is late
    assert all("may be on its way before this holds" in each for each in told)
    assert found(*events) == []


def test_what_the_harness_answers_is_not_on_its_way():
    role = {"case": "roles: [server]", **TCP}
    assert found(ASK, ANSWER, "wire: {drop: 1, from: client}", ASK, ANSWER, **role) == []


def test_nothing_is_expected_of_a_wire():
    assert found("wire: {drop: 1, from: server}", ANSWER, case="roles: [client]") == [
        "nothing is expected of a client: every client passes"
    ]


@pytest.mark.parametrize("loss", ["lost-request", "lost-reply", "lossy"])
def test_losses_under_which_nothing_is_played(loss):
    told = found(ANSWER, ASK, more=f"survives: [{loss}]", case="without: [lost-reply]")
    assert told == [f"no case is played under {loss}"]


# -- deliveries --------------------------------------------------------------------------


def offered(role, *events, **more):
    suite = suite_of(*events, **more)
    return set(deliveries_of(suite, suite.cases[0], role))


LOSSES = {Delivery.LOST_REQUEST, Delivery.LOST_REPLY, Delivery.LOSSY}
ALL = "survives: [lost-request, lost-reply, lossy]"


@pytest.mark.parametrize(
    ("role", "more", "losses"),
    [
        (Role.SERVER, {}, set()),
        (Role.SERVER, {"more": "idempotent: true"}, {Delivery.LOST_REPLY}),
        (Role.CLIENT, {"more": "idempotent: true"}, set()),
        (Role.SERVER, {"more": ALL}, {Delivery.LOST_REPLY}),
        (Role.CLIENT, {"more": ALL}, {Delivery.LOST_REQUEST}),
        (Role.CLIENT, {"case": "deliveries: [plain, lost-request]"}, {Delivery.LOST_REQUEST}),
        (Role.SERVER, {"more": ALL, "transport": "tcp"}, {Delivery.LOSSY}),
        (Role.CLIENT, {"more": ALL, "transport": "tcp"}, {Delivery.LOSSY}),
        (Role.CLIENT, {"case": "deliveries: [lossy]", "transport": "tcp"}, {Delivery.LOSSY}),
        (Role.SERVER, {"more": ALL, "case": "without: [lost-reply]"}, set()),
    ],
)
def test_which_losses_a_case_is_played_under(role, more, losses):
    assert offered(role, ASK, ANSWER, **more) & LOSSES == losses


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_a_case_with_a_wire_is_played_as_it_is_written(role, transport):
    wired = ("wire: {drop: 1, from: client}", ASK, ASK, ANSWER)
    plain = {Delivery.PLAIN if transport == "udp" else Delivery.WHOLE}
    assert offered(role, *wired, transport=transport, more=ALL) == plain

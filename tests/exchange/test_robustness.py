"""Robustness: which trials a case has, and what each of them asks."""

import pytest

from harness.exchange.plan import Close, Craft, Expect, Release, Send
from harness.exchange.planning import make_plan
from harness.exchange.robustness import with_trials
from harness.spec.loader import load
from harness.spec.model import Role, Silent

SPEC = """
suite: shout
title: Datagrams in capitals
roles: [server, client]
transport: {over}
requirements:
  SHOUT-1: {{level: must, text: It goes on.}}
probe:
  - client: "{said}"
  - server: "{answered}"
cases:
  - id: twice
    purpose: Two questions.
    verifies: [SHOUT-1]
    exchange:
      - client: "first 1\\n"
      - server: "FIRST 1\\n"
      - client: "second 2\\n"
      - server: "SECOND 2\\n"
robustness:
  - id: bad
    verifies: [SHOUT-1]
    {robustness}
"""
LONG = ("sixteen letters!", "SIXTEEN LETTERS!")


def trials(robustness, case, over="udp", said=LONG):
    text = SPEC.format(
        over=over, robustness=robustness.replace("\n", "\n    "), said=said[0], answered=said[1]
    )
    suite = load("shout.yaml", text, None)
    (found,) = (each for each in suite.cases if each.id == case)
    plan = with_trials(make_plan(suite, found, Role.SERVER, found.deliveries[0], 1, {}))
    assert plan.trials[0].control
    assert all(each.setup for each in plan.trials[0].steps)
    return {each.name: each for each in plan.trials if not each.control}


def of(trial, client, *kinds):
    return [
        each for each in trial.steps if isinstance(each, kinds) and each.connection.client == client
    ]


def test_one_case_for_each_group_and_kind():
    text = SPEC.format(
        over="udp", robustness="packets: [all]\n    messages: [all]", said="x", answered="X"
    )
    suite = load("shout.yaml", text, None)
    names = [each.id for each in suite.cases if each.robustness]
    assert names[:2] == ["bad-udp-checksum", "bad-udp-length"]
    assert names[-4:] == ["bad-fields", "bad-truncations", "bad-additions", "bad-flips"]
    assert {each.roles for each in suite.cases if each.robustness} == {(Role.SERVER,)}


def test_what_arrives_as_it_is_has_to_be_answered_and_then_the_probe():
    found = trials("packets: [udp-checksum]", "bad-udp-checksum")["udp-checksum-none"]
    kinds = [(type(each), each.connection.client) for each in found.steps]
    assert [each for each in kinds if each[0] in (Craft, Send, Expect, Release)] == [
        (Craft, "malformed"),
        (Expect, "malformed"),
        (Send, "client"),
        (Expect, "client"),
        (Release, "client"),
    ]


def test_what_the_kernel_drops_is_followed_by_the_probe_alone():
    found = trials("packets: [udp-checksum]", "bad-udp-checksum")["udp-checksum-wrong"]
    assert of(found, "malformed", Expect) == []
    assert len(of(found, "malformed", Release)) == 1
    assert len(of(found, "client", Expect)) == 1


def test_a_message_that_is_too_short_for_three_fragments_is_another_and_need_not_be_answered():
    asked = "packets: [fragments]"
    short = trials(asked, "bad-fragments", said=("ab", "AB"))["fragments-reversed"]
    whole = trials(asked, "bad-fragments")["fragments-reversed"]
    assert of(short, "malformed", Expect) == []
    assert len(of(whole, "malformed", Expect)) == 1


def test_an_icmp_error_is_about_an_answer_that_came():
    found = trials("packets: [icmp-errors]", "bad-icmp-errors")["icmp-port-unreachable"]
    assert [type(each) for each in of(found, "malformed", Send, Expect, Craft)] == [
        Send,
        Expect,
        Craft,
    ]


def test_every_packet_comes_from_a_port_of_its_own():
    found = trials("packets: [ip-header]", "bad-ip-header").values()
    ports = [each.port for trial in found for each in trial.steps if getattr(each, "port", 0)]
    assert len(ports) == len(set(ports)) == len(found)


def test_a_wrong_message_may_be_answered_in_any_way():
    found = trials("messages: [truncations]", "bad-truncations")
    assert list(found) == [f"cut-at-{size}" for size in range(16)]
    trial = found["cut-at-3"]
    (send,) = of(trial, "malformed", Send)
    assert send.says[0].message.produce({}) == b"six"
    assert of(trial, "malformed", Expect) == []


def test_or_it_gets_no_answer():
    found = trials("messages: [flips]\nreaction: silent", "bad-flips")["flip-0-7"]
    (expect,) = of(found, "malformed", Expect)
    assert isinstance(expect.choices[0].act, Silent)


def test_over_tcp_it_is_followed_by_the_end_of_what_the_client_says():
    found = trials("messages: [truncations]", "bad-truncations", "tcp", ("hello\\n", "HELLO\\n"))
    assert len(of(found["cut-at-3"], "malformed", Close)) == 1


def test_the_second_message_of_a_case_comes_after_the_first_exchange():
    found = trials("messages: [fields]\ncase: twice\nmessage: 2", "bad-fields")
    steps = of(found["number-2-is-3"], "malformed", Send, Expect)
    assert [type(each) for each in steps] == [Send, Expect, Send]
    assert steps[0].says[0].message.produce({}) == b"first 1\n"
    assert steps[-1].says[0].message.produce({}) == b"second 3\n"


def test_what_is_left_out_is_not_there():
    asked = (
        "packets: [udp-checksum]\nmessages: [truncations]\nwithout: [udp-checksum-none, cut-at-0]"
    )
    assert list(trials(asked, "bad-udp-checksum")) == [
        "udp-checksum-wrong",
        "udp-checksum-wrong-late",
    ]
    assert "cut-at-0" not in trials(asked, "bad-truncations")


@pytest.mark.parametrize("case", ["bad-flips", "twice"])
def test_a_client_as_target_has_no_trials(case):
    text = SPEC.format(over="udp", robustness="messages: [flips]", said="x", answered="X")
    suite = load("shout.yaml", text, None)
    found = next(each for each in suite.cases if each.id == case)
    plan = make_plan(suite, found, Role.CLIENT, (found.deliveries or ("plain",))[0], 1, {})
    assert with_trials(plan).trials == ()

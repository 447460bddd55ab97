"""Planning: an exchange as the harness plays it, for either role and each delivery."""

import os
from dataclasses import replace

import pytest
from test_play import a_plan

from harness.errors import UsageError
from harness.exchange.plan import Accept, Close, Expect, Look, Open, Restart, Send, Stray, Type
from harness.exchange.planning import make_plan
from harness.spec.model import Delivery, Role
from harness.wire.parameter import Parameter

D = Delivery
ASK = 'client: "a"\nserver: "A"\n'
TWO = ASK + 'client: "b"\nserver: "B"\n'
KINDS = [
    ("opened-first", ASK, Role.SERVER, [Open, Send, Expect]),
    ("opened-once", TWO, Role.SERVER, [Open, Send, Expect, Send, Expect]),
    ("opened-by-name", "client: {opens: true}\n" + ASK, Role.SERVER, [Open, Send, Expect]),
    ("opened-again", ASK + "client: {closes: fin}\n" + ASK, Role.SERVER,
     [Open, Send, Expect, Close, Open, Send, Expect]),
    ("half-stays", 'client: "a"\nclient: {closes: half}\nserver: "A"\n', Role.SERVER,
     [Open, Send, Close, Expect]),
    ("opened-after-its-end", ASK + "server: {closes: fin}\n" + ASK, Role.SERVER,
     [Open, Send, Expect, Expect, Open, Send, Expect]),
    ("restarted", ASK + "server: {restarts: true}\n" + ASK, Role.SERVER,
     [Open, Send, Expect, Restart, Open, Send, Expect]),
    ("accepted", "client: {opens: true}\n" + ASK, Role.CLIENT, [Accept, Expect, Send]),
    ("typed", 'client: {types: "a"}\n' + ASK + 'client: {prints: "A"}\n', Role.CLIENT,
     [Type, Expect, Send, Look]),
    ("typed-by-nobody", 'client: {types: "a"}\n' + ASK + 'client: {prints: "A"}\n', Role.SERVER,
     [Open, Send, Expect]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("exchange", "role", "kinds"), [row[1:] for row in KINDS], ids=[row[0] for row in KINDS]
)
def test_steps(exchange, role, kinds):
    assert [type(step) for step in a_plan(exchange, role).steps] == kinds


def shown(plan):
    """The messages in order, those of one write together."""
    told = []
    for step in plan.steps:
        if isinstance(step, Send):
            told.append("+".join(says.message.describe() for says in step.says))
        elif isinstance(step, Expect):
            told += [choice.act.message.describe() for choice in step.choices]
        elif isinstance(step, Stray):
            told.append(f"stray {len(step.data)}")
    return " ".join(told)


NEEDS = 'client: "a"\nserver: "{x:word}"\nclient: "{x}"\nserver: "B"\n'
ORDERS = [
    ("plain", TWO, "udp", D.PLAIN, "a A b B"),
    ("reordered", TWO, "udp", D.REORDERED, "b a B A"),
    ("reordered-needs-the-first", NEEDS, "udp", D.REORDERED, "a {x:word} {x} B"),
    ("after-empty", ASK, "udp", D.AFTER_EMPTY, "stray 0 a A"),
    ("after-oversized", ASK, "udp", D.AFTER_OVERSIZED, "stray 65507 a A"),
    ("coalesced", 'client: "a"\nclient: "b"\nserver: "A"\n', "tcp", D.COALESCED, "a+b A"),
    ("coalesced-not-pipelined", TWO, "tcp", D.COALESCED, "a A b B"),
]


@pytest.mark.parametrize(
    ("exchange", "transport", "delivery", "order"),
    [row[1:] for row in ORDERS],
    ids=[row[0] for row in ORDERS],
)
def test_the_order_under_a_delivery(exchange, transport, delivery, order):
    assert shown(a_plan(exchange, Role.SERVER, transport, delivery)) == order


def test_each_answer_may_come_again_where_its_request_does():
    plan = a_plan(TWO, Role.SERVER, "udp", D.REPEATED)
    assert [step.repeats for step in plan.steps if isinstance(step, Expect)] == [1, 1]


def test_a_value_for_a_parameter_that_is_none():
    plan = a_plan(ASK)
    with pytest.raises(UsageError, match="small has no parameter 'word'"):
        make_plan(plan.suite, plan.case, Role.SERVER, D.WHOLE, 1, {"word": "x"})


def test_a_value_of_bytes_that_are_no_text_is_those_bytes():
    """As Python gives them of the command line."""
    plan = a_plan(ASK)
    word = Parameter("word", "letters", plan.case.place, 1, 1)
    suite = replace(plan.suite, parameters={"word": word})
    made = make_plan(suite, plan.case, Role.SERVER, D.WHOLE, 1, {"word": os.fsdecode(b"\xff")})
    assert made.scope == {"word": b"\xff"}

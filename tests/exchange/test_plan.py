"""What a plan verifies: what binds its role, and what its delivery proves."""

import pytest

from harness.errors import Place, SpecError
from harness.exchange.planning import make_plan
from harness.spec.loader import load
from harness.spec.model import Delivery, Role

SUITE = """\
suite: talk
title: Talk
roles: [server, client]
transport: tcp
requirements:
  TALK-1: {level: must, text: The server talks., roles: [server]}
  TALK-2: {level: must, text: The client talks., roles: [client]}
  TALK-3: {level: must, text: Both talk.}
  STREAM-1: {level: must, text: Pieces are one message.}
proves: {split: STREAM-1}
probe:
  - client: "hello\\n"
  - server: "hello\\n"
cases:
  - id: talks
    purpose: Both talk.
    verifies: [TALK-1, TALK-2, TALK-3]
    exchange:
      - client: "hello\\n"
      - server: "hello\\n"
"""


class NoFiles:
    def read(self, path):
        raise SpecError(Place(path), "there is none")

    def hooks(self, path):
        raise SpecError(Place(path), "there is none")


@pytest.mark.parametrize(
    ("role", "delivery", "verified"),
    [
        (Role.SERVER, Delivery.WHOLE, ("TALK-1", "TALK-3")),
        (Role.CLIENT, Delivery.WHOLE, ("TALK-2", "TALK-3")),
        (Role.SERVER, Delivery.SPLIT, ("STREAM-1", "TALK-1", "TALK-3")),
    ],
)
def test_a_plan_verifies_what_binds_its_role(role, delivery, verified):
    suite = load("talk.yaml", SUITE, NoFiles())
    assert make_plan(suite, suite.cases[0], role, delivery, 1, {}).verifies == verified

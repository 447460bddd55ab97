"""Output that would be right: shown instead of a regular expression, and held against it."""

import pytest

from harness.errors import Place, SpecError
from harness.exchange.delivery import deliveries_of
from harness.exchange.expectation import described
from harness.spec.lint import lint
from harness.spec.loader import load

SUITE = """\
suite: times
title: Times
roles: [client]
transport: udp
requirements:
  TIME-1: {{level: must, text: It prints the time.}}
probe:
  - client: "time"
cases:
  - id: printed
    purpose: It prints the time.
    verifies: [TIME-1]
    points: 1
    exchange:
      - client: "time"
      - client: {event}
"""


class NoFiles:
    def read(self, path):
        raise SpecError(Place(path), "there is none")

    def hooks(self, path):
        raise SpecError(Place(path), "there is none")


def loaded(event):
    return load("times.yaml", SUITE.format(event=event), NoFiles())


def wanted(event):
    act = loaded(event).cases[0].exchange[1].act
    return described(act.message, act.example)


def test_a_regular_expression_is_shown_by_its_example():
    assert wanted("{prints: '{_:like([0-9]+ m?s)}', example: 12 ms}") == "such as 12 ms"


def test_a_typed_hole_is_shown_as_it_is():
    assert wanted("{prints: '{_:digits(2)} ms', example: 12 ms}") == "{_:digits(2)} ms"


def test_without_an_example_the_expression_is_shown():
    assert wanted("{prints: '{_:like([0-9]+)}'}") == "{_:like([0-9]+)}"


@pytest.mark.parametrize("printed", ["12 ms", "it took 12 ms in all"])
def test_an_example_that_holds_it_is_right(printed):
    assert (
        lint(loaded(f"{{prints: '{{_:digits(2)}} ms', example: {printed}}}"), deliveries_of) == []
    )


def test_an_example_that_does_not_hold_it_is_found():
    suite = loaded("{prints: '{_:digits(2)} ms', example: soon}")
    assert [found.message for found in lint(suite, deliveries_of)] == [
        'the example "soon" does not hold what has to be printed'
    ]


def test_what_must_not_be_printed_has_no_example():
    with pytest.raises(SpecError, match="example belongs to says"):
        loaded("{never_prints: '{_:digits(2)}', example: '12'}")

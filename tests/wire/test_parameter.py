"""Parameters: within their bounds, other for another seed, the same for the same."""

import random
import string

import pytest

from harness.errors import Place
from harness.wire.parameter import Parameter

KINDS = [
    ("letters", 3, 12, (), set(string.ascii_lowercase)),
    ("digits", 1, 6, (), set(string.digits)),
    ("alnum", 1000, 1000, (), set(string.ascii_lowercase + string.digits)),
]


def draw(kind, low, high, choices, rng):
    return Parameter("drawn", kind, Place("suite.yaml", 1), low, high, choices).draw(rng)


@pytest.mark.parametrize(
    ("kind", "low", "high", "choices", "alphabet"), KINDS, ids=[row[0] for row in KINDS]
)
def test_so_many_characters(kind, low, high, choices, alphabet):
    drawn = [draw(kind, low, high, choices, random.Random(seed)).decode() for seed in range(200)]
    assert {len(each) for each in drawn} == set(range(low, high + 1))
    assert set("".join(drawn)) == alphabet


def test_an_int_is_within_its_bounds_and_reaches_them():
    drawn = {int(draw("int", 10, 13, (), random.Random(seed))) for seed in range(200)}
    assert drawn == {10, 11, 12, 13}


def test_bytes_have_any_value():
    drawn = draw("bytes", 4000, 4000, (), random.Random(1))
    assert len(drawn) == 4000
    assert set(drawn) == set(range(256))


def test_a_choice_is_one_of_its_texts():
    drawn = {draw("choice", 0, 0, ("é", "b"), random.Random(seed)) for seed in range(50)}
    assert drawn == {"é".encode(), b"b"}


def test_a_seed_draws_the_same_again():
    one, two = (draw("letters", 12, 12, (), random.Random(7)) for _ in range(2))
    assert one == two != draw("letters", 12, 12, (), random.Random(8))

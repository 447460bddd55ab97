"""Deliveries: pieces join to their message, and a case gets those that make sense."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness import library
from harness.exchange.delivery import PROVES, deliveries_of, pieces
from harness.spec.model import Delivery, Role

D = Delivery


@settings(max_examples=100, derandomize=True, deadline=None)
@given(st.binary(max_size=300), st.sampled_from(Delivery))
def test_pieces_join_to_the_message(data, delivery):
    cut = pieces(data, delivery)
    assert b"".join(cut) == data
    assert not data or all(cut)


CUTS = [
    (D.WHOLE, b"abcdef", (b"abcdef",)),
    (D.SPLIT, b"abcdef", (b"a", b"bc", b"de", b"f")),
    (D.SPLIT, b"ab\r\n", (b"a", b"b", b"\r", b"\n")),
    (D.SPLIT, b"ab", (b"a", b"b")),
    (D.SPLIT, b"a", (b"a",)),
    (D.LOSSY, b"abcdef", (b"a", b"bc", b"de", b"f")),
    (D.BYTEWISE, b"abc", (b"a", b"b", b"c")),
    (D.COALESCED, b"abc", (b"abc",)),
]


@pytest.mark.parametrize(("delivery", "data", "cut"), CUTS)
def test_where_a_message_is_cut(delivery, data, cut):
    assert pieces(data, delivery) == cut


def test_a_long_message_goes_bytewise_at_both_ends():
    cut = pieces(bytes(1000), D.BYTEWISE)
    assert [len(each) for each in cut] == [1] * 32 + [936] + [1] * 32


def test_each_delivery_says_what_it_proves():
    assert set(PROVES) == set(Delivery)


STREAM = (D.WHOLE, D.SPLIT, D.BYTEWISE, D.COALESCED, D.SLOW_READER)
PLAIN = (D.PLAIN, D.AFTER_EMPTY, D.AFTER_OVERSIZED)
OFFERED = [
    ("uppercase-tcp", "line-after-line", Role.SERVER, STREAM),
    ("uppercase-tcp", "capitals-one-word", Role.SERVER, (*STREAM[:3], D.SLOW_READER)),
    ("uppercase-tcp", "restart", Role.SERVER, (D.WHOLE,)),
    ("uppercase-tcp", "answer-in-pieces", Role.CLIENT, STREAM),
    ("daytime-tcp", "no-text", Role.CLIENT, (D.WHOLE,)),
    ("discard-tcp", "no-greeting", Role.SERVER, (D.WHOLE,)),
    ("echo-udp", "drawn-bytes", Role.SERVER, (D.PLAIN, D.REPEATED, *PLAIN[1:], D.LOST_REPLY)),
    ("echo-udp", "two-in-a-row", Role.SERVER, PLAIN),
    ("echo-udp", "user-types", Role.CLIENT, (D.PLAIN,)),
    ("echo-udp", "shorter-after-longer", Role.SERVER,
     (D.PLAIN, D.REPEATED, D.REORDERED, D.FROM_ANOTHER_PORT, *PLAIN[1:], D.LOST_REPLY)),
    ("tftp", "read-blocks", Role.SERVER, PLAIN),
]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "case", "role", "offered"), OFFERED, ids=[f"{row[0]}-{row[1]}" for row in OFFERED]
)
def test_a_case_gets_the_deliveries_that_make_sense(name, case, role, offered):
    suite = library.suite(name)
    found = next(each for each in suite.cases if each.id == case)
    assert deliveries_of(suite, found, role) == offered

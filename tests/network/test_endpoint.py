"""Datagrams of the harness: what a socket tells about each."""

import select
import time

import pytest

from harness.network import endpoint


def test_a_datagram_is_told_with_its_sender_and_the_time_of_its_arrival():
    with endpoint.datagrams() as here, endpoint.datagrams() as there:
        assert any(arrived_before_it_was_read(here, there) for _ in range(10_000))


def arrived_before_it_was_read(here, there):
    """The kernel begins to take the time a moment after the first socket has asked for it."""
    before = time.time()
    there.sendto(b"ping", here.getsockname())
    after = time.time()
    assert select.select([here], [], [], 5.0)[0]
    data, source, at = endpoint.receive(here)
    assert (data, source) == (b"ping", there.getsockname())
    return before <= at <= after


def test_where_none_is_there_none_is_waited_for():
    with endpoint.datagrams() as here, pytest.raises(BlockingIOError):
        endpoint.receive(here)

"""A refusal that ICMP tells: a signal once, and no event for ever."""

import select

import pytest

from harness.exchange.action import Refused
from harness.exchange.plan import Connection
from harness.network import endpoint
from harness.runner.channel import DatagramChannel
from harness.spec.model import Transport

CLIENT = Connection("client", Transport.UDP)


@pytest.fixture
def refused():
    """A channel to a port at which nobody listens, one datagram sent."""
    with endpoint.LOOPBACK.datagrams() as held:
        nowhere = held.getsockname()
    channel = DatagramChannel(CLIENT, endpoint.LOOPBACK.datagrams(), nowhere, shared=False)
    channel.write(b"anybody?")
    yield channel
    channel.close()


def events_of(channel):
    poll = select.poll()
    poll.register(channel.sock, select.POLLIN)
    return poll.poll(5000)


def test_a_refusal_is_told_once(refused):
    assert events_of(refused)
    assert isinstance(refused.read(), Refused)
    assert refused.read() is None
    poll = select.poll()
    poll.register(refused.sock, select.POLLIN)
    assert poll.poll(0) == []


def test_a_refusal_that_a_send_has_told_of_is_not_told_for_ever(refused):
    assert events_of(refused)
    with pytest.raises(ConnectionRefusedError):
        refused.write(b"again")
    refused.read()
    poll = select.poll()
    poll.register(refused.sock, select.POLLIN)
    assert poll.poll(0) == []

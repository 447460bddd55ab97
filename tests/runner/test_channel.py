"""The server's one socket, where a client is the target: whom an answer reaches."""

import select

import pytest

from harness.exchange.plan import Connection
from harness.network import endpoint
from harness.runner.channel import DatagramChannel
from harness.spec.model import Transport


def read(channel):
    assert select.select([channel.sock], [], [], 5.0)[0]
    return channel.read()


def heard(sock):
    assert select.select([sock], [], [], 5.0)[0]
    return sock.recv(100)


@pytest.fixture
def channel():
    with endpoint.datagrams() as sock:
        yield DatagramChannel(Connection("client", Transport.UDP), sock, None, shared=True)


@pytest.mark.parametrize("to", [0, 1, 2])
def test_an_answer_reaches_the_socket_that_asked(channel, to):
    with endpoint.datagrams() as first, endpoint.datagrams() as second:
        for sock in (first, second):
            sock.sendto(b"ping", channel.sock.getsockname())
            assert read(channel).data == b"ping"
        channel.write(b"pong", to)
        assert heard(first if to == 1 else second) == b"pong"


def test_without_a_question_there_is_no_answer(channel):
    with pytest.raises(OSError, match="no datagram has come"):
        channel.write(b"pong")

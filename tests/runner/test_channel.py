"""The server's one socket, where a client is the target: whom an answer reaches."""

import select
import socket

import pytest

from harness.exchange.action import Ended
from harness.exchange.plan import Connection
from harness.network.endpoint import LOOPBACK, close, loopback
from harness.runner.channel import DatagramChannel, StreamChannel, Welcome
from harness.spec.model import Ending, Transport


def read(channel):
    assert select.select([channel.sock], [], [], 5.0)[0]
    return channel.read()


def heard(sock):
    assert select.select([sock], [], [], 5.0)[0]
    return sock.recv(100)


@pytest.fixture
def channel():
    with LOOPBACK.datagrams() as sock:
        yield DatagramChannel(Connection("client", Transport.UDP), sock, None, shared=True)


@pytest.mark.parametrize("to", [0, 1, 2])
def test_an_answer_reaches_the_socket_that_asked(channel, to):
    with LOOPBACK.datagrams() as first, LOOPBACK.datagrams() as second:
        for sock in (first, second):
            sock.sendto(b"ping", channel.sock.getsockname())
            assert read(channel).data == b"ping"
        channel.write(b"pong", to)
        assert heard(first if to == 1 else second) == b"pong"


def test_without_a_question_there_is_no_answer(channel):
    with pytest.raises(OSError, match="no datagram has come"):
        channel.write(b"pong")


def test_a_client_that_resets_before_it_is_accepted_is_one_that_has_reset():
    """The kernel hands its connection out all the same, and has forgotten its other end."""
    welcome = Welcome()
    with LOOPBACK.stream() as client:
        client.connect_ex(welcome.listener.getsockname())
        own = client.getsockname()
        assert select.select([welcome.listener], [], [], 5.0)[0]
        close(client, Ending.RESET)
    accepted = welcome.accept()
    assert accepted.ends == (welcome.listener.getsockname(), own)
    connection = Connection("client", Transport.TCP)
    channel = StreamChannel(connection, accepted.sock, ends=accepted.ends)
    assert read(channel) == Ended(connection, Ending.RESET)
    channel.close()
    welcome.close()


def test_a_welcome_takes_a_port_that_is_free_for_both():
    """The kernel gives a listener ports at which others have UDP sockets."""
    taken = iter(LOOPBACK.datagrams() for _ in range(3))
    tried = []

    def make(family, kind):
        made = socket.socket(family, kind)
        if kind == socket.SOCK_STREAM and (held := next(taken, None)) is not None:
            tried.append(held)
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # others may have called
            made.bind(held.getsockname())
            made = Bound(fileno=made.detach())
        return made

    class Bound(socket.socket):
        def bind(self, address):
            """It has its port already."""

    welcome = Welcome(loopback(make=make))
    assert len(tried) == 3
    assert welcome.datagrams.getsockname()[1] == welcome.port == welcome.listener.getsockname()[1]
    assert welcome.port not in [held.getsockname()[1] for held in tried]
    welcome.close()
    for held in tried:
        held.close()

"""Sockets of the harness: made, taken, closed in every way; what they tell of datagrams."""

import select
import socket
import time

import pytest

from harness.errors import MachineError
from harness.network import endpoint
from harness.spec.model import Ending, Transport


@pytest.fixture
def pair():
    with endpoint.listener() as welcome:
        ours = endpoint.stream()
        ours.connect_ex(welcome.getsockname())
        assert select.select([welcome], (), (), 20)[0]
        theirs, _ = welcome.accept()
    theirs.settimeout(20)
    with ours, theirs:
        yield ours, theirs


def test_a_fin_is_an_end(pair):
    ours, theirs = pair
    endpoint.close(ours, Ending.FIN)
    assert theirs.recv(1) == b""
    assert ours.fileno() == -1


def test_half_an_end_leaves_the_way_back_open(pair):
    ours, theirs = pair
    endpoint.close(ours, Ending.HALF)
    assert theirs.recv(1) == b""
    theirs.sendall(b"back")
    assert ours.recv(9) == b"back"


def test_half_an_end_of_what_is_gone_is_no_error(pair):
    ours, theirs = pair
    endpoint.close(theirs, Ending.RESET)
    endpoint.close(ours, Ending.HALF)


def test_a_reset_is_a_reset(pair):
    ours, theirs = pair
    endpoint.close(ours, Ending.RESET)
    with pytest.raises(ConnectionResetError):
        theirs.recv(1)


def test_a_small_socket_takes_little():
    with endpoint.stream(small=True) as small, endpoint.stream() as other:
        sizes = [each.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF) for each in (small, other)]
        assert sizes[0] < sizes[1]


def test_refused_datagrams_are_heard_of():
    with endpoint.datagrams() as gone:
        address = gone.getsockname()
    with endpoint.datagrams() as ours:
        ours.sendto(b"x", address)
        with pytest.raises(ConnectionRefusedError):
            ours.recv(1)


@pytest.mark.parametrize(
    ("make", "transport"),
    [(endpoint.listener, Transport.TCP), (endpoint.datagrams, Transport.UDP)],
)
def test_a_port_is_taken_once(make, transport):
    with make() as held:
        host, port = held.getsockname()
        assert host == endpoint.HOST
        assert not endpoint.free_on(port, (transport,))
        with pytest.raises(MachineError, match=rf"cannot bind 127.0.0.1 port {port}: Address al"):
            make(port)
    assert endpoint.free_on(port, (transport,))


def test_no_socket_blocks():
    for make in (endpoint.stream, endpoint.datagrams, endpoint.listener):
        with make() as sock:
            assert not sock.getblocking()


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

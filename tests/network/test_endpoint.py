"""Sockets of the harness: made, taken, closed in every way; what they tell of datagrams."""

import select
import socket
import time

import pytest

from harness.errors import MachineError
from harness.network import endpoint
from harness.network.endpoint import LOOPBACK
from harness.network.network import free_on
from harness.spec.model import Ending


@pytest.fixture
def pair():
    with LOOPBACK.listener() as welcome:
        ours = LOOPBACK.stream()
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
    with LOOPBACK.stream(small=True) as small, LOOPBACK.stream() as other:
        sizes = [each.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF) for each in (small, other)]
        assert sizes[0] < sizes[1]


@pytest.mark.parametrize("family", [socket.AF_INET, socket.AF_INET6], ids=["IPv4", "IPv6"])
def test_refused_datagrams_are_heard_of_until_they_are_to_be_ignored(family):
    end = endpoint.loopback(family)
    with end.datagrams() as gone:
        nobody = gone.getsockname()
    with end.datagrams() as sock:
        for heard in (True, False):
            sock.sendto(b"x", nobody)
            assert select.select([sock], (), (), 20 if heard else 0)[0] or not heard
            with pytest.raises(OSError, match="refused" if heard else "unavailable"):
                sock.recv(1)
            endpoint.ignore_errors(sock)


@pytest.mark.parametrize(
    ("make", "kind"),
    [
        (LOOPBACK.listener, socket.SOCK_STREAM),
        (LOOPBACK.datagrams, socket.SOCK_DGRAM),
    ],
)
def test_a_port_is_taken_once(make, kind):
    with make() as held:
        host, port = held.getsockname()
        assert host == LOOPBACK.own
        assert not free_on(port, (kind,))
        with pytest.raises(MachineError, match=rf"cannot bind 127.0.0.1 port {port}: Address al"):
            make(port)
    assert free_on(port, (kind,))


def test_no_socket_blocks():
    for make in (LOOPBACK.stream, LOOPBACK.datagrams, LOOPBACK.listener):
        with make() as sock:
            assert not sock.getblocking()


def test_a_datagram_is_told_with_its_sender_and_the_time_of_its_arrival():
    with LOOPBACK.datagrams() as here, LOOPBACK.datagrams() as there:
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
    with LOOPBACK.datagrams() as here, pytest.raises(BlockingIOError):
        endpoint.receive(here)

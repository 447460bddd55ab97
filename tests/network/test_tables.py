"""The kernel's tables, asked in both ways, about real sockets."""

import os
import select
import socket
import struct
import time

import pytest

from harness.errors import MachineError
from harness.network import netlink, procnet, tables
from harness.network.endpoint import LOOPBACK
from harness.network.netlink import SockDiag
from harness.network.procnet import ProcNet
from harness.network.tables import Tables
from harness.spec.model import Transport

TCP, UDP = Transport.TCP, Transport.UDP
SOURCES = {"netlink": SockDiag, "procnet": ProcNet}


@pytest.fixture(params=["netlink", "procnet"])
def table(request):
    """The tables by either source."""
    with Tables(SOURCES[request.param]()) as table:
        yield table


@pytest.fixture
def pair():
    """Both ends of a TCP connection: the one that connected, the one that accepted."""
    with socket.create_server(("127.0.0.1", 0)) as welcome:
        client = socket.create_connection(welcome.getsockname())
        server, _ = welcome.accept()
    with client, server:
        yield client, server


def inode(sock) -> int:
    return os.fstat(sock.fileno()).st_ino


def ends(sock):
    return sock.getsockname(), sock.getpeername()


def until(holds) -> None:
    deadline = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < deadline


BINDS = [
    (TCP, socket.AF_INET, "127.0.0.1", True),
    (TCP, socket.AF_INET, "0.0.0.0", True),
    (TCP, socket.AF_INET, "127.0.0.2", False),
    (TCP, socket.AF_INET6, "::", True),
    (TCP, socket.AF_INET6, "::1", False),
    (UDP, socket.AF_INET, "127.0.0.1", True),
    (UDP, socket.AF_INET6, "::", True),
    (UDP, socket.AF_INET6, "::ffff:127.0.0.1", True),
]


@pytest.mark.parametrize(("transport", "family", "address", "reachable"), BINDS)
def test_a_bound_socket_is_found(table, transport, family, address, reachable):
    kind = socket.SOCK_STREAM if transport is TCP else socket.SOCK_DGRAM
    with socket.socket(family, kind) as sock:
        if family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        sock.bind((address, 0))
        port = sock.getsockname()[1]
        if transport is TCP:
            assert table.bound(TCP, port) == ()  # bound is not yet listening
            sock.listen()
        (found,) = table.bound(transport, port)
        assert (found.family, found.address, found.port) == (family, address, port)
        assert found.inode == inode(sock)
        assert found.reached_from(LOOPBACK) is reachable
        assert table.bound_by({inode(sock)}) == (found,)
        other = UDP if transport is TCP else TCP
        assert all(each.inode != inode(sock) for each in table.bound(other, port))
    assert table.bound(transport, port) == ()


def test_a_socket_of_ipv6_alone_is_not_reachable():
    with Tables() as table, socket.socket(socket.AF_INET6) as sock:
        if not isinstance(table._source, SockDiag):
            pytest.skip("the kernel has no sock_diag, and /proc/net does not tell")
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        sock.bind(("::", 0))
        sock.listen()
        (found,) = table.bound(TCP, sock.getsockname()[1])
        assert found.only_v6
        assert not found.reached_from(LOOPBACK)


def test_both_sources_give_the_same_rows_of_many_sockets():
    """500 sockets take several packets of netlink."""
    held = [socket.create_server(("127.0.0.1", 0)) for _ in range(500)]
    try:
        own = {inode(each) for each in held}
        with Tables() as one, Tables(ProcNet()) as other:
            if not isinstance(one._source, SockDiag):
                pytest.skip("the kernel has no sock_diag")
            rows = one.bound_by(own)
            assert len(rows) == 500
            assert set(rows) == set(other.bound_by(own))
    finally:
        for each in held:
            each.close()


# -- what is unread ------------------------------------------------------------------------


def test_unread_bytes_of_a_connection_are_counted_in_both_directions(table, pair):
    client, server = pair
    there, back = ends(client), ends(server)
    until(lambda: (table.tcp_unread(*there), table.tcp_unread(*back)) == (0, 0))
    client.sendall(b"12345")
    until(lambda: (table.tcp_unread(*there), table.tcp_unread(*back)) == (5, 0))
    assert server.recv(2) == b"12"
    until(lambda: table.tcp_unread(*there) == 3)
    server.sendall(b"1")
    until(lambda: (table.tcp_unread(*there), table.tcp_unread(*back)) == (3, 1))
    assert server.recv(9) == b"345"
    assert client.recv(9) == b"1"
    until(lambda: (table.tcp_unread(*there), table.tcp_unread(*back)) == (0, 0))


def test_what_no_window_lets_through_is_unread(table, pair):
    client, server = pair
    client.setblocking(False)
    sent = 0
    while select.select([], [client], [], 0)[1]:
        sent += client.send(bytes(1 << 16))
    found = table.tcp_unread(*ends(client))
    # Without the counters of sock_diag, what is not acknowledged yet may be counted twice.
    assert found == sent if isinstance(table._source, SockDiag) else found >= sent
    while sent:
        sent -= len(server.recv(1 << 20))
    until(lambda: table.tcp_unread(*ends(client)) == 0)


def test_what_waits_for_an_acknowledgement_is_unread(table, pair):
    """Nagle's algorithm holds the second small piece back (RFC 896)."""
    client, _ = pair
    client.send(b"a")
    client.send(b"b")
    until(lambda: table.tcp_unread(*ends(client)) == 2)


def test_ends_of_a_connection(table, pair):
    client, server = pair
    there = ends(client)
    client.shutdown(socket.SHUT_WR)
    assert server.recv(9) == b""
    assert table.tcp_unread(*there) in (0, 1)  # a FIN takes a number of its own
    server.close()
    assert client.recv(9) == b""
    until(lambda: table.tcp_unread(*there) is None)


def test_a_reset_connection_has_no_other_end(table, pair):
    client, server = pair
    there = ends(client)
    server.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    server.close()
    assert table.tcp_unread(*there) is None


def test_a_connection_that_never_was_has_no_other_end(table):
    with socket.create_server(("127.0.0.1", 0)) as welcome:
        # The kernel answers with the listener of the port, which is no end of a connection.
        assert table.tcp_unread(("127.0.0.1", 1), welcome.getsockname()) is None


def test_unread_datagrams_are_counted(table):
    with socket.socket(type=socket.SOCK_DGRAM) as sock, socket.socket(type=socket.SOCK_DGRAM) as to:
        to.bind(("127.0.0.1", 0))
        port = to.getsockname()[1]
        assert table.udp_unread(port) == 0
        sock.sendto(b"", to.getsockname())
        one = table.udp_unread(port)
        assert one
        sock.sendto(b"x", to.getsockname())
        assert table.udp_unread(port) > one
        to.recv(9)
        to.recv(9)
        assert table.udp_unread(port) == 0
    assert table.udp_unread(port) is None


def test_peers(table, pair):
    client, server = pair
    assert table.peers(TCP, *ends(client)) == {inode(server)}
    assert table.peers(TCP, *ends(server)) == {inode(client)}
    with socket.socket(type=socket.SOCK_DGRAM) as one, socket.socket(type=socket.SOCK_DGRAM) as two:
        two.bind(("127.0.0.1", 0))
        one.connect(two.getsockname())
        assert table.peers(UDP, *ends(one)) == {inode(two)}


def test_an_ipv6_socket_that_talks_ipv4_is_found(table):
    with socket.create_server(("::", 0), family=socket.AF_INET6, dualstack_ipv6=True) as welcome:
        port = welcome.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port)) as client, welcome.accept()[0] as server:
            client.sendall(b"123")
            until(lambda: table.tcp_unread(*ends(client)) == 3)
            assert table.peers(TCP, *ends(client)) == {inode(server)}


# -- where there are none ------------------------------------------------------------------


def _absent(*_: object):
    raise FileNotFoundError(2, "No such file or directory")


def test_without_sock_diag_the_other_source_is_read(monkeypatch, pair):
    monkeypatch.setattr(netlink, "PROTOCOL", 31)  # a netlink family that no kernel has
    client, _ = pair
    client.sendall(b"1")
    with Tables() as table:
        assert isinstance(table._source, ProcNet)
        until(lambda: table.tcp_unread(*ends(client)) == 1)


def test_a_machine_without_any_is_told(monkeypatch, tmp_path):
    monkeypatch.setattr(procnet.ProcNet.__init__, "__defaults__", (tmp_path,))
    monkeypatch.setattr(tables, "SockDiag", _absent)
    with pytest.raises(MachineError, match="socket tables cannot be read"):
        Tables()

"""Readiness, seen in the kernel's tables: who listens where, and what a server did instead."""

import random
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from harness.errors import MachineError, TargetError
from harness.network.network import free_on
from harness.spec.model import Transport
from harness.target.ready import holders, refuse_strangers, socket_inodes, wait_until_bound

HERE = Path(__file__).parent
PATIENCE = 20.0  # seconds; nobody waits so long unless something is broken
TCP, UDP = Transport.TCP, Transport.UDP

SERVER = """
import os, signal, socket, sys, time
words, port = sys.argv[1].split(), int(sys.argv[2])
kept = []
def at(kind, address, only=None):
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    sock = socket.socket(family, kind)
    if only is not None:
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, only)
    sock.bind((address, port))
    kept.append(sock)
    if kind == socket.SOCK_STREAM:
        sock.listen()
for word in words:
    name, _, value = word.partition("=")
    if name in ("tcp", "udp"):
        at(socket.SOCK_STREAM if name == "tcp" else socket.SOCK_DGRAM, value or "127.0.0.1")
    elif name == "dual":
        at(socket.SOCK_STREAM, "::", 0)
    elif name == "v6only":
        at(socket.SOCK_STREAM, "::", 1)
    elif name == "port":
        port = int(value)
    elif name == "says":
        print(value, flush=True)
    elif name == "exit":
        sys.exit(int(value))
    elif name == "kill":
        os.kill(os.getpid(), int(value))
    elif name == "sleep":
        time.sleep(float(value))
    elif name == "spin":
        while True: pass
    elif name == "bound":  # and does not listen
        sock = socket.socket()
        sock.bind(("127.0.0.1", port))
        kept.append(sock)
    elif name == "background":
        if os.fork():
            os._exit(0)
        os.setsid()
        if os.fork():
            os._exit(0)
    elif name == "child":
        if os.fork() == 0:
            kept[0].accept()
        for sock in kept:
            sock.close()
        os.wait()
signal.pause()
"""


@pytest.fixture
def serve(python, tables, free_port):
    """Starts a server that does this in turn, and waits until it is ready."""

    def serve(does: str, *transports: Transport, seconds: float = PATIENCE):
        process = python(SERVER, does, free_port)
        wait_until_bound(process, free_port, transports, tables, seconds)
        return process

    return serve


@pytest.mark.parametrize(
    ("does", "transports"),
    [
        ("tcp", [TCP]),
        ("udp", [UDP]),
        ("udp sleep=0.02 tcp", [TCP, UDP]),
        ("tcp=0.0.0.0", [TCP]),
        ("udp=0.0.0.0", [UDP]),
        ("dual", [TCP]),
        ("udp=::", [UDP]),
        ("background sleep=0.02 tcp", [TCP]),
        ("tcp child", [TCP]),
        ("sleep=0.3 tcp", [TCP]),
    ],
    ids=lambda value: value.replace(" ", "-") if isinstance(value, str) else "",
)
def test_a_server_is_ready_once_its_socket_stands(serve, tables, free_port, does, transports):
    process = serve(does, *transports)
    own = socket_inodes(process.pids())
    for transport in transports:
        assert any(each.inode in own for each in holders(free_port, [transport], tables))
    if TCP in transports:
        socket.create_connection(("127.0.0.1", free_port), PATIENCE).close()


@pytest.mark.parametrize(
    ("does", "transports", "message"),
    [
        ("exit=3", [TCP], r"^the server exited with code 3 before it listened on tcp port {port}$"),
        ("exit=0", [TCP, UDP], r"exited with code 0 before it listened on tcp and udp port {port}"),
        ("kill=11", [UDP], r"was ended by SIGSEGV before it listened on udp port {port}"),
        ("kill=40", [UDP], r"was ended by signal 40 before"),
        ("background exit=1", [TCP], r"exited with code 0 before"),
        (
            "port=PORT tcp",
            [TCP],
            r"^the server listens on tcp port {other}, not on tcp port {port}$",
        ),
        ("udp", [TCP], r"listens on udp port {port}, not on tcp port {port}"),
        ("tcp", [TCP, UDP], r"listens on tcp port {port}, not on udp port {port}"),
        ("tcp=127.0.0.2", [TCP], r"listens on tcp port {port} of 127.0.0.2 only, not on tcp"),
        ("tcp=::1", [TCP], r"listens on tcp port {port} of ::1 only, not on tcp port {port}"),
        ("v6only", [TCP], r"listens on tcp port {port} of :: only, not on tcp port {port}"),
        ("bound", [TCP], r"and waits for something else: it listens on nothing"),
        ("", [TCP], r"^the server did not listen on tcp port {port} and waits for something else"),
    ],
    ids=lambda value: value.replace(" ", "-") if isinstance(value, str) else "",
)
def test_what_a_server_did_instead_is_told(serve, free_port, other_port, does, transports, message):
    start = time.monotonic()
    with pytest.raises(TargetError, match=message.format(port=free_port, other=other_port)) as told:
        serve(f"says=hello {does.replace('PORT', str(other_port))}", *transports)
    assert told.value.log == b"hello\n"
    assert time.monotonic() - start < PATIENCE / 2  # at once, not when the time is over


@pytest.mark.parametrize(
    ("does", "transports", "hint"),
    [
        ("port=SWAPPED tcp", [TCP], "{swapped} is {port} with its two bytes swapped: htons() is"),
        ("port=SWAPPED udp", [UDP], "htons() is missing"),
        ("port=0 tcp", [TCP], "bind() was not called or failed"),
        ("port=FIXED tcp", [TCP], "the port to use is on the command line (argv): take {port}"),
        ("tcp=127.0.0.2", [TCP], "127.0.0.2 does not take what is sent to 127.0.0.1"),
        ("udp", [TCP], "this suite speaks tcp: SOCK_STREAM"),
        ("tcp", [UDP], "this suite speaks udp: SOCK_DGRAM"),
        ("tcp", [TCP, UDP], "this suite speaks udp: SOCK_DGRAM"),
        ("port=FIXED udp", [TCP], ""),
        ("", [TCP], ""),
    ],
)
def test_where_the_mistake_is_certain_a_hint_tells_it(
    serve, free_port, fixed_port, does, transports, hint
):
    swapped = (free_port & 255) << 8 | free_port >> 8
    if "SWAPPED" in does and (swapped < 1024 or swapped == free_port):
        pytest.skip(f"port {swapped} is not for this test to bind")
    does = does.replace("SWAPPED", str(swapped)).replace("FIXED", str(fixed_port))
    with pytest.raises(TargetError) as told:
        serve(does, *transports)
    assert hint.format(swapped=swapped, port=free_port) in told.value.hint
    assert bool(hint) == bool(told.value.hint)


@pytest.fixture
def fixed_port():
    """Returns a free port that neither the kernel nor another test gives to anybody."""
    for port in random.sample(range(10_000, 20_000), 100):
        if free_on(port, (socket.SOCK_STREAM, socket.SOCK_DGRAM)):
            return port
    pytest.fail("no port is free")


@pytest.fixture
def other_port():
    with socket.socket() as stream:
        stream.bind(("127.0.0.1", 0))
        return stream.getsockname()[1]


@pytest.mark.parametrize("does", ["spin", "sleep=1000"])
def test_a_server_that_may_still_come_has_its_time(serve, free_port, does):
    with pytest.raises(TargetError, match=r"within 0.2 s: it listens on nothing"):
        serve(does, TCP, seconds=0.2)


def test_a_port_that_a_stranger_holds_is_no_fault_of_the_target(serve, tables, free_port):
    refuse_strangers(free_port, [TCP, UDP], tables)
    stranger = subprocess.Popen(
        [sys.executable, "-c", SERVER, "tcp says=up", str(free_port)], stdout=subprocess.PIPE
    )
    try:
        assert stranger.stdout.readline() == b"up\n"
        named = rf"tcp port {free_port} is held by process {stranger.pid} \(.*python.*\), not by"
        with pytest.raises(MachineError, match=named):
            refuse_strangers(free_port, [TCP, UDP], tables)
        with pytest.raises(MachineError, match=named):  # it came between the look and the start
            serve("", TCP)
    finally:
        stranger.kill()
        stranger.communicate()


def test_a_port_that_the_targets_daemon_holds_is_its_own(serve, tables, free_port):
    process = serve("background tcp", TCP)
    assert process.status() == 0
    assert process.pids() != ()
    process.stop()
    refuse_strangers(free_port, [TCP], tables)


@pytest.mark.parametrize("way", ["recv", "nio", "tcp-threads"])
def test_java_servers_are_found(start, tables, free_port, java_classes, way):
    process = start("java", "-cp", java_classes, "Waiter", free_port, way, "none", "0")
    wait_until_bound(process, free_port, [TCP if "tcp" in way else UDP], tables, PATIENCE)


@pytest.mark.parametrize("over", [TCP, UDP])
def test_node_servers_at_every_address_are_found(start, tables, free_port, over):
    if shutil.which("node") is None:
        pytest.skip("no Node here")
    make = {
        TCP: "require('net').createServer().listen(PORT)",
        UDP: "require('dgram').createSocket('udp6').bind(PORT)",
    }
    process = start("node", "-e", make[over].replace("PORT", str(free_port)))
    wait_until_bound(process, free_port, [over], tables, PATIENCE)

"""Labs as they are: what is in there, what gets in and out, what is left of them."""

import contextlib
import os
import select
import signal
import socket
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from harness.errors import MachineError
from harness.network.lab.lab import FULL, LEVELS
from harness.network.lab.topology import FAR, NEAR
from harness.network.poll import readable
from harness.spec.model import Transport
from harness.target import openfiles
from harness.target.isolation import in_lab
from harness.target.launcher import Keeper
from harness.target.lineage import descendants
from harness.target.ready import wait_until_bound

PATIENCE = 20.0
PORT = 9000

# Echoes lines over TCP and datagrams over UDP, bound as it is told.
ECHO = """
import select, socket, sys
family = socket.AF_INET6 if ":" in sys.argv[1] else socket.AF_INET
welcome = socket.create_server((sys.argv[1], 9000), family=family)
talk = socket.socket(family, socket.SOCK_DGRAM)
talk.bind((sys.argv[1], 9000))
while True:
    for ready in select.select([welcome, talk], [], [])[0]:
        if ready is talk:
            talk.sendto(*talk.recvfrom(65536))
        else:
            connection, _ = welcome.accept()
            connection.sendall(connection.recv(100))
            connection.close()
"""


@pytest.fixture(scope="module")
def keeper():
    with Keeper() as keeper:
        yield keeper


@pytest.fixture(scope="module")
def made(keeper):
    """Makes a lab of a level; skips where the machine refuses."""

    def made(level=FULL):
        try:
            return keeper.lab(level)
        except MachineError:
            pytest.skip("no private network here")

    return made


@pytest.fixture
def inside(made):
    with made() as inside:
        yield inside


@pytest.fixture
def told(inside, tmp_path):
    """Runs Python in the lab to its end. Returns what it printed."""

    def told(program, *argv):
        folder = tmp_path / "outer" / "work"
        folder.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, "-I", "-S", "-c", textwrap.dedent(program), *argv]
        with inside.start(command, folder, {}, in_lab(folder.parent, True)) as process:
            while process.pids():  # not its status, which a keeper tells that may be killed
                select.select([process.exit_fd, process.output_fd], (), (), PATIENCE)
                process.drain()
            return process.tail.decode()

    return told


def started(inside, folder, address):
    confinement = in_lab(folder, inside.lab.confines)
    return inside.start([sys.executable, "-I", "-S", "-c", ECHO, address], folder, {}, confinement)


@pytest.mark.parametrize("family", [socket.AF_INET, socket.AF_INET6], ids=["IPv4", "IPv6"])
@pytest.mark.parametrize("bound", ["everywhere", "link", "loopback"])
@pytest.mark.parametrize("level", LEVELS, ids=[each.name for each in LEVELS])
def test_a_server_in_a_lab_is_reached(made, tmp_path, level, bound, family):
    with made(level) as inside:
        ends = inside.lab.endpoints(family)
        addresses = {"everywhere": "::" if family == socket.AF_INET6 else "0.0.0.0"}
        addresses |= {"link": ends[0].target, "loopback": ends[-1].target}
        process = started(inside, tmp_path, addresses[bound])
        end = wait_until_bound(process, PORT, tuple(Transport), inside.lab.tables, PATIENCE, ends)
        assert end is (ends[-1] if bound == "loopback" else ends[0])
        with end.datagrams() as ours:
            ours.sendto(b"first", (end.target, PORT))
            assert select.select([ours], (), (), PATIENCE)[0]
            assert ours.recv(100) == b"first"
        with end.stream() as ours:
            assert ours.connect_ex((end.target, PORT)) in (0, 115)
            assert select.select((), [ours], (), PATIENCE)[1]
            ours.send(b"second\n")
            assert select.select([ours], (), (), PATIENCE)[0]
            assert ours.recv(100) == b"second\n"


def test_nobody_outside_is_reached_and_a_call_does_not_last(told):
    out = told(
        """
        import socket
        for address in ("192.0.2.1", "10.9.0.77", "127.0.0.1"):
            caller = socket.socket()
            caller.settimeout(15)
            try:
                print(address, caller.connect((address, 53)))
            except OSError as exc:
                print(address, type(exc).__name__, exc.strerror)
        """
    )
    assert out.splitlines() == [
        "192.0.2.1 OSError Network is unreachable",
        "10.9.0.77 OSError No route to host",
        "127.0.0.1 ConnectionRefusedError Connection refused",
    ]


def test_what_calls_out_is_seen_at_the_far_end(inside, told):
    with inside.lab.packets("far") as seen:
        told(
            """
            import socket
            socket.socket(type=socket.SOCK_DGRAM).sendto(b"home", ("192.0.2.1", 53))
            """
        )
        frames = []
        with contextlib.suppress(BlockingIOError):
            while True:
                frames.append(seen.recv(2000))
    calls = [each for each in frames if each.endswith(b"home") and each[23] == 17]
    assert [socket.inet_ntoa(each[30:34]) for each in calls] == ["192.0.2.1"]
    assert [each[26:30] for each in calls] == [socket.inet_aton(NEAR.v4)]


def test_a_target_has_no_rights(told):
    out = told("print(open('/proc/self/status').read())")
    sets = [line.split() for line in out.splitlines() if line.startswith("Cap")]
    assert [value for _, value in sets] == ["0000000000000000"] * 5
    assert "NoNewPrivs:\t1" in out


def test_a_target_changes_its_folder_and_scratch_and_nothing_else(told, tmp_path):
    out = told(
        """
        import os, sys
        for path in (*sys.argv[1:], "/tmp/wireharness-scratch", "/dev/shm/scratch", "/scratch"):
            try:
                open(path, "w").write("x")
                print("wrote", path)
            except OSError as exc:
                print(exc.strerror)
        """,
        str(tmp_path / "outer" / "work" / "own"),
        str(tmp_path / "outer" / "beside"),
        str(Path(__file__).parent / "foreign"),
    )
    own, beside, foreign, scratch, memory, root = out.splitlines()
    assert own.startswith("wrote")
    assert beside.startswith("wrote")  # so that whoever leaves the folder is seen
    assert "Read-only" in foreign or foreign.startswith("wrote /tmp")  # to the scratch upon it
    assert not Path(__file__).with_name("foreign").exists()
    assert scratch.startswith("wrote") or "Read-only" in scratch  # a kernel without overlays
    assert memory.startswith("wrote")
    assert "Read-only" in root or "Permission" in root
    assert (tmp_path / "outer" / "work" / "own").read_text() == "x"
    assert (tmp_path / "outer" / "beside").exists()
    assert not Path("/tmp/wireharness-scratch").exists()


def test_a_target_sees_and_kills_its_own_processes_alone(inside, told, tmp_path):
    out = told(
        """
        import os, signal
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        print(sorted(int(name) for name in os.listdir("/proc") if name.isdigit())[-1] < 50)
        os.kill(1, signal.SIGKILL)
        os.kill(-1, signal.SIGKILL)
        open("lives", "w").close()  # its terminal has hung up, since its keeper is gone
        """
    )
    assert out.splitlines() == ["True"]
    assert (tmp_path / "outer" / "work" / "lives").exists()
    with inside.lab.endpoints()[0].datagrams():
        pass


def test_counters_are_the_target_s_alone(inside):
    before = inside.lab.counters()
    with inside.lab.endpoints()[0].datagrams() as ours:
        ours.sendto(b"x", (NEAR.v4, PORT))
        assert select.select([ours], (), (), PATIENCE)[0]
        with pytest.raises(ConnectionRefusedError):
            ours.recv(10)
    after = inside.lab.counters()
    grown = {name for name in after if after[name] > before.get(name, 0)}
    assert {name for name in grown if name.startswith("Udp.")} == {"Udp.NoPorts"}


@pytest.mark.parametrize("attempt", range(20))
def test_the_first_datagram_of_a_fresh_lab_arrives(made, attempt):
    with made() as inside, inside.lab.packets("near") as seen:
        with inside.lab.endpoints()[0].datagrams() as ours:
            ours.sendto(b"the first", (NEAR.v4, PORT))
        frames = []
        while not any(each.endswith(b"the first") for each in frames):
            assert select.select([seen], (), (), PATIENCE)[0]
            frames.append(seen.recv(2000))


def test_frames_are_ours_to_write(inside):
    """From an address that is nobody's, with no kernel that would answer for us."""
    with inside.lab.packets("far") as wire, inside.lab.packets("near") as seen:
        header = bytes.fromhex((NEAR.mac + FAR.mac).replace(":", "")) + b"\x08\x00"
        wire.send(header + b"whatever it is")
        frames = []
        while not any(each.startswith(header) for each in frames):
            assert select.select([seen], (), (), PATIENCE)[0]
            frames.append(seen.recv(2000))


@pytest.mark.parametrize("count", [12, pytest.param(120, marks=pytest.mark.lengthy)])
def test_many_labs_have_the_same_port_at_once(made, tmp_path, count):
    openfiles.make_room()
    with contextlib.ExitStack() as last:
        labs = [last.enter_context(made()) for _ in range(count)]
        processes = [started(each, tmp_path, "0.0.0.0") for each in labs]
        talks = []
        for each, process in zip(labs, processes, strict=True):
            end = wait_until_bound(
                process, PORT, tuple(Transport), each.lab.tables, PATIENCE, each.lab.endpoints()
            )
            talks.append(last.enter_context(end.datagrams()))
            talks[-1].sendto(str(process.pid).encode(), (end.target, PORT))
        for talk, process in zip(talks, processes, strict=True):
            assert readable(talk, within=PATIENCE)
            assert talk.recv(100) == str(process.pid).encode()


def test_a_lab_on_loopback_has_no_link(made):
    level = next(each for each in LEVELS if each.shape == "loopback")
    with made(level) as inside:
        inside.lab.packets("lo").close()
        with pytest.raises(MachineError, match="lab on loopback has no far side"):
            inside.lab.packets("far")


# -- what is left --------------------------------------------------------------------------

# A run in small: a keeper, a lab, and in it a daemon that is deaf to all that can be ignored.
RUN = """
import sys
from pathlib import Path
from harness.network.lab.lab import FULL
from harness.target.isolation import in_lab
from harness.target.launcher import Keeper
DAEMON = '''
import os, signal
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
            signal.signal(number, signal.SIG_IGN)
        print("up", flush=True)
        signal.pause()
signal.pause()
'''
keeper = Keeper()
inside = keeper.lab(FULL)
folder = Path(sys.argv[1])
process = inside.start([sys.executable, "-I", "-S", "-c", DAEMON], folder, {}, in_lab(folder, True))
while b"up" not in process.tail:
    process.drain()
print(keeper._server.pid, inside.lab.pid, process.keeper_pid, process.pid, flush=True)
sys.stdin.read()
keeper_alive = keeper.alive
process.stop()
inside.close()
keeper.close()
"""


@pytest.mark.parametrize("killed", ["harness", "broker", "keeper and target", "nobody"])
def test_nothing_is_left(made, tmp_path, killed):
    made().close()  # skipped where there are none
    with subprocess.Popen(
        [sys.executable, "-c", RUN, tmp_path],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as run:  # fmt: skip
        line = run.stdout.readline()
        if not line:
            pytest.fail(run.stderr.read())
        server, broker, kept, target = map(int, line.split())
        all_of_it = {server, *descendants(server)}
        assert {broker, kept, target} < all_of_it
        assert len(all_of_it) >= 7  # the two forks of the daemon, and who waits for the broker
        handles = [os.pidfd_open(pid) for pid in all_of_it]
        victims = {"harness": [run.pid], "broker": [broker], "keeper and target": [target, kept]}
        for pid in victims.get(killed, []):
            os.kill(pid, signal.SIGKILL)
        if killed == "broker":  # the lab goes at once, the rest with the run
            lab = [os.pidfd_open(pid) for pid in (kept, target) if Path(f"/proc/{pid}").exists()]
            for handle in lab:
                assert select.select([handle], (), (), PATIENCE)[0]
                os.close(handle)
        run.stdin.close()
        for handle in handles:
            assert select.select([handle], (), (), PATIENCE)[0], "something is left"
            os.close(handle)
        assert run.stderr.read() == ""
        assert run.wait(PATIENCE) == (-signal.SIGKILL if killed == "harness" else 0)


def test_where_namespaces_are_forbidden_it_is_told_at_which_step(made, tmp_path):
    """In a user namespace that may have none below it, as a machine can be set up."""
    made().close()
    program = """
from harness.runner.place import best, remedy
from harness.network.tables import Tables
level, refused = best(Tables())
print(repr(level), refused, remedy(refused).split()[0])
"""
    forbid = 'echo 0 > /proc/sys/user/max_user_namespaces && exec "$@"'
    command = ["unshare", "--user", "--map-root-user", "sh", "-c", forbid, "sh"]
    done = subprocess.run(
        [*command, sys.executable, "-c", program],
        capture_output=True, text=True, check=True, env={**os.environ, "TMPDIR": str(tmp_path)},
    )  # fmt: skip
    told = "'' no lab on this machine: namespaces: No space left on device sudo"
    assert done.stdout.strip() == told

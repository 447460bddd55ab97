"""What a target is kept from, tier by tier: attacked from inside, looked at from outside."""

import contextlib
import ctypes
import os
import select
import socket
import textwrap
from dataclasses import replace
from pathlib import Path

import pytest

from harness.errors import MachineError
from harness.network.lab.lab import FULL
from harness.target import isolation, landlock
from harness.target.isolation import FREE, Tier
from harness.target.launcher import Keeper

PATIENCE = 60.0


@pytest.fixture
def folder(tmp_path):
    """A working folder in another, with a secret beside both."""
    (tmp_path / "secret").write_text("the marks")
    (tmp_path / "outer" / "work").mkdir(parents=True)
    (tmp_path / "outer" / "work" / "own").write_text("own")
    return tmp_path / "outer" / "work"


@pytest.fixture(params=[Tier.STRICT, Tier.GUARDED])
def confined(request, keeper, folder):
    """Starts Python in a tier, and says what the tier is."""
    started = []
    if request.param is Tier.STRICT:
        try:
            launcher = keeper.lab(FULL)
        except MachineError:
            pytest.skip("no private network here")
        confinement = isolation.strict(folder.parent)
    else:
        if landlock.version() < 4:
            pytest.skip("no Landlock that guards ports here")
        launcher, confinement = keeper, isolation.guarded(folder.parent, (), ())

    def confined(program, **changed):
        command = [isolation.interpreter(), "-I", "-c", textwrap.dedent(program)]
        how = replace(confinement, **changed)
        started.append(launcher.start(command, folder, {}, how))
        return started[-1]

    confined.tier = request.param
    yield confined
    for process in started:
        process.stop()
    if launcher is not keeper:
        launcher.close()


def told(process):
    assert select.select([process.exit_fd], (), (), PATIENCE)[0]
    process.drain()
    return process.tail.decode().splitlines()


TRIES = """
    import os
    def tries(what, *paths):
        for path in paths:
            try:
                what(path)
                print("did")
            except OSError as exc:
                print(exc.strerror)
"""


def test_its_own_folder_is_all_that_it_can_write_to(confined, folder):
    process = confined(
        TRIES
        + f"""
    tries(lambda path: open(path, "w").close(), "new", "{folder.parent}/beside", "/usr/new",
          "/etc/new", "/new", "{folder.parents[1]}/new")
    """
    )
    own, beside, *others, near = told(process)
    assert (own, beside) == ("did", "did")  # whoever leaves the folder is seen beside it
    assert "did" not in others
    assert near != "did" or confined.tier is Tier.STRICT  # there it is scratch of its own
    assert not (folder.parents[1] / "new").exists()


def test_what_is_nobody_s_business_cannot_be_read(confined, folder):
    here = Path(__file__).resolve()
    package = Path(isolation.__file__).parents[1]
    process = confined(
        TRIES
        + f"""
    tries(lambda path: open(path).read(), "own", "{folder.parents[1]}/secret", "{here}",
          "{package}/verdict.py", "/etc/shadow", "/proc/1/environ")
    tries(os.listdir, "{package}", "/home", "/proc/1/root")
    tries(lambda path: print(os.listdir(path)), "{folder.parents[1]}")
    """
    )
    own, *others = told(process)
    assert own == "did"
    if confined.tier is Tier.STRICT:
        assert others[-2:] == ["['outer']", "did"]  # its own way there, and nothing beside it
        others = others[:-2]
    assert "did" not in others


def test_what_it_stores_is_seen_from_outside(confined, folder):
    process = confined("open('stored', 'w').write('content'); input()")
    shown = folder
    if confined.tier is Tier.STRICT:
        shown = process.folder / "work"
    while not (shown / "stored").exists() or (shown / "stored").read_text() != "content":
        assert process.status() is None
    assert (shown / "own").read_text() == "own"


def test_it_signals_and_traces_nobody_else(confined):
    process = confined(
        TRIES
        + f"""
    tries(lambda pid: os.kill(pid, 0), {os.getpid()}, {os.getppid()})
    import ctypes
    print(ctypes.CDLL(None).ptrace(16, {os.getpid()}, 0, 0))
    """
    )
    *signals, traced = told(process)
    assert "did" not in signals
    assert traced == "-1"


def test_it_calls_nobody(confined):
    with socket.create_server(("127.0.0.1", 0)) as stranger:
        process = confined(
            TRIES
            + f"""
    import socket
    def call(address):
        with socket.socket() as caller:
            caller.settimeout(20)
            caller.connect((address, {stranger.getsockname()[1]}))
    tries(call, "127.0.0.1")
    """
        )
        (answer,) = told(process)
    assert answer in ("Permission denied", "Connection refused")


def test_a_socket_s_path_leads_nowhere(confined, tmp_path):
    with socket.socket(socket.AF_UNIX) as door, socket.socket(socket.AF_UNIX) as abstract:
        door.bind(str(tmp_path / "door"))
        door.listen()
        abstract.bind(f"\0{tmp_path}-door")
        abstract.listen()
        process = confined(
            TRIES
            + f"""
    import socket
    tries(lambda path: socket.socket(socket.AF_UNIX).connect(path),
          "{tmp_path}/door", "\\0{tmp_path}-door")
    """
        )
        named, unnamed = told(process)
    assert unnamed != "did"
    if confined.tier is Tier.STRICT:  # Landlock guards no paths of sockets yet
        assert named != "did"


def test_it_makes_no_namespaces(confined):
    process = confined("""
        import ctypes
        print(ctypes.CDLL(None).unshare(0x10000000))
    """)
    answer = told(process)
    if confined.tier is Tier.STRICT:
        assert answer == ["-1"]


KEYCTL = {"x86_64": (248, 250), "aarch64": (217, 219)}.get(os.uname().machine)
"""The numbers of add_key() and keyctl()."""


def test_keys_of_the_session_are_not_passed_on(folder):
    """Such as tickets of Kerberos. A session of its own, so that nothing is left of the key."""
    add, look = KEYCTL or pytest.skip("no keyctl here")
    libc = ctypes.CDLL(None)
    if libc.syscall(look, 1, None) < 0:
        pytest.skip("no keyrings here")
    key = libc.syscall(add, b"user", b"wireharness", b"secret", 6, -3)
    program = f"import ctypes; print(ctypes.CDLL(None).syscall({look}, 11, {key}, None, 0))"
    seen = []
    with Keeper() as keeper, contextlib.ExitStack() as labs:
        try:
            lab = labs.enter_context(keeper.lab(FULL))
        except MachineError:
            pytest.skip("no private network here")
        command = [isolation.interpreter(), "-I", "-c", program]
        for confinement in (FREE, isolation.strict(folder.parent)):
            with lab.start(command, folder, {}, confinement) as process:
                seen += told(process)
    assert seen == ["6", "-1"]


def test_its_keeper_cannot_be_looked_into_where_no_landlock_is_in_the_way(keeper, folder):
    """Nor can its sockets be copied (pidfd_getfd), by which it speaks to the harness."""
    try:
        lab = keeper.lab(FULL)
    except MachineError:
        pytest.skip("no private network here")
    program = """
    import ctypes, os
    for pid in (os.getpid(), os.getppid()):
        handle = os.pidfd_open(pid)
        copies = [ctypes.CDLL(None).syscall(438, handle, number, 0) for number in range(32)]
        print(any(copy >= 0 for copy in copies))
    """
    command = [isolation.interpreter(), "-I", "-c", textwrap.dedent(program)]
    confinement = isolation.in_lab(folder.parent, mounts=True)
    with lab, lab.start(command, folder, {}, confinement) as process:
        assert told(process) == ["True", "False"]


def test_a_terminal_that_takes_nothing_holds_nobody_up(confined):
    process = confined(
        """
        import termios, time
        termios.tcflow(1, termios.TCOOFF)
        held = bytearray(100 << 20)
        held[:: 4096] = b"x" * len(held[:: 4096])
        time.sleep(1000)
        """,
        memory=50 << 20,
    )
    assert select.select([process.exit_fd], (), (), PATIENCE)[0]
    assert process.status() == -9


def test_no_terminal_can_be_opened_but_its_own(confined):
    """Another one of this user's could be read from, and be told to do things."""
    ours, theirs = os.openpty()
    process = confined(
        TRIES
        + f"""
    tries(lambda path: os.close(os.open(path, os.O_RDWR | os.O_NOCTTY)),
          os.ttyname(0), "/dev/tty", "/dev/stdout", "{os.ttyname(theirs)}")
    """
    )
    *own, other = told(process)
    os.close(ours)
    os.close(theirs)
    assert own == ["did"] * 3
    assert other != "did"


@pytest.mark.parametrize("kind", ["own", "shared"])
def test_what_takes_too_much_memory_is_ended_and_told_why(confined, until, kind):
    each = "bytearray(1 << 20)" if kind == "own" else "mmap.mmap(-1, 1 << 20)"
    process = confined(
        f"""
        import mmap, os, time
        os.fork()
        held = [{each} for _ in range(100)]
        for one in held:
            one[:] = os.urandom(1 << 20)
        print("had it", flush=True)
        time.sleep(1000)
        """,
        memory=120 << 20,
    )
    assert select.select([process.exit_fd], (), (), PATIENCE)[0]
    while b"for taking more than 120 MB of memory" not in process.tail:
        assert select.select([process.output_fd], (), (), PATIENCE)[0]
        process.drain()
    assert process.status() == -9
    until(process, lambda: process.pids() == (), "ends both")


def test_its_folder_in_memory_has_an_end(confined):
    if confined.tier is not Tier.STRICT:
        pytest.skip("a guarded target writes to the disk")
    process = confined(
        """
        try:
            with open("filled", "wb") as file:
                for _ in range(100):
                    file.write(bytes(1 << 20))
        except OSError as exc:
            print(exc.strerror)
        try:
            for number in range(100_000):
                open(f"{number}", "w").close()
        except OSError as exc:
            print(exc.strerror)
        """,
        megabytes=16,
    )
    assert told(process) == ["No space left on device"] * 2


def test_who_has_too_many_processes_is_ended_and_told_why(confined, until):
    if confined.tier is Tier.GUARDED and os.getuid() == 0:
        pytest.skip("on the host nothing counts the processes of root")
    process = confined(
        """
        import os, time
        while True:
            try:
                os.fork()
            except OSError:
                time.sleep(0.01)
        """,
        processes=30,
    )
    assert select.select([process.exit_fd], (), (), PATIENCE)[0]
    until(process, lambda: b"for having more than 30 processes" in process.tail, "is told why")
    until(process, lambda: process.pids() == (), "ends all of them")


def test_nothing_is_asked_of_those_who_are_trusted(start):
    process = start("sh", "-c", "grep NoNewPrivs /proc/self/status")
    assert told(process) == ["NoNewPrivs:\t0"]
    assert FREE.order()["way"] == ""


def test_a_kernel_without_landlock_is_told(monkeypatch):
    monkeypatch.setattr(landlock, "version", lambda: 0)
    with pytest.raises(OSError, match="no Landlock"):
        landlock.restrict((), (), (), (), ())

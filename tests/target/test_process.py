"""Programs as they run: their end, their output, their terminal, what they leave behind."""

import os
import resource
import select
import signal
import socket
import sys
from pathlib import Path

import pytest

from harness.errors import MachineError, TargetError
from harness.target import launcher
from harness.target.launcher import Keeper
from harness.target.output import KEPT, Output
from harness.target.process import Process

ROOT = Path(__file__).parents[2]

# A daemon as textbooks write it, deaf to what can be ignored. Tells its pid, then closes all.
DAEMON = """
import os, signal
told, tell = os.pipe()
if os.fork():
    os.close(tell)
    print("daemon", os.read(told, 20).decode(), flush=True)
    os._exit(0)
os.setsid()
if os.fork():
    os._exit(0)
for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
    signal.signal(number, signal.SIG_IGN)
os.write(tell, str(os.getpid()).encode())
os.closerange(0, 100)
signal.pause()
"""


def alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


# -- the end -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("script", "status"),
    [
        ("exit 0", 0),
        ("exit 3", 3),
        ("kill -SEGV $$", -signal.SIGSEGV),
        ("kill -KILL $$", -signal.SIGKILL),
        ("kill -PIPE $$", -signal.SIGPIPE),
    ],
    ids=["exit-0", "exit-3", "crash", "killed", "SIGPIPE-has-its-default"],
)
def test_the_end_of_a_program_is_told(start, ended, script, status):
    process = start("sh", "-c", script)
    assert ended(process) == status
    assert process.pids() == ()


def test_a_hang_is_no_end(start, printed):
    process = start("sh", "-c", "echo up; while :; do :; done")
    printed(process, b"up")
    assert process.status() is None
    assert process.pids() == (process.pid,)
    process.stop()
    assert process.status() is None  # it was we who ended it


def test_the_exit_descriptor_stays_readable(start, ended):
    process = start("true")
    assert ended(process) == 0
    assert select.select([process.exit_fd], (), (), 0)[0] == [process.exit_fd]
    assert process.status() == 0


@pytest.mark.parametrize(
    ("program", "why"),
    [("./absent", "No such file"), ("./folder", "denied"), ("./text", "format")],
)
def test_a_program_that_cannot_be_run_is_the_targets_fault(start, tmp_path, program, why):
    (tmp_path / "folder").mkdir()
    (tmp_path / "text").write_text("no first line")
    (tmp_path / "text").chmod(0o755)
    with pytest.raises(TargetError, match=f"cannot run {program}: .*{why}"):
        start(program)


def test_a_missing_working_folder_is_not_the_targets_fault(keeper, tmp_path):
    with pytest.raises(MachineError, match="cannot enter the working folder"):
        keeper.start(["true"], tmp_path / "absent", {})


# -- what it finds -------------------------------------------------------------------------


def test_its_environment_holds_nothing_of_the_harness(start, ended, tmp_path, monkeypatch):
    monkeypatch.setenv("SECRET", "of the harness")
    process = start("env", NAME="given")
    assert ended(process) == 0
    found = dict(line.split("=", 1) for line in process.tail.decode().splitlines())
    assert found == {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "TMPDIR": str(tmp_path),
        "LANG": "C.UTF-8",
        "TERM": "dumb",
        "NAME": "given",
    }


def test_it_inherits_its_terminal_and_nothing_else(python, ended):
    process = python(
        "import os; print(sorted(os.listdir('/proc/self/fd')), os.ttyname(0), os.getcwd())"
    )
    assert ended(process) == 0
    # The fourth is the listing's own.
    assert process.tail.startswith(b"['0', '1', '2', '3'] " + process.terminal.encode())


def test_no_signal_is_blocked_or_ignored(start, ended):
    process = start("grep", "-E", "^Sig(Blk|Ign)|Cpus_allowed:$", "/proc/self/status")
    ended(process)
    blocked, ignored = (int(line.split()[1], 16) for line in process.tail.splitlines())
    assert blocked == 0
    # 32 and 33 are the C library's own: its posix_spawn() leaves them ignored.
    assert ignored & ~(1 << 31 | 1 << 32) == 0


def test_it_leads_the_foreground_of_its_terminal(python, ended):
    process = python("import os; print(os.getpgrp() == os.getpid() == os.tcgetpgrp(0))")
    assert ended(process) == 0
    assert process.tail == b"True\n"


def test_its_files_are_made_as_at_any_shell(python, ended, tmp_path):
    assert ended(python("open('made', 'w')")) == 0
    assert (tmp_path / "made").stat().st_mode & 0o777 == 0o644


# -- its output ----------------------------------------------------------------------------


def test_output_comes_as_it_was_written(python, ended):
    process = python(
        "import os; os.write(1, bytes(range(256))); os.write(2, b'\\n\\r\\n\\t')",
    )
    assert ended(process) == 0
    assert process.tail == bytes(range(256)) + b"\n\r\n\t"


def test_a_program_that_has_closed_its_output_is_not_readable(start, printed):
    process = start("sh", "-c", "echo up; exec <&- >&- 2>&-; exec sleep 1000")
    printed(process, b"up\n")
    assert select.select([process.output_fd], (), (), 0.01)[0] == []
    assert process.drain() == b""


def test_a_flood_of_output_takes_no_memory(start, until):
    process = start("yes", "x" * 1000)
    process.drain()
    before = _resident()
    until(process, lambda: _drained(process, 20_000_000), "prints 20 MB")
    assert _resident() - before < 20_000
    assert len(process.tail) == KEPT


def test_a_line_without_an_end_takes_no_memory(python, ended):
    process = python("import sys; sys.stdout.write('x' * 20_000_000 + 'end')")
    before = _resident()
    assert ended(process) == 0
    while process.drain():
        pass
    assert process.printed == 20_000_003
    assert process.tail.endswith(b"xend")
    assert len(process.tail) == KEPT
    assert _resident() - before < 20_000


def _drained(process: Process, size: int) -> bool:
    for _ in range(1000):
        assert len(process.drain()) <= 1 << 16
    return process.printed >= size


def _resident() -> int:
    """Returns this process's memory in kB."""
    return int(Path("/proc/self/status").read_text().split("VmRSS:")[1].split()[0])


def test_the_tail_is_the_last_of_it():
    output, text = Output(), bytes(range(256)) * 2000
    for at in range(0, len(text), 1000):
        output.add(text[at : at + 1000])
    assert output.total == len(text)
    assert output.tail == text[-KEPT:]


def test_a_short_output_is_kept_whole():
    output = Output()
    output.add(b"a")
    output.add(b"b")
    assert (output.tail, output.total) == (b"ab", 2)


# -- its terminal --------------------------------------------------------------------------


def test_what_is_typed_is_read_and_not_echoed(start, printed):
    process = start("sh", "-c", 'read a; read b; echo "<$a|$b>"; read c')
    process.type(b"one\n")
    process.type(b"two\n")
    printed(process, b"<one|two>\n")
    assert process.tail == b"<one|two>\n"
    assert process.status() is None  # its input stays open


def test_an_end_of_input_can_be_typed(start, ended):
    process = start("cat")
    process.type(b"line\n\x04")
    assert ended(process) == 0
    assert process.tail == b"line\n"


def test_the_interrupt_key_interrupts(start, printed, ended):
    process = start("sh", "-c", "echo up; exec sleep 1000")
    printed(process, b"up")
    process.type(b"\x03")
    assert ended(process) == -signal.SIGINT


def test_the_longest_line_arrives_whole(start, ended):
    process = start("sh", "-c", "head -n 1 | wc -c")
    process.type(b"x" * 4094 + b"\n")
    assert ended(process) == 0
    assert process.tail.strip() == b"4095"


def test_what_a_quick_program_has_started_reads_too(start, ended):
    """Whoever reads before it is in the foreground of its terminal is stopped, group and all."""
    for _ in range(20):
        process = start("sh", "-c", "head -n 1 | cat")
        process.type(b"line\n")
        assert ended(process) == 0
        assert process.tail == b"line\n"


def test_a_longer_line_is_refused(start):
    with pytest.raises(MachineError, match="at most 4095 bytes, this one has 4096"):
        start("cat").type(b"x" * 4095 + b"\n")


def test_a_program_that_never_reads_its_input_is_told(start):
    process = start("sleep", "1000")
    typing = (process.type(b"x" * 1000 + b"\n") for _ in range(1000))
    with pytest.raises(TargetError, match="does not read its standard input"):
        list(typing)


def test_unread_input_is_seen(start, printed):
    process = start("sh", "-c", "read a; echo got; sleep 1000")
    process.type(b"one\n")
    printed(process, b"got")
    assert not process.has_unread_input()
    process.type(b"two\n")
    assert process.has_unread_input()


# -- what it leaves behind -----------------------------------------------------------------


def test_a_daemon_is_seen_and_ended(python, ended):
    process = python(DAEMON)
    assert ended(process) == 0
    daemon = int(process.tail.split()[1])
    assert process.pids() == (daemon,)
    process.stop()
    assert not alive(daemon)


def test_a_child_left_behind_lives_on_as_under_a_shell(start, ended):
    process = start("sh", "-c", "sleep 1000 & echo $!")
    assert ended(process) == 0
    left = int(process.tail)
    assert process.pids() == (left,)
    process.stop()
    assert not alive(left)


def test_a_crowd_that_keeps_forking_is_ended(python, until):
    process = python(
        """
import os
for _ in range(3):
    os.fork()
os.write(1, b"up")
while True:
    if os.fork() == 0:
        os.setsid()
        os.fork()
        os._exit(0)
    os.wait()
"""
    )
    until(process, lambda: process.tail.count(b"up") == 8, "all are up")
    crowd = process.pids()
    assert len(crowd) >= 8
    process.stop()
    assert not any(alive(pid) for pid in crowd)


def test_a_program_cannot_end_its_keeper_with_its_group(python, ended):
    process = python("import os, signal; os.kill(0, signal.SIGKILL)")
    assert ended(process) == -signal.SIGKILL
    process.stop()


def test_stopping_twice_is_stopping_once(start):
    process = start("sleep", "1000")
    process.stop()
    process.stop()
    assert process.pids() == ()
    assert process.drain() == b""


def test_a_killed_keeper_is_told_and_what_it_watched_is_ended(python, until):
    process = python(
        "import os, signal\n"
        "if os.fork() == 0:\n    os.setsid()\n    os.fork()\n"
        "os.write(1, b'up')\nwhile True:\n    signal.pause()\n"
    )
    until(process, lambda: process.tail.count(b"up") == 3, "all are up")
    pids = process.pids()
    assert len(pids) == 3
    os.kill(process.keeper_pid, signal.SIGKILL)
    select.select([process.exit_fd], (), ())
    with pytest.raises(MachineError, match="keeper of process"):
        process.status()
    process.stop()
    assert not any(alive(pid) for pid in pids)


def test_what_has_the_number_of_a_keeper_that_ended_is_swept_as_well(python, printed):
    """The kernel gives numbers anew, in a lab after a few hundred processes."""
    process = python(
        f"import contextlib, os, signal, sys; sys.path.insert(0, {str(ROOT)!r})\n"
        "from harness.target import keeper\n"
        "signal.signal(signal.SIGCHLD, signal.SIG_IGN)\n"
        "ended = os.fork() or signal.pause()\n"
        "handle = os.pidfd_open(ended)\n"
        "os.kill(ended, signal.SIGKILL)\n"
        "with contextlib.suppress(ChildProcessError):\n    os.waitpid(ended, 0)\n"
        "orphan, kept = (os.fork() or signal.pause() for _ in range(2))\n"
        "keeper._sweep({orphan: handle, kept: os.pidfd_open(kept)})\n"
        "os.kill(kept, 0)\n"
        "try:\n    os.kill(orphan, 0)\n"
        "except ProcessLookupError:\n    os.write(1, b'swept')\n"
        "signal.pause()\n"
    )
    printed(process, b"swept")


def test_a_stopped_keeper_goes_on_to_the_end(python, printed):
    process = python(
        "import os, signal; os.kill(os.getppid(), signal.SIGSTOP); os.write(1, b'up');"
        "signal.pause()"
    )
    printed(process, b"up")
    process.stop()
    assert not alive(process.pid)


STUBBORN = {
    "stopped by itself": "import os, signal; os.write(1, b'up'); os.kill(os.getpid(), 19)",
    "in another group": "import os, signal; os.setpgid(0, 0) if os.getpgrp() != os.getpid() else 0;"
    "os.fork() or os.setpgid(0, 0); os.write(1, b'up'); signal.pause()",
    "deaf": "import os, signal; [signal.signal(n, signal.SIG_IGN) for n in (1, 2, 3, 13, 15)];"
    "os.write(1, b'up'); signal.pause()",
    "with a child stopped": "import os, signal; os.fork() or os.kill(os.getpid(), 19);"
    "os.write(1, b'up'); signal.pause()",
    "in another session": "import os, signal; os.fork() and os._exit(0); os.setsid();"
    "os.write(1, b'up'); signal.pause()",
}


@pytest.mark.parametrize("text", STUBBORN.values(), ids=STUBBORN)
def test_whatever_it_has_made_of_itself_it_is_ended(python, printed, text):
    process = python(text)
    printed(process, b"up")
    pids = process.pids()
    assert pids
    process.stop()
    assert not any(alive(pid) for pid in pids)


def test_an_orphan_that_ends_is_reaped(python, printed, until):
    process = python(
        "import os, signal\n"
        "if os.fork() == 0:\n    os.fork()\n    os._exit(0)\n"
        "os.wait(); os.write(1, b'up'); signal.pause()"
    )
    printed(process, b"up")
    until(process, lambda: process.descendants() == (process.pid,), "the orphan is reaped")


# -- the keeper ----------------------------------------------------------------------------


def test_closing_the_keeper_ends_what_still_runs(tmp_path):
    with Keeper() as keeper:
        process = keeper.start(["sleep", "1000"], tmp_path, {})
        pid = process.pid
        assert alive(pid)
    assert not alive(pid)


def test_a_harness_that_is_killed_takes_its_targets_along(python, printed, until):
    harness = python(
        f"""
import os, signal, sys
from pathlib import Path
sys.path.insert(0, {str(Path(__file__).parents[2])!r})
from harness.target.launcher import Keeper
from harness.target.process import Process
process = Keeper().start(
    ["sh", "-c", "trap '' TERM HUP; setsid sleep 1000 & echo up; sleep 1000; :"], Path("."), {{}}
)
text = b""
while b"up" not in text:
    text += process.drain()
while len(process.pids()) < 3:
    pass
print("pids", *process.pids(), "end", flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""
    )
    printed(harness, b"end")
    pids = [int(word) for word in harness.tail.split()[1:-1]]
    assert len(pids) == 3
    until(harness, lambda: not any(alive(pid) for pid in pids), "the target is gone")


def test_too_large_an_environment_is_told(keeper, tmp_path):
    with pytest.raises(TargetError, match="can be passed on"):
        keeper.start(["true"], tmp_path, {"LARGE": "x" * 300_000})


def test_where_descriptors_find_no_room_that_is_told():
    link, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with link, theirs:
        socket.send_fds(theirs, [b"{}"], [theirs.fileno()])
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        free = os.dup(0)
        os.close(free)
        resource.setrlimit(resource.RLIMIT_NOFILE, (free, hard))
        try:
            with pytest.raises(MachineError, match="too many open files for one more target"):
                launcher._answer(link)
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_a_fork_server_that_is_gone_is_told(tmp_path):
    with Keeper() as keeper:
        keeper._server.kill()
        keeper._server.wait()
        with pytest.raises(MachineError, match=r"gone|come up"):
            keeper.start(["true"], tmp_path, {})


def test_no_descriptor_is_left_of_what_was_stopped(keeper, tmp_path):
    def once() -> int:
        keeper.start([sys.executable, "-c", ""], tmp_path, {}).stop()
        with pytest.raises(TargetError):
            keeper.start(["absent"], tmp_path, {})
        return len(os.listdir("/proc/self/fd"))

    assert once() == once()


def test_nothing_of_our_environment_is_seen_above_a_target(tmp_path, monkeypatch):
    """A target may read the environment of who has started it, in /proc."""
    monkeypatch.setenv("WIREHARNESS_SECRET", "the token of a workflow")
    reads = "cat /proc/$PPID/environ; echo; echo read"
    with Keeper() as keeper, keeper.start(["sh", "-c", reads], tmp_path, {}) as process:
        while b"read" not in process.tail:
            assert select.select([process.output_fd], (), (), 20)[0]
            process.drain()
        assert b"PATH=" in process.tail, "it can be read"
        assert b"SECRET" not in process.tail

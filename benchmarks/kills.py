"""Kills: what is left of a run of pytest when a part of it is killed in the middle of a case.

Each run has two workers. Each case is a target of its own in a lab of its own, with a daemon
that is deaf to all signals which can be ignored; none of them ends by itself.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from harness.network.lab import namespaces
from harness.network.poll import readable
from harness.target.lineage import children_of, descendants, read

ROUNDS = 200
"""Kills of each part."""

_A_RUN = 20  # kills of a part whose loss a run of pytest survives
_PATIENCE = 20.0
_GLANCE = 0.02  # seconds between two looks for a daemon
_SPACES = 60  # namespaces of a kind that there may be at once: those of two labs, and some that go
_MARK = "wireharness-daemon"
_TARGET = f"""
import os, signal, socket, sys, time
server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
server.bind(("", int(sys.argv[1])))
while True:
    data, client = server.recvfrom(99)
    if data != b"probe":
        break
    server.sendto(b"PROBE", client)
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
            signal.signal(number, signal.SIG_IGN)
        lives = "import signal\\nwhile True: signal.pause()"
        os.execv(sys.executable, [sys.executable, "-I", "-S", "-c", lives, "{_MARK}"])
    os._exit(0)
while True:
    time.sleep(0.01)
"""
_SUITE = """
suite: kills
title: Cases in which nothing happens
roles: [server]
transport: udp
deadline: 100
requirements: {KILL-1: {level: must, text: Nothing happens.}}
probe: [{client: "probe"}, {server: "PROBE"}]
cases:
"""
_CASE = """
  - {id: case-%d, purpose: Nothing happens., verifies: [KILL-1], fresh: true,
     deliveries: [plain], exchange: [{client: "begin"}, {server: "done"}]}
"""


@dataclass(frozen=True, slots=True)
class Parts:
    """The processes around one daemon, each the child of the one before; `target` the keeper's."""

    pytest: int
    worker: int
    server: int
    waiter: int
    broker: int
    keeper: int
    target: int

    def victim(self, name: str) -> int:
        """Returns the process to kill."""
        return int(getattr(self, name))

    def doomed(self, name: str) -> tuple[int, ...]:
        """Returns all that has to go with it: the lab at least."""
        top = {"pytest": self.pytest, "worker": self.worker}.get(name, self.waiter)
        own = () if name == "pytest" else (top,)
        return (*own, *descendants(top))


def main() -> int:
    """Prints what was counted. Returns how many rounds left something.

    Where namespaces are left, there are soon none to be had any more: ends by AssertionError.
    """
    namespaces.leave_for_new(pids=False)
    for kind in ("net", "user", "pid", "mnt", "ipc"):
        namespaces.write(f"/proc/sys/user/max_{kind}_namespaces", str(_SPACES))
    return sum(map(_kills, ("pytest", "worker", "broker", "target")))


def _kills(name: str) -> int:
    taken: list[float] = []
    left, rounds, between = 0, 0, 0
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        while rounds < ROUNDS:
            planned = 1 if name == "pytest" else min(_A_RUN, ROUNDS - rounds)
            found = _run(name, planned, folder)
            assert found, "a run came to no case"
            rounds += len(found)
            left += found.count(None)
            taken += [each for each in found if each is not None]
            between = max(between, len(_files(folder)))
        _run_of(folder, 0).wait()
        files = len(_files(folder))
    median, most = sorted(taken)[len(taken) // 2], max(taken)
    print(
        f"killed the {name}: {rounds} rounds; {left} left a process, the others "
        f"nothing within {median * 1000:.0f} ms (median), {most * 1000:.0f} ms (most); "
        f"{between} files and folders until the next run, {files} after it",
        flush=True,
    )
    return left + files


def _run(name: str, cases: int, folder: Path) -> list[float | None]:
    """Plays so many cases, and kills in each. Returns for each how long the rest took to go."""
    found: list[float | None] = []
    seen: set[int] = set()
    with _run_of(folder, cases) as run:
        handle = os.pidfd_open(run.pid)
        while not readable(handle, within=_GLANCE):
            for daemon in _daemons(run.pid, seen):
                seen.add(daemon)
                parts = _parts(run.pid, daemon)
                if parts is not None:
                    found.append(_one(name, parts))
        os.close(handle)
    return found


def _run_of(folder: Path, cases: int) -> subprocess.Popen[bytes]:
    """Starts a run of so many cases beside the probe, in a folder of its own."""
    target = folder / "target"
    target.mkdir(exist_ok=True)
    (target / "server.py").write_text(_TARGET)
    suite = folder / "kills.yaml"
    suite.write_text(_SUITE + "".join(_CASE % number for number in range(max(1, cases))))
    command = [
        sys.executable, "-m", "pytest", f"--target={target}", f"--spec={suite}", "--network=lab",
        "--pcap=never", "-p", "harness.plugin", "-p", "xdist.plugin", "-p", "no:cacheprovider",
        "-n", "2", "--max-worker-restart=1000",
        *(() if cases else ("-k", "probe")),
    ]  # fmt: skip
    scratch = folder / "scratch"
    scratch.mkdir(exist_ok=True)
    return subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=folder,
        env={**os.environ, "TMPDIR": str(scratch), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
    )  # fmt: skip


def _daemons(run: int, seen: set[int]) -> list[int]:
    return [pid for pid in descendants(run) if pid not in seen and _is_daemon(pid)]


def _is_daemon(pid: int) -> bool:
    with contextlib.suppress(OSError):  # it ended meanwhile
        return read(f"/proc/{pid}/cmdline").endswith(f"{_MARK}\0".encode())
    return False


def _parts(run: int, daemon: int) -> Parts | None:
    """Returns what is around a daemon, None where that goes already."""
    above = [daemon]
    with contextlib.suppress(OSError, ValueError):
        while above[-1] != run:
            stat = read(f"/proc/{above[-1]}/stat")
            above.append(int(stat[stat.rindex(b")") + 2 :].split()[1]))
    above.reverse()
    if above[0] != run or len(above) < 7:
        return None
    targets = [pid for pid in children_of(above[5]) if pid != daemon]
    return Parts(*above[:6], targets[0]) if len(targets) == 1 else None


def _one(name: str, parts: Parts) -> float | None:
    """Kills. Returns the seconds until all that is doomed was gone, None where it was not."""
    handles = [os.pidfd_open(pid) for pid in parts.doomed(name)]
    began = time.perf_counter()
    os.kill(parts.victim(name), signal.SIGKILL)
    gone = all(readable(each, within=_PATIENCE) for each in handles)
    seconds = time.perf_counter() - began
    for each in handles:
        os.close(each)
    return seconds if gone else None


def _files(folder: Path) -> list[Path]:
    """Returns what lies in the folder that all runs of a user share, but for its locks."""
    home = folder / "scratch" / f"wireharness-{os.getuid()}"
    return [
        each for each in home.rglob("*") if each.name not in ("folders", "folders.lock", "port")
    ]

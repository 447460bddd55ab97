"""Labs: how long one takes to be ready, and what is left when its parts are killed.

`python -m benchmarks labs` plays the long rounds: 200 kills of each part, and 100 targets at
one fixed port in 20 rounds, beside the same on the host in series.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.measure import Figure
from harness.errors import MachineError
from harness.network.endpoint import LOOPBACK, Endpoint
from harness.network.lab.lab import LEVELS, Level
from harness.network.tables import Tables
from harness.spec.model import Transport
from harness.target.launcher import Keeper, Launcher
from harness.target.lineage import descendants
from harness.target.process import Process
from harness.target.ready import wait_until_bound

_ROUNDS = 200
_GOALS = {"pair": 12.0, "loopback": 6.0}  # milliseconds
_PATIENCE = 20.0
_PORT, _TARGETS, _REPEATS, _KILLS = 29_000, 100, 20, 200
_ECHO = """
import socket, sys
talk = socket.socket(type=socket.SOCK_DGRAM)
talk.bind(("", int(sys.argv[1])))
while True:
    talk.sendto(*talk.recvfrom(65536))
"""
# A run in small; prints the pids of its parts, and ends when its input does.
_RUN = """
import sys
from pathlib import Path
from harness.network.lab.lab import FULL
from harness.target.isolation import in_lab
from harness.target.launcher import Keeper
DAEMON = "import os, signal; os.fork() or os.setsid() or os.fork(); print('up', flush=True); "
keeper = Keeper()
inside = keeper.lab(FULL)
folder = Path(sys.argv[1])
command = [sys.executable, "-I", "-S", "-c", DAEMON + "signal.pause()"]
process = inside.start(command, folder, {}, in_lab(folder, True))
while process.tail.count(b"up") < 3:
    process.drain()
print(keeper._server.pid, inside.lab.pid, process.keeper_pid, process.pid, flush=True)
sys.stdin.read()
keeper.alive and process.stop()
"""


def figures() -> Iterator[Figure]:
    """Yields the time until a lab is ready, as a share of what it may take."""
    with Keeper() as keeper:
        for level in LEVELS:
            if level.pids:
                with contextlib.suppress(MachineError):
                    yield _ready(keeper, level)


def _ready(keeper: Keeper, level: Level) -> Figure:
    keeper.lab(level).close()
    taken = []
    for _ in range(_ROUNDS):
        start = time.perf_counter()
        made = keeper.lab(level)
        taken.append((time.perf_counter() - start) * 1000)
        made.close()
    goal = _GOALS[level.shape]
    note = f"{sorted(taken)[len(taken) // 2]:.1f} ms of {goal:g}"
    ratios = tuple(each / goal for each in taken)
    return Figure(f"{level.name}: ready", ratios, at_most=1.0, note=note)


# -- the long rounds -----------------------------------------------------------------------


def main() -> int:
    """Prints what was counted. Returns 1 where anything is left or fails."""
    left = sum(_kill(part) for part in ("harness", "worker of a lab", "broker", "target"))
    return 1 if left + _many() else 0


def _kill(part: str) -> int:
    """Kills one part of a run again and again. Returns how many rounds left anything."""
    left, slowest = 0, 0.0
    for _ in range(_KILLS):
        with tempfile.TemporaryDirectory() as folder:
            seconds = _one_kill(part, folder)
        left += seconds is None
        slowest = max(slowest, seconds or 0.0)
    print(f"killed the {part}: {_KILLS} rounds, {left} left something, slowest {slowest:.3f} s")
    return left


def _one_kill(part: str, folder: str) -> float | None:
    command = [sys.executable, "-c", _RUN, folder]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as run:
        assert run.stdin is not None
        assert run.stdout is not None
        server, broker, kept, target = map(int, run.stdout.readline().split())
        victims = {"harness": run.pid, "worker of a lab": kept, "broker": broker, "target": target}
        lab = [os.pidfd_open(pid) for pid in descendants(server)]
        start = time.perf_counter()
        os.kill(victims[part], signal.SIGKILL)
        if part in ("worker of a lab", "target"):
            run.stdin.close()
        gone = all(select.select([each], (), (), _PATIENCE)[0] for each in lab)
        taken = time.perf_counter() - start
        for each in lab:
            os.close(each)
        run.stdin.close()
    return taken if gone else None


def _many() -> int:
    """Plays many targets at one fixed port. Returns how many failed."""
    failed = 0
    with Keeper() as keeper, Tables() as tables, tempfile.TemporaryDirectory() as name:
        folder, start = Path(name), time.perf_counter()
        for _ in range(_REPEATS):
            failed += _at_once(keeper, folder)
        together = (time.perf_counter() - start) / _REPEATS
        start = time.perf_counter()
        for _ in range(_TARGETS):
            with _started(keeper, folder) as process:
                failed += not _answers(process, tables, (LOOPBACK,))
        alone = time.perf_counter() - start
    print(
        f"{_TARGETS} targets at port {_PORT}: {_REPEATS} rounds in labs at once, {failed} failed, "
        f"{together:.1f} s a round; on the host one after the other {alone:.1f} s"
    )
    return failed


def _at_once(keeper: Keeper, folder: Path) -> int:
    with contextlib.ExitStack() as last:
        labs = [last.enter_context(keeper.lab(LEVELS[0])) for _ in range(_TARGETS)]
        processes = [_started(each, folder) for each in labs]
        return sum(
            not _answers(process, each.lab.tables, each.lab.endpoints())
            for each, process in zip(labs, processes, strict=True)
        )


def _started(launcher: Launcher, folder: Path) -> Process:
    command = [sys.executable, "-I", "-S", "-c", _ECHO, str(_PORT)]
    return launcher.start(command, folder, {})


def _answers(process: Process, tables: Tables, ends: tuple[Endpoint, ...]) -> bool:
    end = wait_until_bound(process, _PORT, (Transport.UDP,), tables, _PATIENCE, ends)
    with end.datagrams() as ours:
        ours.sendto(b"who is there", (end.target, _PORT))
        readable = select.select([ours], (), (), _PATIENCE)[0]
        return bool(readable) and ours.recv(100) == b"who is there"

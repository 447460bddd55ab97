"""Rest: proof that a target waits for more and will do nothing by itself.

Belongs here: the rule by which the looks at single threads and descriptors add up. Must not
know: what is awaited, how long. The rule is one-sided: RESTS is said only where nothing but
an arrival from outside can wake any thread; whatever is not understood is something else.

The rule. Between a first and a last look at every thread of every process of the target,
1. the same threads were there, those that have ended too, and none was given a CPU: their
   run counts (the third number of /proc/TID/schedstat) are equal. So is the keeper's, which
   is woken whenever a process ends whose parent is gone;
2. each of them was off its CPU inside a system call that waits without a time limit
   (/proc/TID/syscall, for which the kernel waits until the thread is really descheduled);
3. each was in state S. A thread that has been woken but that no CPU has taken up yet still
   shows the call it slept in and the old run count; only its state tells;
4. nothing that a thread waits on was ready: what has arrived wakes a thread a moment later,
   and a CPU that the hypervisor has taken away makes that moment long;
5. no timer can go off whose end anybody waits for, and nobody else than the harness and the
   target itself can write to what is waited on;
6. before the first look and after the last one no packet lay in the queue between sender and
   receiver.

Why it is sound: nothing ran in between (1), so 2, 4 and 5, though seen one after the other,
hold at one moment. At that moment no thread can go on by itself (2, 3, 5), no other thread
can wake it (1), and nothing is there or on its way that would (4, 6). A process that the
first look missed was made by one that ran after it was looked at, and is in the last look or
has ended by then. If its parent is one of those seen, which did not run, it is seen as a
zombie. Else it was an orphan, and the keeper was woken. Either way the looks differ.

On 6: a packet over loopback is delivered inside of the send() that sends it, unless the
kernel puts it off to ksoftirqd. Then it lies in a CPU's backlog, which is empty in both
looks. What remains is a packet that was taken out of that queue before the first look and
not delivered before the last: its CPU would have to stand still in between for all that
time, having been put off before. Typed lines go through a worker of the kernel; asking
whether the terminal is readable waits for that worker.

What it cannot see: an interval timer whose SIGALRM is left to kill the process.
"""

from __future__ import annotations

import enum
import os
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

from harness.network.tables import Tables
from harness.target.descriptor import Descriptors, Ends
from harness.target.lineage import read
from harness.target.process import Process
from harness.target.syscall import (
    SIGALRM,
    Limited,
    StirringError,
    UnknownWaitError,
    Wait,
    read_wait,
)

Thread = tuple[int, int]
"""Process id and thread id."""

Reading = Callable[[str], bytes]

_CAUGHT = re.compile(rb"^SigCgt:\s*([0-9a-f]+)", re.MULTILINE)
_SHOWN = 4  # names of calls in the evidence


class Kind(enum.Enum):
    """What a proof says of a target."""

    RESTS = "rests"
    TIMED = "waits with a time limit"
    BUSY = "is busy"
    UNKNOWN = "cannot be told"
    GONE = "is gone"


@dataclass(frozen=True, slots=True)
class Looks:
    """What the first look has seen, and the last one again.

    `runs`: how often each thread was given a CPU, b"" of one that has ended; `keeper`: the same
    of the keeper.
    """

    waits: Mapping[Thread, Wait]
    runs: Mapping[Thread, bytes]
    keeper: bytes

    def lines(self) -> Iterator[str]:
        """Yields them in words, a line for each thread that lives."""
        for (pid, tid), wait in self.waits.items():
            on = f" on descriptor {', '.join(map(str, sorted(wait.on)))}" if wait.on else ""
            limit = "no limit" if wait.seconds is None else f"a limit of {wait.seconds:.3g} s"
            runs = self.runs[pid, tid].decode()
            yield f"process {pid} thread {tid}: {wait.call}{on}, {limit}, given a CPU {runs} times"
        ended = len(self.runs) - len(self.waits)
        if ended:
            yield f"threads that have ended: {ended}"
        yield f"keeper: given a CPU {self.keeper.decode()} times; packets under way: 0"


@dataclass(frozen=True, slots=True)
class Proof:
    """What two looks have shown.

    `evidence` in words. `seconds`, of TIMED: it stirs by itself within so many at the latest;
    None where that cannot be read. `looks` is what both have shown alike, of RESTS and TIMED.
    """

    kind: Kind
    evidence: str = ""
    seconds: float | None = None
    looks: Looks | None = None

    def raw(self) -> tuple[str, ...]:
        """Returns what was seen, a line for each thread."""
        return tuple(self.looks.lines()) if self.looks else ()


def prove(process: Process, tables: Tables, ours: Collection[Ends] = ()) -> Proof:
    """Looks at a target: does it rest? Takes 0.2 ms and more for many threads; never waits.

    `ours` are TCP connections with the harness, the target's end first, to spare the search.
    """
    try:
        return _prove(process, tables, ours)
    except StirringError as exc:
        return Proof(Kind.BUSY, str(exc))
    except UnknownWaitError as exc:
        return Proof(Kind.UNKNOWN, str(exc))
    except (FileNotFoundError, ProcessLookupError):
        return Proof(Kind.BUSY, "a thread ended while it was looked at")
    except OSError as exc:
        return Proof(Kind.UNKNOWN, f"it cannot be looked into: {exc.strerror}")


def _prove(process: Process, tables: Tables, ours: Collection[Ends]) -> Proof:
    if process.stopped:
        return Proof(Kind.GONE)
    _nothing_under_way(tables)
    keeper, reading = process.keeper_pid, process.files.read
    kept = _runs(keeper, keeper, reading)
    first = _look(process)
    waits = _waits((thread for thread, runs in first.items() if runs), reading)
    if not waits:
        return Proof(Kind.GONE)
    limits = list(_limits(process, Descriptors(process, tables, _pids(waits), ours), waits))
    if _look(process) != first or _runs(keeper, keeper, reading) != kept:
        raise StirringError("it ran between two looks")
    _nothing_under_way(tables)
    looks = Looks(waits, first, kept)
    if limits:
        soonest = min(
            limits, key=lambda each: float("inf") if each.seconds is None else each.seconds
        )
        return Proof(Kind.TIMED, soonest.why, soonest.seconds, looks)
    return Proof(Kind.RESTS, _evidence(waits), looks=looks)


def asleep(process: Process) -> bool:
    """Says whether no thread of it ran between two looks; it may well go on by itself."""
    try:
        return not process.stopped and _look(process) == _look(process)
    except (StirringError, UnknownWaitError, OSError):
        return False


def _nothing_under_way(tables: Tables) -> None:
    if tables.under_way():
        raise StirringError("packets are still under way")


# -- threads -------------------------------------------------------------------------------


def _look(process: Process) -> dict[Thread, bytes]:
    """Returns the run count of each thread, b"" of one that has ended.

    Raises: StirringError, UnknownWaitError, OSError.
    """
    return {
        (pid, int(name)): _runs(pid, name, process.files.read)
        for pid, names in process.threads().items()
        for name in names
    }


def _runs(pid: int, thread: int | str, reading: Reading) -> bytes:
    """Returns how often a thread was given a CPU, b"" where it has ended.

    The state is read first, so that a thread that was woken, ran, and sleeps again has
    another count.
    """
    stat = reading(f"/proc/{pid}/task/{thread}/stat")
    state = stat[stat.rindex(b")") + 2 :][:1]
    if state in b"ZX":
        return b""
    if state != b"S":
        raise StirringError(f"a thread is in state {state.decode()}")
    runs = reading(f"/proc/{pid}/task/{thread}/schedstat").split()[2]
    if runs == b"0":
        raise UnknownWaitError("the kernel does not count how often a thread runs")
    return runs


def _pids(waits: Iterable[Thread]) -> frozenset[int]:
    return frozenset(pid for pid, _ in waits)


def _waits(threads: Iterable[Thread], reading: Reading) -> dict[Thread, Wait]:
    waits = {}
    for pid, tid in threads:
        wait = read_wait(pid, reading(f"/proc/{pid}/task/{tid}/syscall"))
        if wait is None:
            raise StirringError("a thread runs")
        waits[pid, tid] = wait
    return waits


# -- what bounds their waits -----------------------------------------------------------------


def _limits(
    process: Process, descriptors: Descriptors, waits: dict[Thread, Wait]
) -> Iterator[Limited]:
    for pid in _pids(waits):
        yield from _timers(pid, process.files.read)
    keepers = _java_housekeepers(waits)
    for (pid, tid), wait in waits.items():
        if wait.seconds is not None and (pid, tid) not in keepers:
            yield Limited(wait.seconds, f"{wait.call} with a limit of {wait.seconds:.3g} s")
        if wait.stirs:
            yield Limited(None, wait.stirs)
        yield from descriptors.judge(pid, wait)


def _timers(pid: int, reading: Reading) -> Iterator[Limited]:
    """Yields what may wake a process by a signal; an interval timer cannot be seen itself."""
    try:
        if reading(f"/proc/{pid}/timers"):
            yield Limited(None, "it has a POSIX timer")
    except FileNotFoundError:
        raise UnknownWaitError("the kernel does not tell a process's timers") from None
    caught = _CAUGHT.search(reading(f"/proc/{pid}/status"))
    if caught is None or int(caught[1], 16) & SIGALRM:
        yield Limited(None, "it catches SIGALRM")


# The thread that a Java machine ends first when it ends itself (before_exit() in HotSpot's
# java.cpp). Without it the other ones wait for a short time that does lead to something.
_JAVA_LIVES = "VM Periodic Tas"
# Threads of the Java machine (HotSpot 11 to 21) that tick for ever; as /proc cuts the names.
_JAVA_ONCE = frozenset(
    (
        "VM Thread", _JAVA_LIVES, "Sweeper thread", "Service Thread", "Monitor Deflati",
        "Signal Dispatch", "Reference Handl", "Finalizer", "Common-Cleaner", "Notification Th",
        "G1 Service", "G1 Main Marker",
    )
)  # fmt: skip
_JAVA_MANY = ("C1 CompilerThre", "C2 CompilerThre", "G1 Conc#", "G1 Refine#", "GC Thread#")


def _java_housekeepers(waits: dict[Thread, Wait]) -> frozenset[Thread]:
    """Returns the threads whose time limits do not count: they never touch a socket.

    Known by name in a process that runs `java`. A name that two threads bear is nobody's:
    the machine has one of each, so that the other is the program's own. A machine that ends
    has none: there the VM thread waits in turns of 10 ms, and then ends the process.
    """
    java = {
        pid
        for pid in {pid for (pid, _), wait in waits.items() if wait.seconds is not None}
        if os.readlink(f"/proc/{pid}/exe").endswith("/java")
    }
    named = {
        (pid, tid): read(f"/proc/{pid}/task/{tid}/comm").decode(errors="replace").strip()
        for (pid, tid), wait in waits.items()
        if pid in java and wait.call == "futex"
    }
    bearers = Counter((pid, name) for (pid, _), name in named.items())
    living = {pid for pid in java if bearers[pid, _JAVA_LIVES] == 1}
    return frozenset(
        thread
        for thread, name in named.items()
        if thread[0] in living
        and (name.startswith(_JAVA_MANY) or (name in _JAVA_ONCE and bearers[thread[0], name] == 1))
    )


def _evidence(waits: dict[Thread, Wait]) -> str:
    if len(waits) == 1:
        return f"its thread waits without a time limit ({next(iter(waits.values())).call})"
    calls = Counter(wait.call for wait in waits.values())
    shown = ", ".join(name for name, _ in calls.most_common(_SHOWN))
    return f"all {len(waits)} threads wait without a time limit ({shown})"

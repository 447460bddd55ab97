"""The control clock: whether the machine has given target and harness the time they wanted.

Belongs here: what the kernel and our own waits tell of a late machine. Must not know: what
was awaited, what a late machine does to a verdict. It costs nothing where nobody waits long.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from harness.target.lineage import read
from harness.target.process import Process

_JITTER = 0.1  # seconds by which a wait may end late on a busy machine that is no late one
_STARVED = 0.5  # of a case's time without a processor: the machine's fault
_STOOD = 0.25  # of a case's time in which nobody was there to see it go by


@dataclass(frozen=True, slots=True)
class Delays:
    """What was lost, in seconds.

    `target`, `harness`: for how long a thread of it wanted a processor and got none; `waits`: by
    how much waits of the harness ended too late, those beyond jitter.
    """

    target: float
    harness: float
    waits: float

    def told(self, seconds: float) -> str:
        """Returns in words that a case of so many seconds had too little of them, or ""."""
        if self.target > _STARVED * seconds:
            return f"this machine has given it no processor for {self.target:.1f} s"
        if self.harness > _STARVED * seconds:
            return f"this machine has given the harness no processor for {self.harness:.1f} s"
        if self.waits > _STOOD * seconds:
            return f"this machine stood still for {self.waits:.1f} s"
        return ""

    def __str__(self) -> str:
        return (
            f"without a processor: the target {self.target:.3f} s, the harness "
            f"{self.harness:.3f} s; waits of the harness came late by {self.waits:.3f} s"
        )


class Control:
    """What is noted while one case is played.

    `held_up` is the longest time in seconds for which nobody here has looked, if every wait is
    told of.
    """

    def __init__(self, start: float) -> None:
        self.held_up = 0.0
        self._looked = start
        self._late = 0.0
        self._schedule: Mapping[tuple[int, int], tuple[float, float]] = {}
        self._own = 0.0

    def waited(self, began: float, asked: float, ended: float) -> None:
        """Takes in a wait of so many seconds at most; the others are points of time."""
        over = ended - began - asked
        if over > _JITTER:
            self._late += over
        self.held_up = max(self.held_up, began - self._looked, over)
        self._looked = ended

    def begin(self, process: Process | None) -> None:
        """Remembers once, when a wait begins to be long, what everybody has had so far."""
        if process is not None and not self._schedule:
            self._schedule, self._own = process.schedule(), _own_delay()

    def delays(self, process: Process | None) -> Delays:
        """Returns what was lost since then."""
        if process is None or not self._schedule:
            return Delays(0.0, 0.0, self._late)
        return Delays(self._starved(process), _own_delay() - self._own, self._late)

    def _starved(self, process: Process) -> float:
        """0 where the target has had a processor for a quarter of that: it is busy itself."""
        ran, waited = 0.0, 0.0
        for thread, (had, wanted) in process.schedule().items():
            before = self._schedule.get(thread, (0.0, 0.0))
            ran += had - before[0]
            waited = max(waited, wanted - before[1])
        return waited if ran < waited / 4 else 0.0


def _own_delay() -> float:
    """Returns for how long this thread has wanted a processor so far (/proc/PID/schedstat)."""
    try:
        return int(read("/proc/thread-self/schedstat").split()[1]) / 1e9
    except OSError:  # a kernel without: nothing is told of the harness
        return 0.0

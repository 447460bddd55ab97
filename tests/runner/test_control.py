"""The control clock: whose fault it is that there was no time."""

import os
import signal
import subprocess
import sys
import time

import pytest

from harness.network.tables import Tables
from harness.runner.control import Control, Delays
from harness.runner.record import Record
from harness.runner.watch import Watch

MAIN, OTHER = (7, 7), (7, 8)


class Scheduled:
    """What the kernel tells of a target's threads: seconds that each ran, and waited to run."""

    def __init__(self, *told):
        self._told = list(told)

    def schedule(self):
        return self._told.pop(0)


@pytest.mark.parametrize(
    ("before", "after", "starved"),
    [
        ({MAIN: (1.0, 5.0)}, {MAIN: (1.1, 7.5)}, 2.5),
        ({MAIN: (1.0, 5.0)}, {MAIN: (3.0, 6.0)}, 0.0),
        ({MAIN: (1.0, 5.0)}, {MAIN: (1.0, 5.0)}, 0.0),
        ({MAIN: (1.0, 5.0), OTHER: (0.0, 0.0)}, {MAIN: (1.0, 5.1), OTHER: (0.1, 2.0)}, 2.0),
        ({MAIN: (1.0, 5.0), OTHER: (0.0, 0.0)}, {MAIN: (1.0, 7.0), OTHER: (2.0, 0.0)}, 0.0),
        ({MAIN: (1.0, 5.0)}, {OTHER: (0.0, 2.0)}, 2.0),
    ],
    ids=["starved", "busy itself", "asleep", "one of two", "its own other hogs", "new thread"],
)
def test_who_has_had_no_processor(before, after, starved):
    control, process = Control(0.0), Scheduled(before, after)
    control.begin(process)
    control.begin(process)  # only the first counts
    assert control.delays(process).target == pytest.approx(starved)


def test_nothing_is_told_of_a_wait_that_was_not_long():
    assert Control(0.0).delays(Scheduled()) == Delays(0.0, 0.0, 0.0)


class Asleep:
    """A target whose one thread wants no processor."""

    def schedule(self):
        return {MAIN: (0.0, 0.0)}


@pytest.fixture
def crowded():
    """Has another process spin on the one processor that this thread may use."""
    allowed = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(allowed)})
    with subprocess.Popen([sys.executable, "-I", "-S", "-c", "while True: pass"]) as other:
        yield
        other.kill()
    os.sched_setaffinity(0, allowed)


@pytest.mark.usefixtures("crowded")
def test_the_harness_s_own_delay_is_counted():
    control, deadline = Control(0.0), time.monotonic() + 20
    control.begin(Asleep())
    while not control.delays(Asleep()).harness > 0.01:
        assert time.monotonic() < deadline
    assert control.delays(Asleep()).target == 0.0


@pytest.fixture
def standstill():
    """Has the harness stand still for so long, a moment after it was asked for."""

    def standstill(seconds: float) -> None:
        def stand_still(number, frame):
            until = time.monotonic() + seconds
            while time.monotonic() < until:
                pass

        signal.signal(signal.SIGALRM, stand_still)
        signal.setitimer(signal.ITIMER_REAL, 0.001)

    before = signal.getsignal(signal.SIGALRM)
    yield standstill
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, before)


def test_a_wait_that_ends_late_is_counted(standstill):
    with Tables() as tables:
        watch = Watch(tables, Record(0.0), target_is_client=False)
        standstill(0.5)
        while not watch.control.delays(None).waits:
            watch.look(50)
        assert watch.control.delays(None).waits > 0.25


def test_jitter_is_not_counted_but_it_is_known_for_how_long_nobody_has_looked():
    control = Control(10.0)
    control.waited(10.0, 0.050, 10.149)
    assert control.delays(None).waits == 0.0
    assert control.held_up == pytest.approx(0.099)
    control.waited(10.2, 0.050, 10.65)
    assert control.delays(None).waits == pytest.approx(0.4)
    assert control.held_up == pytest.approx(0.4)
    control.waited(11.25, 0.050, 11.3)
    assert control.delays(None).waits == pytest.approx(0.4)
    assert control.held_up == pytest.approx(0.6)


@pytest.mark.parametrize(
    ("delays", "told"),
    [
        (Delays(1.4, 1.4, 0.7), ""),
        (Delays(1.6, 0.0, 0.0), "this machine has given it no processor for 1.6 s"),
        (Delays(0.0, 1.6, 0.0), "this machine has given the harness no processor for 1.6 s"),
        (Delays(0.0, 0.0, 0.8), "this machine stood still for 0.8 s"),
    ],
    ids=["in time", "target", "harness", "standstill"],
)
def test_what_is_too_much_for_three_seconds(delays, told):
    assert delays.told(3.0) == told

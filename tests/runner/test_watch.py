"""The watch: whose fault it is that a target had no time."""

import pytest

from harness.network.tables import Tables
from harness.runner.record import Record
from harness.runner.watch import Watch

MAIN, OTHER = (7, 7), (7, 8)


class Scheduled:
    """What the kernel tells of a target's threads: seconds that each ran, and waited to run."""

    def __init__(self, *told):
        self._told = list(told)

    def schedule(self):
        return self._told.pop(0)


@pytest.fixture
def watch():
    with Tables() as tables:
        yield Watch(tables, Record(0.0), target_is_client=False)


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
def test_who_has_had_no_processor(watch, before, after, starved):
    watch.process = Scheduled(before, after)
    watch.note_schedule()
    watch.note_schedule()  # only the first counts
    assert watch.starved() == pytest.approx(starved)


def test_nothing_is_told_of_a_wait_that_was_not_long(watch):
    watch.process = Scheduled()
    assert watch.starved() == 0.0

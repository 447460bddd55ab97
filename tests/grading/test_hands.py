"""Who grades, and loses what was handed to it: it is handed out again, or all is over."""

from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from harness.errors import MachineError
from harness.grading import batch
from harness.grading.order import Order, Terms
from harness.grading.progress import Told
from harness.grading.roster import alone

NAMES = ("anna", "bela", "cleo")


class Forgetful(ThreadPoolExecutor):
    """Cancels what it is given first, as a cluster does whose worker is lost."""

    forgotten: set[str]

    def submit(self, fn, order):
        if order.submission.student.id in self.forgotten:
            self.forgotten.clear()
            lost = Future()
            lost.cancel()
            lost.set_running_or_notify_cancel()
            return lost
        return super().submit(fn, order)


class Shown:
    """What is shown of a batch: who is done."""

    def __init__(self):
        self.seen = []

    def done(self, told):
        self.seen.append(told.student)


@pytest.fixture
def orders(tmp_path):
    found = []
    for name in NAMES:
        (tmp_path / name).mkdir()
        results = tmp_path / "results"
        found.append(Order(alone(tmp_path / name), Terms(specs=()), str(results)))
    results.mkdir()
    return found


def hands(gone):
    forgotten = {"bela"}

    def pool(jobs):
        made = Forgetful(jobs)
        made.forgotten = forgotten
        return made

    return batch.Hands(2, pool, graded, gone=lambda: gone)


def graded(order):
    student = order.submission.student
    return Told(student.id, student.name, 1, 1, True, True, False, (), "", ())


def test_what_is_cancelled_is_graded_again(orders):
    shown = Shown()
    told = batch.run(orders, 2, shown, hands(gone=False))
    assert [(each.student, each.points) for each in told] == [(name, 1) for name in NAMES]
    assert sorted(shown.seen) == list(NAMES)


def test_where_those_who_grade_are_gone_the_batch_is_over(orders):
    with pytest.raises(MachineError, match="the same command goes on from here"):
        batch.run(orders, 2, Shown(), hands(gone=True))

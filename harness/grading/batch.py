"""The batch: many submissions in flight, on whatever executor there is.

Belongs here: handing out orders, workers that are lost, stopping. Must not know: what becomes of
one submission (harness.grading.grader).

A worker that dies (a submission that fills the memory can take it along) breaks its whole pool.
What was in flight is then graded one at a time, each in a pool of its own: so it shows whose it
was, and only that one is given up. Where each submission has a process of its own (a cluster's
workers do it so), one that is lost breaks nothing, and is graded once more in the same way.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import multiprocessing.connection
import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import (
    FIRST_COMPLETED,
    BrokenExecutor,
    Executor,
    Future,
    ProcessPoolExecutor,
    wait,
)
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path

from harness.errors import HarnessError, MachineError
from harness.grading.grader import grade
from harness.grading.order import Order
from harness.grading.progress import Progress, Told, told_of
from harness.grading.store import Store

_LOST = "the process that graded it was lost, twice"


@dataclass(frozen=True, slots=True)
class Hands:
    """Who does the work: `pool` makes an executor of so many workers, which call `grade`.

    `jobs` are in flight where nobody says otherwise. `lost` is raised where a worker has died,
    and what it had may be cancelled; all is where those who do it are `gone`.
    """

    jobs: int
    pool: Callable[[int], AbstractContextManager[Executor]]
    grade: Callable[[Order], Told]
    lost: tuple[type[BaseException], ...] = (BrokenExecutor,)
    gone: Callable[[], bool] = lambda: False


def run(orders: Sequence[Order], jobs: int, progress: Progress, hands: Hands) -> list[Told]:
    """Grades all. Returns what is told of each, in the order given.

    A submission that cannot be graded is told as such and stops nobody.
    Raises: KeyboardInterrupt when all who play have ended the case that they were at,
    MachineError where nobody is left to do it.
    """
    told: dict[int, Told] = {}
    try:
        waiting = list(range(len(orders)))
        while waiting:
            lost = []
            with contextlib.closing(_round(orders, waiting, jobs, hands)) as outcomes:
                for number, outcome in outcomes:
                    if outcome is None:
                        lost.append(number)
                        continue
                    told[number] = outcome
                    progress.done(outcome)
            waiting = [each for each in waiting if each not in told and each not in lost]
            for number in lost:
                told[number] = _alone(orders, number, hands)
                progress.done(told[number])
    except KeyboardInterrupt:
        _stop(orders)
        raise
    return [told[each] for each in sorted(told)]


def here() -> Hands:
    """Returns processes of this machine: more than its cores, since most of the time they wait."""
    return Hands(2 * (os.cpu_count() or 1), _processes, grade)


def _processes(jobs: int) -> Executor:
    """Returns a pool of processes, which end when this one does."""
    context = multiprocessing.get_context("spawn")
    return ProcessPoolExecutor(jobs, mp_context=context, initializer=_begin)


def _begin() -> None:
    """Prepares a worker: Ctrl-C is for the one who hands out, and nobody outlives that one."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_end_with, args=(parent.sentinel,), daemon=True).start()


def _end_with(sentinel: int) -> None:
    multiprocessing.connection.wait([sentinel])
    os._exit(1)  # what targets it had ends by itself: see harness.target.keeper


def _round(
    orders: Sequence[Order], numbers: Sequence[int], jobs: int, hands: Hands
) -> Generator[tuple[int, Told | None], None, None]:
    """Yields what came of these orders, None for those in flight when a worker was lost.

    Ends early where that broke the pool: what was not handed out yet is left.
    """
    left = deque(numbers)
    flying: dict[Future[Told], int] = {}
    broken = False
    with hands.pool(jobs) as pool:
        try:
            while flying or (left and not broken):
                while left and len(flying) < jobs and not broken:
                    try:
                        flying[pool.submit(hands.grade, orders[left[0]])] = left[0]
                        left.popleft()
                    except BrokenExecutor:  # since the last that was handed out
                        broken = True
                done, _ = wait(flying, return_when=FIRST_COMPLETED)
                for future in done:
                    number = flying.pop(future)
                    if future.cancelled() and hands.gone():
                        raise MachineError(
                            "the cluster is gone: the same command goes on from here"
                        )
                    broken = broken or _broke(future)
                    yield number, _outcome(future, orders[number], hands)
        except BaseException:
            _stop(orders)
            raise


def _broke(future: Future[Told]) -> bool:
    return not future.cancelled() and isinstance(future.exception(), BrokenExecutor)


def _outcome(future: Future[Told], order: Order, hands: Hands) -> Told | None:
    if future.cancelled():
        return None
    error = future.exception()
    if error is None:
        return future.result()
    if isinstance(error, hands.lost):
        return None
    return _given_up(order, f"the grader failed: {error!r}")


def _alone(orders: Sequence[Order], number: int, hands: Hands) -> Told:
    """Grades one submission in a pool of its own."""
    ((_, outcome),) = _round(orders, [number], 1, hands)
    return outcome or _given_up(orders[number], _LOST)


def _given_up(order: Order, why: str) -> Told:
    """Leaves a result that says so, and costs no mark that was earned: a person looks."""
    drawer = Store(Path(order.results)).of(order.submission.student.id)
    try:
        result = drawer.load()
        if result is not None:
            mark = replace(result.mark, decided=False, person=(why, *result.mark.person))
            result = replace(result, mark=mark, finished=False)
            drawer.write(result)
            return told_of(result, unchanged=False)
    except HarnessError as exc:
        why = f"{why}; {exc}"
    student = order.submission.student
    return Told(student.id, student.name, 0, 0, False, False, False, (), why, (why,))


def _stop(orders: Sequence[Order]) -> None:
    for folder in {each.results for each in orders}:
        Store(Path(folder)).stop()

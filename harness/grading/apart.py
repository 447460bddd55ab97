"""Grading apart: one submission in a process of its own, for workers that are threads.

Belongs here: that process, from both sides, and what it must have in common with the one who
hands out. Must not know: executors, clusters, other submissions.

A worker of a cluster is a process of many threads, and is not to end with what it grades. What it
starts for a submission ends with the worker, however that ends: another worker begins anew then.
"""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
import threading
from dataclasses import dataclass
from pathlib import Path

from harness.errors import HarnessError, MachineError
from harness.grading.fingerprint import harness_hash
from harness.grading.grader import grade
from harness.grading.order import Order
from harness.grading.progress import Told
from harness.grading.store import Store


class LostError(HarnessError):
    """The process that graded a submission ended before it had said what came of it."""


@dataclass(frozen=True, slots=True)
class Common:
    """What a worker has to have: `folder`, where the command was typed, the results, our code."""

    folder: str
    results: str
    harness: str

    def lacking(self) -> str:
        """Returns what of it is not to be had in this process, "" where all is."""
        if not Path(self.folder).is_dir():
            return f"there is no folder {self.folder} here"
        if not Store(Path(self.results)).is_there:
            return f"the results of this batch are not at {self.results} here"
        if harness_hash() != self.harness:
            return "the wireharness here is another one"
        return ""


def grade_apart(order: Order, common: Common) -> Told:
    """Grades one submission in a process of its own.

    Raises: LostError, MachineError where this machine lacks something, and what grading raises.
    """
    lacking = common.lacking()
    if lacking:
        raise MachineError(lacking)
    command = [sys.executable, "-m", "harness.grading.apart"]
    with subprocess.Popen(
        command, cwd=common.folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            process.stdin.write(pickle.dumps(order))
            process.stdin.flush()  # and left open: it ends with us
            answer = pickle.load(process.stdout)  # noqa: S301 - our own process wrote it
        except (OSError, EOFError, pickle.UnpicklingError) as exc:
            process.kill()
            raise LostError(f"the process that graded it ended with {process.wait()}") from exc
    if isinstance(answer, Told):
        return answer
    raise answer


def _serve() -> None:
    """Grades what stdin orders, and answers to what stdout was: nobody else may write there."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the one who hands out
    with os.fdopen(os.dup(1), "wb") as answers:
        os.dup2(2, 1)
        order = pickle.load(sys.stdin.buffer)  # noqa: S301 - the worker wrote it
        threading.Thread(target=_end_with_worker, daemon=True).start()
        answer: Told | Exception
        try:
            answer = grade(order)
        except Exception as exc:  # noqa: BLE001 - it is raised again where it can be told
            answer = exc
        pickle.dump(answer, answers)


def _end_with_worker() -> None:
    while os.read(0, 1):
        pass
    os._exit(1)  # what targets it had ends by itself: see harness.target.keeper


if __name__ == "__main__":
    _serve()

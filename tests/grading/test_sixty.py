"""A cohort of sixty and more in strict isolation: each mark is the one worked out by hand.

The table is cohort.yaml. What programs must get does not hang on how many are graded at once, nor
on what dies meanwhile.
"""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from cohort import POINTS, ROWS, write_cohort

from harness.grading.result import OPEN, Result
from harness.grading.store import Store

SEED = 11
PLAYED = [*(f"{name}[whole]" for name in POINTS), "line-after-line[bytewise]"]
MARKS = {row.id: row.mark for row in ROWS}
PATIENCE = 1800


class Batch:
    """A batch in a process of its own, as a lecturer starts it."""

    def __init__(self, folder: Path, out: str, *more: str) -> None:
        self.out = folder / out
        (folder / "scheme.yaml").write_text("scheme: Sixty\nwarned: 0.5\n")
        words = [
            "grade", "subs", "--spec=uppercase-tcp", "--role=server", "--scheme=scheme.yaml",
            f"--out={out}", f"--seed={SEED}", "--isolation=strict", *more,
        ]  # fmt: skip
        words += [f"--only={each}" for each in PLAYED]
        self._process = subprocess.Popen(
            [sys.executable, "-m", "harness.cli", *words],
            cwd=folder, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )  # fmt: skip

    def kill_at(self, done: int) -> None:
        """Kills it when so many submissions are done."""
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if line.startswith(f"[{done}/"):
                break
        self._process.send_signal(signal.SIGKILL)
        self._process.communicate(timeout=PATIENCE)

    def results(self) -> dict[str, Result]:
        """Returns what it has come to by its end."""
        told, _ = self._process.communicate(timeout=PATIENCE)
        found = {each.student.id: each for each in Store(self.out).results()}
        assert self._process.returncode == 0, told
        return found


def right(found: dict[str, Result]) -> None:
    """Holds results against the table."""
    assert {name: each.mark.points for name, each in found.items()} == MARKS
    for row in ROWS:
        result = found[row.id]
        earned = {each.case: each.earned for each in result.mark.cases if each.case in POINTS}
        assert earned == row.earned, f"{row.id}: {row.why}"
        held = result.held_up_by
        assert (str(held.name) if held else "") == row.held, row.id
        assert (result.mark.person, result.mark.maximum, result.finished) == ((), 31, True)
        assert str(result.isolation.tier) == "strict"
        assert not any(each.verdict in OPEN for each in result.cases)


def same(found: dict[str, Result]) -> str:
    """Returns all that two batches have in common, as one text."""
    told = {
        name: [
            (each.seed, str(each.mark), str(each.hashes), each.source),
            [(phase.name, phase.verdict) for phase in each.phases],
            [
                (case.name, case.verdict, case.fault, [(a.seed, a.verdict) for a in case.attempts])
                for case in each.cases
            ],
        ]
        for name, each in sorted(found.items())
    }
    return json.dumps(told)


def test_the_table_adds_up():
    assert len(ROWS) >= 60
    assert {row.language for row in ROWS} >= {"python", "c", "java", "node", "perl", "shell"}
    for row in ROWS:
        assert sum(row.earned.values()) == row.mark, row.id
        assert row.why
        assert not row.held or not row.loses


@pytest.mark.lengthy
@pytest.mark.usefixtures("able")
def test_every_mark_is_the_one_worked_out_by_hand_however_it_is_graded(tmp_path):
    write_cohort(tmp_path / "subs")
    alone, two = Batch(tmp_path, "alone", "--jobs=1"), Batch(tmp_path, "two", "--jobs=2")
    Batch(tmp_path, "killed", "--jobs=2").kill_at(len(ROWS) // 2)
    halfway = {each.student.id: each for each in Store(tmp_path / "killed").results()}
    assert len(ROWS) // 2 <= sum(each.finished for each in halfway.values()) < len(ROWS)
    resumed = Batch(tmp_path, "killed", "--jobs=2").results()
    by_one = alone.results()
    right(by_one)
    assert same(two.results()) == same(by_one)
    assert same(resumed) == same(by_one)

"""The commands for one submission: check at home, gradescope and autograde at Gradescope.

Belongs here: their words on the command line, what they print, their exit codes. Must not know:
how any of it is done. What a student sees here is what the grader says later.
"""

from __future__ import annotations

import argparse
import secrets
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from harness.errors import HarnessError, MachineError, UsageError
from harness.grading.export.autograder import PACKAGES, submitter, write_autograder
from harness.grading.export.harmless import plain
from harness.grading.export.words import of_case, summary
from harness.grading.feedback import KEPT_BACK, TOLD, student_view
from harness.grading.grader import grade
from harness.grading.order import Order, Terms
from harness.grading.result import Result
from harness.grading.roster import alone
from harness.grading.store import Store
from harness.grading.tiers import tier_for
from harness.marking import INTERRUPTED, SEEDS, add_terms, say, terms_of
from harness.network.network import Wanted
from harness.target.isolation import Tier
from harness.verdict import Verdict

Command = Callable[[str, Callable[[argparse.Namespace], int], str], argparse.ArgumentParser]
_FOUND = 1


def add_commands(command: Command) -> None:
    """Adds the commands to the parser of `wireharness`."""
    check = command("check", _check, "check one program as it will be graded")
    check.add_argument("target", type=Path, help="file, folder or archive of the program")
    check.add_argument("--out", type=Path, help="folder of the result, for `export`")
    add_terms(check)
    check.set_defaults(pcap="never")
    made = command("gradescope", _gradescope, "make the autograder zip to upload to Gradescope")
    made.add_argument("suite", nargs="+", help="suites' names, or spec files")
    made.add_argument("--out", type=Path, required=True, help="the zip")
    made.add_argument("--scheme", type=Path, help="YAML file with weights, groups, feedback")
    made.add_argument("--role", action="append", default=[], help="what is graded (repeatable)")
    made.add_argument("--repeat", type=int, default=1, help="plays of a case that fails, in all")
    made.add_argument("--package", action="append", help="Debian package to install (repeatable)")
    there = command("autograde", _autograde, "grade one submission where Gradescope runs it")
    for name in ("submission", "metadata", "results"):
        there.add_argument(f"--{name}", type=Path, required=True, help="as Gradescope has it")
    add_terms(there)


# -- at home -------------------------------------------------------------------------------


def _check(asked: argparse.Namespace) -> int:
    """Checks one program: 0 all passes, 1 something does not, 130 interrupted."""
    submission = alone(asked.target)
    seed = secrets.randbelow(SEEDS) if asked.seed is None else asked.seed
    terms = replace(terms_of(asked, seed, _own_tier(asked)), students_only=True)
    with _results(asked.out) as folder:
        try:
            grade(Order(submission, terms, str(folder)))
        except KeyboardInterrupt:
            say("interrupted")
            return INTERRUPTED
        result = Store(folder).of(submission.student.id).load()
    assert result is not None
    view = student_view(result)
    say(_told(view, terms))
    fine = all(each.verdict.is_fine for each in view.cases if each.feedback in TOLD)
    return 0 if fine and view.held_up_by is None else _FOUND


@contextmanager
def _results(out: Path | None) -> Iterator[Path]:
    """Gives a folder for the result: a new one that goes again, where none is named."""
    if out is None:
        with tempfile.TemporaryDirectory(prefix="wireharness-check-") as folder:
            yield Path(folder)
        return
    lock = Store(out).open()
    try:
        yield out.resolve()
    finally:
        lock.release()


def _own_tier(asked: argparse.Namespace) -> Tier:
    """One's own program is played as the grader plays it, where this machine can."""
    try:
        return tier_for(Tier(asked.isolation) if asked.isolation else None, Wanted(asked.network))[
            0
        ]
    except UsageError:
        if asked.isolation:
            raise
        return Tier.NONE


def _told(view: Result, terms: Terms) -> str:
    """Returns what is told of a view: each case that is not all right, then the sum."""
    lines = []
    for mark, cases in view.by_case():
        if mark.feedback not in TOLD:
            lines.append(f"----  {mark.case}: {KEPT_BACK}")
            continue
        worst = max(each.verdict for each in cases)
        lines.append(f"{worst!s:<12}  {mark.suite}/{mark.case}: {cases[0].purpose}")
        wrong = any(each.verdict is not Verdict.PASS or each.unstable for each in cases)
        if wrong and view.held_up_by is None:
            lines += [f"    {line}" for line in of_case(mark, cases).split("\n")]
    lines += ["", *([] if terms.only else [summary(view)]), f"seed {view.seed}"]
    return "\n".join(lines)


# -- at Gradescope -------------------------------------------------------------------------


def _gradescope(asked: argparse.Namespace) -> int:
    words = [f"--role={each}" for each in asked.role]
    words += [f"--repeat={asked.repeat}"] if asked.repeat > 1 else []
    packages = asked.package or PACKAGES
    asked.spec, asked.isolation, asked.network = asked.suite, str(Tier.NONE), str(Wanted.AUTO)
    asked.pcap, asked.only = "never", []
    terms_of(asked, 0, Tier.NONE)  # what is wrong is told here, and not to each student
    write_autograder(asked.out, asked.suite, words, asked.scheme, packages)
    say(f"written to {asked.out}: upload it at Configure Autograder")
    return 0


def _autograde(asked: argparse.Namespace) -> int:
    """Grades there: 0 where there is a result. What is our own fault gives nobody no points."""
    try:
        student, late = submitter(asked.metadata.read_text("utf-8"))
        submission = replace(alone(asked.submission), student=student)
        seed = secrets.randbelow(SEEDS) if asked.seed is None else asked.seed
        tier, why = tier_for(Tier(asked.isolation) if asked.isolation else None, Wanted.AUTO)
        if why:
            say(f"isolation {tier}: {why}")
        with tempfile.TemporaryDirectory(prefix="wireharness-") as folder:
            terms = terms_of(asked, seed, tier)
            told = grade(Order(submission, terms, folder, late, str(asked.results)))
        if not told.decided:
            raise MachineError(f"nothing could be judged: {'; '.join(told.person)}")
    except (HarnessError, OSError, UnicodeDecodeError) as exc:
        asked.results.unlink(missing_ok=True)
        sys.stderr.write(f"wireharness: {plain(str(exc))}\n")
        return _FOUND
    for reason in told.person:
        say(f"look at it: {reason}")
    return 0

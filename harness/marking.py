"""The commands that grade: grade, check, export, gradescope.

Belongs here: their words on the command line, what they print, their exit codes. Must not know:
how any of it is done.
"""

from __future__ import annotations

import argparse
import csv
import os
import secrets
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

from harness.errors import UsageError
from harness.grading import batch
from harness.grading.order import Order, Terms, hashes_of, loaded, parts
from harness.grading.progress import Told, progress
from harness.grading.roster import Submission, roster
from harness.grading.scheme import Scheme
from harness.grading.schemefile import read_scheme
from harness.grading.store import Store
from harness.grading.tiers import tier_for
from harness.network.network import Wanted
from harness.report.page import cut, printable
from harness.runner.job import Capturing
from harness.spec.model import Role
from harness.target.isolation import Tier

Command = Callable[[str, Callable[[argparse.Namespace], int], str], argparse.ArgumentParser]
_SEEDS = 1_000_000
_FOUND = 1
_INTERRUPTED = 130
_MOST_LISTED = 20


def add_commands(command: Command) -> None:
    """Adds the commands to the parser of `wireharness`."""
    grade = command("grade", _grade, "grade all submissions of a folder or zip")
    grade.add_argument("submissions", type=Path, help="a folder, or one zip as platforms export it")
    grade.add_argument("--out", type=Path, required=True, help="folder of the results")
    _add_terms(grade)
    grade.add_argument("--late", type=Path, help="CSV with the columns student, hours")
    grade.add_argument("--jobs", type=_positive, default=0, help="submissions in flight")
    grade.add_argument("--quiet", action="store_true", help="no line for each submission")


def _add_terms(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--spec", action="append", required=True, help="suite (repeatable)")
    parser.add_argument("--scheme", type=Path, help="YAML file with weights, groups, feedback")
    roles = [str(each) for each in Role]
    parser.add_argument("--role", action="append", choices=roles, default=[], help="what is graded")
    parser.add_argument("--seed", type=int, help="number that payloads are drawn from")
    parser.add_argument(
        "--repeat", type=_positive, default=1, help="how often a case that fails is played in all"
    )
    networks = [str(each) for each in Wanted]
    parser.add_argument("--network", choices=networks, default="auto", help="where targets run")
    tiers = [str(each) for each in Tier]
    parser.add_argument(
        "--isolation", choices=tiers, help="how programs are kept in (default: the best there is)"
    )
    kinds = [str(each) for each in Capturing]
    parser.add_argument("--pcap", choices=kinds, default="failed", help="captures of which cases")
    parser.add_argument("--only", action="append", default=[], help="only these cases (repeatable)")


def _positive(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not int(text):
        raise argparse.ArgumentTypeError(f"wanted a whole number from 1 up, found {text!r}")
    return int(text)


def _say(text: str) -> None:
    print(text)  # noqa: T201 - printing is what a command is for


# -- grade ---------------------------------------------------------------------------------


def _grade(asked: argparse.Namespace) -> int:
    """Grades a batch: 0 all is decided, 1 somebody has to look, 130 interrupted."""
    submissions = roster(asked.submissions)
    store = Store(asked.out)
    lock = store.open()
    try:
        terms = _terms(asked, _seed(asked, store))
        orders = _orders(submissions, terms, asked.out.resolve(), _late(asked.late, submissions))
        jobs = min(asked.jobs or 2 * (os.cpu_count() or 1), len(orders))
        _say(f"{len(orders)} submissions, {jobs} in flight, seed {terms.seed}")
        try:
            with progress(sys.stdout, len(orders), asked.quiet) as shown:
                told = batch.run(orders, jobs, shown, batch.processes)
        except KeyboardInterrupt:
            _say(f"interrupted: the same command goes on from {asked.out}")
            return _INTERRUPTED
    finally:
        lock.release()
    return _close(told, asked.out)


def _terms(asked: argparse.Namespace, seed: int) -> Terms:
    """Returns the terms, held against the suites. Raises: UsageError, SpecError."""
    terms = Terms(
        specs=tuple(dict.fromkeys(asked.spec)),
        roles=tuple(map(Role, dict.fromkeys(asked.role))),
        seed=seed,
        repeat=asked.repeat,
        network=Wanted(asked.network),
        isolation=_tier(asked),
        capturing=Capturing(asked.pcap),
        only=tuple(asked.only),
        scheme=_scheme(asked.scheme, asked.spec),
    )
    parts(terms)
    hashes_of(terms)
    return terms


def _tier(asked: argparse.Namespace) -> Tier:
    tier, why = tier_for(Tier(asked.isolation) if asked.isolation else None, Wanted(asked.network))
    if why:
        _say(f"isolation {tier}: {why}")
    return tier


def _scheme(path: Path | None, specs: Sequence[str]) -> Scheme:
    if path is None:
        return Scheme()
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as exc:
        raise UsageError(f"cannot read {path} as UTF-8 text: {exc}") from exc
    return read_scheme(str(path), text, [loaded(each)[0] for each in specs])


def _seed(asked: argparse.Namespace, store: Store) -> int:
    """Returns the seed: as asked, else that of the results that are there, else a new one."""
    if asked.seed is not None:
        return int(asked.seed)
    before = next(store.results(), None)
    return before.seed if before is not None else secrets.randbelow(_SEEDS)


def _orders(
    submissions: Sequence[Submission], terms: Terms, out: Path, late: dict[str, float]
) -> list[Order]:
    return [Order(each, terms, str(out), late.get(each.student.id, 0.0)) for each in submissions]


def _late(path: Path | None, submissions: Sequence[Submission]) -> dict[str, float]:
    """Returns by how many hours students were late. Raises: UsageError with the line."""
    if path is None:
        return {}
    known, found = {each.student.id for each in submissions}, {}
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            for number, row in enumerate(csv.reader(file), 1):
                if number == 1 and row[:2] == ["student", "hours"]:
                    continue
                student, hours = _late_row(path, number, row)
                if student not in known:
                    raise UsageError(f"{path}:{number}: no submission of {student!r}")
                found[student] = hours
    except (OSError, UnicodeDecodeError, csv.Error) as exc:
        raise UsageError(f"cannot read {path}: {exc}") from exc
    return found


def _late_row(path: Path, number: int, row: Sequence[str]) -> tuple[str, float]:
    try:
        student, hours = row
        found = float(hours)
    except ValueError as exc:
        raise UsageError(f"{path}:{number}: wanted student,hours, found {','.join(row)!r}") from exc
    if not 0 <= found < float("inf"):
        raise UsageError(f"{path}:{number}: wanted hours from 0 up, found {hours}")
    return student, found


def _close(told: Sequence[Told], out: Path) -> int:
    """Tells of the whole batch, and of whom somebody has to look at."""
    verdicts = Counter("no mark" if not each.decided else "marked" for each in told)
    _say(", ".join(f"{number} {word}" for word, number in sorted(verdicts.items())))
    people = [each for each in told if each.person]
    for each in people[:_MOST_LISTED]:
        _say(cut(printable(f"  look at {each.student}: {each.person[0]}"), 160))
    if len(people) > _MOST_LISTED:
        _say(f"  and {len(people) - _MOST_LISTED} more")
    _say(f"results in {out}")
    return _FOUND if people else 0

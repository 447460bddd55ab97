"""The commands for many submissions: grade, pages, export.

Belongs here: their words on the command line, what they print, their exit codes. Must not know:
how any of it is done.
"""

from __future__ import annotations

import argparse
import csv
import secrets
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from itertools import islice
from pathlib import Path

from harness.errors import UsageError
from harness.grading import batch
from harness.grading.cluster import cluster
from harness.grading.export import tables
from harness.grading.export.classroom50 import CONTEXT
from harness.grading.export.forms import SINGLE, TABLES
from harness.grading.export.harmless import one_line
from harness.grading.export.sheets import Filled
from harness.grading.export.words import number
from harness.grading.order import Order, Terms, hashes_of, loaded, parts
from harness.grading.pages.leaves import INDEX, leafing, write_again
from harness.grading.progress import Told, progress
from harness.grading.roster import Submission, roster
from harness.grading.scheme import Scheme
from harness.grading.schemefile import read_scheme
from harness.grading.store import Store, write_whole
from harness.grading.tiers import tier_for
from harness.network.network import Wanted
from harness.report.capture import safe_name
from harness.report.page import cut_list, printable
from harness.runner.job import Capturing
from harness.spec.model import Role
from harness.target.isolation import Tier

Command = Callable[[str, Callable[[argparse.Namespace], int], str], argparse.ArgumentParser]
SEEDS = 1_000_000
"""How many seeds one is drawn from."""
_FOUND = 1
INTERRUPTED = 130
"""The exit code after Ctrl-C, as shells have it."""
_MOST_LISTED = 20


def add_commands(command: Command) -> None:
    """Adds the commands to the parser of `wireharness`."""
    grade = command("grade", _grade, "grade all submissions of a folder or zip")
    grade.add_argument("submissions", type=Path, help="a folder, or one zip as platforms export it")
    grade.add_argument("--out", type=Path, required=True, help="folder of the results")
    add_terms(grade)
    grade.add_argument("--late", type=Path, help="CSV with the columns student, hours")
    grade.add_argument("--jobs", type=positive, default=0, help="submissions in flight")
    grade.add_argument("--cluster", metavar="ADDRESS", help="Dask's scheduler, as tcp://host:8786")
    grade.add_argument("--quiet", action="store_true", help="no line for each submission")
    pages = command("pages", _pages, "write the pages of results again")
    pages.add_argument("results", type=Path, help="folder of the results")
    export = command("export", _export, "write results in the format of another system")
    export.add_argument("results", type=Path, help="folder of the results")
    export.add_argument("form", choices=[*SINGLE, *TABLES], help="which format")
    export.add_argument("--out", type=Path, required=True, help="file; a folder for many results")
    export.add_argument("--sheet", type=Path, help="Moodle's or Canvas's own CSV, to be filled in")
    export.add_argument("--title", default="", help="Canvas: the column's name")
    export.add_argument(
        "--field", action="append", default=[], metavar="NAME=VALUE",
        help=f"classroom50: one of {', '.join(CONTEXT)} (repeatable)",
    )  # fmt: skip


def add_terms(parser: argparse.ArgumentParser) -> None:
    """Adds what says how submissions are graded."""
    parser.add_argument("--spec", action="append", required=True, help="suite (repeatable)")
    parser.add_argument("--scheme", type=Path, help="YAML file with weights, groups, feedback")
    roles = [str(each) for each in Role]
    parser.add_argument("--role", action="append", choices=roles, default=[], help="what is graded")
    parser.add_argument("--seed", type=int, help="number that payloads are drawn from")
    parser.add_argument(
        "--repeat", type=positive, default=1, help="how often a case that fails is played in all"
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


def positive(text: str) -> int:
    """Returns a whole number from 1 up, for argparse."""
    if not text.isascii() or not text.isdigit() or not int(text):
        raise argparse.ArgumentTypeError(f"wanted a whole number from 1 up, found {text!r}")
    return int(text)


def say(text: str) -> None:
    """Prints a line."""
    print(text)  # noqa: T201 - printing is what a command is for


# -- grade ---------------------------------------------------------------------------------


def _grade(asked: argparse.Namespace) -> int:
    """Grades a batch: 0 all is decided, 1 somebody has to look, 130 interrupted."""
    submissions = roster(asked.submissions)
    if asked.out.resolve().is_relative_to(asked.submissions.resolve()):
        raise UsageError(f"{asked.out}: results among the submissions would be taken for one")
    store = Store(asked.out)
    lock = store.open()
    try:
        terms = terms_of(asked, _seed(asked, store), _tier(asked))
        orders = _orders(submissions, terms, asked.out.resolve(), _late(asked.late, submissions))
        try:
            with _hands(asked) as hands:
                told = _graded(orders, asked, hands, store)
        except KeyboardInterrupt:
            say(f"interrupted: the same command goes on from {asked.out}")
            return INTERRUPTED
    finally:
        lock.release()
    write_whole(asked.out / "marks.csv", tables.marks_csv(store.results()))
    gone = {each.student.id for each in store.results()} - {each.student for each in told}
    if gone:
        listed = cut_list([*map(printable, sorted(gone))], 100)
        say(f"results of {len(gone)} that are not among these submissions: {listed}")
    return _close(told, asked.out)


def _hands(asked: argparse.Namespace) -> AbstractContextManager[batch.Hands]:
    if asked.cluster is None:
        return nullcontext(batch.here())
    return cluster(asked.cluster, asked.out.resolve())


def _graded(
    orders: Sequence[Order], asked: argparse.Namespace, hands: batch.Hands, store: Store
) -> list[Told]:
    jobs = min(asked.jobs or hands.jobs, len(orders))
    say(f"{len(orders)} submissions, {jobs} in flight, seed {orders[0].terms.seed}")
    with (
        progress(sys.stdout, len(orders), asked.quiet) as shown,
        leafing(shown, store) as leaves,
    ):
        return batch.run(orders, jobs, leaves, hands)


def terms_of(asked: argparse.Namespace, seed: int, tier: Tier) -> Terms:
    """Returns the terms, held against the suites. Raises: UsageError, SpecError."""
    terms = Terms(
        specs=tuple(dict.fromkeys(asked.spec)),
        roles=tuple(map(Role, dict.fromkeys(asked.role))),
        seed=seed,
        repeat=asked.repeat,
        network=Wanted(asked.network),
        isolation=tier,
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
        say(f"isolation {tier}: {why}")
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
    return before.seed if before is not None else secrets.randbelow(SEEDS)


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
                if not row or (number == 1 and [*map(str.lower, row)] == ["student", "hours"]):
                    continue
                student, hours = _late_row(path, number, row)
                if student not in known:
                    raise UsageError(f"{path}:{number}: no submission of {student!r}")
                if student in found:
                    raise UsageError(f"{path}:{number}: {student} has a line already")
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
    say(", ".join(f"{number} {word}" for word, number in sorted(verdicts.items())))
    _say_grouped(
        "not played here",
        (
            (name, each.student)
            for each in told
            for name in sorted({why for _, why in each.unplayed})
        ),
    )
    _say_grouped("look at", ((why, each.student) for each in told for why in each.person[:1]))
    say(f"results in {out}, to be looked through from {out / INDEX}")
    return _FOUND if any(each.person for each in told) else 0


def _say_grouped(what: str, found: Iterable[tuple[str, str]]) -> None:
    """Tells each reason once, and of whom it holds."""
    groups: dict[str, list[str]] = {}
    for why, student in found:
        groups.setdefault(why, []).append(student)
    for why, students in list(groups.items())[:_MOST_LISTED]:
        listed = cut_list([*map(printable, students)], 80)
        say(f"  {what}: {listed}: {one_line(why, 160)}")
    if len(groups) > _MOST_LISTED:
        say(f"  and {len(groups) - _MOST_LISTED} more reasons, see marks.csv")


# -- pages ---------------------------------------------------------------------------------


def _pages(asked: argparse.Namespace) -> int:
    count = write_again(_stored(asked.results))
    say(f"pages of {count} submissions, from {asked.results / INDEX}")
    return 0


def _stored(folder: Path) -> Store:
    """Returns the results of a folder. Raises: UsageError where there are none."""
    store = Store(folder)
    if next(store.results(), None) is None:
        raise UsageError(f"{folder}: no results here")
    return store


# -- export --------------------------------------------------------------------------------


def _export(asked: argparse.Namespace) -> int:
    store = _stored(asked.results)
    if asked.form in TABLES:
        return _export_table(asked, store)
    fields, form = _fields(asked), SINGLE[asked.form]
    results = list(islice(store.results(), 2))
    if len(results) == 1 and asked.out.suffix:
        write_whole(asked.out, form.told(results[0], fields))
        say(f"written to {asked.out}")
        return 0
    count = 0
    for count, result in enumerate(store.results(), 1):  # noqa: B007 - told below
        path = asked.out / f"{safe_name(result.student.id)}{form.suffix}"
        write_whole(path, form.told(result, fields))
    say(f"{count} written to {asked.out}")
    return 0


def _export_table(asked: argparse.Namespace, store: Store) -> int:
    """Writes a table: 0, or 1 where a mark of those who are graded has not gone into it."""
    if asked.form == "canvas" and not asked.title:
        raise UsageError("canvas wants --title, the name of the assignment's column")
    if asked.sheet is None:
        write_whole(asked.out, _table(asked, store))
        say(f"written to {asked.out}")
        return _tell_of_marks(store)
    filled = _filled(asked, store)
    write_whole(asked.out, tables.as_csv(filled.rows))
    count = len(filled.filled)
    say(f"written to {asked.out}: {count} of {count + len(filled.without)} rows filled in")
    _say_those("no result for", filled.without)
    _say_those("no row for", filled.left)
    found = _tell_of_worth(filled, store)
    return max(_tell_of_marks(store), found, _FOUND if filled.left else 0)


def _table(asked: argparse.Namespace, store: Store) -> str:
    if asked.form == "moodle":
        return tables.moodle_csv(store.results())
    if asked.form == "canvas":
        return tables.canvas_csv(store.results(), asked.title)
    return tables.marks_csv(store.results())


def _filled(asked: argparse.Namespace, store: Store) -> Filled:
    try:
        sheet = asked.sheet.read_bytes().decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as exc:
        raise UsageError(f"cannot read {asked.sheet} as UTF-8 text: {exc}") from exc
    if asked.form == "moodle":
        return tables.moodle_filled(store.results(), sheet)
    if asked.form == "canvas":
        return tables.canvas_filled(store.results(), asked.title, sheet)
    raise UsageError(f"a sheet is filled in for moodle and canvas, not for {asked.form}")


def _tell_of_worth(filled: Filled, store: Store) -> int:
    """Tells where the platform has another maximum than the marks."""
    ours = {number(each.mark.maximum) for each in store.results()}
    others = [each for each in filled.worth if _as_number(each) not in ours]
    if others:
        told = f"{' and '.join(others)} points there, and a mark here is of {', '.join(ours)}"
        say(f"  the most is {told}: say total: in the scheme")
    return _FOUND if others else 0


def _as_number(text: str) -> str:
    """Returns a number as ours are written, any other text as it is."""
    try:
        return number(float(text.replace(",", ".")))
    except ValueError:
        return text


def _tell_of_marks(store: Store) -> int:
    """Tells of those whose mark is none yet, or is to be looked at before it is handed out."""
    found = [(each.student.id, tables.grade(each), each.mark.person) for each in store.results()]
    _say_those("no mark yet for", [who for who, mark, _ in found if not mark])
    _say_those("look first at", [who for who, mark, person in found if mark and person])
    return _FOUND if any(person or not mark for _, mark, person in found) else 0


def _say_those(what: str, students: Sequence[str]) -> None:
    if students:
        listed = cut_list([*map(printable, students)], 80)
        say(f"  {what}: {listed}")


def _fields(asked: argparse.Namespace) -> dict[str, str]:
    found = {}
    for text in asked.field:
        name, sign, value = text.partition("=")
        if name not in CONTEXT or not sign:
            known = ", ".join(CONTEXT)
            raise UsageError(f"--field: found {text!r}, wanted NAME=VALUE with one of {known}")
        found[name] = value
    return found

"""The command `wireharness`: lint, suites, show, run, schema, doctor; others are added here.

Belongs here: words of the command line, what is printed, exit codes (0 all is well, 1
something was found, 2 the command line is wrong). Must not know: how any of it is done.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NoReturn

import harness
from harness import checking, doctor, library, marking
from harness.errors import HarnessError, SpecError
from harness.report.page import PLAIN_WIDTH, Page, Paint
from harness.spec.model import Case

_FOUND, _WRONG = 1, 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command. Returns its exit code."""
    parser = _parser()
    asked, rest = parser.parse_known_args(arguments)
    if rest and asked.command != "run":
        parser.error(f"unrecognized arguments: {' '.join(rest)}")
    asked.rest = rest
    run: Callable[[argparse.Namespace], int] = asked.act
    try:
        code = run(asked)
        sys.stdout.flush()
    except BrokenPipeError:  # whoever reads has seen enough, as `| head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except HarnessError as exc:
        print(f"wireharness: {exc}", file=sys.stderr)  # noqa: T201 - a command's own words
        return _WRONG
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="wireharness", description="Protocol conformance tests for any program."
    )
    version = f"%(prog)s {harness.__version__}"
    parser.add_argument("--version", action="version", version=version)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def command(
        name: str, act: Callable[[argparse.Namespace], int], what: str
    ) -> argparse.ArgumentParser:
        added = commands.add_parser(name, help=what, description=what, allow_abbrev=False)
        added.set_defaults(act=act)
        return added

    lint = command("lint", _lint, "look for what is wrong or proves nothing in spec files")
    lint.add_argument("path", nargs="+", type=Path, help="spec file, or a folder of them")
    command("suites", _suites, "list the suites that are at hand")
    show = command("show", _show, "show the requirements and cases of a suite")
    show.add_argument("suite", help="a suite's name, or a spec file")
    run = command("run", _run, "play suites against a target; further options are pytest's")
    run.add_argument("target", help="file, folder or address of the program")
    run.add_argument("--spec", action="append", default=[], help="suite to play (repeatable)")
    schema = command("schema", _schema, "print the JSON Schema of spec files, for editors")
    schema.set_defaults(of="spec")
    for name, what in (("included", "files to be included"), ("scheme", "a grading scheme"),
                       ("result", "a graded result")):  # fmt: skip
        schema.add_argument(
            f"--{name}", action="store_const", dest="of", const=name, help=f"that of {what}"
        )
    command("doctor", _doctor, "show what this machine can, and what would help")
    marking.add_commands(command)
    checking.add_commands(command)
    return parser


def _say(text: str) -> None:
    print(text)  # noqa: T201 - printing is what a command is for


def _page() -> Page:
    return Page(_width(), colour=sys.stdout.isatty())


def _width() -> int:
    return (
        shutil.get_terminal_size((PLAIN_WIDTH, 24)).columns if sys.stdout.isatty() else PLAIN_WIDTH
    )


def _lint(asked: argparse.Namespace) -> int:
    files = [file for path in asked.path for file in library.spec_files(path)]
    found: list[str] = []
    included = 0
    for file in files:
        try:
            is_included = library.is_included(file)
            wrong = [] if is_included else _wrong_with(file)
        except SpecError as exc:
            is_included, wrong = False, [str(exc)]
        included += is_included
        found += wrong
    for told in found:
        _say(told)
    looked_at = _counted(len(files) - included, "suite")
    if included:
        looked_at += f", {_counted(included, 'file')} to include"
    _say(f"{looked_at}, {_counted(len(found), 'finding') if found else 'nothing wrong'}")
    return _FOUND if found else 0


def _counted(number: int, what: str) -> str:
    return f"{number} {what}{'s' if number != 1 else ''}"


def _wrong_with(file: Path) -> list[str]:
    """Returns what is wrong with a spec file, each with its place. Raises: SpecError."""
    from harness.exchange.delivery import deliveries_of
    from harness.spec.lint import lint

    suite = library.suite(str(file))
    return [str(finding) for finding in lint(suite, deliveries_of)]


def _suites(_: argparse.Namespace) -> int:
    titles = library.titles()
    columns = max((len(name) for name, _ in titles), default=0)
    for name, title in titles:
        _say(f"{name:<{columns}}  {title}")
    return 0


def _show(asked: argparse.Namespace) -> int:
    from harness.runner.launch import usual_run

    suite = library.suite(asked.suite)
    page = _page()
    page.line(f"{page.painted(suite.id, Paint.STRONG)}  {suite.title}")
    page.row("reference", suite.reference)
    page.row("roles", ", ".join(suite.roles))
    page.row("over", ", ".join(suite.transports))
    for role in suite.roles:
        page.row("started", f"{usual_run(suite, role)} (a {role})")
    page.line()
    for rule in suite.requirements.values():
        page.paragraph("rule", f"{rule.id} ({rule.level}): {rule.text} [{rule.source}]")
    page.line()
    for case in suite.cases:
        _add_case(page, case)
    points = sum(case.points for case in suite.cases)
    page.line(f"{len(suite.cases)} cases, {points:g} points")
    _say(page.text())
    return 0


def _add_case(page: Page, case: Case) -> None:
    head = f"{page.painted(case.id, Paint.STRONG)}  {case.points:g} points"
    page.line(f"{head}  {', '.join(case.verifies)}")
    page.paragraph("", case.purpose)


def _run(asked: argparse.Namespace) -> NoReturn:
    """Becomes pytest, which wants to be the first to import the plugin's package."""
    specs = [f"--spec={each}" for each in asked.spec]
    command = [sys.executable, "-P", "-m", "pytest", f"--target={asked.target}", *specs]
    os.execv(sys.executable, [*command, *asked.rest])


def _schema(asked: argparse.Namespace) -> int:
    from harness.grading.schema import schema as result
    from harness.grading.schemeschema import schema as scheme
    from harness.spec.schema import included, schema

    made = {"spec": schema, "included": included, "scheme": scheme, "result": result}
    _say(json.dumps(made[asked.of](), indent=2))
    return 0


def _doctor(_: argparse.Namespace) -> int:
    _say(doctor.told(doctor.examine(), _width(), colour=sys.stdout.isatty()))
    return 0


if __name__ == "__main__":
    sys.exit(main())

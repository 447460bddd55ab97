"""A conformance run inside a pytest session: collection, reports, workers, the last lines.

Belongs here: the hooks that act once there is a target. Must not know: how a case is
played, what a report says. Only pytest's public interface is used.

With xdist the controller draws the seed, makes the folder of builds and tells both to its
workers; they collect and play. Results come back beside the reports, so that the terminal
looks the same with workers and without.
"""

from __future__ import annotations

import gc
import os
import secrets
import sys
import threading
from collections.abc import Generator, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol

import pytest

from harness.doctor import network
from harness.errors import HarnessError, MachineError, UsageError
from harness.items import CaseItem, Playing, SuiteCollector, is_good
from harness.library import uncollected
from harness.network.lab.lab import FULL
from harness.network.network import Wanted
from harness.network.poll import readable
from harness.report import junit
from harness.report.capture import Captures
from harness.report.group import same_faults
from harness.report.page import PLAIN_WIDTH, cut_list, printable, without_colour
from harness.report.result import Result, from_data
from harness.report.summary import closing_lines
from harness.report.told import Told
from harness.runner.job import Capturing, Job, Settings
from harness.runner.outcome import Outcome
from harness.runner.runner import Runner
from harness.selection import Request, Subject, replay_command, subjects
from harness.target.folder import HeldFolder
from harness.verdict import Verdict

_SEEDS = 1_000_000
_NAME = "wireharness"
_CAPTURES = "wireharness-captures"
_MOST_SUBJECTS = 8
Status = tuple[str, str, tuple[str, dict[str, bool]]]
_STATUS: dict[Verdict, Status] = {
    Verdict.WARN: ("warned", "w", ("WARN", {"yellow": True})),
    Verdict.INCONCLUSIVE: ("inconclusive", "i", ("INCONCLUSIVE", {"yellow": True})),
    Verdict.BLOCKED: ("blocked", "b", ("BLOCKED", {"red": True})),
    Verdict.FAIL: ("failed", "F", ("FAILED", {"red": True})),
    Verdict.ERROR: ("error", "E", ("ERROR", {"red": True})),
}
_KNOWN: Status = ("known", "k", ("KNOWN", {"yellow": True}))


def start(config: pytest.Config, request: Request) -> None:
    """Registers the run with pytest. Raises: pytest.UsageError where it cannot be."""
    told: dict[str, Any] | None = getattr(config, "workerinput", {}).get(_NAME)
    if told is None:
        if request.network is Wanted.LAB:
            _demand_lab()
        seed = secrets.randbelow(_SEEDS) if request.seed is None else request.seed
        here = config.invocation_params.dir
        told = {
            "seed": seed,
            "builds": str(_builds(config)),
            "captures": str(here / (request.captures or _CAPTURES)),
            "here": str(here),
            "controller": os.getpid(),
            "width": _width(config),
        }
    elif sys.platform == "linux" and os.getppid() == told["controller"]:
        handle = os.pidfd_open(told["controller"])
        threading.Thread(target=_end_with, args=(handle,), daemon=True).start()
    try:
        run = Run(config, replace(request, seed=told["seed"]), told)
    except HarnessError as exc:
        raise pytest.UsageError(str(exc)) from exc
    config.add_cleanup(run.close)
    config.pluginmanager.register(run, "wireharness-run")
    if config.args_source is not pytest.Config.ArgsSource.ARGS:
        config.args.clear()  # no path was named: the project's own tests are not this run's


def _end_with(controller: int) -> None:
    """Ends this worker with who has started it: left to itself, it plays on for five seconds."""
    readable(controller, within=None)
    os._exit(1)  # what targets it had ends by itself: see harness.target.keeper


def _builds(config: pytest.Config) -> Path:
    """Returns a folder that goes with this run, and where it is killed with the next start."""
    try:
        folder = HeldFolder()
    except (MachineError, OSError) as exc:
        raise pytest.UsageError(f"cannot make a folder for what is built: {exc}") from exc
    config.add_cleanup(folder.remove)
    return folder.path


def _demand_lab() -> None:
    ability = network()
    if not ability.there:
        told = f"--network=lab: {ability.detail}; {ability.remedy}".rstrip("; ")
        raise pytest.UsageError(told)


def _check(subject: Subject, request: Request) -> None:
    """Raises: UsageError where a suite lacks what is asked of it, before anything is played."""
    suite = subject.suite
    unknown = sorted(set(request.parameters) - set(suite.parameters))
    if unknown:
        known = ", ".join(suite.parameters) or "none"
        raise UsageError(f"{suite.id} has no parameter {unknown[0]!r} (it has: {known})")
    if request.deliveries and all(job.is_probe for job in subject.jobs(request.deliveries)):
        asked = " or ".join(request.deliveries)
        raise UsageError(f"no case of {suite.id} is played under {asked}")


def _width(config: pytest.Config) -> int:
    if config.pluginmanager.has_plugin("terminalreporter"):
        return config.get_terminal_writer().fullwidth
    return PLAIN_WIDTH


class Run:
    """The hooks of one run; one instance in the controller and in each worker."""

    def __init__(self, config: pytest.Config, request: Request, told: dict[str, Any]) -> None:
        self._told = told
        self._request = request
        self._subjects = subjects(request)
        for subject in self._subjects:
            _check(subject, request)
        self._playing = Playing(self._play, self._command, self._keep, told["width"])
        self._captures = Captures(Path(told["captures"]), Path(told["here"]))
        self._runner: Runner | None = None
        self._is_worker = hasattr(config, "workerinput")
        self._results: list[Result] = []
        self._failures: list[tuple[pytest.TestReport, Told]] = []
        self._folded: dict[str, list[pytest.TestReport]] = {}

    def close(self) -> None:
        """Stops what still runs; also after an interrupt."""
        if self._runner is not None:
            self._runner.close()
            self._runner = None

    # -- playing ---------------------------------------------------------------------------

    def _play(self, job: Job) -> Outcome:
        if self._runner is None:
            request = self._request
            self._runner = Runner(
                Settings(
                    builds=Path(self._told["builds"]),
                    seed=request.seed,
                    strict=request.strict,
                    fresh=request.fresh,
                    parameters=request.parameters,
                    capturing=request.capturing,
                    network=request.network,
                    family=request.family,
                )
            )
        return self._runner.play(job)

    def _command(self, subject: Subject, job: Job) -> str:
        return replay_command(subject, job, self._request)

    def _keep(self, outcome: Outcome, subject: Subject, job: Job) -> str:
        """Writes a capture where one is asked for; returns its path, "" where there is none."""
        asked = self._request.capturing
        if asked is Capturing.NEVER or (asked is Capturing.FAILED and is_good(outcome)):
            return ""
        name = f"{subject.suite.id}.{job.case.id}.{job.delivery}"
        return self._captures.write(outcome, subject.label, name, self._command(subject, job))

    # -- collection ------------------------------------------------------------------------

    @pytest.hookimpl(wrapper=True)
    def pytest_collection(self) -> Generator[None, object, object]:
        """Keeps the search for garbage out of what is collected: it lives until the end."""
        with uncollected():
            result = yield
        gc.freeze()
        return result

    @pytest.hookimpl(wrapper=True)
    def pytest_make_collect_report(
        self, collector: pytest.Collector
    ) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
        """Adds the suites to what the session collects from its arguments."""
        report = yield
        if isinstance(collector, pytest.Session) and report.outcome == "passed":
            report.result = [*self._collectors(collector), *report.result]
        return report

    def _collectors(self, session: pytest.Session) -> Iterator[SuiteCollector]:
        for subject in self._subjects:
            yield SuiteCollector.from_parent(
                session,
                name=subject.name,
                nodeid=subject.name,
                subject=subject,
                deliveries=self._request.deliveries,
                how=self._playing,
            )

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Worker) -> None:
        """Tells an xdist worker what the controller has drawn and made."""
        node.workerinput[_NAME] = self._told

    @pytest.hookimpl(optionalhook=True)
    def pytest_handlecrashitem(self, report: pytest.TestReport) -> None:
        """Makes an error of a case in which an xdist worker was lost: no target has failed it."""
        report.when = "setup"

    # -- reports ---------------------------------------------------------------------------

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Puts the result beside the report, in plain values that cross to the controller."""
        report = yield
        if isinstance(item, CaseItem) and call.when == "call" and item.result is not None:
            setattr(report, _NAME, item.result.data())
            if report.skipped:
                path, line, _ = item.reportinfo()
                report.longrepr = (str(path), line + 1, f"Skipped: {printable(item.result.reason)}")
            if report.failed and junit.is_error(item.result.judged):
                # JUnit's `failure` is the tested program's; outside the call it is `error`.
                report.when = "setup"
        return report

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keeps the result, and has a failure told in our words."""
        data = getattr(report, _NAME, None)
        if data is None or self._is_worker:
            return
        result = from_data(data)
        self._results.append(result)
        if report.failed:
            told = Told(result, self._told["width"])
            self._failures.append((report, told))
            report.longrepr = told  # type: ignore[assignment] # by its methods

    @pytest.hookimpl(tryfirst=True)
    def pytest_report_teststatus(self, report: pytest.TestReport) -> Status | None:
        """Returns our own words where pytest has none."""
        data = getattr(report, _NAME, None)
        if data is None:
            return None
        return _KNOWN if data["known"] else _STATUS.get(Verdict(data["verdict"]))

    # -- the terminal ----------------------------------------------------------------------

    def pytest_report_header(self) -> list[str]:
        """Returns what this run plays, and the number by which it can be played again."""
        lines = [
            f"{_NAME}: {printable(each.given)} ({each.role}): {each.suite.id}, {each.suite.title}"
            for each in self._subjects[:_MOST_SUBJECTS]
        ]
        more = len(self._subjects) - _MOST_SUBJECTS
        lines += [f"{_NAME}: and {more} more"] if more > 0 else []
        return [*lines, f"{_NAME}: seed {self._request.seed}"]

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Folds failures that one story tells, unless each is asked for with -v.

        What is folded is out of pytest's list while pytest tells the failures, no longer. And
        stops what still runs: a worker is given five seconds from where it says that it is done.
        """
        self.close()
        writer: pytest.TerminalReporter | None
        writer = session.config.pluginmanager.get_plugin("terminalreporter")
        if writer is None or self._is_worker:
            return
        if session.config.getoption("tbstyle") == "line":
            for _, told in self._failures:
                told.brief = True  # its line is all that pytest is to tell
            return
        if session.config.get_verbosity() > 0:
            return
        for category in ("failed", "error"):
            reports = writer.stats.get(category, [])
            self._folded[category] = list(reports)
            reports[:] = self._told_in_full(reports)

    def _told_in_full(self, reports: list[pytest.TestReport]) -> list[pytest.TestReport]:
        """Returns the reports that stand for others, which they list, and strangers' reports."""
        listed_here = {id(report) for report in reports}
        ours = [(report, told) for report, told in self._failures if id(report) in listed_here]
        by_result = {id(told.result): (report, told) for report, told in ours}
        hidden = {id(report) for report, _ in ours}
        for first, *others in same_faults([told.result for _, told in ours]):
            report, told = by_result[id(first)]
            told.others = others
            hidden.remove(id(report))
        return [each for each in reports if id(each) not in hidden]

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Tells what pytest does not show by itself, and the points at the end."""
        writer = terminalreporter
        stats = writer.stats
        stats.update({name: reports for name, reports in self._folded.items() if reports})
        if writer.config.getoption("tbstyle") != "no":
            for category in ("blocked", "inconclusive"):
                self._tell_grouped(writer, category.upper(), stats.get(category, []))
        self._tell_warned(writer)
        if self._results:
            writer.write_sep("=", "conformance")
            coloured = closing_lines(self._results, self._told["width"], colour=True)
            _write(writer, coloured)
            writer.write_line(f"seed {self._request.seed}")
            self._tell_network(writer)

    def _tell_network(self, writer: pytest.TerminalReporter) -> None:
        """Tells where targets lived, and what would give each a network of its own."""
        levels = sorted({each.network for each in self._results if each.network})
        if levels:
            writer.write_line(f"network {', '.join(levels)}")
        if levels in ([], [FULL.name]) or self._request.network is Wanted.HOST:
            return
        ability = network()
        if not ability.there:
            _write(writer, f"  {ability.detail}\n  {ability.remedy}".rstrip())

    def _tell_grouped(
        self, writer: pytest.TerminalReporter, title: str, reports: list[pytest.TestReport]
    ) -> None:
        """Tells one reason once, and by name whom else it holds up."""
        if not reports:
            return
        writer.write_sep("=", title)
        by_reason: dict[tuple[str, str], list[Result]] = {}
        for report in reports:
            result = from_data(getattr(report, _NAME))
            by_reason.setdefault((result.target, result.reason), []).append(result)
        for members in by_reason.values():
            _write(writer, members[0].report)
            if len(members) > 1:
                names = [f"{each.case}[{each.delivery}]" for each in members[1:]]
                writer.write_line(f"  the same  {cut_list(names, 4 * self._told['width'])}")
            writer.write_line("")

    def _tell_warned(self, writer: pytest.TerminalReporter) -> None:
        warned = [each for each in self._results if each.judged is Verdict.WARN and not each.known]
        for title, worn in (
            ("WARNED (a should was not met)", False),
            ("WORN (fails only on a process that has served others)", True),
        ):
            group = [each for each in warned if bool(each.broken_by) is worn]
            if group:
                writer.write_sep("=", title)
            for each in group:
                writer.write_line(f"{each.name}: {printable(each.reason)}", yellow=True)


class Worker(Protocol):
    """What xdist's controller knows of a worker."""

    workerinput: dict[str, object]


def _write(writer: pytest.TerminalReporter, text: str) -> None:
    """Writes text with colours, or without where the terminal has none."""
    for line in text.splitlines():
        writer.write_line(line if writer.hasmarkup else without_colour(line))

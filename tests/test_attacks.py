"""Programs that attack the grader: nothing gets through, nothing is left, the mark is right."""

import os
import sys
import tempfile
import time
from pathlib import Path

import pytest

from harness.errors import MachineError
from harness.network.lab.lab import FULL
from harness.runner.job import Settings
from harness.runner.runner import Runner
from harness.selection import Request, subjects
from harness.target.folder import home
from harness.target.isolation import Tier
from harness.target.launcher import Keeper
from harness.target.target import targets_at
from harness.verdict import Verdict

HOSTILE = Path(__file__).parent.parent / "targets" / "hostile"
TARGETS = {each.id: each for each in targets_at(str(HOSTILE))}
SEED = 3
CASES = ("probe", "line-after-line[whole]", "interleaved[whole]")

PASS, FAIL, BLOCKED = Verdict.PASS, Verdict.FAIL, Verdict.BLOCKED
GOOD = (PASS, PASS, PASS)
NOT_EVEN_PROBED = (FAIL, BLOCKED, BLOCKED)
# What each is worth by what it does as a server, whatever else it tries.
MARKS = {
    "becomes-root": GOOD,
    "build-calls-out": (PASS, PASS, FAIL),  # it serves one at a time
    "calls-out": GOOD,
    "calls-unix-sockets": GOOD,
    "copies-sockets": GOOD,
    "endless-answer": NOT_EVEN_PROBED,
    "ends-well-in-the-middle": (PASS, FAIL, FAIL),
    "fills-disk": (PASS, PASS, FAIL),
    "fills-inodes": NOT_EVEN_PROBED,
    "floods-output": GOOD,
    "fork-bomb": NOT_EVEN_PROBED,
    "forks-twice": GOOD,
    "hanging-build": NOT_EVEN_PROBED,
    "hard-coded": (PASS, FAIL, FAIL),
    "ignores-sigterm": GOOD,
    "kills-parent": GOOD,
    "links-out": (PASS, PASS, FAIL),
    "memory-bomb": NOT_EVEN_PROBED,
    "moves-its-folder": (PASS, PASS, FAIL),
    "one-byte-a-second": (PASS, FAIL, FAIL),  # the probe is short enough
    "opens-namespaces": GOOD,
    "prints-escapes": GOOD,
    "reads-results": GOOD,
    "reads-specs": GOOD,
    "resets": NOT_EVEN_PROBED,
    "says-escapes": NOT_EVEN_PROBED,
    "slow-start": NOT_EVEN_PROBED,
    "takes-ports": GOOD,
    "traces-parent": GOOD,
    "writes-results": GOOD,
}


# These take from ten seconds to a minute each: .ci/run plays them on their own (-m lengthy).
LENGTHY = (
    "floods-output", "fork-bomb", "hanging-build", "memory-bomb", "one-byte-a-second", "slow-start",
)  # fmt: skip


@pytest.fixture(scope="module", autouse=True)
def strict():
    with Keeper() as keeper:
        try:
            keeper.lab(FULL).close()
        except MachineError:
            pytest.skip("no private network here")


@pytest.fixture
def quick(monkeypatch, tmp_path):
    """Less time for what never comes; working folders where nobody else has any."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr("harness.target.build.LIMIT", 10.0)
    monkeypatch.setattr("harness.runner.instance._READY", 10.0)


def below_us() -> set[int]:
    """Returns the pids of all processes that descend from this one."""
    parents = {}
    for each in os.listdir("/proc"):
        if each.isdigit():
            try:
                stat = Path(f"/proc/{each}/stat").read_text().rpartition(")")[2].split()
                parents[int(each)] = int(stat[1])
            except OSError:
                continue
    found, more = set(), {os.getpid()}
    while more:
        found |= more
        more = {pid for pid, parent in parents.items() if parent in more} - found
    return found - {os.getpid()}


def test_every_program_has_its_mark_worked_out():
    assert set(MARKS) == set(TARGETS)
    assert len(TARGETS) >= 25


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=pytest.mark.lengthy if name in LENGTHY else ())
        for name in sorted(TARGETS)
    ],
)
def test_nothing_gets_through(name, tmp_path, quick):
    before = below_us()
    request = Request((str(TARGETS[name].path),), seed=SEED)
    (subject,) = subjects(request)
    jobs = [each for each in subject.jobs(()) if each.id in CASES or each.is_probe]
    settings = Settings(builds=tmp_path / "builds", seed=SEED, isolation=Tier.STRICT)
    began = time.monotonic()
    with Runner(settings) as runner:
        outcomes = [runner.play(job) for job in jobs]
    seconds = time.monotonic() - began
    told = [(each.plan.case.id, str(each.verdict), each.finding.reason) for each in outcomes]
    assert tuple(each.verdict for each in outcomes) == MARKS[name], told
    printed = b"".join(each.output for each in outcomes)
    assert b"GOT" not in printed, printed
    assert below_us() <= before
    assert list(home().glob("folders/*")) == []
    assert seconds < 120


def test_what_is_brought_home_before_a_restart_is_its_own(tmp_path, quick):
    (subject,) = subjects(Request((str(TARGETS["moves-its-folder"].path),), seed=SEED))
    (restart,) = (each for each in subject.jobs(()) if each.case.id == "restart")
    settings = Settings(builds=tmp_path / "builds", seed=SEED, isolation=Tier.STRICT)
    with Runner(settings) as runner:
        outcome = runner.play(restart)
    assert "could not be started again" in outcome.finding.reason
    assert b"GOT" not in outcome.output, outcome.output


@pytest.mark.lengthy
def test_the_attacks_are_real(tmp_path):
    """Where nothing keeps them in, they get through: else the rest would prove nothing."""
    got = set()
    for name in ("reads-specs", "reads-results", "traces-parent", "copies-sockets"):
        (subject,) = subjects(Request((str(TARGETS[name].path),), seed=SEED))
        probe = next(iter(subject.jobs(())))
        settings = Settings(builds=tmp_path / "builds", seed=SEED)
        with Runner(settings) as runner:
            outcome = runner.play(probe)
        if b"GOT" in outcome.output:
            got.add(name)
    assert got, sys.version

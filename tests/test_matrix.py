"""Every shipped suite from both sides: references pass it, mutants fail where they break it."""

from concurrent.futures import ThreadPoolExecutor
from itertools import zip_longest
from pathlib import Path

import pytest

from harness.network.network import Wanted
from harness.runner.job import Capturing, Settings
from harness.runner.outcome import Outcome
from harness.runner.runner import Runner
from harness.selection import Request, subjects
from harness.spec.model import Role
from harness.target.target import targets_at
from harness.verdict import Verdict

TARGETS = Path(__file__).parent.parent / "targets"
SEED = 868
SLOW = "slow"  # the tag of cases that take ten seconds of a right client
AT_ONCE = 8
TOOLS = {"gcc": "C compiler", "javac": "Java compiler", "node": "Node"}


def below(folder):
    """Returns the targets of a folder by their names."""
    return {each.id: each for each in targets_at(str(TARGETS / folder))}


REFERENCES, MUTANTS = below("references"), below("mutants")


def play(target, builds, slow=True, network=Wanted.AUTO) -> list[Outcome]:
    """Plays everything that a target is for; clients, which wait most of the time, side by side."""
    given = str(target.path)
    jobs = [each for one in subjects(Request((given,), seed=SEED)) for each in one.jobs(())]
    jobs = [each for each in jobs if slow or SLOW not in each.case.tags]
    count = AT_ONCE if target.manifest.role is Role.CLIENT else 1
    with ThreadPoolExecutor(count) as pool:
        rounds = list(pool.map(lambda at: _played(jobs[at::count], builds, network), range(count)))
    outcomes = [one for each in zip_longest(*rounds) for one in each if one is not None]
    reason = outcomes[0].finding.reason
    if "is not installed" in reason:
        tool = reason.partition(" ")[0]
        pytest.skip(f"no {TOOLS.get(tool, tool)} here")
    return outcomes


def _played(jobs, builds, network) -> list[Outcome]:
    settings = Settings(builds=builds, seed=SEED, capturing=Capturing.FAILED, network=network)
    with Runner(settings) as runner:
        return [runner.play(job) for job in jobs]


def told(outcome: Outcome) -> str:
    """Returns one line about an outcome."""
    plan = outcome.plan
    return f"{plan.case.id}[{plan.delivery}]: {outcome.verdict}, {outcome.finding.reason}"


def caught_by(outcomes) -> list[Outcome]:
    """Returns the outcomes that tell of a fault of the target's."""
    return [each for each in outcomes if each.verdict in (Verdict.FAIL, Verdict.WARN)]


def verifies(outcome: Outcome, broken) -> bool:
    """Says whether the case verifies one of the requirements."""
    return bool(set(outcome.plan.verifies) & set(broken))


# .ci/run plays every one by --target as well; who waits for clients and timers takes long.
WAITING = ("pinger/", "tftp/", "dns/", "dns-client/", "wordgame/")
EACH_REFERENCE = [
    pytest.param(name, marks=pytest.mark.lengthy if name.startswith(WAITING) else ())
    for name in REFERENCES
]


@pytest.mark.parametrize("name", EACH_REFERENCE)
def test_a_reference_passes_everything(name, tmp_path):
    outcomes = play(REFERENCES[name], tmp_path)
    optional = (Verdict.PASS, Verdict.UNSUPPORTED)
    assert [told(each) for each in outcomes if each.verdict not in optional] == []


# Two hundred of them take a quarter of an hour: the rest are played by .ci/run on their own.
ALWAYS = ("uppercase-udp/", "time-tcp/")


EACH_MUTANT = [
    pytest.param(name, marks=() if name.startswith(ALWAYS) else pytest.mark.lengthy)
    for name in MUTANTS
]


@pytest.mark.parametrize("name", EACH_MUTANT)
def test_a_mutant_fails_where_it_breaks_something_and_nowhere_else(name, tmp_path):
    broken = MUTANTS[name].manifest.breaks
    outcomes = play(MUTANTS[name], tmp_path, slow=False)
    caught = caught_by(outcomes)
    if not all(any(verifies(each, [one]) for each in caught) for one in broken):
        outcomes = play(MUTANTS[name], tmp_path)  # it takes the slow cases too
        caught = caught_by(outcomes)
    unseen = [one for one in broken if not any(verifies(each, [one]) for each in caught)]
    left_out = (each for each in outcomes if each.verdict is Verdict.UNSUPPORTED)
    on_host = outcomes[0].properties.get("network") == "host"
    if on_host and any(verifies(each, unseen) for each in left_out):
        pytest.skip(f"{', '.join(unseen)}: only a lab shows that it is broken")
    assert caught, f"{name} breaks {broken}, and no case has noticed"
    if caught[0].plan.case.id == "probe":
        assert {each.verdict for each in outcomes[1:]} == {Verdict.BLOCKED}
        return
    good = (Verdict.PASS, Verdict.UNSUPPORTED, Verdict.BLOCKED)  # it rests on what another shows
    bad = [each for each in outcomes if each.verdict not in good and not each.broken_by]
    assert [told(each) for each in bad if not verifies(each, broken)] == []
    for requirement in broken:
        assert any(verifies(each, [requirement]) for each in caught), f"{requirement} is not broken"


SMALL = ("daytime-", "time-", "discard-udp/")  # suites of which a mutant takes a second or two


@pytest.mark.lengthy
@pytest.mark.parametrize("name", [name for name in MUTANTS if name.startswith(SMALL)])
def test_a_mutant_gets_the_same_verdicts_on_the_host_as_in_a_lab(name, tmp_path):
    lab = play(MUTANTS[name], tmp_path, slow=False)
    if lab[0].properties.get("network") == "host":
        pytest.skip("no private network here")
    host = play(MUTANTS[name], tmp_path, slow=False, network=Wanted.HOST)
    other = [
        (told(one), told(another))
        for one, another in zip(host, lab, strict=True)
        if one.verdict is not another.verdict and not only_in_a_lab(one)
    ]
    assert other == []


def only_in_a_lab(on_host: Outcome) -> bool:
    """Says whether a lab has more to show: it alone can, or more packets are sent in one."""
    return on_host.verdict is Verdict.UNSUPPORTED or "robustness" in on_host.plan.case.tags

"""A result: what of an outcome crosses to whoever reports on many, between processes too.

Belongs here: the plain values of one outcome. Must not know: how they are shown. A result
holds nothing but strings and numbers, so that every serializer carries it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from harness.report.difference import on_one_line
from harness.runner.outcome import Outcome
from harness.verdict import Verdict

_COLUMNS = 200


@dataclass(frozen=True, slots=True)
class Result:
    """One outcome, told in plain values.

    `verdict` is a Verdict's number; `rules` are the ids, levels and texts of the
    requirements that it verifies, the first by its delivery where `by_delivery`; `compared`
    is the comparison on one line; `report` is the whole failure report ("" for a pass).
    `afterwards` tells how a server ended by itself, "" where it goes on; `capture` is the path
    of a capture, or "none: " and why it is missing;
    `network` is the level of the network in which it was played, "" where it was not.
    `decided_by` and `evidence` are the finding's; `silences` tells of each wait in which nothing
    came what has proven it, with all that was seen.
    """

    target: str
    suite: str
    role: str
    case: str
    delivery: str
    verdict: int
    reason: str
    points: float
    rules: tuple[tuple[str, str, str], ...]
    by_delivery: bool
    fault: str
    known: str
    broken_by: str
    compared: str
    command: str
    report: str
    seconds: float
    decided_by: str
    evidence: str
    silences: tuple[str, ...]
    afterwards: str = ""
    capture: str = ""
    network: str = ""
    packets: tuple[int, int, int] = (0, 0, 0)

    @property
    def name(self) -> str:
        """`suite/case[delivery]`."""
        return f"{self.suite}/{self.case}[{self.delivery}]"

    @property
    def judged(self) -> Verdict:
        """The verdict as such."""
        return Verdict(self.verdict)

    def data(self) -> dict[str, Any]:
        """Returns the fields, for `from_data` in another process."""
        return {each: getattr(self, each) for each in self.__slots__}


def from_data(data: Mapping[str, Any]) -> Result:
    """Returns the result whose fields these are; lists may stand for tuples."""
    rules = tuple((a, b, c) for a, b, c in data["rules"])
    packets = tuple(data["packets"])
    silences = tuple(data["silences"])
    return Result(**{**data, "rules": rules, "silences": silences, "packets": packets})


def result_of(outcome: Outcome, command: str, report: str) -> Result:
    """Returns the plain values of an outcome."""
    plan, finding, packets = outcome.plan, outcome.finding, outcome.packets
    rules = [plan.suite.requirements[name] for name in plan.verifies]
    compared = on_one_line(finding.comparison, _COLUMNS) if finding.comparison else ""
    return Result(
        target=outcome.target,
        suite=plan.suite.id,
        role=str(plan.role),
        case=plan.case.id,
        delivery=str(plan.delivery),
        verdict=int(outcome.verdict),
        reason=finding.reason,
        points=plan.case.points,
        by_delivery=not set(plan.verifies) <= set(plan.case.verifies),
        rules=tuple((rule.id, str(rule.level), rule.text) for rule in rules),
        fault=finding.fault.value,
        known=outcome.known,
        broken_by=outcome.broken_by,
        compared=compared,
        command=command,
        report=report,
        seconds=outcome.seconds,
        afterwards=outcome.properties.get("afterwards", ""),
        capture=outcome.properties.get("capture", ""),
        network=outcome.properties.get("network", ""),
        decided_by=finding.decided_by,
        evidence=finding.evidence,
        silences=tuple(map(str, outcome.silences)),
        packets=(packets.reached, packets.dropped, packets.unsent),
    )

"""Jobs: which cases are played against which target, in an order that never varies.

Belongs here: the selection by role and delivery, and names that stay the same between
runs. Must not know: how a job is played.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from harness.errors import Place, UsageError
from harness.exchange.delivery import deliveries_of
from harness.exchange.plan import verified
from harness.network.endpoint import LOOPBACK
from harness.network.network import Wanted
from harness.spec.model import Case, Delivery, Impairs, Role, Suite, Transport
from harness.target.isolation import Tier
from harness.target.program import is_named, sources
from harness.target.target import Target

PROBE = "probe"
"""The id of the case that every suite begins with: the target is built, started, and talks."""


class Capturing(StrEnum):
    """Of which cases there is to be a capture."""

    NEVER = "never"
    FAILED = "failed"
    ALL = "all"


@dataclass(frozen=True, slots=True)
class Settings:
    """What holds for a whole run.

    `builds` is a folder that all workers of the run share. `fresh`: a new process for each
    case. `strict`: a broken `should` fails. `family` (AF_INET, AF_INET6) is what the harness
    speaks, where the target's network has it. `isolation`: how enemies are kept in.
    """

    builds: Path
    seed: int = 0
    strict: bool = False
    fresh: bool = False
    parameters: Mapping[str, str] = field(default_factory=dict)
    network: Wanted = Wanted.AUTO
    family: int = LOOPBACK.family
    isolation: Tier = Tier.NONE
    capturing: Capturing = Capturing.NEVER


@dataclass(frozen=True, slots=True)
class Job:
    """One case with one delivery against one target in one role."""

    target: Target
    suite: Suite
    case: Case
    role: Role
    delivery: Delivery

    @property
    def id(self) -> str:
        """`case[delivery]`: unique among the jobs of one target, suite and role."""
        return f"{self.case.id}[{self.delivery}]"

    @property
    def verifies(self) -> tuple[str, ...]:
        """Ids of the requirements that it verifies (exchange.plan)."""
        return verified(self.suite, self.case, self.role, self.delivery)

    @property
    def needs_wire(self) -> bool:
        """Says whether it can be played only where a wire lies between harness and target.

        A datagram that is lost is one that the harness does not send; a stream's segments are
        the kernel's to send.
        """
        return self.delivery is Delivery.LOSSY or any(
            isinstance(event.act, Impairs) and event.over is Transport.TCP
            for event in self.case.exchange
        )

    @property
    def is_probe(self) -> bool:
        """Says whether everything else rests on this one."""
        return self.case.id == PROBE


def probe_case(suite: Suite) -> Case:
    """Returns the suite's probe as a case, worth no points."""
    first = suite.probe[0].place if suite.probe else Place(suite.path)
    clients = tuple(dict.fromkeys(event.client for event in suite.probe)) or ("client",)
    return Case(
        id=PROBE,
        purpose="The program is built, started, and answers the shortest exchange.",
        verifies=(),
        points=0,
        roles=suite.roles,
        clients=clients,
        exchange=suite.probe,
        place=first,
    )


def role_of(target: Target, suite: Suite, wanted: Role | None) -> Role:
    """Returns what the target plays: as asked, as its manifest says, or by the suite.

    Where nothing says it, what has `client` or `player` in its name is a client: the file or
    folder, or the only program file in it.
    Raises: UsageError where the suite has no such role.
    """
    role = wanted or (target.manifest.role if target.manifest else None)
    if role is None:
        client = Role.CLIENT in suite.roles and _is_client(target)
        role = Role.CLIENT if client else suite.roles[0]
    if role not in suite.roles:
        offered = " and ".join(suite.roles)
        raise UsageError(f"{target.id}: {suite.id} has no cases for a {role}, only for {offered}")
    return role


def _is_client(target: Target) -> bool:
    if target.path is None:
        return False
    files = sources(target.path) if target.path.is_dir() else []
    names = [target.path.name, *(files if len(files) == 1 else [])]
    return any(is_named(name, Role.CLIENT) for name in names)


def jobs(
    target: Target, suite: Suite, role: Role, deliveries: Collection[Delivery] = ()
) -> Iterator[Job]:
    """Yields the probe, then every case under every delivery asked for (all: none named).

    Those that need a wire come last: they are played on another start of the target.
    """
    last = []
    for case in (probe_case(suite), *suite.cases):
        if role not in case.roles:
            continue
        for delivery in deliveries_of(suite, case, role):
            wanted = not deliveries or delivery in deliveries
            first_of_probe = case.id == PROBE and delivery in (Delivery.WHOLE, Delivery.PLAIN)
            if first_of_probe or (wanted and case.id != PROBE):
                job = Job(target, suite, case, role, delivery)
                if job.needs_wire:
                    last.append(job)
                else:
                    yield job
    yield from last

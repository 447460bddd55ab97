"""What a run is to play: targets, suites and roles, from the words of the command line.

Belongs here: which suites a target is tested by, the line that plays one case again, and
what is told where a choice is missing. Must not know: pytest.
"""

from __future__ import annotations

import shlex
import socket
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from harness import library
from harness.errors import UsageError
from harness.network.endpoint import LOOPBACK
from harness.network.network import Wanted
from harness.report.page import printable
from harness.runner.job import Capturing, Job, jobs, role_of
from harness.spec.model import Delivery, Role, Suite
from harness.target.manifest import refuse_unfilled
from harness.target.target import Target, targets_at


@dataclass(frozen=True, slots=True)
class Request:
    """What the command line asks for. `default_specs` hold where no `--spec` is given.

    `captures` is the folder for them, "" where it is not said.
    """

    targets: tuple[str, ...]
    specs: tuple[str, ...] = ()
    default_specs: tuple[str, ...] = ()
    role: Role | None = None
    deliveries: tuple[Delivery, ...] = ()
    parameters: Mapping[str, str] = field(default_factory=dict)
    seed: int = 0
    strict: bool = False
    fresh: bool = False
    capturing: Capturing = Capturing.FAILED
    captures: str = ""
    network: Wanted = Wanted.AUTO
    family: int = LOOPBACK.family


@dataclass(frozen=True, slots=True)
class Subject:
    """One target with one suite in one role; `given` is how the command line names it.

    `name` tells it from the others of this run and is the suite's id where it is alone.
    """

    target: Target
    given: str
    suite: Suite
    spec: str
    role: Role
    name: str

    @property
    def label(self) -> str:
        """The target's name, told from the others of this run; with its role where it has two."""
        told = self.name.removesuffix(self.suite.id).rstrip("/")
        return f"{self.target.id}/{told}".rstrip("/") if told in ("", self.role) else told

    def jobs(self, deliveries: Sequence[Delivery]) -> Iterator[Job]:
        """Yields what is to be played, always in the same order."""
        return jobs(self.target, self.suite, self.role, deliveries)


def subjects(request: Request) -> list[Subject]:
    """Returns what is to be played, in the order of the command line.

    Raises: UsageError where a target or suite is not there or nothing says which suite,
    SpecError where a manifest or suite is wrong.
    """
    found = []
    for given in request.targets:
        for target in targets_at(given):
            if _plays_another(target, request.role):
                continue
            for spec in _specs_for(target, given, request):
                suite = _loaded(spec)
                role = role_of(target, suite, request.role)
                _refuse_unfilled(target, suite, request)
                found.append((target, _path_of(target, given), suite, spec, role))
    if not found:
        asked = f" as a {request.role}" if request.role else ""
        raise UsageError(f"none of the targets implements one of the suites asked for{asked}")
    names = _names([(target, given) for target, given, *_ in found])
    both_roles = len({role for *_, role in found}) > 1
    return [
        Subject(*each, name="/".join([*name, *([each[4]] if both_roles else []), each[2].id]))
        for each, name in zip(found, names, strict=True)
    ]


def _plays_another(target: Target, asked: Role | None) -> bool:
    """A target that says what it plays is not held to another role."""
    own = target.manifest.role if target.manifest else None
    return None not in (asked, own) and own is not asked


def _refuse_unfilled(target: Target, suite: Suite, request: Request) -> None:
    """Refuses a manifest whose placeholders nothing fills when the target is started."""
    if target.manifest is not None:
        given = {**request.parameters, **target.manifest.parameters}
        refuse_unfilled(target.manifest, given, suite.parameters)


def replay_command(subject: Subject, job: Job, request: Request) -> str:
    """Returns the line that plays this one case again, ready for a shell."""
    words = ["pytest", f"--target={subject.given}", f"--spec={subject.spec}"]
    if request.role is not None:
        words.append(f"--role={request.role}")
    words += [f"--param={name}={value}" for name, value in request.parameters.items()]
    words.append(f"--seed={request.seed}")
    words += ["--strict"] if request.strict else []
    words += ["--fresh"] if request.fresh else []
    words += [f"--network={request.network}"] if request.network is not Wanted.AUTO else []
    words += ["--ip=6"] if request.family == socket.AF_INET6 else []
    return shlex.join([*words, "-k", f"{subject.suite.id}/{job.id}"])


@cache
def _loaded(spec: str) -> Suite:
    return library.suite(spec)


def _specs_for(target: Target, given: str, request: Request) -> tuple[str, ...]:
    """Returns the suites by what was asked for, the manifest, the default, in this order.

    A target that says what it implements is not held to anything else.
    """
    implemented = _implemented(target)
    if implemented and request.specs:
        wanted = {_loaded(spec).id: spec for spec in request.specs}
        return tuple(wanted[_loaded(each).id] for each in implemented if _loaded(each).id in wanted)
    specs = request.specs or implemented or request.default_specs
    if not specs:
        raise UsageError(unspecified(given))
    return specs


def _implemented(target: Target) -> tuple[str, ...]:
    """Returns what the manifest names; a spec file stands relative to the manifest."""
    if target.manifest is None:
        return ()
    folder = Path(target.manifest.place.file).parent
    return tuple(
        str(folder / each) if each.endswith((".yaml", ".yml")) else each
        for each in target.manifest.implements
    )


def unspecified(given: str) -> str:
    """Returns what is told of a target for which nothing names a suite."""
    titles = library.titles()
    columns = max((len(name) for name, _ in titles), default=0)
    listed = "\n".join(f"  {name:<{columns}}  {title}" for name, title in titles)
    example = titles[0][0] if titles else "my-spec.yaml"
    return (
        f"{given} does not say which suite it is to be tested by. There are:\n\n{listed}\n\n"
        f"Name one, or a spec file of your own:\n\n"
        f"  {shlex.join(['pytest', f'--target={given}', f'--spec={example}'])}\n"
    )


def _path_of(target: Target, given: str) -> str:
    """Returns how a command line names this one target of those found at `given`."""
    if target.path is None:
        return given
    try:
        return str(target.path.relative_to(Path.cwd()))
    except ValueError:
        return str(target.path)


def _names(targets: Sequence[tuple[Target, str]]) -> list[tuple[str, ...]]:
    """Returns what tells targets apart: nothing for one, ids, paths where two ids are the same."""
    places = {given for _, given in targets}
    if len(places) == 1:
        return [()] * len(targets)
    unique = len({target.id for target, _ in targets}) == len(places)
    return [(printable(target.id if unique else given),) for target, given in targets]

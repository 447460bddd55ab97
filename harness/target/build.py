"""Builds: a phase of its own, with a limit, a log, and a copy of the sources.

Belongs here: running a program's build commands once for all workers of a run. Must not
know: suites, how the result is started. The submission's own tree is never written to.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import select
import shutil
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.errors import MachineError, TargetError
from harness.network.lab import root
from harness.spec.model import Role
from harness.target import isolation
from harness.target.isolation import Tier
from harness.target.launcher import Launcher
from harness.target.lockfile import locked
from harness.target.program import Program, is_named

LIMIT = 120.0
"""Seconds that all the commands of one build may take together."""

_LOG = 1 << 16  # bytes of a build's output that are kept
_SKIPPED = ("__pycache__", ".git", "node_modules", "target-classes", "target-program")


@dataclass(frozen=True, slots=True)
class Built:
    """A program that can be started from a copy of `folder` by `argv`."""

    argv: tuple[str, ...]
    folder: Path
    log: bytes = b""
    seconds: float = 0.0


def build(program: Program, into: Path, launcher: Launcher, tier: Tier = Tier.NONE) -> Built:
    """Returns the built program; the first caller of a run builds, the others wait for it.

    Raises: TargetError with the log where it does not build, MachineError where a tool is
    missing.
    """
    home = into / _fingerprint(program)
    with locked(home.with_suffix(".lock")):
        told = home.with_suffix(".json")
        if not told.exists():
            _remember(told, _made(program, home, launcher, tier))
        return _recalled(json.loads(told.read_text()), home / "work")


def _made(program: Program, home: Path, launcher: Launcher, tier: Tier) -> dict[str, object]:
    work = home / "work"
    _copy(program, work)
    before = _executables(work)
    start = time.monotonic()
    log = b""
    for command in program.build:
        code, printed = _run(launcher, command, work, LIMIT - (time.monotonic() - start), tier)
        log = (log + printed)[-_LOG:]
        if code is None:
            why = f"the build took more than {LIMIT:.0f} s: {' '.join(command)}"
            return {"failed": f"it does not build: {why}", "log": log.hex()}
        if code:
            why = f"{' '.join(command)} failed with code {code}"
            return {"failed": f"it does not build: {why}", "log": log.hex()}
    argv = list(program.argv)
    if "{made}" in argv:
        made = _made_programs(before, _executables(work), program.role)
        if len(made) != 1:
            return {**_not_one(made, program.role), "log": log.hex()}
        argv[argv.index("{made}")] = f"./{made[0]}"
    return {"argv": argv, "log": log.hex(), "seconds": time.monotonic() - start}


def _recalled(told: Mapping[str, object], work: Path) -> Built:
    log = bytes.fromhex(str(told["log"]))
    if "failed" in told:
        raise TargetError(str(told["failed"]), log, hint=str(told.get("hint", "")))
    argv = told["argv"]
    assert isinstance(argv, list)
    return Built(tuple(map(str, argv)), work, log, float(str(told["seconds"])))


def _remember(path: Path, told: Mapping[str, object]) -> None:
    path.write_text(json.dumps(told))


def _fingerprint(program: Program) -> str:
    """Returns a name for what would be built: content, commands, argv."""
    digest = hashlib.sha256(
        repr((program.build, program.argv, program.role, str(program.folder))).encode()
    )
    for path in _files(program):
        name, data = os.fsencode(path.relative_to(program.folder)), path.read_bytes()
        digest.update(b"%d:%s:%d:%d:" % (len(name), name, path.stat().st_mode, len(data)))
        digest.update(data)
    return digest.hexdigest()[:24]


def _files(program: Program) -> Iterator[Path]:
    if program.single:
        name = next(
            each for each in (*program.argv, *sum(program.build, ())) if _is_own(program, each)
        )
        yield program.folder / name
        return
    for base, folders, names in os.walk(program.folder):
        folders[:] = sorted(each for each in folders if each not in _SKIPPED)
        for name in sorted(names):
            path = Path(base, name)
            if path.is_file() and not path.is_symlink():
                yield path


def _is_own(program: Program, name: str) -> bool:
    return not name.startswith("/") and (program.folder / name).is_file()


def _copy(program: Program, work: Path) -> None:
    try:
        work.mkdir(parents=True, exist_ok=True)
        for path in _files(program):
            copy = work / path.relative_to(program.folder)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(path, copy)
    except OSError as exc:
        raise MachineError(f"cannot copy the sources: {exc}") from exc


def _run(
    launcher: Launcher, command: Sequence[str], work: Path, seconds: float, tier: Tier
) -> tuple[int | None, bytes]:
    """Returns status and output; status None: the limit was over. Nothing of it is left."""
    if "/" not in command[0] and shutil.which(command[0]) is None:
        raise MachineError(f"{command[0]} is not installed, and the target is built by it")
    env = {**{k: os.environ[k] for k in _KEPT if k in os.environ}, "LC_ALL": "C.UTF-8"}
    confinement = isolation.for_build(tier, work)
    env |= isolation.tool_environment(tier, work)
    until = time.monotonic() + seconds
    with launcher.start(command, work, env, confinement) as process:
        process.type(_END_OF_INPUT)
        poll = select.poll()
        poll.register(process.output_fd, select.POLLIN)
        poll.register(process.exit_fd, select.POLLIN)
        while process.status() is None and (left := until - time.monotonic()) > 0:
            poll.poll(left * 1000)
            process.drain()
        if confinement.inner and process.folder is not None and process.status() == 0:
            _take_back(process.folder, work, confinement.megabytes << 20)
    return process.status(), process.tail


def _take_back(seen: Path, work: Path, room: int) -> None:
    """Replaces what was built from by what has become of it, at a root of its own."""
    try:
        shutil.rmtree(work)
        work.mkdir()
        with root.opened(f"{seen}/.") as source:
            root.copy(source, str(work), room)
    except OSError as exc:
        raise TargetError(f"what was built cannot be taken over: {exc.strerror}") from exc


_END_OF_INPUT = b"\x04"

# A compiler's own environment: where it lives and where it caches.
_KEPT = (
    "PATH",
    "HOME",
    "CARGO_HOME",
    "RUSTUP_HOME",
    "GOCACHE",
    "GOPATH",
    "GOFLAGS",
    "JAVA_HOME",
    "TMPDIR",
)


def _executables(work: Path) -> dict[str, int]:
    """Returns the compiled programs where make or cargo puts them, and when they were written."""
    places = (
        work,
        work / "bin",
        work / "build",
        work / "target" / "debug",
        work / "target" / "release",
    )
    return {
        str(path.relative_to(work)): path.stat().st_mtime_ns
        for place in places
        if place.is_dir()
        for path in sorted(place.iterdir())
        if path.is_file() and os.access(path, os.X_OK) and _magic(path) == b"\x7fELF"
    }


def _magic(path: Path) -> bytes:
    with contextlib.suppress(OSError), path.open("rb") as file:  # it may be run, and not read
        return file.read(4)
    return b""


def _made_programs(
    before: Mapping[str, int], after: Mapping[str, int], role: Role | None
) -> list[str]:
    """Returns what a build has made, of several what is named after the role."""
    made = [name for name, written in after.items() if before.get(name) != written] or list(after)
    if len(made) <= 1 or role is None:
        return made
    own = [name for name in made if is_named(name, role)]
    return own or [name for name in made if not is_named(name, role.other)]


def _not_one(made: Sequence[str], role: Role | None) -> dict[str, str]:
    address = "{host} {port}" if role is Role.CLIENT else "{port}"
    hint = f"say  run: ./NAME {address}  in target.yaml"
    if not made:
        return {"failed": "it builds, but the build made no executable", "hint": hint}
    failed = f"it builds, but which of {', '.join(sorted(made))} is the {role or 'program'}?"
    return {"failed": failed, "hint": hint}

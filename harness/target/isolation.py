"""Isolation: how much a target is kept from, in tiers.

Belongs here: what each tier asks of the keeper (harness.target.confinement). Must not know:
suites, marks, what a target has done.

*strict*: in a lab, at a root of its own where nothing lies but the system, the interpreter
and a copy of the working folder. *guarded*: Landlock, for machines that have no labs. *none*:
what every target has, which keeps honest programs apart and stops no enemy.
"""

from __future__ import annotations

import contextlib
import enum
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import harness
from harness.target.confinement import FILES, LANDLOCK, ROOT

_MEMORY = 2 << 30  # bytes that a target's processes may have together
_FOLDER = 256  # megabytes
_LIMITS = {"FSIZE": 1 << 30, "NOFILE": 4096}
_PROCESSES = 400


class Tier(enum.StrEnum):
    """From the weakest up."""

    NONE = "none"
    GUARDED = "guarded"
    STRICT = "strict"


@dataclass(frozen=True, slots=True)
class Confinement:
    """What a keeper is asked for; `memory` in bytes, 0 for no limit; `apart`: from itself too.

    With `inner` the folder that can be written to is another one than its path shows here.
    """

    way: str = ""
    writable: str = ""
    megabytes: int = _FOLDER
    visible: tuple[str, ...] = ()
    hidden: tuple[str, ...] = ()
    binds: tuple[int, ...] = ()
    calls: tuple[int, ...] = ()
    memory: int = 0
    processes: int = _PROCESSES
    apart: bool = False
    limits: Mapping[str, int] = field(default_factory=dict)

    @property
    def inner(self) -> bool:
        """Says whether its files are its own."""
        return self.way == ROOT

    def order(self) -> dict[str, object]:
        """Returns plain values."""
        return {name: getattr(self, name) for name in self.__slots__}


FREE = Confinement()
"""Nothing is asked for."""


def in_lab(writable: Path, mounts: bool) -> Confinement:
    """Returns what every target in a lab gets; `mounts`: where the lab has its own."""
    limits = {**_LIMITS, "NPROC": _PROCESSES}
    return Confinement(FILES if mounts else "none", str(writable), limits=limits)


def strict(writable: Path) -> Confinement:
    """Returns what a target gets that may be an enemy, in a lab."""
    return Confinement(
        ROOT,
        str(writable),
        visible=_interpreters(),
        hidden=_own(),
        memory=_MEMORY,
        apart=True,
        limits={**_LIMITS, "NPROC": _PROCESSES},
    )


def guarded(writable: Path, binds: tuple[int, ...], calls: tuple[int, ...]) -> Confinement:
    """Returns what a target gets that may be an enemy, on the host.

    `binds` and `calls` are the TCP ports that it needs. All programs of this user count
    together here, and root's do not count at all: a bomb of root's is ended as best it can be.
    """
    limits = {**_LIMITS, "NPROC": _running() + _PROCESSES}
    return Confinement(
        LANDLOCK, str(writable), visible=_interpreters(), binds=binds, calls=calls,
        memory=_MEMORY, apart=True, limits=limits,
    )  # fmt: skip


def _running() -> int:
    """Returns how many threads this user has, as the limit counts them."""
    count = 0
    for name in os.listdir("/proc"):
        if name.isdigit():
            with contextlib.suppress(OSError):
                if Path(f"/proc/{name}").stat().st_uid == os.getuid():
                    count += len(os.listdir(f"/proc/{name}/task"))
    return count


def for_build(tier: Tier, work: Path) -> Confinement:
    """Returns what the commands of a build get, which write to `work`."""
    if tier is Tier.STRICT:
        return strict(work)
    return guarded(work, (), ()) if tier is Tier.GUARDED else FREE


def tool_environment(tier: Tier, work: Path) -> dict[str, str]:
    """Returns where the compilers of a build find themselves, and keep what they cache."""
    if tier is Tier.NONE:
        return {}
    rust = os.environ.get("RUSTUP_HOME", str(Path.home() / ".rustup"))
    scratch = "/tmp" if tier is Tier.STRICT else str(work)  # noqa: S108 - of a root of its own
    homes = dict.fromkeys(("HOME", "TMPDIR", "CARGO_HOME"), scratch)
    return {**homes, "RUSTUP_HOME": rust, "GOCACHE": f"{scratch}/.go"}


def interpreter() -> str:
    """Returns the Python that confined targets run: one that sees no package of ours."""
    return os.path.realpath(sys.executable)


def _interpreters() -> tuple[str, ...]:
    """Returns where languages live outside of the system's own folders."""
    homes = [Path(sys.base_prefix)]
    home = Path.home()
    rust = Path(os.environ.get("RUSTUP_HOME", home / ".rustup"))
    cargo = Path(os.environ.get("CARGO_HOME", home / ".cargo"), "bin")
    homes += [Path(os.environ[name]) for name in ("JAVA_HOME", "GOROOT") if name in os.environ]
    return tuple(str(each) for each in (*homes, rust, cargo) if each.exists())


def _own() -> tuple[str, ...]:
    """Returns what no target may see, be it installed beside the interpreter."""
    package = Path(harness.__file__).parent
    return tuple(str(each.resolve()) for each in (package, package.parent / "specs"))

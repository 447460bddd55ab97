"""Targets: what `--target` names, a program on disk or an address on loopback.

Belongs here: from the text of the option to targets. Must not know: suites, processes.
"""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from harness.errors import UsageError
from harness.spec.model import Transport
from harness.target.manifest import NAME, Manifest, read_manifest
from harness.target.program import SUFFIXES

_BUILD_FILES = ("makefile", "gnumakefile", "cargo.toml", "go.mod", "package.json")
_SCHEMES = {
    "tcp": (Transport.TCP,),
    "udp": (Transport.UDP,),
    "tcp+udp": (Transport.TCP, Transport.UDP),
}


@dataclass(frozen=True, slots=True)
class Address:
    """Where a server already runs."""

    host: str
    port: int
    transports: tuple[Transport, ...]


@dataclass(frozen=True, slots=True)
class Target:
    """One program under test. `id` is stable and unique in a run; path or address is set."""

    id: str
    path: Path | None
    address: Address | None = None
    manifest: Manifest | None = None


def targets_at(text: str) -> list[Target]:
    """Returns the targets that the text names, sorted by id.

    Raises: UsageError where there is none, SpecError where a manifest is wrong.
    """
    if "://" in text:
        return [Target(text, None, _address(text))]
    path = Path(text).absolute()
    if not path.exists():
        raise UsageError(f"no target at {text}: there is no such file or folder")
    if path.is_file():
        return [Target(path.name, path, manifest=_manifest_of(path.parent, path.name))]
    if _is_program(path):
        return [Target(path.name, path, manifest=_manifest_of(path))]
    found = [
        Target(each.relative_to(path).as_posix(), each, manifest=_manifest_of(each))
        for each in sorted(_programs_below(path))
    ]
    if not found:
        shown = ", ".join(sorted(each.name for each in path.iterdir())[:8]) or "nothing"
        raise UsageError(f"no program in {text}: found {shown}")
    return found


def _address(text: str) -> Address:
    scheme, _, rest = text.partition("://")
    host, _, port = rest.rpartition(":")
    if scheme not in _SCHEMES:
        raise UsageError(f"{text}: an address begins with {', '.join(f'{s}://' for s in _SCHEMES)}")
    if not (port.isascii() and port.isdigit()) or not 0 < int(port) < 65536:
        raise UsageError(f"{text}: an address ends with a port, as in {scheme}://127.0.0.1:9000")
    host = "127.0.0.1" if host == "localhost" else host
    try:
        local = ipaddress.IPv4Address(host).is_loopback
    except ValueError:
        local = False
    if not local:
        raise UsageError(f"{text}: only loopback is played against (127.0.0.1), found {host!r}")
    return Address(host, int(port), _SCHEMES[scheme])


def _manifest_of(folder: Path, name: str = "") -> Manifest | None:
    """A single file has its folder's manifest only where it is the folder's one program."""
    path = folder / NAME
    if not path.is_file() or (name and len(_own_files(folder)) > 1):
        return None
    return read_manifest(path)


def _own_files(folder: Path) -> list[str]:
    return [each.name for each in folder.iterdir() if each.is_file() and each.name != NAME]


def _is_program(folder: Path) -> bool:
    """A manifest, a build file or a source makes a folder a program."""
    names = [each.name for each in folder.iterdir() if each.is_file()]
    if NAME in names or any(name.lower() in _BUILD_FILES for name in names):
        return True
    sources = [name for name in names if Path(name).suffix in SUFFIXES]
    runnable = [name for name in names if os.access(folder / name, os.X_OK)]
    return bool(sources or len(runnable) == 1)


def _programs_below(folder: Path) -> Iterator[Path]:
    for each in sorted(folder.iterdir()):
        if not each.is_dir() or each.name.startswith((".", "__")):
            continue
        if _is_program(each):
            yield each
        else:
            yield from _programs_below(each)

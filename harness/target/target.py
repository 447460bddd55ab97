"""Targets: what `--target` names, a program on disk or an address on loopback.

Belongs here: from the text of the option to targets. Must not know: suites, processes.
"""

from __future__ import annotations

import ipaddress
import os
import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.errors import UsageError
from harness.spec.model import Transport
from harness.target.manifest import NAME, Manifest, read_manifest
from harness.target.program import SUFFIXES, shown_content, sources

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
        raise UsageError(f"no target at {text}: there is no such file or folder{_meant(text)}")
    if path.is_file():
        return [Target(path.name, path, manifest=_manifest_of(path.parent, path.name))]
    if _is_program(path):
        _refuse_two_readings(text, path)
        return [Target(path.name, path, manifest=_manifest_of(path))]
    found = [
        Target(each.relative_to(path).as_posix(), each, manifest=_manifest_of(each))
        for each in sorted(_submissions_below(path))
    ]
    if not found:
        raise UsageError(f"no program in {text}: found {shown_content(path)}")
    return found


def _meant(text: str) -> str:
    """An address whose scheme was left out."""
    port = text.rpartition(":")[2]
    return f"; did you mean tcp://{text}?" if port.isascii() and port.isdigit() else ""


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
    return _says_how(folder) or bool(_program_files(folder))


def _says_how(folder: Path) -> bool:
    names = [each.name for each in folder.iterdir() if each.is_file()]
    return NAME in names or any(name.lower() in _BUILD_FILES for name in names)


def _program_files(folder: Path) -> list[str]:
    """Returns the sources, or the one executable where there is none."""
    found = sources(folder)
    runnable = [name for name in _own_files(folder) if os.access(folder / name, os.X_OK)]
    return found or (runnable if len(runnable) == 1 else [])


def _folders(folder: Path) -> list[Path]:
    return sorted(
        each for each in folder.iterdir() if each.is_dir() and not each.name.startswith((".", "__"))
    )


def _submissions_below(folder: Path) -> list[Path]:
    """Returns the programs below, and beside them the folders in which there is none.

    Such a one was handed in too: that there is no program is its result. Tests and the like
    are nothing beside a program.
    """
    found = {
        each: [each] if _is_program(each) else _submissions_below(each) for each in _folders(folder)
    }
    own = {each: paths for each, paths in found.items() if each.name.lower() not in _ASIDE}
    if any(own.values()):
        found = own
    handed_in = any(paths and each.name.lower() not in _PARTS for each, paths in found.items())
    return [
        path
        for each, paths in found.items()
        for path in (paths or ([each] if handed_in and each.name.lower() not in _PARTS else []))
    ]


# -- one program, or a folder of them ------------------------------------------------------

_ASIDE = frozenset(("test", "tests", "doc", "docs", "examples", "venv", "node_modules"))
"""Names of folders that hold no program that was handed in."""

_PARTS = _ASIDE | frozenset(
    (
        "src", "lib", "libs", "bin", "obj", "build", "dist", "out", "target", "include",
        "static", "public", "util", "utils", "common", "shared", "client", "server", "player",
    )
)  # fmt: skip
"""Names of folders that are a part of the program beside them."""

_PACKAGE = re.compile(r"^\s*package\s+(\w+)", re.MULTILINE)


def _refuse_two_readings(text: str, folder: Path) -> None:
    """Raises: UsageError where a program file lies beside folders that are programs themselves.

    To take such a folder for one program would leave all submissions in it untested.
    """
    files = _program_files(folder)
    if not files or _says_how(folder):
        return
    others = [each.name for each in _folders(folder) if _stands_alone(each, files)]
    if not others:
        return
    given = shlex.quote(text.rstrip("/"))
    first = shlex.quote(files[0])
    own = shlex.quote(Path(files[0]).stem)
    language = SUFFIXES.get(Path(files[0]).suffix, "executable")
    raise UsageError(
        f"{text} holds program files ({_some(files)}) and folders that are programs by "
        f"themselves ({_some(others)}): one program or several?\n"
        f"  Several: give each a folder of its own, or take {_some(files)} away, as in\n"
        f"    mkdir {given}/{own} && mv {given}/{first} {given}/{own}/\n"
        f"  One: say so in a target.yaml, as in\n"
        f"    echo 'language: {language}' > {given}/{NAME}"
    )


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")


def _stands_alone(folder: Path, files: Sequence[str]) -> bool:
    """Says whether a folder is a program, and no part of the one whose files lie beside it."""
    if (
        folder.name.lower() in _PARTS
        or not _is_program(folder)
        or (folder / "__init__.py").exists()
    ):
        return False
    java = (_text(each) for each in folder.glob("*.java"))
    packages = {found.group(1) for found in map(_PACKAGE.search, java) if found}
    return folder.name not in packages and not any(
        _uses(_text(folder.parent / name), folder.name) for name in files
    )


def _uses(text: str, name: str) -> bool:
    """Says whether a source imports, includes or looks up something of that name."""
    way = r"\b(?:import|import_module|from|require|include|mod|use|path|chdir)\b"
    return bool(re.search(rf"{way}.*(?<!\w){re.escape(name)}(?!\w)", text))


def _text(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8", "replace")
    except OSError:
        return ""

"""Programs: from the files of a submission to how it is built and run.

Belongs here: recognising languages. Must not know: processes, suites.
"""

from __future__ import annotations

import os
import re
import shlex
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from harness.errors import TargetError
from harness.spec.model import Role

SUFFIXES = {
    ".py": "python", ".c": "c", ".cc": "c++", ".cpp": "c++", ".cxx": "c++", ".java": "java",
    ".jar": "java", ".js": "node", ".mjs": "node", ".cjs": "node", ".rs": "rust", ".go": "go",
}  # fmt: skip
_MAINS = ("main", "__main__", "index")
_WARN_NOT = ("-w", "-O1", "-g")  # a student's warnings are no fault of the protocol
_MAIN = re.compile(r"\bpublic\s+static\s+void\s+main\b|\bstatic\s+public\s+void\s+main\b")
_PACKAGE = re.compile(r"^\s*package\s+([\w.]+)\s*;", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Program:
    """What is run: `argv` after `build`'s commands, both relative to `folder`'s copy.

    `files` are what makes the program; the folder holds them. `python` and the like stand in
    argv by name.
    """

    language: str
    folder: Path
    build: tuple[tuple[str, ...], ...]
    argv: tuple[str, ...]
    single: bool = False  # the target is one file of the folder, the others are not its own
    role: Role | None = None  # whose program is `{made}`, where a build makes several


def find(path: Path, role: Role, language: str = "", commands: Sequence[str] = ()) -> Program:
    """Returns the program at a file or a folder; `commands` build it where a manifest says so.

    Raises: TargetError that says what is there.
    """
    if commands:
        return _by_commands(path, commands, role)
    if path.is_file():
        return _file(path, language)
    names = sorted(each.name for each in path.iterdir() if each.is_file())
    for way in (_make, _cargo, _go_module, _sources):
        found = way(path, names, role, language)
        if found is not None:
            return found
    raise TargetError(f"no program found: found {shown_content(path)}", hint=_HINT)


_HINT = "say in target.yaml how it is run, as in  run: ./server {port}"


def shown_content(folder: Path) -> str:
    """Returns the names of what lies in a folder, the first eight of them."""
    names = sorted(f"{each.name}/" if each.is_dir() else each.name for each in folder.iterdir())
    return ", ".join(names[:8]) + (", ..." if len(names) > 8 else "") or "nothing"


def is_named(name: str, role: Role) -> bool:
    """Says whether a file or folder is named after the role."""
    return any(word in Path(name).stem.lower() for word in _WORDS[role])


_WORDS = {Role.SERVER: ("server",), Role.CLIENT: ("client", "player")}


def sources(folder: Path) -> list[str]:
    """Returns the names of the files in a language known, sorted."""
    return sorted(each.name for each in folder.iterdir() if each.suffix in SUFFIXES)


def find_build(path: Path, role: Role, commands: Sequence[str] = ()) -> Program | None:
    """Returns what is built before a command line that names its program itself is run.

    None where neither a manifest nor a build file says how.
    """
    if commands:
        found: Program | None = _by_commands(path, commands, role)
    else:
        names = sorted(each.name for each in path.iterdir() if each.is_file())
        ways = (way(path, names, role, "") for way in (_make, _cargo, _go_module))
        found = next(filter(None, ways), None)
    return None if found is None else replace(found, argv=())


def _by_commands(path: Path, commands: Sequence[str], role: Role) -> Program:
    build = tuple(tuple(shlex.split(each)) for each in commands)
    return Program("manifest", path, build, ("{made}",), role=role)


def _file(path: Path, language: str) -> Program:
    kind = language or SUFFIXES.get(path.suffix, "")
    if kind not in _LANGUAGES:
        if os.access(path, os.X_OK):
            return Program("executable", path.parent, (), (f"./{path.name}",), single=True)
        raise TargetError(f"{path.name} is neither executable nor in a language known", hint=_HINT)
    return _LANGUAGES[kind](path.parent, (path.name,), path.name, True)


def _make(path: Path, names: Sequence[str], role: Role, language: str) -> Program | None:
    makefile = next((name for name in names if name.lower() in ("makefile", "gnumakefile")), None)
    if makefile is None:
        return None
    # All of it anew: what was handed in ready-made may be stale, or another machine's.
    return Program("make", path, (("make", "--always-make"),), ("{made}",), role=role)


def _cargo(path: Path, names: Sequence[str], role: Role, language: str) -> Program | None:
    if "Cargo.toml" not in names:
        return None
    command = ("cargo", "build", "--quiet", "--offline", "--target-dir", "target")
    return Program("rust", path, (command,), ("{made}",), role=role)


def _go_module(path: Path, names: Sequence[str], role: Role, language: str) -> Program | None:
    if "go.mod" not in names:
        return None
    return Program(
        "go", path, (("go", "build", "-o", "target-program", "."),), ("./target-program",)
    )


def _sources(path: Path, names: Sequence[str], role: Role, language: str) -> Program | None:
    by_kind: dict[str, list[str]] = {}
    for name in names:
        kind = SUFFIXES.get(Path(name).suffix)
        if kind and language in ("", kind):
            by_kind.setdefault(kind, []).append(name)
    if "c++" in by_kind and "c" in by_kind:
        by_kind["c++"] += by_kind.pop("c")
    if not by_kind:
        return _executable(path, names)
    kind = _language_of_role(by_kind, role)
    found_names = by_kind[kind]
    if kind in ("c", "c++", "go"):  # all of them make one program, whatever they are named
        own = found_names if kind == "go" else _of_role(found_names, role)
        return _LANGUAGES[kind](path, tuple(own), "", False)
    starting = _starting(path, found_names) if kind == "java" else []
    return _LANGUAGES[kind](path, tuple(found_names), _main(starting or found_names, role), False)


def _language_of_role(by_kind: Mapping[str, Sequence[str]], role: Role) -> str:
    """Returns the only language, or that of the file named after the role, or main.

    Where there is none such, that of the files not named after the other role.
    """
    rules: tuple[Callable[[str], bool], ...] = (
        lambda name: True,
        lambda name: is_named(name, role),
        lambda name: Path(name).stem.lower() in _MAINS,
        lambda name: not is_named(name, role.other),
    )
    for holds in rules:
        fitting = [kind for kind, names in by_kind.items() if any(map(holds, names))]
        if len(fitting) == 1:
            return fitting[0]
    found = " and ".join(f"{kind} ({', '.join(by_kind[kind])})" for kind in sorted(by_kind))
    raise TargetError(
        f"it holds {found}: which one is the {role}?",
        hint="say language: or run: in target.yaml",
    )


def _starting(path: Path, names: Sequence[str]) -> list[str]:
    """Returns the Java sources that have a main method."""
    return [name for name in names if name.endswith(".java") and _MAIN.search(_text(path / name))]


def _executable(path: Path, names: Sequence[str]) -> Program | None:
    runnable = [name for name in names if os.access(path / name, os.X_OK)]
    if len(runnable) != 1:
        return None
    return Program("executable", path, (), (f"./{runnable[0]}",))


def _main(names: Sequence[str], role: Role) -> str:
    """Returns the file that is started: the only one, or that of the role, or main."""
    if len(names) == 1:
        return names[0]
    for word in (*_WORDS[role], *_MAINS):
        fitting = [name for name in names if word in Path(name).stem.lower()]
        if len(fitting) == 1:
            return fitting[0]
    raise TargetError(
        f"several programs: {', '.join(names)}; none is named {role} or main",
        hint="give the file itself as target, or say run: in target.yaml",
    )


def _of_role(names: Sequence[str], role: Role) -> list[str]:
    """Leaves out the other role's sources, which have a main of their own."""
    return [name for name in names if not is_named(name, role.other)] or list(names)


# -- languages -----------------------------------------------------------------------------


def _python(folder: Path, names: Sequence[str], main: str, single: bool) -> Program:
    return Program("python", folder, (), (sys.executable, main), single)


def _node(folder: Path, names: Sequence[str], main: str, single: bool) -> Program:
    return Program("node", folder, (), ("node", main), single)


def _c(folder: Path, names: Sequence[str], main: str, single: bool) -> Program:
    command = ("gcc", *_WARN_NOT, "-o", "target-program", *names, "-lpthread", "-lm")
    return Program("c", folder, (command,), ("./target-program",), single)


def _cpp(folder: Path, names: Sequence[str], main: str, single: bool) -> Program:
    command = ("g++", *_WARN_NOT, "-o", "target-program", *names, "-lpthread")
    return Program("c++", folder, (command,), ("./target-program",), single)


def _rust(folder: Path, names: Sequence[str], main: str, single: bool) -> Program:
    command = ("rustc", "-A", "warnings", "-o", "target-program", main)
    return Program("rust", folder, (command,), ("./target-program",), single)


def _go(folder: Path, names: Sequence[str], main: str, single: bool) -> Program:
    command = ("go", "build", "-o", "target-program", *names)
    return Program("go", folder, (command,), ("./target-program",), single)


def _java(folder: Path, names: Sequence[str], main: str, single: bool) -> Program:
    if main.endswith(".jar"):
        return Program("java", folder, (), ("java", *_JAVA, "-jar", main), single)
    sources = [name for name in names if name.endswith(".java")]
    package = _PACKAGE.search(_text(folder / main))
    name = Path(main).stem if package is None else f"{package.group(1)}.{Path(main).stem}"
    command = ("javac", "-nowarn", "-d", "target-classes", *sources)
    return Program(
        "java", folder, (command,), ("java", *_JAVA, "-cp", "target-classes", name), single
    )


# A small machine for a small program: it starts in a third of the time.
_JAVA = ("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xshare:auto")


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8", "replace")
    except OSError as exc:
        raise TargetError(f"cannot read {path.name}: {exc.strerror}") from exc


_Maker = Callable[[Path, Sequence[str], str, bool], Program]
_LANGUAGES: dict[str, _Maker] = {
    "python": _python, "node": _node, "c": _c, "c++": _cpp, "rust": _rust, "go": _go, "java": _java,
}  # fmt: skip

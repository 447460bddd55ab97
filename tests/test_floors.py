"""The floors: imports of harness/ only go down, pure rooms touch nothing, files stay small."""

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

# From the ground up; a room imports from itself and from below.
FLOORS = (
    ("errors",),
    ("verdict",),
    ("wire",),
    ("spec",),
    ("exchange",),
    ("network",),
    ("target",),
    ("runner",),
    ("report",),
    ("library", "doctor"),
    ("selection",),
    ("grading",),
    ("items", "marking"),
    ("session", "checking"),
    ("plugin", "cli"),
)
PURE = ("errors", "verdict", "wire", "spec", "exchange")
# What is pure in a room that is not.
PURE_MODULES = (
    "grading.result", "grading.document", "grading.scheme", "grading.schemefile",
    "grading.marks", "grading.feedback",
)  # fmt: skip
# All of the standard library that a pure room may use. None of it reaches outside the process.
HARMLESS = (
    "__future__ base64 binascii collections contextlib dataclasses difflib enum fnmatch functools "
    "importlib ipaddress itertools json math operator random re shlex string struct textwrap types "
    "typing unicodedata zlib"
)
# Packages of others, and the only modules that may import them.
OTHERS = {
    "pytest": ("plugin", "items", "session", "cli"),
    "scapy": ("wire.layout", "wire.malformed.building", "wire.malformed.stacking"),
    "yaml": ("spec.tree",),
}
# What runs in the fork server and inside of labs, with no more than this of the harness.
LEAN = (
    "network.poll", "network.lab.namespaces", "network.lab.links", "network.lab.topology",
    "network.lab.broker", "network.lab.mounts", "network.lab.root", "network.lab.relay",
    "wire.schedule", "target.keeper", "target.lineage", "target.confinement",
    "target.landlock", "target.launch",
)  # fmt: skip
# Names without an import that reach outside.
OUTSIDE = ("open", "print", "input")
# `signal` is imported for the names of signals, `inspect` for what a hook takes.
EXCEPTIONS = (("exchange.diagnosis", "signal"), ("spec.acts", "inspect"))
FILE_LINES, FUNCTION_LINES = 400, 60


@dataclass(frozen=True)
class Module:
    name: str  # below harness: "wire.layout", "plugin", "wire" for its __init__
    text: str
    tree: ast.Module

    @property
    def room(self) -> str:
        return self.name.partition(".")[0]

    def imports(self) -> Iterator[tuple[int, str]]:
        """Yields (line, dotted name) of all imports, those inside functions too."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                yield from ((node.lineno, alias.name) for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                start = f"{'harness.' * bool(node.level)}{node.module or ''}".rstrip(".")
                yield from ((node.lineno, f"{start}.{alias.name}") for alias in node.names)


def modules(package: Path) -> list[Module]:
    found = []
    for path in sorted(package.rglob("*.py")):
        parts = path.relative_to(package).with_suffix("").parts
        text = path.read_text("utf-8")
        name = ".".join(part for part in parts if part != "__init__")
        found.append(Module(name, text, ast.parse(text)))
    return found


def complaints(package: Path) -> list[str]:
    """Returns all that breaks the rules in a package named harness, with its place."""
    found = modules(package)
    known = {module.name for module in found}.union(*FLOORS)
    told = [
        f"{module.name}:{line}: {message}"
        for module in found
        for rule in (upward, outside, heavy, oversized)
        for line, message in rule(module, known)
    ]
    return told + circles(found, known)


def inner(name: str, known: set[str]) -> str:
    """Returns the module of ours that an import means, "" for a stranger's."""
    parts = name.split(".")[1:] if name.split(".")[0] == "harness" else []
    while parts and ".".join(parts) not in known:
        parts.pop()
    return ".".join(parts)


def floor(room: str) -> int:
    return next((number for number, rooms in enumerate(FLOORS) if room in rooms), -1)


def upward(module: Module, known: set[str]) -> Iterator[tuple[int, str]]:
    if module.name and floor(module.room) < 0:
        yield 1, f"the room {module.room} is on no floor"
    for line, name in module.imports():
        room = inner(name, known).partition(".")[0]
        if room and room != module.room and floor(room) >= floor(module.room):
            yield line, f"imports {name}, which is not below"


def heavy(module: Module, known: set[str]) -> Iterator[tuple[int, str]]:
    """What a fork of the fork server would have to load."""
    for line, name in module.imports() if module.name in LEAN else ():
        ours = inner(name, known)
        if (ours and ours not in (*LEAN, "network.lab")) or name.partition(".")[0] == "pathlib":
            yield line, f"is lean and imports {name}"


def outside(module: Module, known: set[str]) -> Iterator[tuple[int, str]]:
    pure = module.room in PURE or module.name in PURE_MODULES
    for line, name in module.imports():
        top = name.partition(".")[0]
        if top == "harness" or (module.name, top) in EXCEPTIONS:
            continue
        if top not in sys.stdlib_module_names:
            if module.name not in OTHERS.get(top, ()):
                yield line, f"imports {top}, which is not for it"
        elif pure and top not in HARMLESS.split():
            yield line, f"is pure and imports {top}"
    for node in ast.walk(module.tree) if pure else ():
        match node:
            case ast.Call(func=ast.Name(id=name)) if name in OUTSIDE:
                yield node.lineno, f"is pure and calls {name}()"
            case ast.Attribute(value=ast.Name(id="random"), attr=name) if name != "Random":
                yield node.lineno, f"draws from the shared random.{name}"


def oversized(module: Module, known: set[str]) -> Iterator[tuple[int, str]]:
    lines, most = module.text.count("\n"), FILE_LINES
    if lines > most:
        yield 1, f"has {lines} lines, {most} are the most"
    for node in ast.walk(module.tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            if lines > FUNCTION_LINES:
                yield node.lineno, f"{node.name}() has {lines} lines, {FUNCTION_LINES} are the most"


def circles(found: list[Module], known: set[str]) -> list[str]:
    graph = {
        module.name: {inner(name, known) for _, name in module.imports()} - {"", module.name}
        for module in found
    }
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as exc:
        return [f"a circle of imports: {' <- '.join(exc.args[1])}"]
    return []


def test_the_harness_keeps_to_its_floors():
    assert complaints(ROOT / "harness") == []


def test_every_room_is_there():
    rooms = {module.room for module in modules(ROOT / "harness")} - {""}
    assert rooms == {room for rooms in FLOORS for room in rooms}


@pytest.fixture
def package(tmp_path):
    """Writes a small harness of its own: {module: text}."""

    def written(files):
        for name, text in files.items():
            path = tmp_path / f"{name}.py"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return tmp_path

    return written


RIGHT = {
    "__init__": "",
    "errors": "from dataclasses import dataclass\n",
    "wire/__init__": "",
    "wire/layout": "import random\nimport scapy.fields\nR = random.Random(1)\n",
    "wire/framing": "import re\nfrom harness.errors import Place\n",
    "runner/__init__": "",
    "runner/driver": "import socket\nfrom harness.wire import framing\n",
    "plugin": "import pytest\n",
}


def test_what_keeps_to_the_rules_is_left_alone(package):
    assert complaints(package(RIGHT)) == []


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("errors", "from harness.wire.framing import Framing\n", "errors:1: imports harness.wire"),
        ("errors", "from harness import wire\n", "errors:1: imports harness.wire, which is not"),
        ("errors", "def f():\n    import harness.wire\n", "errors:2: imports harness.wire"),
        ("verdict", "from .wire import framing\n", "verdict:1: imports harness.wire.framing"),
        ("library", "import harness.doctor\n", "library:1: imports harness.doctor, which is not"),
        ("wire/quote", "import socket\n", "wire.quote:1: is pure and imports socket"),
        ("wire/quote", "from pathlib import Path\n", "is pure and imports pathlib"),
        ("spec/tree", "import os.path\n", "is pure and imports os"),
        ("exchange/play", "import time\n", "is pure and imports time"),
        ("exchange/play", "from subprocess import run\n", "is pure and imports subprocess"),
        ("exchange/play", "import pytest\n", "imports pytest, which is not for it"),
        ("runner/record", "import pytest\n", "imports pytest, which is not for it"),
        ("wire/quote", "from scapy.packet import Raw\n", "imports scapy, which is not for it"),
        ("runner/record", "import scapy\n", "imports scapy, which is not for it"),
        ("wire/quote", "TEXT = open('x')\n", "wire.quote:1: is pure and calls open()"),
        ("spec/lint", "import random\nX = random.choice('ab')\n", "the shared random.choice"),
        ("target/keeper", "import pathlib\n", "target.keeper:1: is lean and imports pathlib"),
        ("target/keeper", "from harness.wire import framing\n", "is lean and imports harness.wire"),
        ("cellar", "", "the room cellar is on no floor"),
        ("wire/a", "from harness.wire import b\n", "a circle of imports: "),
        ("runner/long", "X = 1\n" * 401, "runner.long:1: has 401 lines"),
        ("runner/long", "def f():\n" + "    x = 1\n" * 60, "runner.long:1: f() has 61 lines"),
    ],
)
def test_what_breaks_the_rules_is_told(package, name, text, told):
    found = complaints(package({**RIGHT, "wire/b": "import harness.wire.a\n", name: text}))
    assert [each for each in found if told in each], found


def test_one_fault_is_told_once(package):
    found = complaints(package({**RIGHT, "wire/quote": "import socket\n"}))
    assert found == ["wire.quote:1: is pure and imports socket"]


def test_the_largest_that_are_allowed(package):
    long = "def f():\n" + "    x = 1\n" * 59 + "X = 1\n" * 340
    assert complaints(package({**RIGHT, "runner/long": long})) == []

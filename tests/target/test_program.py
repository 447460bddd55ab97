"""Which program a submission is, told from its files."""

import sys

import pytest

from harness.errors import TargetError
from harness.spec.model import Role
from harness.target.program import find

MAIN = "public class X { public static void main(String[] a) {} }"


@pytest.fixture
def folder(tmp_path):
    def folder(files: dict[str, str]):
        for name, text in files.items():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_text(text)
        return tmp_path

    return folder


@pytest.mark.parametrize(
    ("files", "language", "argv"),
    [
        (["s.py"], "python", (sys.executable, "s.py")),
        (["server.py", "client.py"], "python", (sys.executable, "server.py")),
        (["TCPServer.py", "TCPClient.py", "common.py"], "python", (sys.executable, "TCPServer.py")),
        (["main.py", "rules.py"], "python", (sys.executable, "main.py")),
        (["index.js", "rules.js"], "node", ("node", "index.js")),
        (["server.c", "client.c", "common.c"], "c", ("./target-program",)),
        (["server.cpp", "util.c"], "c++", ("./target-program",)),
        (["game.c", "net.c"], "c", ("./target-program",)),
        (["x.rs"], "rust", ("./target-program",)),
        (["x.go"], "go", ("./target-program",)),
        (["Makefile", "x.c", "y.py"], "make", ("{made}",)),
        (["makefile", "x.c"], "make", ("{made}",)),
        (["Cargo.toml"], "rust", ("{made}",)),
        (["go.mod", "x.go"], "go", ("./target-program",)),
    ],
    ids=lambda value: "+".join(value) if isinstance(value, list) else "",
)
def test_the_language_is_found(folder, files, language, argv):
    program = find(folder(dict.fromkeys(files, "")), Role.SERVER)
    assert (program.language, program.argv) == (language, argv)


def test_the_other_roles_sources_are_left_out(folder):
    files = folder(dict.fromkeys(["server.c", "client.c", "common.c"], ""))
    (command,) = find(files, Role.SERVER).build
    assert {"server.c", "common.c"} < set(command)
    assert "client.c" not in command
    (command,) = find(files, Role.CLIENT).build
    assert {"client.c", "common.c"} < set(command)
    assert "server.c" not in command


def test_the_class_with_a_main_is_started(folder):
    files = {"Rules.java": "package p.q;\nclass Rules {}", "Game.java": f"package p.q;\n{MAIN}"}
    assert find(folder(files), Role.SERVER).argv[-1] == "p.q.Game"


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({}, "found nothing"),
        ({"a.txt": "", "b.txt": ""}, "found a.txt, b.txt"),
        ({"a.py": "", "b.js": ""}, r"node \(b.js\) and python \(a.py\): which one is the server?"),
        ({"server.c": "", "server.py": ""}, r"c \(server.c\) and python \(server.py\): which one"),
        ({"main.c": "", "main.py": "", "client.js": ""}, "which one is the server"),
        ({"a.py": "", "b.py": ""}, "several programs: a.py, b.py; none is named server or main"),
    ],
)
def test_what_cannot_be_told_is_told(folder, files, message):
    with pytest.raises(TargetError, match=message):
        find(folder(files), Role.SERVER)


@pytest.mark.parametrize(
    ("files", "role", "started"),
    [
        (["server.js", "client.py"], Role.SERVER, "server.js"),
        (["server.js", "client.py"], Role.CLIENT, "client.py"),
        (["Player.java", "GS.py"], Role.CLIENT, "Player"),
        (["Player.java", "GS.py"], Role.SERVER, "GS.py"),
        (["main.js", "plot.py"], Role.SERVER, "main.js"),
        (["server.py", "main.js"], Role.SERVER, "server.py"),
        (["GS.py", "player.py"], Role.CLIENT, "player.py"),
    ],
)
def test_the_file_named_after_the_role_is_started_whatever_its_language(
    folder, files, role, started
):
    assert find(folder(dict.fromkeys(files, "")), role).argv[-1] == started


def test_it_is_told_how_to_settle_which_language_it_is(folder):
    with pytest.raises(TargetError) as told:
        find(folder({"server.c": "", "server.py": ""}), Role.SERVER)
    assert told.value.hint == "say language: or run: in target.yaml"


def test_a_file_that_nothing_can_run_is_told(folder):
    path = folder({"notes.txt": ""}) / "notes.txt"
    with pytest.raises(TargetError, match=r"notes.txt is neither executable nor in a language"):
        find(path, Role.SERVER)


def test_a_manifest_may_say_that_a_file_is_run_as_it_is(folder):
    path = folder({"server.py": "#!/usr/bin/env python3"}) / "server.py"
    with pytest.raises(TargetError, match=r"server.py is neither executable"):
        find(path, Role.SERVER, language="executable")
    path.chmod(0o755)
    assert find(path, Role.SERVER, language="executable").argv == ("./server.py",)


def test_a_manifest_may_say_the_language(folder):
    path = folder({"a.py": "", "b.js": ""})
    assert find(path, Role.SERVER, language="node").argv == ("node", "b.js")

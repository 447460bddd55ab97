"""Builds of what students hand in, in every language whose tools are here."""

import os
import select
import shutil
import stat
import subprocess
import threading

import pytest

from harness.errors import MachineError, TargetError
from harness.spec.model import Role
from harness.target import build as building
from harness.target.build import build
from harness.target.program import find, find_build

C = 'int puts(const char *); int main() { puts("%s"); return 0; }\n'
JAVA = 'class %s { public static void main(String[] a) { System.out.println("%s"); } }\n'
MAKE = "all: upperd upperc\nupperd: d.c\n\tcc -o $@ $<\nupperc: c.c\n\tcc -o $@ $<\n"


@pytest.fixture
def hand_in(tmp_path):
    """Writes files into a folder whose name is hard to handle."""

    def hand_in(files: dict[str, str], folder: str = "João's work"):
        for name, text in files.items():
            path = tmp_path / folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return tmp_path / folder

    return hand_in


@pytest.fixture
def made(keeper, tmp_path):
    """Builds a submission and returns what it prints."""

    def made(path):
        built = build(find(path, Role.SERVER), tmp_path / "builds", keeper)
        return printed_by(built)

    return made


def printed_by(built):
    return subprocess.run(built.argv, cwd=built.folder, capture_output=True, text=True).stdout


def needs(tool: str):
    return pytest.mark.skipif(shutil.which(tool) is None, reason=f"no {tool} here")


RUST = 'fn main() { let unused = 1; println!("it"); }\n'
CARGO = '[package]\nname = "it"\nversion = "0.1.0"\nedition = "2021"\n'

SUBMISSIONS = [
    pytest.param({"server.py": "print('it')"}, id="python"),
    pytest.param({"server.py": "import own", "own.py": "print('it')"}, id="python-two"),
    pytest.param({"server.c": C % "it"}, id="c", marks=needs("gcc")),
    pytest.param({"server.c": C % "it", "client.c": C % "no"}, id="c-both", marks=needs("gcc")),
    pytest.param({"s.cpp": "#include <cstdio>\n" + C % "it"}, id="c++", marks=needs("g++")),
    pytest.param({"server.c": "int unused(){}\n" + C % "it"}, id="c-warns", marks=needs("gcc")),
    pytest.param(
        {"Makefile": "it: a.c\n\tcc -o $@ $<\n", "a.c": C % "it"}, id="make", marks=needs("make")
    ),
    pytest.param(
        {"Makefile": "all:\n\tcc -o server a.c\n\tcc -o client a.c\n", "a.c": C % "it"},
        id="make-both", marks=needs("make"),
    ),
    pytest.param(
        {"Makefile": "all:\n\tcc -o GS a.c\n\tcc -o player a.c\n", "a.c": C % "it"},
        id="make-player", marks=needs("make"),
    ),
    pytest.param({"Main.java": JAVA % ("Main", "it")}, id="java", marks=needs("javac")),
    pytest.param(
        {"Server.java": "package a.b;\n" + JAVA % ("Server", "it")},
        id="java-package", marks=needs("javac"),
    ),
    pytest.param({"server.js": "console.log('it')"}, id="node", marks=needs("node")),
    pytest.param({"server.rs": RUST}, id="rustc", marks=needs("rustc")),
    pytest.param({"Cargo.toml": CARGO, "src/main.rs": RUST}, id="cargo", marks=needs("cargo")),
    pytest.param(
        {"main.go": 'package main\nimport "fmt"\nfunc main() { fmt.Println("it") }\n'},
        id="go", marks=needs("go"),
    ),
]  # fmt: skip


@pytest.mark.parametrize("files", SUBMISSIONS)
def test_a_submission_is_built_and_runs(hand_in, files, made):
    folder = hand_in(files)
    assert made(folder) == "it\n"
    left = {str(each.relative_to(folder)) for each in folder.rglob("*") if each.is_file()}
    assert left == set(files)  # its own tree is never written to


def test_files_may_have_any_name(hand_in, made):
    """A zip that another system has made holds names that are no UTF-8."""
    path = hand_in({"server.py": "print('it')"})
    (path / os.fsdecode(b"L\xf6sung.txt")).touch()
    assert made(path) == "it\n"


def test_a_script_runs_by_its_first_line(hand_in, made):
    script = hand_in({"serve": "#!/bin/sh\necho it\n"}) / "serve"
    script.chmod(0o755)
    assert made(script) == "it\n"
    assert made(script.parent) == "it\n"


@needs("jar")
def test_a_jar_is_run(hand_in, tmp_path, made):
    folder = hand_in({"Main.java": JAVA % ("Main", "it")}, "sources")
    subprocess.run(["javac", "Main.java"], cwd=folder, check=True)
    (tmp_path / "jars").mkdir()
    subprocess.run(
        ["jar", "cfe", tmp_path / "jars" / "server.jar", "Main", "Main.class"],
        cwd=folder, check=True,
    )  # fmt: skip
    assert made(tmp_path / "jars") == "it\n"


@needs("make")
def test_a_makefile_of_two_programs_needs_to_be_told_which(hand_in, tmp_path, keeper):
    folder = hand_in({"Makefile": MAKE, "d.c": C % "upperd", "c.c": C % "upperc"})
    which = r"^it builds, but which of upperc, upperd is the server\?"
    with pytest.raises(TargetError, match=which) as told:
        build(find(folder, Role.SERVER), tmp_path / "builds", keeper)
    assert told.value.hint == "say  run: ./NAME {port}  in target.yaml"
    program = find_build(folder, Role.SERVER)
    assert program is not None
    built = build(program, tmp_path / "builds", keeper)  # a command line says which one is run
    assert built.argv == ()
    for name in ("upperd", "upperc"):
        assert subprocess.check_output([built.folder / name], text=True) == f"{name}\n"


def test_a_build_that_makes_nothing_is_told(hand_in, tmp_path, keeper):
    program = find(hand_in({"a": ""}), Role.SERVER, commands=["true"])
    with pytest.raises(TargetError, match=r"^it builds, but the build made no executable$"):
        build(program, tmp_path / "builds", keeper)


@needs("make")
def test_what_was_handed_in_ready_made_is_built_anew(hand_in, made):
    folder = hand_in(
        {"Makefile": "it: a.c\n\tcc -o it a.c\n", "a.c": C % "it", "it": "", "old": ""}
    )
    for stale in (folder / "it", folder / "old"):
        stale.write_bytes(b"\x7fELF of another machine")
        stale.chmod(0o755)
        os.utime(stale, (2e9, 2e9))
    assert made(folder) == "it\n"


def test_where_nothing_is_to_be_built_nothing_is(hand_in):
    assert find_build(hand_in({"server.py": ""}), Role.SERVER) is None


@needs("gcc")
def test_a_build_that_fails_shows_its_log(hand_in, tmp_path, keeper):
    folder = hand_in({"server.c": "int main() { return oops; }\n"})
    with pytest.raises(TargetError, match=r"it does not build: gcc .* failed with code 1") as told:
        build(find(folder, Role.SERVER), tmp_path / "builds", keeper)
    assert b"oops" in told.value.log


def test_a_build_that_hangs_is_ended_with_all_that_it_started(
    hand_in, tmp_path, monkeypatch, keeper
):
    monkeypatch.setattr(building, "LIMIT", 2.0)
    script = "setsid sh -c 'echo $$ > child; yes' &\nwhile ! test -s child; do :; done\n"
    folder = hand_in({"build.sh": script + "echo here\nsleep 1000\n"})
    with pytest.raises(TargetError, match=r"the build took more than 2 s: sh") as told:
        build(find(folder, Role.SERVER, commands=["sh build.sh"]), tmp_path / "builds", keeper)
    assert b"y\ny\n" in told.value.log
    (child,) = (tmp_path / "builds").rglob("child")
    assert is_gone(int(child.read_text()))


def is_gone(pid: int) -> bool:
    """Waits for the end of a process that is nobody's child here."""
    try:
        ended = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    with os.fdopen(ended, "rb", buffering=0):
        return bool(select.select([ended], (), (), 20)[0])


def test_a_folder_without_a_program_says_what_it_holds(hand_in):
    with pytest.raises(TargetError, match=r"no program found: found notes.txt"):
        find(hand_in({"notes.txt": ""}), Role.SERVER)


def test_links_are_not_followed(hand_in, made):
    folder = hand_in({"server.py": "import os; print(sorted(os.listdir('.')))"})
    (folder / "link").symlink_to("/etc/passwd")
    (folder / "loop").symlink_to(".")
    assert made(folder) == "['server.py']\n"


def test_the_same_target_is_built_once(hand_in, tmp_path, keeper):
    folder = hand_in({"build.sh": f"echo once >> '{tmp_path}/count'\ncp /bin/true it\n"})
    program = find(folder, Role.SERVER, commands=["sh build.sh"])
    callers = [
        threading.Thread(target=build, args=(program, tmp_path / "builds", keeper))
        for _ in range(4)
    ]
    for each in callers:
        each.start()
    for each in callers:
        each.join()
    assert (tmp_path / "count").read_text() == "once\n"
    (folder / "build.sh").chmod(stat.S_IRWXU)  # another mode is another submission
    build(program, tmp_path / "builds", keeper)
    assert (tmp_path / "count").read_text() == "once\nonce\n"


def test_a_build_leaves_no_daemon(hand_in, keeper, tmp_path):
    """Its flood does not hold the build up either."""
    script = "setsid sh -c 'echo $$ > child; exec yes' &\nwhile ! test -s child; do :; done\n"
    folder = hand_in({"build.sh": script + "cp /bin/true it\n"})
    program = find(folder, Role.SERVER, commands=["sh build.sh"])
    built = build(program, tmp_path / "builds", keeper)
    assert built.argv == ("./it",)
    assert is_gone(int((built.folder / "child").read_text()))


def test_a_build_that_asks_finds_the_end_of_its_input(hand_in, keeper, tmp_path):
    folder = hand_in({"build.sh": "read answer || cp /bin/true it\n"})
    program = find(folder, Role.SERVER, commands=["sh build.sh"])
    assert build(program, tmp_path / "builds", keeper).argv == ("./it",)


def test_a_tool_that_is_not_here_is_no_fault_of_the_target(hand_in, keeper, tmp_path):
    program = find(hand_in({"x": ""}), Role.SERVER, commands=["no-such-tool --all"])
    with pytest.raises(MachineError, match="no-such-tool is not installed"):
        build(program, tmp_path / "builds", keeper)

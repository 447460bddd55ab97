"""What `--target` names."""

import pytest

from harness.errors import UsageError
from harness.spec.model import Transport
from harness.target.target import targets_at


@pytest.fixture
def tree(tmp_path):
    def tree(*names: str):
        for name in names:
            folder = tmp_path / name if name.endswith("/") else (tmp_path / name).parent
            folder.mkdir(parents=True, exist_ok=True)
            if not name.endswith("/"):
                (tmp_path / name).write_text("")
        return tmp_path

    return tree


@pytest.mark.parametrize(
    ("names", "ids"),
    [
        (["a/server.py", "b/server.c", "c d/Main.java"], ["a", "b", "c d"]),
        (["a/Makefile", "b/Cargo.toml", "c/go.mod"], ["a", "b", "c"]),
        (["é/go.mod", "deep/er/x.js"], ["deep/er", "é"]),
        (["a/x.py", ".git/x.py", "__pycache__/x.py"], ["a"]),
    ],
)
def test_a_folder_of_targets(tree, names, ids):
    assert [each.id for each in targets_at(str(tree(*names)))] == ids


def test_a_folder_and_a_file_are_one_target(tree):
    folder = tree("sub/server.py", "sub/other.py") / "sub"
    assert [(each.id, each.path) for each in targets_at(str(folder))] == [("sub", folder)]
    assert [each.id for each in targets_at(str(folder / "server.py"))] == ["server.py"]


@pytest.mark.parametrize(
    ("names", "ids"),
    [
        (["alice/server.py", "eve/README.md", "dave/"], ["alice", "dave", "eve"]),
        (["1/alice/server.py", "1/dave/", "2/bob/x.c"], ["1/alice", "1/dave", "2/bob"]),
        (["alice/server.py", ".git/x", "__pycache__/x", "docs/x"], ["alice"]),
        (["alice/src/server.py", "alice/report/a.pdf", "bob/x.c"], ["alice/src", "bob"]),
        (["src/server.py", "tests/test_server.py", "docs/conf.py"], ["src"]),
        (["alice/src/server.py", "alice/tests/test.py", "eve/"], ["alice/src", "eve"]),
    ],
    ids=lambda value: "+".join(value),
)
def test_a_folder_without_a_program_beside_others_is_a_target(tree, names, ids):
    assert [each.id for each in targets_at(str(tree(*names)))] == ids


@pytest.mark.parametrize(
    ("stray", "line"),
    [
        ("gina.py", "mkdir {at}/gina && mv {at}/gina.py {at}/gina/"),
        ("gina.py", "echo 'language: python' > {at}/target.yaml"),
        ("grade.c", "echo 'language: c' > {at}/target.yaml"),
    ],
)
def test_a_stray_program_beside_submissions_is_told_with_both_readings(tree, stray, line):
    at = tree(stray, "alice/server.py", "bob/server.c", "carol/Makefile", "notes/x.txt")
    with pytest.raises(UsageError) as told:
        targets_at(str(at))
    first, *lines = str(told.value).splitlines()
    assert f"({stray}) and folders that are programs by themselves (alice, bob, carol)" in first
    assert f"    {line.format(at=at)}" in lines


def test_both_ways_out_of_two_readings_lead_out(tree):
    at = tree("gina.py", "alice/server.py")
    (at / "target.yaml").write_text("language: python")
    assert [each.path for each in targets_at(str(at))] == [at]
    (at / "target.yaml").unlink()
    (at / "gina").mkdir()
    (at / "gina.py").rename(at / "gina" / "gina.py")
    assert [each.id for each in targets_at(str(at))] == ["alice", "gina"]


@pytest.mark.parametrize(
    "files",
    [
        {"server.py": "", "rules/__init__.py": "", "rules/game.py": ""},
        {"server.py": "from rules.game import x", "rules/game.py": ""},
        {"server.py": "import sys\nsys.path.append('rules')", "rules/game.py": ""},
        {"Server.java": "", "game/Rules.java": "package game;", "game/Other.java": ""},
        {"server.c": '#include "net/io.h"', "net/io.c": ""},
        {"server.js": "const x = require('./game/rules')", "game/rules.js": ""},
        {"server.py": "", "tests/test_server.py": "", "src/x.py": "", "client/client.py": ""},
        {"Makefile": "", "server.c": "", "alice/server.c": ""},
    ],
    ids=lambda files: "+".join(files),
)
def test_a_program_with_folders_of_its_own_is_one(tmp_path, files):
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    assert [each.path for each in targets_at(str(tmp_path))] == [tmp_path]


def test_an_address():
    (target,) = targets_at("tcp+udp://localhost:9000")
    assert target.path is None
    assert (target.address.host, target.address.port) == ("127.0.0.1", 9000)
    assert target.address.transports == (Transport.TCP, Transport.UDP)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("./absent", "no such file or folder$"),
        ("127.0.0.1:9", r"no such file or folder; did you mean tcp://127\.0\.0\.1:9\?$"),
        ("http://127.0.0.1:80", "an address begins with tcp://, udp://"),
        ("tcp://127.0.0.1", "an address ends with a port"),
        ("tcp://127.0.0.1:0", "an address ends with a port"),
        ("tcp://127.0.0.1:65536", "an address ends with a port"),
        ("tcp://127.0.0.1:²", "an address ends with a port"),
        ("tcp://192.0.2.1:80", "only loopback"),
        ("tcp://example.org:80", "only loopback"),
        ("tcp://[::1]:80", "only loopback"),
    ],
)
def test_what_is_no_target_is_told(text, message):
    with pytest.raises(UsageError, match=message):
        targets_at(text)


def test_a_folder_without_a_program_says_what_it_holds(tree):
    with pytest.raises(UsageError, match=r"no program in .*: found a.txt"):
        targets_at(str(tree("a.txt")))


def test_an_empty_folder_is_no_target(tmp_path):
    with pytest.raises(UsageError, match="found nothing"):
        targets_at(str(tmp_path))

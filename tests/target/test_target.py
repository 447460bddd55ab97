"""What `--target` names."""

import pytest

from harness.errors import UsageError
from harness.spec.model import Transport
from harness.target.target import targets_at


@pytest.fixture
def tree(tmp_path):
    def tree(*names: str):
        for name in names:
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
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


def test_an_address():
    (target,) = targets_at("tcp+udp://localhost:9000")
    assert target.path is None
    assert (target.address.host, target.address.port) == ("127.0.0.1", 9000)
    assert target.address.transports == (Transport.TCP, Transport.UDP)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("./absent", "no such file or folder"),
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

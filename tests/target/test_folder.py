"""Working folders and command lines."""

import pytest

from harness.errors import UsageError
from harness.target.folder import WorkingFolder, command_line, filled


def test_it_is_fresh_and_goes_with_all_that_was_left(tmp_path):
    (tmp_path / "program").write_text("text")
    (tmp_path / "link").symlink_to("program")
    folder = WorkingFolder(tmp_path, {"sub dir/é.txt": b"\xff"}, ["EVENTS", "a/b"])
    assert folder.path.parent != tmp_path
    assert (folder.path / "program").read_text() == "text"
    assert (folder.path / "link").is_symlink()
    assert (folder.path / "sub dir/é.txt").read_bytes() == b"\xff"
    assert (folder.path / "EVENTS").is_dir()
    assert (folder.path / "a/b").is_dir()
    (folder.path / ".." / "outside").write_text("one level up")
    folder.remove()
    assert not folder.path.parent.exists()
    assert (tmp_path / "program").exists()


def test_without_a_source_it_is_empty():
    folder = WorkingFolder(None, {}, [])
    assert list(folder.path.iterdir()) == []
    folder.remove()


@pytest.mark.parametrize(
    ("run", "argv"),
    [
        ("{program} {port}", ("python", "a b.py", "9000")),
        ("{program} 'two words' {port}x", ("python", "a b.py", "two words", "9000x")),
        ("./GS words.txt -p {port}", ("./GS", "words.txt", "-p", "9000")),
        ("sh -c 'echo {{}}'", ("sh", "-c", "echo {}")),
    ],
)
def test_a_command_line_is_split_as_a_shell_does(run, argv):
    assert command_line(run, ("python", "a b.py"), {"port": "9000"}) == argv


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{prot}", r"'{prot}' has {prot}, known are {program}, {port}"),
        ("{", "a literal brace is written twice"),
        ("{0}", "0"),
    ],
)
def test_a_placeholder_that_nothing_fills_is_refused(text, message):
    with pytest.raises(UsageError, match=message):
        filled(text, {"port": "9000"})

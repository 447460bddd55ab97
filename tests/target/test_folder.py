"""Working folders and command lines."""

import os
import tempfile
from pathlib import Path

import pytest

from harness.errors import MachineError, TargetError, UsageError
from harness.target.folder import (
    WorkingFolder,
    command_line,
    filled,
    holds,
    holds_outside,
    home,
    remove_abandoned,
)

ROOT = Path(__file__).parents[2]


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


def test_what_a_run_that_was_killed_has_left_goes_with_the_next_start(
    tmp_path, monkeypatch, python, printed
):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    mine = WorkingFolder(None, {"mine": b""}, [])
    text = (
        f"import os, signal, sys, tempfile; sys.path.insert(0, {str(ROOT)!r})\n"
        f"tempfile.tempdir = {str(tmp_path)!r}\n"
        "from harness.target.folder import WorkingFolder\n"
        "folder = WorkingFolder(None, {'theirs': b''}, [])\n"
        "os.write(1, b'made'); signal.pause()"
    )
    other = python(text)
    printed(other, b"made")
    remove_abandoned()
    assert names(tmp_path) == {"mine", "theirs"}
    other.stop()
    assert names(tmp_path) == {"mine", "theirs"}
    remove_abandoned()
    assert names(tmp_path) == {"mine"}
    mine.remove()
    assert list((home() / "folders").iterdir()) == []


@pytest.mark.parametrize("made", ["a link", "for all to write to", "a file"])
def test_what_somebody_else_may_have_made_is_not_used(tmp_path, monkeypatch, made):
    """What lies in a folder of that name is removed: it must not lead anywhere."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    theirs = tmp_path / "theirs"
    (theirs / "folders/precious").mkdir(parents=True)
    if made == "a link":
        home().rmdir()
        (tmp_path / f"wireharness-{os.getuid()}").symlink_to(theirs)
    elif made == "a file":
        home().rmdir()
        (tmp_path / f"wireharness-{os.getuid()}").touch()
    else:
        home().chmod(0o777)
    with pytest.raises(MachineError, match=r"wireharness-\d+( is not this user's alone|: File ex)"):
        remove_abandoned()
    assert (theirs / "folders/precious").is_dir()


def test_its_home_is_nobody_elses(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    before = os.umask(0)
    try:
        assert home().stat().st_mode & 0o777 == 0o700
    finally:
        os.umask(before)


def test_one_that_cannot_be_filled_is_not_left(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with pytest.raises(MachineError, match="cannot prepare a working folder"):
        WorkingFolder(tmp_path / "absent", {}, [])
    assert list((home() / "folders").iterdir()) == []


@pytest.mark.parametrize(
    ("files", "told"),
    [
        ({"EVENTS": b""}, "EVENTS: File exists"),
        ({"a": b"", "a/b": b""}, "a: File exists"),
        ({"x" * 300: b""}, "x: File name too long"),
    ],
    ids=["a folder", "a file in a file", "too long"],
)
def test_what_lies_in_its_own_way_is_the_targets_fault(tmp_path, monkeypatch, files, told):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    source = tmp_path / "source"
    source.mkdir()
    (source / "EVENTS").touch()
    with pytest.raises(TargetError, match=f"its files cannot be laid out: .*{told}"):
        WorkingFolder(source, files, ["EVENTS"] if "EVENTS" in files else [])
    assert list((home() / "folders").iterdir()) == []


def test_what_cannot_be_copied_is_the_targets_fault(tmp_path, monkeypatch):
    """As a pipe that a build leaves behind."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    (tmp_path / "source").mkdir()
    os.mkfifo(tmp_path / "source" / "pipe")
    with pytest.raises(TargetError, match=r"its files cannot be laid out: pipe: .*pipe"):
        WorkingFolder(tmp_path / "source", {}, [])


def names(folder):
    inner = (each for each in folder.glob("*/folders/*/*/*") if each.name == "work")
    return {each.name for work in inner for each in work.iterdir()}


def test_without_a_source_it_is_empty():
    folder = WorkingFolder(None, {}, [])
    assert list(folder.path.iterdir()) == []
    folder.remove()


DEPTH = 3000  # folders; more than Python's recursion takes, and longer than a path may be


@pytest.fixture
def deep():
    """A working folder in which folders are nested, one in the other."""
    folder = WorkingFolder(None, {}, [])
    here = os.open(folder.path, os.O_RDONLY)
    for _ in range(DEPTH):
        os.mkdir("x", dir_fd=here)
        inner = os.open("x", os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = inner
    os.close(here)
    yield folder
    folder.remove()


def test_folders_nested_beyond_all_measure_go_too(deep):
    deep.remove()
    outer = deep.path.parent
    assert not list(outer.parent.glob(f"{outer.name}*"))


def test_a_file_is_looked_for_however_deep_folders_nest(deep):
    assert not holds(deep.path, b"content")
    (deep.path / "x/x/file").write_bytes(b"content")
    assert holds(deep.path, b"content")
    assert not holds_outside(deep.path, b"content")
    (deep.path.parent / "file").write_bytes(b"content")
    assert holds_outside(deep.path, b"content")


def test_a_link_stores_nothing(tmp_path):
    """A program could make one to the very file that it is compared with."""
    (tmp_path / "theirs").mkdir()
    (tmp_path / "theirs/file").write_bytes(b"content")
    work = tmp_path / "work"
    work.mkdir()
    (work / "stored").symlink_to(tmp_path / "theirs/file")
    (work / "folder").symlink_to(tmp_path / "theirs")
    assert not holds(work, b"content")
    (tmp_path / "linked").symlink_to(tmp_path / "theirs")
    assert not holds(tmp_path / "linked", b"content")


def test_what_nobody_may_write_to_goes_too():
    folder = WorkingFolder(None, {"a/b/file": b""}, [])
    (folder.path / "a/b").chmod(0)
    (folder.path / "a").chmod(0o500)
    folder.remove()
    assert not folder.path.parent.exists()


@pytest.mark.parametrize("kind", ["pipe", "device"])
def test_what_can_be_read_for_ever_is_no_stored_file(tmp_path, kind):
    if kind == "pipe":
        os.mkfifo(tmp_path / "stored")
    else:
        (tmp_path / "stored").symlink_to("/dev/zero")
    assert not holds(tmp_path, b"")
    (tmp_path / "empty").touch()
    assert holds(tmp_path, b"")


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

"""Copies of folders that may change while they are copied."""

import os

import pytest

from harness.network.lab import root

ROOM = 1 << 20


@pytest.fixture
def copied(tmp_path):
    """Copies a folder, returns where to and the room that is left."""
    (tmp_path / "into").mkdir()

    def copied(source, room=ROOM):
        with root.opened(str(source)) as opened:
            return tmp_path / "into", root.copy(opened, str(tmp_path / "into"), room)

    return copied


@pytest.fixture
def source(tmp_path):
    (tmp_path / "source").mkdir()
    return tmp_path / "source"


def test_files_folders_and_links_are_copied_and_nothing_else(source, copied):
    (source / "folder").mkdir(0o700)
    (source / "folder" / "file").write_bytes(b"text")
    (source / "folder" / "file").chmod(0o4755)
    (source / "link").symlink_to("folder/file")
    os.mkfifo(source / "pipe")
    into, left = copied(source)
    assert sorted(each.name for each in into.iterdir()) == ["folder", "link"]
    assert (into / "link").is_symlink()
    assert (into / "link").read_bytes() == b"text"
    assert (into / "folder").stat().st_mode & 0o7777 == 0o700
    assert (into / "folder/file").stat().st_mode & 0o7777 == 0o755  # and no set-user-id
    assert left == ROOM - 4


def test_a_link_in_the_place_of_a_folder_is_not_followed(source, copied, tmp_path):
    (source / "file").touch()
    (tmp_path / "link").symlink_to(source)
    with pytest.raises(NotADirectoryError):
        copied(tmp_path / "link")


@pytest.mark.parametrize("put", ["a link to a folder", "a link to a file"])
def test_what_is_changed_meanwhile_is_not_followed(source, copied, tmp_path, monkeypatch, put):
    """The moment between the look at a name and its opening, which a program can wait for."""
    theirs = tmp_path / "theirs"
    theirs.mkdir()
    (theirs / "file").write_text("secret")
    (source / "a").mkdir()
    if put == "a link to a file":
        (source / "a").rmdir()
        (source / "a").touch()
    looks = os.stat

    def stat(path, **how):
        seen = looks(path, **how)
        if path == "a":
            (source / "a").rename(tmp_path / "moved")
            (source / "a").symlink_to(theirs if put == "a link to a folder" else theirs / "file")
        return seen

    monkeypatch.setattr(os, "stat", stat)
    with pytest.raises(OSError, match=r"Not a directory|Too many levels"):
        copied(source)
    assert not list((tmp_path / "into").iterdir())


def test_holes_are_no_way_to_fill_a_disk(source, copied):
    with (source / "file").open("wb") as file:
        file.truncate(1 << 30)
    with pytest.raises(OSError, match="too large"):
        copied(source)
    assert (source.parent / "into" / "file").stat().st_size <= 1 << 25


def test_folders_that_nest_without_end_are_refused(source, copied):
    here = source
    for _ in range(root.DEEPEST):
        here = here / "x"
        here.mkdir()
    with pytest.raises(OSError, match="too long"):
        copied(source)

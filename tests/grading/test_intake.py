"""Intake: what is plain is taken in, what is not is refused, and nothing lands outside."""

import io
import os
import stat
import tarfile
import zipfile
from dataclasses import replace

import pytest

from harness.errors import TargetError
from harness.grading.archive import LIMITS
from harness.grading.intake import content_hash, take_in
from harness.grading.roster import alone, roster

SMALL = replace(LIMITS, entries=5, bytes=1 << 20, ratio=50, small=1 << 14, depth=4, name=40)


def member(name, kind=tarfile.REGTYPE, data=b"", **more):
    info = tarfile.TarInfo(name)
    info.type, info.size = kind, len(data)
    for key, value in more.items():
        setattr(info, key, value)
    return info, data


def tar(path, members, mode="w:gz"):
    with tarfile.open(path, mode) as opened:
        for info, data in members:
            opened.addfile(info, io.BytesIO(data))
    return path


def zipped(path, members):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as opened:
        for name, data in members:
            opened.writestr(name, data)
    return path


def zip_info(name, mode):
    info = zipfile.ZipInfo(name)
    info.external_attr = mode << 16
    return info


def files_below(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


PLAIN = {"server.py": b"print()", "lib/a.py": b""}


@pytest.mark.parametrize("name", ["a.zip", "a.tar", "a.tar.gz", "a.tgz", "a.tar.bz2", "A.TAR.XZ"])
def test_archives_are_taken_in(tmp_path, name):
    path = tmp_path / name
    if name.endswith(".zip"):
        zipped(path, PLAIN.items())
    else:
        kind = name.lower().rpartition(".")[2]
        kind = {"tgz": "gz", "tar": ""}.get(kind, kind)
        tar(path, [member(each, data=data) for each, data in PLAIN.items()], f"w:{kind}")
    take_in(alone(path), tmp_path / "in")
    assert files_below(tmp_path / "in") == PLAIN


def test_a_tar_of_the_folder_that_one_is_in_is_taken_in(tmp_path):
    """As `tar czf a.tgz .` makes it: its first member is the folder itself."""
    members = [member(".", tarfile.DIRTYPE)]
    members += [member(f"./{each}", data=data) for each, data in PLAIN.items()]
    take_in(alone(tar(tmp_path / "a.tgz", members)), tmp_path / "in")
    assert files_below(tmp_path / "in") == PLAIN


def test_a_path_that_no_machine_takes_is_the_submissions_fault(tmp_path):
    path = zipped(tmp_path / "a.zip", [("/".join(["x" * 190] * 25), "")])
    with pytest.raises(TargetError, match="longer than paths can be"):
        take_in(alone(path), tmp_path / "in")


def test_a_folder_is_taken_in_without_what_comes_along(tmp_path):
    folder = tmp_path / "sub"
    for name in ("server.py", ".git/config", "node_modules/x/y.js", "__pycache__/a.pyc", "src/b.c"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name)
    (folder / "server.py").chmod(0o755)
    take_in(alone(folder), tmp_path / "in")
    assert sorted(files_below(tmp_path / "in")) == ["server.py", "src/b.c"]
    assert stat.S_IMODE((tmp_path / "in" / "server.py").stat().st_mode) & 0o100


def test_an_archive_beside_a_report_is_the_submission(tmp_path):
    folder = tmp_path / "sub"
    folder.mkdir()
    (folder / "report.pdf").write_bytes(b"%PDF")
    inner = zipped(tmp_path / "inner.zip", [("server.py", b"1")])
    zipped(folder / "work.zip", [("work.zip", inner.read_bytes())])
    take_in(alone(folder), tmp_path / "in")
    assert files_below(tmp_path / "in") == {"report.pdf": b"%PDF", "server.py": b"1"}


LINK = stat.S_IFLNK | 0o777


@pytest.mark.parametrize(
    ("members", "told"),
    [
        ([("../x.py", "")], "leads out"),
        ([("/etc/x", "")], "leads out"),
        ([("..\\x.py", "")], "leads out"),
        ([("C:\\x.py", "")], "leads out"),
        ([("a/../../x", "")], "leads out"),
        ([(zip_info("passwd", LINK), "/etc/passwd")], "link or a device"),
        ([(zip_info("null", stat.S_IFCHR | 0o666), "")], "link or a device"),
        ([(f"{n}.c", "") for n in range(6)], "more than 5 files"),
        ([("a/b/c/d/e.c", "")], "nest deeper than 4"),
        ([("x" * 50, "")], "longer than 40 bytes"),
        ([("zeros", bytes(900_000))], "50 times as large"),
        ([(f"{n}", os.urandom(400_000)) for n in range(3)], "more than 1 MiB"),
        ([("a", "1"), ("a/b", "2")], "a folder as well"),
        ([("a//b", "2")], "is no path"),
    ],
)
def test_a_zip_that_is_refused(tmp_path, members, told):
    path = zipped(tmp_path / "a.zip", members)
    refused(tmp_path, path, told)


@pytest.mark.parametrize(
    ("members", "told"),
    [
        ([member("../x.py")], "leads out"),
        ([member("/etc/x")], "leads out"),
        ([member("x", tarfile.SYMTYPE, linkname="/etc/passwd")], "link, a device"),
        ([member("x", tarfile.LNKTYPE, linkname="../../x")], "link, a device"),
        ([member("x", tarfile.FIFOTYPE)], "link, a device"),
        ([member("x", tarfile.CHRTYPE)], "link, a device"),
        ([member("a", data=b"1"), member("a", data=b"2")], "twice"),
        ([member("zeros", data=bytes(900_000))], "50 times as large"),
        ([member(f"{n}") for n in range(6)], "more than 5 files"),
        ([member("d" * 10 + f"/{n}", tarfile.DIRTYPE) for n in range(6)], "more than 5 files"),
    ],
)
def test_a_tar_that_is_refused(tmp_path, members, told):
    refused(tmp_path, tar(tmp_path / "a.tar.gz", members), told)


def refused(tmp_path, path, told):
    before = set(files_below(tmp_path))
    into = tmp_path / "deep" / "in"
    with pytest.raises(TargetError, match="refused: ") as caught:
        take_in(alone(path), into, SMALL)
    assert told in str(caught.value)
    assert caught.value.phase == "unpack"
    outside = {each for each in files_below(tmp_path) if not each.startswith("deep/in/")}
    assert outside == before


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.zip", b"no zip"),
        ("a.tar.gz", b"no gzip"),
        ("a.tar", b"x" * 2000),
        ("a.tar.xz", b"\xfd7zXZ\0broken"),
        ("a.rar", b"Rar!"),
        ("a.7z", b"7z"),
    ],
)
def test_what_is_no_archive_that_can_be_read_is_refused(tmp_path, name, data):
    path = tmp_path / name
    path.write_bytes(data)
    refused(tmp_path, path, "archive")


def test_a_header_that_promises_gigabytes_costs_nothing(tmp_path):
    path = tmp_path / "a.tar"
    info = tarfile.TarInfo("x")
    info.size = 1 << 40
    path.write_bytes(info.tobuf() + bytes(2000))
    with pytest.raises(TargetError, match="refused"):
        take_in(alone(path), tmp_path / "in", SMALL)


@pytest.mark.parametrize("make", [os.mkfifo, lambda path: path.symlink_to("/etc/passwd")])
def test_a_folder_with_a_link_or_a_pipe_is_refused(tmp_path, make):
    folder = tmp_path / "sub"
    folder.mkdir()
    make(folder / "x.py")
    refused(tmp_path, folder, "link or a device")


def test_bytes_that_do_not_fit_their_checksum_are_refused(tmp_path):
    path = zipped(tmp_path / "a.zip", [("ann/s.py", b"print()")])
    data = path.read_bytes()
    at = data.index(b"s.py") + 4
    path.write_bytes(data[:at] + bytes([data[at] ^ 0xFF]) + data[at + 1 :])
    refused(tmp_path, path, "no whole archive")
    (ann,) = roster(path)
    with pytest.raises(TargetError, match="no whole archive"):
        take_in(ann, tmp_path / "ann", SMALL)


def test_archives_that_nest_for_ever_are_refused(tmp_path):
    path = zipped(tmp_path / "0.zip", [("server.py", b"")])
    for number in range(1, 5):
        path = zipped(tmp_path / f"{number}.zip", [("x.zip", path.read_bytes())])
    refused(tmp_path, path, "nest deeper than 2")


def test_one_student_is_refused_and_the_others_of_the_same_zip_are_not(tmp_path):
    path = zipped(
        tmp_path / "all.zip",
        [("ann/s.py", b"1"), ("bob/../../x", b"2"), (zip_info("eve/l", LINK), "/etc/passwd")],
    )
    ann, bob, eve = roster(path)
    take_in(ann, tmp_path / "ann")
    assert files_below(tmp_path / "ann") == {"s.py": b"1"}
    for each in (bob, eve):
        with pytest.raises(TargetError, match="refused"):
            take_in(each, tmp_path / each.student.id)


def test_the_hash_is_of_names_bytes_and_modes(tmp_path):
    folder = tmp_path / "a"
    folder.mkdir()
    file = folder / "x"
    seen = []
    for change in (
        lambda: file.write_bytes(b"1"),
        lambda: file.write_bytes(b"2"),
        lambda: file.chmod(0o755),
        lambda: file.rename(folder / "y"),
    ):
        change()
        seen.append(content_hash(folder))
    assert len(set(seen)) == 4
    assert content_hash(folder) == seen[-1]

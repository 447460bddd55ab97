"""Intake: a submission becomes a folder of plain files, or is refused with the reason.

Belongs here: writing what was handed in to a new folder, and its content's hash. Must not know:
what is done with it. Nothing is written but plain files at new places below that folder.
"""

from __future__ import annotations

import errno
import hashlib
import os
import stat
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from harness.errors import MachineError, TargetError
from harness.grading.archive import (
    LIMITS,
    Entry,
    Limits,
    Meter,
    entries,
    guarded,
    is_archive,
    is_bycatch,
    of_zip,
    refused,
    whole,
)
from harness.grading.roster import Submission
from harness.target.program import sources

_BUILT_BY = ("makefile", "gnumakefile", "cargo.toml", "go.mod", "package.json", "target.yaml")


def take_in(submission: Submission, into: Path, limits: Limits = LIMITS) -> None:
    """Writes the files of a submission into a folder that is not there yet.

    Raises: TargetError (phase "unpack") where it is refused, MachineError where this machine
    cannot read or write.
    """
    try:
        into.mkdir(parents=True)
        _write(_entries(submission, limits), into)
        for _ in range(limits.nested):
            if not _unpack_inner(into, limits):
                break
        else:
            if _only_archive(into) is not None:
                raise refused(f"archives in it nest deeper than {limits.nested}")
    except (NotADirectoryError, IsADirectoryError, FileExistsError) as exc:
        raise refused("a file in it is a folder as well") from exc
    except UnicodeError as exc:
        raise refused(f"a name in it is no file name: {exc}") from exc
    except OSError as exc:
        if exc.errno == errno.ENAMETOOLONG:
            raise refused("a path in it is longer than paths can be") from exc
        raise MachineError(f"cannot take in {submission.source}: {exc}") from exc


def _entries(submission: Submission, limits: Limits) -> Iterator[Entry]:
    path = submission.path
    if submission.members:
        yield from _of_members(submission, limits)
    elif submission.files:
        yield from _of_files(submission.files, Meter(limits))
    elif path.is_symlink():
        raise refused("it is a link")
    elif path.is_dir():
        yield from _of_folder(path, Meter(limits))
    else:
        yield from _of_files([(path, path.name)], Meter(limits))


def _of_members(submission: Submission, limits: Limits) -> Iterator[Entry]:
    """Yields the files of one student from the zip that holds everybody's."""
    names, archive = dict(submission.members), submission.path.name
    with whole(archive), zipfile.ZipFile(submission.path) as opened:
        infos = [each for each in opened.infolist() if each.filename in names]
        meter = Meter(limits, sum(each.compress_size for each in infos))
        for each in infos:
            meter.name(each.filename)
            each.filename = names[each.filename]
        yield from guarded(of_zip(opened, infos, meter), archive)


def _of_files(files: Iterable[tuple[Path, str]], meter: Meter) -> Iterator[Entry]:
    for path, name in files:
        meter.entry()
        yield from _of_file(path, meter.name(name), meter)


def _of_folder(folder: Path, meter: Meter) -> Iterator[Entry]:
    waiting = [folder]
    while waiting:
        here = waiting.pop()
        for path in sorted(here.iterdir()):
            meter.entry()
            name = meter.name(path.relative_to(folder).as_posix())
            if is_bycatch(name):
                continue
            if path.is_dir() and not path.is_symlink():
                waiting.append(path)
            else:
                yield from _of_file(path, name, meter)


def _of_file(path: Path, name: str, meter: Meter) -> Iterator[Entry]:
    """Yields a plain file; a pipe is never opened for reading, which would wait for a writer."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError as exc:
        if path.is_symlink() or not path.is_file():
            raise refused(f"{name!r} is a link or a device") from exc
        raise
    with os.fdopen(fd, "rb") as file:
        mode = os.fstat(fd).st_mode
        if not stat.S_ISREG(mode):
            raise refused(f"{name!r} is a link or a device")
        yield Entry(name, bool(mode & 0o100), meter.pieces(file))


# -- writing -------------------------------------------------------------------------------


def _write(found: Iterable[Entry], into: Path) -> None:
    for entry in found:
        path = into / entry.path
        path.parent.mkdir(parents=True, exist_ok=True)
        mode = 0o755 if entry.executable else 0o644
        fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, mode)
        with os.fdopen(fd, "wb") as file:
            for piece in entry.pieces:
                file.write(piece)


def _only_archive(folder: Path) -> Path | None:
    """Returns the one archive that is what was handed in, whatever report lies beside it."""
    inside = list(folder.iterdir())
    archives = [each for each in inside if each.is_file() and is_archive(each.name)]
    program = sources(folder) or any(each.name.lower() in _BUILT_BY for each in inside)
    if len(archives) != 1 or program or any(each.is_dir() for each in inside):
        return None
    return archives[0]


def _unpack_inner(into: Path, limits: Limits) -> bool:
    """Puts what is in that archive in its place. Says whether there was one."""
    archive = _only_archive(into)
    if archive is None:
        return False
    aside = into.with_name(f"{into.name}.archive")
    archive.rename(aside)
    try:
        _write(entries(aside, archive.name, limits), into)
    finally:
        aside.unlink()
    return True


# -- content -------------------------------------------------------------------------------


def content_hash(folder: Path) -> str:
    """Returns the SHA-256 of all files below: their paths, whether executable, their bytes."""
    digest = hashlib.sha256()
    for path in sorted(each for each in folder.rglob("*") if each.is_file()):
        data = path.read_bytes()
        name = os.fsencode(path.relative_to(folder))
        executable = path.stat().st_mode & 0o100
        digest.update(b"%d:%s:%d:%d:" % (len(name), name, executable, len(data)))
        digest.update(data)
    return digest.hexdigest()


def refusal_hash(refusal: TargetError) -> str:
    """Returns what stands for the content of a submission that was refused."""
    return hashlib.sha256(f"refused:{refusal}".encode("utf-8", "replace")).hexdigest()

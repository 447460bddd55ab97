"""Archives: what was handed in, file by file, without trusting a word of it.

Belongs here: zip and tar as a stream of plain files, and every reason to refuse one. Must not
know: students, where the files go. Sizes are counted as bytes come out, never read from headers;
links, devices and names that lead elsewhere are refused. Python's own extractors are not used:
they follow what archives say.
"""

from __future__ import annotations

import bz2
import contextlib
import gzip
import io
import lzma
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO, Protocol, cast

from harness.errors import TargetError

_CHUNK = 1 << 16
_ZIP = (".zip", ".jar")
_TARS = {
    ".tar": "", ".tar.gz": "gz", ".tgz": "gz", ".tar.bz2": "bz2", ".tbz2": "bz2",
    ".tar.xz": "xz", ".txz": "xz",
}  # fmt: skip
_UNREAD = (".rar", ".7z", ".gz", ".bz2", ".xz", ".zst", ".z")
_BYCATCH = (
    "__MACOSX", ".git", ".venv", "venv", "node_modules", "__pycache__",
    ".DS_Store", "Thumbs.db", "desktop.ini",
)  # fmt: skip
"""Names of what comes along by itself and is no part of a program."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one submission may hold, everything in it counted.

    `ratio` is of unpacked to packed bytes, looked at from `small` bytes on: short files of one
    letter pack well. `depth` is that of folders, `nested` that of archives within archives.
    """

    entries: int = 5_000
    bytes: int = 200 << 20
    ratio: int = 200
    small: int = 4 << 20
    depth: int = 30
    name: int = 200
    nested: int = 2


LIMITS = Limits()


@dataclass(frozen=True, slots=True)
class Entry:
    """One file: its path inside, whether it is executable, and its bytes piece by piece."""

    path: str
    executable: bool
    pieces: Iterator[bytes]


class Readable(Protocol):
    """What bytes come out of."""

    def read(self, size: int, /) -> bytes:
        """Returns at most so many bytes, none at the end."""
        ...


class Meter:
    """Counts what comes out of one submission. Its methods raise TargetError at a limit."""

    def __init__(self, limits: Limits = LIMITS, packed: int | None = None) -> None:
        self._limits = limits
        self._packed = packed
        self._entries = 0
        self._bytes = 0

    def entry(self) -> None:
        """Counts one entry, of whatever kind."""
        self._entries += 1
        if self._entries > self._limits.entries:
            raise refused(f"it holds more than {self._limits.entries:,} files and folders")

    def take(self, count: int) -> None:
        """Counts bytes."""
        self._bytes += count
        if self._bytes > self._limits.bytes:
            raise refused(f"unpacked it has more than {self._limits.bytes >> 20} MiB")
        packed = self._packed
        if packed is not None and self._bytes > max(
            self._limits.small, packed * self._limits.ratio
        ):
            raise refused(f"unpacked it is more than {self._limits.ratio} times as large as packed")

    def name(self, name: str) -> str:
        """Returns the path of an entry, with / between its parts, "" for the top itself."""
        path = name.replace("\\", "/").removesuffix("/")
        parts = [part for part in path.split("/") if part != "."]
        if name.startswith(("/", "\\")) or ".." in parts or any(":" in part for part in parts[:1]):
            raise refused(f"the path {name[:100]!r} leads out of the submission")
        if any("\0" in part or not part for part in parts[:-1]) or "\0" in name:
            raise refused(f"the path {name[:100]!r} is no path")
        if len(parts) > self._limits.depth:
            raise refused(f"its folders nest deeper than {self._limits.depth}")
        if any(len(part.encode("utf-8", "replace")) > self._limits.name for part in parts):
            raise refused(f"a name in it is longer than {self._limits.name} bytes")
        return "/".join(parts)

    def pieces(self, file: Readable) -> Iterator[bytes]:
        """Yields what is in a file, counted."""
        while piece := file.read(_CHUNK):
            self.take(len(piece))
            yield piece


def refused(why: str) -> TargetError:
    """Returns the error for what is not taken in."""
    return TargetError(f"refused: {why}", phase="unpack")


def is_bycatch(path: str) -> bool:
    """Says whether a path lies in what comes along by itself (a cache, a repository)."""
    return any(part in _BYCATCH for part in path.split("/"))


def is_archive(name: str) -> bool:
    """Says whether a file is one by its name: also a kind that is not read, to be refused."""
    lower = name.lower()
    return lower.endswith((*_ZIP[:1], *_TARS, *_UNREAD))


def stem(name: str) -> str:
    """Returns an archive's name without what says that it is one."""
    lower = name.lower()
    endings = sorted((*_ZIP[:1], *_TARS, *_UNREAD), key=len, reverse=True)
    found = next((each for each in endings if lower.endswith(each)), "")
    return name[: len(name) - len(found)]


def entries(path: Path, name: str, limits: Limits = LIMITS) -> Iterator[Entry]:
    """Yields the files of an archive; its kind is told by its name.

    Raises: TargetError that says why it is refused.
    """
    lower = name.lower()
    tar = next((kind for ending, kind in _TARS.items() if lower.endswith(ending)), None)
    meter = Meter(limits, path.stat().st_size)
    with whole(name):
        if tar is not None:
            with path.open("rb") as file:
                yield from guarded(_of_tar(file, tar, meter), name)
        elif lower.endswith(_ZIP):
            with zipfile.ZipFile(path) as opened:
                yield from guarded(of_zip(opened, opened.infolist(), meter), name)
        else:
            raise refused(f"{name!r} is an archive of a kind that is not read; zip and tar are")


_BROKEN = (
    zipfile.BadZipFile, tarfile.TarError, zlib.error, lzma.LZMAError, EOFError, gzip.BadGzipFile,
    RuntimeError, ValueError, OverflowError,
)  # fmt: skip


@contextlib.contextmanager
def whole(name: str) -> Iterator[None]:
    """Has what Python's readers raise of a broken archive refuse it."""
    try:
        yield
    except _BROKEN as exc:
        raise refused(f"{name!r} is no whole archive: {exc}") from exc


def guarded(found: Iterator[Entry], name: str) -> Iterator[Entry]:
    """Yields the entries; the bytes of each are read where they are written, and not here."""
    for entry in found:
        yield replace(entry, pieces=_guarded_pieces(entry.pieces, name))


def _guarded_pieces(pieces: Iterator[bytes], name: str) -> Iterator[bytes]:
    with whole(name):
        yield from pieces


def of_zip(opened: zipfile.ZipFile, infos: list[zipfile.ZipInfo], meter: Meter) -> Iterator[Entry]:
    """Yields those files of a zip."""
    seen: set[str] = set()
    for info in infos:
        meter.entry()
        path = meter.name(info.filename)
        mode = info.external_attr >> 16
        kind = stat.S_IFMT(mode)
        if is_bycatch(path) or info.is_dir():
            continue
        if kind not in (0, stat.S_IFREG):
            raise refused(f"{path!r} is a link or a device")
        if info.flag_bits & 1:
            raise refused(f"{path!r} is encrypted")
        _refuse_twice(path, seen)
        with opened.open(info) as file:
            yield Entry(path, bool(mode & 0o100), meter.pieces(file))


def _of_tar(file: BinaryIO, kind: str, meter: Meter) -> Iterator[Entry]:
    """The stream mode of tarfile reads each byte once: what a header says costs nothing."""
    seen: set[str] = set()
    with tarfile.open(fileobj=_Counted(_unpacked(file, kind), meter), mode="r|") as opened:
        for member in opened:
            meter.entry()
            path = meter.name(member.name)
            if member.isdir() or is_bycatch(path):
                continue
            if not member.isreg() or member.issparse():
                raise refused(f"{path!r} is a link, a device or a sparse file")
            _refuse_twice(path, seen)
            content = opened.extractfile(member)
            assert content is not None
            # The bytes of the stream are counted where they come out of it.
            yield Entry(path, bool(member.mode & 0o100), _read(content))


def _read(file: Readable) -> Iterator[bytes]:
    while piece := file.read(_CHUNK):
        yield piece


def _unpacked(file: BinaryIO, kind: str) -> BinaryIO:
    if kind == "gz":
        return cast("BinaryIO", gzip.GzipFile(fileobj=file))
    if kind == "bz2":
        return cast("BinaryIO", bz2.BZ2File(file))
    return cast("BinaryIO", lzma.LZMAFile(file)) if kind == "xz" else file


class _Counted(io.RawIOBase):
    """A stream whose bytes are counted, headers and padding too."""

    def __init__(self, inner: BinaryIO, meter: Meter) -> None:
        super().__init__()
        self._inner = inner
        self._meter = meter

    def read(self, size: int = -1, /) -> bytes:
        """Returns at most so many bytes, few at a time: a header may ask for gigabytes."""
        wanted, found = size, bytearray()
        while wanted:
            piece = self._inner.read(min(wanted, _CHUNK))
            if not piece:
                break
            self._meter.take(len(piece))
            found += piece
            wanted -= len(piece)
        return bytes(found)


def _refuse_twice(path: str, seen: set[str]) -> None:
    if path in seen:
        raise refused(f"{path!r} is in it twice")
    seen.add(path)

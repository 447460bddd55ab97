"""Working folders: where a target runs, fresh for every start.

Belongs here: copying what was built, laying out files and folders, finding what a target
has stored there, removing what a run that was killed has left, filling in command lines.
Must not know: what is started there.
"""

from __future__ import annotations

import contextlib
import errno
import os
import shlex
import shutil
import stat
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from harness.errors import MachineError, TargetError, UsageError
from harness.network.lab import root
from harness.target.lockfile import Lock, locked, try_lock_folder


def home() -> Path:
    """Returns the folder that all runs of this user share, and to which nobody else can write.

    Its name is known to all, and what lies there is removed at times. Raises: MachineError where
    another user has made it first, or a link of its name.
    """
    path = Path(tempfile.gettempdir(), f"wireharness-{os.getuid()}")
    try:
        path.mkdir(0o700, exist_ok=True)
        told = path.lstat()
    except OSError as exc:
        raise MachineError(f"cannot make the folder {path}: {exc.strerror}") from exc
    own = stat.S_ISDIR(told.st_mode) and told.st_uid == os.getuid()
    if not own or told.st_mode & 0o022:
        raise MachineError(f"{path} is not this user's alone to write to: remove it, or set TMPDIR")
    return path


_IN_THE_WAY = (errno.EEXIST, errno.ENOTDIR, errno.EISDIR, errno.ENAMETOOLONG)
_INNER = "run"  # inside the one that is locked, which its parts are moved to in `_remove`


class HeldFolder:
    """A new folder that is locked while its owner lives: see `remove_abandoned`."""

    def __init__(self) -> None:
        """Raises: OSError, MachineError."""
        folders = home() / "folders"
        with locked(home() / "folders.lock"):  # nobody sees it before it is locked
            folders.mkdir(exist_ok=True)
            self._around = Path(tempfile.mkdtemp(dir=folders))
            self._lock = try_lock_folder(self._around)
        self.path = self._around / _INNER
        self.path.mkdir()

    def remove(self) -> None:
        """Removes it with all that lies there."""
        _remove_around(self._around)
        if self._lock is not None:
            self._lock.release()
            self._lock = None


def remove_abandoned() -> None:
    """Removes the folders whose owners were killed; what cannot be removed stays."""
    held: list[tuple[Path, Lock]] = []
    with locked(home() / "folders.lock"):
        for each in (home() / "folders").glob("*"):
            with contextlib.suppress(OSError):  # its owner has just removed it
                lock = try_lock_folder(each)
                held += [(each, lock)] if lock is not None else []
    for path, lock in held:
        _remove_around(path)
        lock.release()


class WorkingFolder:
    """A folder of its own inside another of its own, so that `../x` is seen to be outside."""

    def __init__(
        self, source: Path | None, files: Mapping[str, bytes], folders: Sequence[str]
    ) -> None:
        """Raises: TargetError where its own files are in the way, MachineError."""
        try:
            self._outer = HeldFolder()
            self.path = self._outer.path / "work"
            with contextlib.ExitStack() as unless_filled:
                unless_filled.callback(self.remove)
                self._fill(source, files, folders)
                unless_filled.pop_all()
        except OSError as exc:
            of_target = isinstance(exc, shutil.Error) or exc.errno in _IN_THE_WAY
            if of_target and os.strerror(errno.ENOSPC) not in str(exc):
                raise TargetError(f"its files cannot be laid out: {_first(exc)}") from exc
            raise MachineError(f"cannot prepare a working folder: {exc}") from exc

    def _fill(
        self, source: Path | None, files: Mapping[str, bytes], folders: Sequence[str]
    ) -> None:
        if source is None:
            self.path.mkdir()
        else:
            shutil.copytree(source, self.path, symlinks=True)
        for name in folders:
            (self.path / name).mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            file = self.path / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)

    def remove(self) -> None:
        """Removes it with all that the target has left there."""
        self._outer.remove()


def _first(exc: OSError) -> str:
    """Returns what went wrong with one file, without the folders that it lies in."""
    name, why = exc.filename, exc.strerror
    if isinstance(exc, shutil.Error):  # of all that could not be copied
        name, _, why = exc.args[0][0]
        why = str(why).partition("] ")[2].partition(":")[0] or str(why)
    return f"{Path(name).name[:80]}: {why}"


def _remove_around(path: Path) -> None:
    _remove(path / _INNER)
    _remove(path)


def _remove(outer: Path) -> None:
    """Removes a folder, but for what cannot be.

    Not by recursion: a program can nest folders deeper than that, and than paths reach.
    Each is taken out of the one that it lies in, and made ours to write to.
    """
    taken = [outer]
    with contextlib.suppress(OSError):
        outer.chmod(0o700)
    for folder in taken:
        for entry in _entries(folder):
            path = Path(entry.path)
            with contextlib.suppress(OSError):
                if entry.is_dir(follow_symlinks=False):
                    path.chmod(0o700)
                    taken.append(path.rename(outer.with_name(f"{outer.name}.{len(taken)}")))
                else:
                    path.unlink()
        with contextlib.suppress(OSError):
            folder.rmdir()


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        return list(entries)
    return []


def holds(folder: Path, content: bytes) -> bool:
    """Says whether a file with exactly this content lies somewhere under the folder.

    No link is followed, be it the folder itself: a program can make one to a file that is not
    its own, and put it in the place of another while this looks.
    """
    return _looked_through(str(folder), content)


def holds_outside(folder: Path, content: bytes) -> bool:
    """Says whether such a file lies in the folder above a working folder, which is its own."""
    return _looked_through(f"{folder.parent}/.", content, folder.name)


def _looked_through(path: str, content: bytes, without: str = "") -> bool:
    with contextlib.suppress(OSError), root.opened(path) as here:
        return _lies_below(here, content, root.DEEPEST, without)
    return False


def _lies_below(here: int, content: bytes, deep: int, without: str = "") -> bool:
    for name in os.listdir(here):
        with contextlib.suppress(OSError):
            mode = os.stat(name, dir_fd=here, follow_symlinks=False).st_mode
            if stat.S_ISREG(mode) and _has(name, here, content):
                return True
            if stat.S_ISDIR(mode) and deep and name != without:
                with root.opened(name, here) as inner:
                    if _lies_below(inner, content, deep - 1):
                        return True
    return False


def _has(name: str, within: int, content: bytes) -> bool:
    """Compares a file, and nothing but a file: reading a pipe or a device may never end."""
    flags = os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW
    with os.fdopen(os.open(name, flags, dir_fd=within), "rb") as file:
        told = os.fstat(file.fileno())
        right = stat.S_ISREG(told.st_mode) and told.st_size == len(content)
        return right and file.read(len(content) + 1) == content


def command_line(run: str, program: Sequence[str], values: Mapping[str, str]) -> tuple[str, ...]:
    """Returns argv: `run` is split as a shell does, {program} becomes its own words.

    Raises: UsageError for a placeholder that nothing fills.
    """
    found: list[str] = []
    for word in shlex.split(run):
        if word == "{program}":
            found += program
        else:
            found.append(filled(word, values))
    return tuple(found)


def filled(text: str, values: Mapping[str, str]) -> str:
    """Returns the text with {names} filled in. Raises: UsageError for an unknown one."""
    try:
        return text.format_map(values)
    except KeyError as exc:
        known = ", ".join(f"{{{name}}}" for name in values)
        raise UsageError(f"{text!r} has {{{exc.args[0]}}}, known are {{program}}, {known}") from exc
    except (ValueError, IndexError) as exc:
        raise UsageError(f"{text!r}: {exc}; a literal brace is written twice") from exc

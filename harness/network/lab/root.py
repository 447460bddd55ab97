"""A root of its own: a file system in which there is nothing but what a target needs.

Belongs here: what is shown of the machine, and how the rest is left behind. Must not know:
targets. Runs inside a lab; of this project it imports what lies beside it.

Nothing that lies anywhere else can be reached, be it by name, by link or by a socket's path:
it is not there. The one folder that can be written to is a copy in memory, so that it cannot
fill a disk.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from collections.abc import Iterable, Iterator

from harness.network.lab import mounts

_SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32")
_SETTINGS = (
    "alternatives", "group", "hosts", "ld.so.cache", "ld.so.conf", "ld.so.conf.d", "localtime",
    "nsswitch.conf", "passwd", "protocols", "services", "ssl", "timezone", "inetd.conf",
)  # fmt: skip
_DEVICES = ("null", "zero", "full", "random", "urandom", "tty")
_SMALL = b"size=16m,nr_inodes=4k,mode=755"
_MODE = 0o777  # set-user-id and its kin are not copied

DEEPEST = 200
"""Folders in one another that are copied, or looked through."""


def system_paths() -> list[str]:
    """Returns what every program finds of the machine, as far as it is there."""
    java = [f"/etc/{name}" for name in os.listdir("/etc") if name.startswith("java")]
    return [*_SYSTEM, *(f"/etc/{name}" for name in _SETTINGS), *java]


def enter(
    writable: str, megabytes: int, visible: Iterable[str], hidden: Iterable[str], terminal: str
) -> None:
    """Moves this process to a root where `visible` and the system are, read-only.

    `writable` is copied to a file system of so many megabytes. Of `hidden`, folders that lie
    below others that are visible, nothing is left. The one terminal that is there is its own:
    the others of this user are others' to read from. Raises: OSError.
    """
    mounts.own()
    shown = {path: os.open(path, os.O_PATH | os.O_CLOEXEC) for path in _outermost(visible)}
    source = os.open(writable, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    root = "/tmp"
    mounts.scratch(root, _SMALL)
    for folder in ("proc", "dev", "etc", "tmp"):
        os.mkdir(f"{root}/{folder}")
    for path in system_paths():
        with contextlib.suppress(FileNotFoundError):
            _show(path, f"{root}{path}")
    mounts.bind("/proc", f"{root}/proc")
    _make_devices(f"{root}/dev")
    _bind(terminal, f"{root}{terminal}", stat.S_IFCHR)
    mounts.scratch(f"{root}/tmp")
    for path, opened in shown.items():
        _bind(f"/proc/self/fd/{opened}", f"{root}{path}", os.fstat(opened).st_mode)
        os.close(opened)
    for path in hidden:
        if os.path.isdir(f"{root}{path}"):
            mounts.scratch(f"{root}{path}", b"size=4k,mode=000")
    os.makedirs(f"{root}{writable}", exist_ok=True)
    data = f"size={megabytes}m,nr_inodes=50k,mode=700".encode()
    mounts.scratch(f"{root}{writable}", data)
    copy(source, f"{root}{writable}", megabytes << 20)
    os.close(source)
    mounts.change_root(root)
    mounts.all_read_only_but(("/tmp", "/dev/shm", writable))


@contextlib.contextmanager
def opened(folder: str, within: int | None = None) -> Iterator[int]:
    """Gives a descriptor of a folder, by its path or its name `within` another.

    Raises: OSError where it is something else, be it a link to a folder.
    """
    flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
    descriptor = os.open(folder, flags, dir_fd=within)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def copy(source: int, into: str, room: int, deep: int = DEEPEST) -> int:
    """Copies what is in an open folder: files, folders and links, and nothing else.

    Whoever owns it may put other things in their places meanwhile: so each is opened by its name
    in the folder that it lies in, and no link is followed. A file that has holes is written whole:
    `room` bytes are copied, and folders that nest `deep`. Returns the room that is left.
    Raises: OSError.
    """
    if not deep:
        raise OSError(errno.ENAMETOOLONG, os.strerror(errno.ENAMETOOLONG))
    for name in os.listdir(source):
        there = f"{into}/{name}"
        with contextlib.suppress(FileNotFoundError):  # it is gone meanwhile
            mode = os.stat(name, dir_fd=source, follow_symlinks=False).st_mode
            if stat.S_ISLNK(mode):
                os.symlink(os.readlink(name, dir_fd=source), there)
            elif stat.S_ISDIR(mode):
                with opened(name, source) as inner:
                    os.mkdir(there)
                    room = copy(inner, there, room, deep - 1)
                os.chmod(there, mode & _MODE)
            elif stat.S_ISREG(mode):
                room = _copy_file(name, source, there, room)
    return room


def _copy_file(name: str, within: int, there: str, room: int) -> int:
    flags = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
    read = os.open(name, flags, dir_fd=within)
    try:
        mode = os.fstat(read).st_mode & _MODE
        write = os.open(there, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
        try:
            while sent := os.sendfile(write, read, None, 1 << 24):
                room -= sent
                if room < 0:
                    raise OSError(errno.EFBIG, os.strerror(errno.EFBIG))
            os.fchmod(write, mode)
        finally:
            os.close(write)
    finally:
        os.close(read)
    return room


def _outermost(paths: Iterable[str]) -> list[str]:
    """Returns the paths that are there and lie in none of the others, or of the system."""
    kept: list[str] = []
    for path in sorted(set(paths)):
        inside = any(f"{path}/".startswith(f"{each}/") for each in (*kept, *_SYSTEM))
        if not inside and os.path.exists(path):
            kept.append(path)
    return kept


def _show(path: str, there: str) -> None:
    if os.path.islink(path):
        os.symlink(os.readlink(path), there)
    else:
        _bind(path, there, os.stat(path).st_mode)


def _bind(what: str, there: str, mode: int) -> None:
    if stat.S_ISDIR(mode):
        os.makedirs(there, exist_ok=True)
    else:
        os.makedirs(os.path.dirname(there), exist_ok=True)
        os.close(os.open(there, os.O_CREAT | os.O_CLOEXEC))
    mounts.bind(what, there)


def _make_devices(folder: str) -> None:
    for name in _DEVICES:
        with contextlib.suppress(FileNotFoundError):
            _bind(f"/dev/{name}", f"{folder}/{name}", stat.S_IFCHR)
    os.symlink("/proc/self/fd", f"{folder}/fd")
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        os.symlink(f"/proc/self/fd/{number}", f"{folder}/{name}")
    os.mkdir(f"{folder}/shm")
    mounts.scratch(f"{folder}/shm")

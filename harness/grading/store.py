"""The store: a folder of results, each of which is whole at any time.

Belongs here: where the files of a batch lie, writing them in one step, one batch at a time. Must
not know: what is in a result.
"""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from harness.errors import MachineError, UsageError
from harness.grading.document import from_json, to_json
from harness.grading.result import CaseResult, Result
from harness.report.capture import safe_name
from harness.target.lockfile import Lock, locked, try_lock_folder

_RESULT = "result.json"
_STUDENTS = "students"
_STOP = ".stop"
_LOCK = ".lock"
_MARK = ".wireharness-results"


class Store:
    """The results of one batch, in a folder of their own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def open(self) -> Lock:
        """Makes the folder and holds it. Raises: UsageError where another run has it."""
        try:
            ours = not self.folder.is_dir() or self.is_there
            if not ours and any(self.folder.iterdir()):
                raise UsageError(f"{self.folder} holds other files: name a new folder")
            (self.folder / _STUDENTS).mkdir(parents=True, exist_ok=True)
            (self.folder / _MARK).touch()
            lock = try_lock_folder(self.folder)
        except OSError as exc:
            raise UsageError(f"cannot write to {self.folder}: {exc.strerror}") from exc
        if lock is None:
            raise UsageError(f"another run is writing to {self.folder}")
        self.go_on()
        return lock

    @property
    def is_there(self) -> bool:
        """Says whether this folder is one of results."""
        return (self.folder / _MARK).exists()

    def of(self, student: str) -> Drawer:
        """Returns where one student's files are."""
        return Drawer(self.folder / _STUDENTS / safe_name(student))

    def drawers(self) -> Iterator[Drawer]:
        """Yields where the files of each student are, sorted by their folders."""
        for folder in sorted((self.folder / _STUDENTS).glob("*")):
            yield Drawer(folder)

    def results(self) -> Iterator[Result]:
        """Yields all results, one at a time, sorted by their folders. Raises: UsageError."""
        for drawer in self.drawers():
            found = drawer.load()
            if found is not None:
                yield found

    def write(self, name: str, text: str) -> Path:
        """Writes a file of the whole batch in one step. Raises: MachineError."""
        path = self.folder / name
        write_whole(path, text)
        return path

    # -- stopping --------------------------------------------------------------------------

    def stop(self) -> None:
        """Asks all who play to end after the case that they are at."""
        with contextlib.suppress(OSError):
            (self.folder / _STOP).touch()

    def go_on(self) -> None:
        """Takes that back."""
        with contextlib.suppress(OSError):
            (self.folder / _STOP).unlink()

    @property
    def stopped(self) -> bool:
        """Says whether they were asked to end."""
        return (self.folder / _STOP).exists()


class Drawer:
    """One student's files: the result, the submission as it was taken in, captures."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.submission = folder / "submission"
        self._told: dict[int, tuple[CaseResult, str]] = {}

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """Holds it. A worker whom a broken-off run has left on another machine ends first.

        Raises: MachineError.
        """
        with locked(self.folder / _LOCK):
            yield

    def is_newer(self, than: Path) -> bool:
        """Says whether there is a result, and a file is not there or not newer."""
        try:
            written = (self.folder / _RESULT).stat().st_mtime_ns
        except OSError:
            return False
        return not than.exists() or than.stat().st_mtime_ns <= written

    def load(self) -> Result | None:
        """Returns the result, None where there is none yet. Raises: UsageError."""
        path = self.folder / _RESULT
        try:
            text = path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as exc:
            raise UsageError(f"cannot read {path}: {exc.strerror}") from exc
        return from_json(Result, text, str(path))

    def write(self, result: Result) -> None:
        """Writes the result in one step. Raises: MachineError.

        A case is turned into text once, however often the file is written anew.
        """
        kept = {
            id(each): self._told.get(id(each)) or (each, to_json(each)) for each in result.cases
        }
        self._told = kept
        cases = ",\n".join(text for _, text in kept.values())
        head = to_json(replace(result, cases=()))
        text = head.replace('"cases": []', f'"cases": [\n{cases}\n]', 1)
        write_whole(self.folder / _RESULT, text, lasting=result.finished)


def write_whole(path: Path, text: str, lasting: bool = False) -> None:
    """Writes a file so that at any time the old one or the new one is there. Raises: MachineError.

    `lasting`: it is on the disk when this returns.
    """
    part = path.with_name(f".{secrets.token_hex(8)}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with part.open("x", encoding="utf-8", newline="") as file:
                file.write(text)
                if lasting:
                    file.flush()
                    os.fsync(file.fileno())
            part.replace(path)
        except BaseException:
            part.unlink(missing_ok=True)
            raise
    except OSError as exc:
        raise MachineError(f"cannot write {path}: {exc.strerror}") from exc

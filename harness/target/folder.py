"""Working folders: where a target runs, fresh for every start.

Belongs here: copying what was built, laying out files and folders, finding what a target
has stored there, filling in command lines. Must not know: what is started there.
"""

from __future__ import annotations

import os
import shlex
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from harness.errors import MachineError, UsageError


class WorkingFolder:
    """A folder of its own inside another of its own, so that `../x` is seen to be outside."""

    def __init__(
        self, source: Path | None, files: Mapping[str, bytes], folders: Sequence[str]
    ) -> None:
        try:
            self._outer = Path(tempfile.mkdtemp(prefix="wireharness-"))
            self.path = self._outer / "work"
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
        except OSError as exc:
            raise MachineError(f"cannot prepare a working folder: {exc}") from exc

    def remove(self) -> None:
        """Removes it with all that the target has left there."""
        shutil.rmtree(self._outer, ignore_errors=True)


def holds(folder: Path, content: bytes, without: Path | None = None) -> bool:
    """Says whether a file with exactly this content lies somewhere under the folder."""
    for base, folders, names in os.walk(folder):
        folders[:] = [each for each in folders if Path(base, each) != without]
        for name in names:
            path = Path(base, name)
            try:
                if path.stat().st_size == len(content) and path.read_bytes() == content:
                    return True
            except OSError:
                continue
    return False


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

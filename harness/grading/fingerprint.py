"""Fingerprints: what a result rests on, so that nothing is played twice, and nothing is left stale.

Belongs here: hashes of suites with all that they read, and of the harness itself. Must not know:
submissions.
"""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

import harness
from harness import library
from harness.errors import SpecError
from harness.spec.model import Suite


class _Read(library.Files):
    """Reads what a spec names, and remembers it."""

    def __init__(self) -> None:
        self.digest = hashlib.sha256()
        self.paths: list[Path] = []

    def read(self, path: str) -> bytes:
        data = super().read(path)
        self.paths.append(Path(path))
        self.digest.update(b"%d:" % len(data) + data)
        return data


def suite_hash(spec: str) -> tuple[Suite, str]:
    """Returns a suite and the SHA-256 of its file and of all that it reads.

    Raises: UsageError where there is none, SpecError where it is wrong.
    """
    files = _Read()
    suite = library.suite(spec, files)
    try:
        files.digest.update(Path(suite.path).read_bytes())
    except OSError as exc:
        raise SpecError(suite.cases[0].place, f"cannot read it again: {exc.strerror}") from exc
    return suite, files.digest.hexdigest()


def files_of(spec: str) -> list[Path]:
    """Returns the file of a suite, and all that it reads. Raises: UsageError, SpecError."""
    files = _Read()
    suite = library.suite(spec, files)
    return [Path(suite.path), *dict.fromkeys(files.paths)]


@cache
def harness_hash() -> str:
    """Returns the SHA-256 of this program: another version may judge otherwise."""
    digest = hashlib.sha256()
    package = Path(harness.__file__).parent
    for path in sorted(package.rglob("*.py")):
        digest.update(path.relative_to(package).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()

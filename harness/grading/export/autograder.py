"""Gradescope's autograders: the zip to upload, and what its programs are told there.

Belongs here: what is in that zip, and Gradescope's submission_metadata.json. Must not know: the
command line. The harness itself is in it, as it is here, so that the marks are the same.
"""

from __future__ import annotations

import json
import shlex
import zipfile
from collections.abc import Iterator, Sequence
from datetime import datetime
from importlib import metadata
from pathlib import Path
from typing import Any

import harness
from harness import library
from harness.errors import MachineError, UsageError
from harness.grading.fingerprint import files_of
from harness.grading.result import Student

_EPOCH = (2026, 1, 1, 0, 0, 0)  # so that the same autograder is the same zip
_SETUP = """\
#!/bin/sh
# Gradescope runs this once, when it builds the image: choose one that has Python 3.11 or newer.
set -e
root=${{AUTOGRADER:-/autograder}}
apt-get update
apt-get install -y --no-install-recommends python3 python3-venv {packages}
python3 -m venv "$root/venv"
"$root/venv/bin/pip" install {requirements}
"""
_RUN = """\
#!/bin/sh
# Gradescope runs this for each submission.
root=${{AUTOGRADER:-/autograder}}
cd "$root/source"
export PYTHONPATH="$root/source/wireharness"
exec "$root/venv/bin/python" -P -m harness.cli autograde \\
  --submission="$root/submission" --metadata="$root/submission_metadata.json" \\
  --results="$root/results/results.json" {words}
"""
PACKAGES = ("gcc", "g++", "make", "default-jdk-headless", "nodejs")
"""What programs that students hand in are built and run by (Debian, Ubuntu)."""


def write_autograder(
    out: Path,
    specs: Sequence[str],
    words: Sequence[str],
    scheme: Path | None,
    packages: Sequence[str],
) -> None:
    """Writes the zip. `words` are further ones of the command line.

    Raises: UsageError, SpecError, MachineError.
    """
    told = list(words)
    files: dict[str, bytes] = {}
    for number, spec in enumerate(specs):
        name, found = _suite(number, spec)
        told.append(f"--spec={name}")
        files |= found
    if scheme is not None:
        files["scheme.yaml"] = scheme.read_bytes()
        told.append("--scheme=scheme.yaml")
    files |= dict(_harness())
    requirements = shlex.join(_requirements())
    setup = _SETUP.format(packages=shlex.join(packages), requirements=requirements)
    scripts = {"setup.sh": setup, "run_autograder": _RUN.format(words=shlex.join(told))}
    try:
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
            for name, text in scripts.items():
                _put(made, name, text.encode(), 0o755)
            for name, data in sorted(files.items()):
                _put(made, name, data, 0o644)
    except OSError as exc:
        raise MachineError(f"cannot write {out}: {exc.strerror}") from exc


def _put(made: zipfile.ZipFile, name: str, data: bytes, mode: int) -> None:
    info = zipfile.ZipInfo(name, _EPOCH)
    info.compress_type, info.external_attr = zipfile.ZIP_DEFLATED, mode << 16
    made.writestr(info, data)


def _suite(number: int, spec: str) -> tuple[str, dict[str, bytes]]:
    """Returns what a suite is called inside, and its files; shipped ones are there anyway."""
    paths = [path.resolve() for path in files_of(spec)]
    shipped = library.home().resolve()
    if paths[0].parent == shipped:
        return spec, {}
    folder = paths[0].parent
    files = {}
    for path in paths:
        if path.is_relative_to(shipped):
            continue
        if not path.is_relative_to(folder):
            raise UsageError(f"{spec} reads {path}, which does not lie beside it or below")
        files[f"suites/{number}/{path.relative_to(folder).as_posix()}"] = path.read_bytes()
    return f"suites/{number}/{paths[0].name}", files


def _harness() -> Iterator[tuple[str, bytes]]:
    """Yields this program as it is, and its specs where an installed package has them."""
    package = Path(harness.__file__).parent
    for path in package.rglob("*.py"):
        if not path.is_relative_to(package / "specs"):
            yield f"wireharness/harness/{path.relative_to(package).as_posix()}", path.read_bytes()
    for path in library.home().rglob("*"):
        if path.is_file() and "__pycache__" not in path.parts:
            name = path.relative_to(library.home()).as_posix()
            yield f"wireharness/harness/specs/{name}", path.read_bytes()


def _requirements() -> list[str]:
    """Returns what the harness needs, as pip reads it, without what is optional."""
    found = metadata.requires("wireharness") or []
    return [each for each in found if "extra ==" not in each]


# -- there ---------------------------------------------------------------------------------


def submitter(text: str) -> tuple[Student, float]:
    """Returns who has submitted, and by how many hours late, from submission_metadata.json.

    Raises: UsageError.
    """
    try:
        told = json.loads(text)
        users: list[dict[str, Any]] = told.get("users") or [{}]
        first = users[0]
        student = Student(
            id=str(first.get("sid") or first.get("id") or "student"),
            name=str(first.get("name", "")),
            email=str(first.get("email", "")),
            platform="gradescope",
            platform_id=str(told.get("id", "")),
            submitted=str(told.get("created_at", "")),
            partners=tuple(str(each.get("name", "")) for each in users[1:]),
        )
        return student, _late(told, first)
    except (ValueError, AttributeError, TypeError, KeyError) as exc:
        raise UsageError(f"these are no submission's metadata of Gradescope: {exc!r}") from exc


def _late(told: dict[str, Any], user: dict[str, Any]) -> float:
    """A student's own due date, which an extension gives, stands before the assignment's."""
    own = (user.get("assignment") or {}).get("due_date")
    due = own or (told.get("assignment") or {}).get("due_date")
    created = told.get("created_at")
    if not due or not created:
        return 0.0
    late = datetime.fromisoformat(str(created)) - datetime.fromisoformat(str(due))
    return max(late.total_seconds() / 3600, 0.0)

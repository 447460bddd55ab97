"""Finding the program: from the folder of a submission to a target.

Belongs here: which of the programs in it is meant, and what of a manifest holds in grading. Must
not know: how it is built, or marked.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from pathlib import Path

from harness.errors import Place, SpecError, TargetError, UsageError
from harness.spec.model import Role, Suite
from harness.target.manifest import Manifest, refuse_unfilled
from harness.target.program import is_named, shown_content
from harness.target.target import Target, targets_at

_NOWHERE = Place("")


def find_program(
    folder: Path, student: str, suite: Suite, role: Role, features: Collection[str] = ()
) -> Target:
    """Returns the target in a submission's folder for a suite and role.

    Raises: TargetError (phase "find") where there is none, or nothing says which it is.
    """
    try:
        found = targets_at(str(folder))
    except (UsageError, SpecError) as exc:
        raise _not_found(str(exc), folder) from exc
    own = [each for each in found if _plays(each, role)] or found
    named = [each for each in own if each.path is not None and is_named(each.path.name, role)]
    chosen = own if len(own) == 1 else named
    if len(chosen) != 1:
        names = ", ".join(sorted(each.id for each in own)) or shown_content(folder)
        raise _not_found(f"which of these is the {role}: {names}?", folder)
    (target,) = chosen
    manifest = _held(target.manifest, features)
    if manifest is not None:
        try:
            refuse_unfilled(manifest, manifest.parameters, suite.parameters)
        except SpecError as exc:
            raise _not_found(str(exc), folder) from exc
    return replace(target, id=student, manifest=manifest)


def _plays(target: Target, role: Role) -> bool:
    return target.manifest is None or target.manifest.role in (None, role)


def _held(manifest: Manifest | None, features: Collection[str]) -> Manifest | None:
    """Returns what of a submission's own manifest counts.

    How it is built and started, and what it claims. Not which suites it is for, which of its
    failures are known, what the machine would have to have: that would be to mark itself.
    """
    if manifest is None:
        return Manifest(_NOWHERE, features=tuple(features)) if features else None
    claimed = tuple(dict.fromkeys((*manifest.features, *features)))
    return replace(manifest, features=claimed, implements=(), known=(), needs=(), breaks=())


def _not_found(message: str, folder: Path) -> TargetError:
    """Returns the error, in which no path of the grader's stands."""
    told = message.replace(f"{folder}/", "").replace(str(folder), "the submission")
    return TargetError(told, phase="find")

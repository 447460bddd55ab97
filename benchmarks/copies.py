"""Copies: cohorts of any size, made of references and mutants with a small change in each."""

from __future__ import annotations

import shutil
from itertools import cycle
from pathlib import Path

import yaml

_TARGETS = Path(__file__).parents[1] / "targets"
_COMMENTS = {".py": "#", ".c": "//"}


def programs(folder: str, suite: str) -> list[Path]:
    """Returns the servers of `references` or `mutants` that are in Python or C, sorted."""
    found = []
    for path in sorted((_TARGETS / folder / suite).iterdir()):
        told = yaml.safe_load((path / "target.yaml").read_text())
        if told["role"] == "server" and _source(path) is not None:
            found.append(path)
    return found


def make(into: Path, of: list[Path], count: int) -> None:
    """Writes so many submissions, each of which has a content of its own."""
    for number, path in zip(range(count), cycle(of)):
        copy = into / f"s{number:04}-{path.name}"
        shutil.copytree(path, copy)
        source = _source(copy)
        assert source is not None
        with source.open("a") as file:
            file.write(f"\n{_COMMENTS[source.suffix]} copy {number}\n")


def _source(folder: Path) -> Path | None:
    return next((each for each in sorted(folder.iterdir()) if each.suffix in _COMMENTS), None)

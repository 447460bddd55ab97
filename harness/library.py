"""The suites that are at hand: those that ship with the program, and a lecturer's own files.

Belongs here: the file system's side of spec loading. Must not know: targets, exchanges.
"""

from __future__ import annotations

import gc
import importlib.util
import inspect
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import harness
from harness.errors import HarnessError, Place, SpecError, UsageError
from harness.spec.loader import load, load_included
from harness.spec.model import Suite

_SUFFIXES = (".yaml", ".yml")


class Files:
    """Reads what a spec names, relative to the file that names it."""

    def read(self, path: str) -> bytes:
        """Returns the content. Raises: SpecError where it cannot be read."""
        try:
            return Path(path).read_bytes()
        except OSError as exc:
            raise SpecError(Place(path), f"cannot read {path}: {exc.strerror}") from exc
        except ValueError as exc:  # a NUL in the name
            raise SpecError(Place(path), f"cannot read {path!r}: {exc}") from exc

    def shipped(self, name: str) -> str:
        """Returns the path that a file of this name has, or would have, among the shipped ones."""
        return str(home() / name)

    def hooks(self, path: str) -> Mapping[str, Callable[..., str | None]]:
        """Returns the functions of a hook file. Raises: SpecError where it does not load."""
        self.read(path)
        module_spec = importlib.util.spec_from_file_location(Path(path).stem, path)
        if module_spec is None or module_spec.loader is None:
            raise SpecError(Place(path), f"{path} is no Python file")
        module = importlib.util.module_from_spec(module_spec)
        try:
            module_spec.loader.exec_module(module)
        except Exception as exc:
            raise SpecError(Place(path), f"cannot load the hooks of {path}: {exc!r}") from exc
        return {
            name: value
            for name, value in vars(module).items()
            if inspect.isfunction(value) and value.__module__ == module.__name__
        }


def home() -> Path:
    """Returns the folder of the shipped specs: inside the installed package, or beside it."""
    package = Path(harness.__file__).parent
    inside = package / "specs"
    return inside if inside.is_dir() else package.parent / "specs"


def shipped() -> dict[str, Path]:
    """Returns the shipped suites' files by their names, sorted."""
    return {path.stem: path for path in sorted(home().glob("*.yaml"))}


def suite(name: str, files: Files | None = None) -> Suite:
    """Returns a suite by its shipped name or its file's path, what it names read by `files`.

    Raises: UsageError where there is none, SpecError where it is wrong.
    """
    path = Path(name) if name.endswith(_SUFFIXES) or "/" in name else shipped().get(name)
    if path is None or not path.is_file():
        known = ", ".join(shipped())
        raise UsageError(f"no suite {name!r}: neither a spec file nor one of {known}")
    with uncollected():
        return load(str(path), _text_of(path), files or Files())


@contextmanager
def uncollected() -> Iterator[None]:
    """Lets Python look for no garbage: what is being loaded has none, and the search takes long."""
    collects = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collects:
            gc.enable()


def is_included(path: Path) -> bool:
    """Says whether a file is one to be included. Raises: SpecError where such a one is wrong."""
    return load_included(str(path), _text_of(path), Files())


def _text_of(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as exc:
        raise SpecError(Place(str(path)), f"cannot read it as UTF-8 text: {exc}") from exc


def spec_files(path: Path) -> Iterator[Path]:
    """Yields the spec files of a folder, or the file itself. Raises: UsageError."""
    if path.is_file():
        yield path
        return
    if not path.is_dir():
        raise UsageError(f"{path}: there is no such file or folder")
    found = sorted(each for each in path.iterdir() if each.suffix in _SUFFIXES)
    if not found:
        raise UsageError(f"{path}: no spec file (*.yaml, *.yml) here")
    yield from found


def titles() -> list[tuple[str, str]]:
    """Returns (name, title) of every shipped suite, a wrong one with its error for a title."""
    found = []
    for name, path in shipped().items():
        try:
            found.append((name, suite(str(path)).title))
        except HarnessError as exc:
            found.append((name, f"cannot be loaded: {exc}"))
    return found

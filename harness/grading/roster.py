"""The roster: who has handed in what, from a folder or one zip as platforms export them.

Belongs here: the names that Gradescope, Moodle and Canvas give to what they export, and a plain
folder's. Must not know: what is in a submission; nothing is unpacked here.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path

from harness.errors import UsageError
from harness.grading.archive import is_archive, is_bycatch, stem
from harness.grading.result import Student
from harness.spec.tree import Node, Tree, is_mapping

_METADATA = "submission_metadata.yml"
_LARGEST_METADATA = 64 << 20
_MOODLE = re.compile(r"(?P<name>.+)_(?P<id>\d+)_assignsubmission_file_?(?P<file>.*)")
_CANVAS = re.compile(
    r"(?P<name>[^_/]+)(?P<late>_LATE)?_(?P<id>\d+)_(?P<attachment>\d+)_(?P<file>[^/]+)"
)
_VERSION = re.compile(r"-\d+(?=\.[^.]+$|$)")  # Canvas: server-2.c is handed in for the third time
_ONLINE_TEXT = "_assignsubmission_onlinetext"
_GRADESCOPE = re.compile(r"submission_(?P<id>\d+)")


@dataclass(frozen=True, slots=True)
class Submission:
    """What one student (or group) has handed in.

    `path` is a file or folder; where it is inside of a zip, `members` are its files there, each
    with its path in the submission. `files`: several plain files that belong together.
    """

    student: Student
    path: Path
    members: tuple[tuple[str, str], ...] = ()
    files: tuple[tuple[Path, str], ...] = ()
    late: bool = False
    one_of: str = ""

    @property
    def source(self) -> str:
        """Where it came from, for people."""
        if not self.members:
            return str(self.path)
        first = self.members[0][0]
        return f"{self.path}:{first.partition('/')[0] if '/' in first else first}"


def roster(path: Path) -> list[Submission]:
    """Returns all submissions, sorted by the students' ids.

    Raises: UsageError where there are none, SpecError where a platform's metadata are wrong.
    """
    if path.is_dir():
        found = _of_folder(path)
    elif path.suffix.lower() == ".zip" and path.is_file():
        found = _of_zip(path)
    else:
        raise UsageError(f"{path}: wanted a folder of submissions, or a zip of them")
    if not found:
        raise UsageError(f"{path}: no submission here")
    return _told_apart(sorted(found, key=lambda each: each.student.id))


def alone(path: Path) -> Submission:
    """Returns one submission: a folder, a file or an archive. Raises: UsageError."""
    if not path.exists():
        raise UsageError(f"{path}: there is no such file or folder")
    name = path.resolve().name
    return Submission(Student(stem(name) if is_archive(name) else name), path)


def _told_apart(found: Sequence[Submission]) -> list[Submission]:
    """Students with the same id are numbered, so that no result overwrites another."""
    told = []
    for who, group in groupby(found, key=lambda each: each.student.id):
        own = list(group)
        for number, each in enumerate(own, 1):
            student = replace(each.student, id=f"{who}~{number}") if number > 1 else each.student
            told.append(replace(each, student=student, one_of=who if len(own) > 1 else ""))
    return told


# -- folders -------------------------------------------------------------------------------


def _of_folder(folder: Path) -> list[Submission]:
    entries = sorted(
        each
        for each in folder.iterdir()
        if not each.name.startswith((".", "__")) and not is_bycatch(each.name)
    )
    if any(each.name == _METADATA for each in entries):
        text = (folder / _METADATA).read_text("utf-8", "replace")
        return list(_of_gradescope(folder, entries, text))
    inside = [each for each in entries if each.is_dir()]
    if len(entries) == 1 and inside and (inside[0] / _METADATA).is_file():
        return _of_folder(inside[0])
    return list(_in_groups(entries))


def _of_gradescope(folder: Path, entries: Iterable[Path], text: str) -> Iterator[Submission]:
    students = _metadata(str(folder / _METADATA), text)
    for each in entries:
        if each.name in students:
            yield Submission(students[each.name], each)
        elif _GRADESCOPE.fullmatch(each.name):
            yield Submission(Student(each.name, platform="gradescope"), each)


def _in_groups(entries: Sequence[Path]) -> Iterator[Submission]:
    """Yields what lies in one folder; the files of one student are one submission."""
    form = _form([each.name for each in entries])
    files: dict[str, Submission] = {}
    for path in entries:
        name = path.name
        if _ONLINE_TEXT in name:
            continue
        found = _told_by_name(name, form)
        if found is None:
            yield Submission(Student(_plain_id(name, path.is_dir())), path)
            continue
        student, file, late = found
        if path.is_dir() or not file:
            yield Submission(student, path, late=late)
            continue
        before = files.get(student.id)
        own = (*(before.files if before else ()), (path, file))
        files[student.id] = Submission(student, path.parent, files=own, late=late)
    yield from files.values()


def _plain_id(name: str, is_folder: bool) -> str:
    if is_folder:
        return name
    return stem(name) if is_archive(name) else Path(name).stem or name


def _form(names: Sequence[str]) -> re.Pattern[str] | None:
    """Returns the form of a platform that names at the top have; Canvas's, if all of them do."""
    if any(map(_MOODLE.fullmatch, names)):
        return _MOODLE
    return _CANVAS if names and all(map(_CANVAS.fullmatch, names)) else None


def _told_by_name(name: str, form: re.Pattern[str] | None) -> tuple[Student, str, bool] | None:
    """Returns the student, the file's own name ("": a folder's) and whether it came late."""
    found = form.fullmatch(name) if form is not None else None
    if found is None:
        return None
    who, number = found["name"], found["id"]
    if form is _MOODLE:
        return Student(number, who, "", "moodle", f"Participant {number}"), found["file"], False
    file = _VERSION.sub("", found["file"])
    return Student(number, who, "", "canvas", number), file, bool(found["late"])


# -- one zip -------------------------------------------------------------------------------


def _of_zip(path: Path) -> list[Submission]:
    try:
        with zipfile.ZipFile(path) as opened:
            names = [each.filename for each in opened.infolist() if not each.is_dir()]
            names = [each for each in names if not is_bycatch(each)]
            metadata = next((each for each in names if Path(each).name == _METADATA), "")
            text = _metadata_text(opened, metadata) if metadata else ""
    except (zipfile.BadZipFile, OSError, RuntimeError) as exc:  # of a kind that is not read, too
        raise UsageError(f"{path}: this zip cannot be read: {exc}") from exc
    if metadata:
        top = metadata.removesuffix(_METADATA)
        students = _metadata(f"{path}:{metadata}", text)
        return list(_by_first_folder(path, top, names, students))
    return list(_by_name(path, names))


def _metadata_text(opened: zipfile.ZipFile, name: str) -> str:
    if opened.getinfo(name).file_size > _LARGEST_METADATA:
        raise UsageError(f"{opened.filename}: {name} is larger than any metadata")
    return opened.read(name).decode("utf-8", "replace")


def _by_first_folder(
    path: Path, top: str, names: Iterable[str], students: dict[str, Student]
) -> Iterator[Submission]:
    members: dict[str, list[tuple[str, str]]] = {}
    for name in names:
        folder, slash, file = name.removeprefix(top).partition("/")
        if name.startswith(top) and slash:
            members.setdefault(folder, []).append((name, file))
    for folder, own in members.items():
        student = students.get(folder) or Student(folder, platform="gradescope")
        yield Submission(student, path, tuple(own))


def _by_name(path: Path, names: Sequence[str]) -> Iterator[Submission]:
    """Each name at the top is a submission, or by its form a file of a student's."""
    top = _common_folder(names)
    names = [each for each in names if _ONLINE_TEXT not in each]
    form = _form([each.removeprefix(top).partition("/")[0] for each in names])
    found: dict[str, tuple[Student, list[tuple[str, str]], bool]] = {}
    for name in names:
        first, _, rest = name.removeprefix(top).partition("/")
        told = _told_by_name(first, form)
        if told is None:
            student, file, late = Student(_plain_id(first, bool(rest))), rest or first, False
        else:
            student, file, late = told
            file = rest or file
        found.setdefault(student.id, (student, [], late))[1].append((name, file))
    for student, members, late in found.values():
        yield Submission(student, path, tuple(members), late=late)


def _common_folder(names: Sequence[str]) -> str:
    """Returns the one folder that all lies in, where there are submissions in it."""
    firsts = {each.partition("/")[0] for each in names}
    if len(firsts) != 1 or not all("/" in each for each in names):
        return ""
    (top,) = firsts
    below = {each.split("/")[1] for each in names}
    return f"{top}/" if not _MOODLE.fullmatch(top) and len(below) > 1 else ""


# -- Gradescope's metadata -----------------------------------------------------------------


def _metadata(path: str, text: str) -> dict[str, Student]:
    """Returns the students by the names of their folders. Raises: SpecError."""
    tree = Tree(path, text)
    found = {}
    for folder, entry in tree.fields(tree.root, "the metadata").items():
        fields = tree.fields(entry.node, folder)
        people = [
            _person(tree, node)
            for node in (tree.items(fields[":submitters"].node, "submitters"))
            if is_mapping(node)
        ] if ":submitters" in fields else []  # fmt: skip
        number = folder.removeprefix("submission_")
        first = people[0] if people else Student(folder)
        found[folder] = replace(
            first,
            platform="gradescope",
            platform_id=number,
            submitted=_value(fields[":created_at"].node) if ":created_at" in fields else "",
            partners=tuple(each.name for each in people[1:]),
        )
    return found


def _person(tree: Tree, node: Node) -> Student:
    fields = tree.fields(node, "a submitter")
    told = {
        key: _value(fields[f":{key}"].node) if f":{key}" in fields else ""
        for key in ("sid", "name", "email")
    }
    who = told["sid"] or told["email"] or told["name"] or "nobody"
    return Student(id=who, name=told["name"], email=told["email"])


def _value(node: Node) -> str:
    """Returns what is written; an id of digits is a text as well."""
    return str(node.value) if not isinstance(node.value, list) else ""

"""Who has handed in what: the names of each platform, as folders and as one zip."""

import zipfile

import pytest

from harness.errors import SpecError, UsageError
from harness.grading.intake import take_in
from harness.grading.roster import roster

GRADESCOPE = """\
submission_11:
  :submitters:
  - :name: Ann Lee
    :sid: '0042'
    :email: ann@example.org
  - :name: Bob
    :sid: '77'
    :email: bob@example.org
  :created_at: 2026-03-01 10:00:00.000000000 Z
submission_12:
  :submitters:
  - :name: Eve
    :sid: 99
"""
TREES = {
    "folders": (
        ["ann/server.py", "bob/src/server.c", "bob/Makefile"],
        {"ann": ["server.py"], "bob": ["Makefile", "src/server.c"]},
    ),
    "files": (["ann.py", "bob.c"], {"ann": ["ann.py"], "bob": ["bob.c"]}),
    "moodle": (
        [
            "Ann Lee_123_assignsubmission_file_/server.py",
            "Bob_124_assignsubmission_file_/src/server.c",
            "Bob_124_assignsubmission_onlinetext_/onlinetext.html",
        ],
        {"123": ["server.py"], "124": ["src/server.c"]},
    ),
    "moodle-flat": (
        ["Ann Lee_123_assignsubmission_file_server.py", "Bob_124_assignsubmission_file_b.c"],
        {"123": ["server.py"], "124": ["b.c"]},
    ),
    "canvas": (
        ["leeann_4001_90001_server.py", "leeann_4001_90002_lib.py", "bob_LATE_4002_90003_b-2.c"],
        {"4001": ["lib.py", "server.py"], "4002": ["b.c"]},
    ),
    "gradescope": (
        ["submission_11/server.py", "submission_12/a.c", "submission_metadata.yml"],
        {"0042": ["server.py"], "99": ["a.c"]},
    ),
}


def content(name):
    return GRADESCOPE if name.endswith("metadata.yml") else name


def as_folder(folder, names):
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content(name))
    return folder


def as_zip(path, names, top=""):
    with zipfile.ZipFile(path, "w") as opened:
        for name in names:
            opened.writestr(f"{top}{name}", content(name))
    return path


def found(path, tmp_path):
    told = {}
    for number, each in enumerate(roster(path)):
        into = tmp_path / f"in{number}"
        take_in(each, into)
        told[each.student.id] = sorted(
            file.relative_to(into).as_posix() for file in into.rglob("*") if file.is_file()
        )
    return told


@pytest.mark.parametrize("form", TREES)
def test_a_folder_is_read(tmp_path, form):
    names, wanted = TREES[form]
    assert found(as_folder(tmp_path / "all", names), tmp_path) == wanted


@pytest.mark.parametrize("top", ["", "assignment_5_export/"])
@pytest.mark.parametrize("form", TREES)
def test_one_zip_is_read(tmp_path, form, top):
    names, wanted = TREES[form]
    assert found(as_zip(tmp_path / "all.zip", names, top), tmp_path) == wanted


@pytest.mark.parametrize("as_one", [as_folder, as_zip])
def test_names_are_told(tmp_path, as_one):
    def students(form):
        return [each.student for each in roster(as_one(tmp_path / f"{form}.zip", TREES[form][0]))]

    ann, eve = students("gradescope")
    assert (ann.name, ann.email, ann.partners) == ("Ann Lee", "ann@example.org", ("Bob",))
    assert (ann.platform, ann.platform_id) == ("gradescope", "11")
    assert ann.submitted.startswith("2026-03-01 10:00")
    assert (eve.id, eve.name) == ("99", "Eve")
    ann, bob = students("moodle")
    assert (ann.name, ann.platform_id, bob.name) == ("Ann Lee", "Participant 123", "Bob")
    ann, bob = students("canvas")
    assert (ann.name, ann.platform, bob.platform_id) == ("leeann", "canvas", "4002")


def test_canvas_tells_who_is_late(tmp_path):
    late = [each.late for each in roster(as_zip(tmp_path / "a.zip", TREES["canvas"][0]))]
    assert late == [False, True]


def test_folders_that_look_like_canvas_by_half_are_plain(tmp_path):
    names = ["team_12_34_final/server.py", "others/server.py"]
    assert sorted(found(as_folder(tmp_path / "all", names), tmp_path)) == [
        "others",
        "team_12_34_final",
    ]


def test_archives_in_a_folder_are_named_without_their_endings(tmp_path):
    folder = as_folder(tmp_path / "all", ["ann.tar.gz", "bob.zip", "eve.rar", "Thumbs.db"])
    assert [each.student.id for each in roster(folder)] == ["ann", "bob", "eve"]


def test_two_of_the_same_name_are_told_apart(tmp_path):
    folder = as_folder(tmp_path / "all", ["ann.py", "ann.c", "bob.c"])
    assert [(each.student.id, each.one_of) for each in roster(folder)] == [
        ("ann", "ann"),
        ("ann~2", "ann"),
        ("bob", ""),
    ]


@pytest.mark.parametrize("name", ["nothing", "a.txt", "empty", "broken.zip"])
def test_what_is_no_cohort_is_refused(tmp_path, name):
    (tmp_path / "empty").mkdir()
    (tmp_path / "a.txt").write_text("")
    (tmp_path / "broken.zip").write_text("PK")
    with pytest.raises(UsageError, match=name):
        roster(tmp_path / name)


def test_metadata_that_are_wrong_are_told_with_their_line(tmp_path):
    folder = as_folder(tmp_path / "all", ["submission_11/server.py"])
    (folder / "submission_metadata.yml").write_text("submission_11: [\n")
    with pytest.raises(SpecError, match=r"submission_metadata\.yml:2:1"):
        roster(folder)

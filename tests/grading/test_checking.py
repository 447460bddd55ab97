"""One submission: checked at home, and by the autograder that is uploaded to Gradescope."""

import json
import os
import re
import shutil
import subprocess
import sys
import zipfile

import pytest
from test_cohort import MUTANTS, SPEC, TARGETS

from harness.cli import main
from harness.errors import UsageError
from harness.grading.export.autograder import submitter

GOOD = TARGETS / "references" / "uppercase-tcp" / "server-python"
SCHEME = """\
scheme: Lab 1
cases:
  any-byte: {feedback: hidden}
  two-lines: {feedback: none}
  silent-client: {feedback: verdict}
"""


@pytest.fixture
def scheme(tmp_path):
    path = tmp_path / "scheme.yaml"
    path.write_text(SCHEME)
    return path


def check(target, *more):
    return main(["check", str(target), f"--spec={SPEC}", "--seed=3", *more])


def test_a_right_program(capsys):
    assert check(GOOD) == 0
    out = capsys.readouterr().out
    assert out.endswith("10 of 10 points\nseed 3\n")
    assert "pass          upper/capitals: A line comes back in capitals" in out


def test_a_wrong_program_is_told_why_and_how_to_see_it_again(capsys):
    assert check(MUTANTS / "one-read") == 1
    out = capsys.readouterr().out
    assert "fail          upper/capitals" in out
    assert "1 of 2 deliveries passed" in out
    assert "client  says" in out
    (again,) = re.findall(r"again     (.+)", out)
    only = "'--only=upper/capitals[bytewise]'"
    assert again == f"wireharness check . --spec=upper.yaml --seed=3 {only}"
    assert check(MUTANTS / "one-read", "--only=upper/capitals[bytewise]") == 1
    out = capsys.readouterr().out
    assert "points" not in out
    assert "two-lines" not in out


def test_a_program_that_does_not_start_is_told_what_it_printed(tmp_path, capsys):
    (tmp_path / "server.py").write_text("import nothing_like_it\n")
    assert check(tmp_path / "server.py") == 1
    out = capsys.readouterr().out
    assert "0 of 10 points\nEnded at start: " in out
    assert "ModuleNotFoundError" in out


def test_a_student_sees_what_is_for_students(scheme, capsys):
    assert check(MUTANTS / "decodes", f"--scheme={scheme}") == 0
    out = capsys.readouterr().out
    assert "any-byte" not in out  # and it was not played: decodes fails it
    assert "----  two-lines: what this case tests is not told" in out
    assert "upper/silent-client" in out


def test_what_is_no_target_is_told(tmp_path, capsys):
    assert check(tmp_path / "nothing") == 2
    assert "there is no such file" in capsys.readouterr().err


def test_a_result_can_be_kept_and_exported(tmp_path, capsys):
    assert check(MUTANTS / "serial", f"--out={tmp_path / 'kept'}") == 1
    for form, suffix in (("junit", "xml"), ("gradescope", "json"), ("classroom50", "json")):
        out = tmp_path / f"one.{suffix}"
        assert main(["export", str(tmp_path / "kept"), form, f"--out={out}"]) == 0
        assert "silent-client" in out.read_text()
    field = "--field=owner=ann"
    assert main(["export", str(tmp_path / "kept"), "classroom50", f"--out={out}", field]) == 0
    assert json.loads(out.read_text())["owner"] == "ann"
    assert main(["export", str(tmp_path / "kept"), "marks", f"--out={tmp_path / 'm.csv'}"]) == 0
    assert "serial,,,7,10," in (tmp_path / "m.csv").read_text()


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["canvas"], "canvas wants --title"),
        (["classroom50", "--field=x"], "wanted NAME=VALUE"),
        (["moodle", "--sheet=no.csv"], "cannot read no.csv"),
    ],
)
def test_an_export_that_cannot_be_is_told(tmp_path, capsys, words, told):
    check(GOOD, f"--out={tmp_path / 'kept'}", "--only=two-lines")
    assert main(["export", str(tmp_path / "kept"), *words, f"--out={tmp_path / 'x'}"]) == 2
    assert told in capsys.readouterr().err


# -- Gradescope ----------------------------------------------------------------------------


@pytest.fixture
def autograder(tmp_path, scheme):
    """Makes the autograder, unpacks it as Gradescope does, and returns what runs it."""
    made = tmp_path / "autograder.zip"
    assert main(["gradescope", str(SPEC), f"--scheme={scheme}", f"--out={made}"]) == 0
    root = tmp_path / "autograder"
    with zipfile.ZipFile(made) as opened:
        opened.extractall(root / "source")
    (root / "venv").symlink_to(sys.prefix)
    (root / "results").mkdir()
    metadata = {
        "id": 5,
        "created_at": "2026-03-02T12:30:00.000000-08:00",
        "assignment": {"due_date": "2026-03-02T12:00:00.000000-08:00"},
        "users": [{"id": 1, "name": "Ann", "email": "ann@example.org"}],
    }
    (root / "submission_metadata.json").write_text(json.dumps(metadata))

    def run(program, **changed):
        shutil.copytree(program, root / "submission")
        script = root / "source" / "run_autograder"
        env = {**os.environ, "AUTOGRADER": str(root), **changed}
        done = subprocess.run(["/bin/sh", script], env=env, capture_output=True, timeout=300)
        return done, root / "results" / "results.json"

    run.root = root
    return run


def test_the_autograder_grades(autograder):
    done, results = autograder(MUTANTS / "one-read")
    assert done.returncode == 0, done.stderr
    told = json.loads(results.read_text())
    assert told["score"] == 8
    tests = {each["name"].partition(":")[0]: each for each in told["tests"]}
    assert "upper/any-byte" not in tests
    assert (tests["upper/capitals"]["score"], tests["upper/capitals"]["max_score"]) == (2, 4)
    assert "score" not in tests["upper/two-lines"]


def test_a_fault_of_ours_is_no_students_zero(autograder):
    (autograder.root / "source" / "scheme.yaml").write_text("scheme: [\n")
    done, results = autograder(MUTANTS / "one-read")
    assert done.returncode == 1
    assert b"scheme.yaml:" in done.stderr
    assert not results.exists()


def test_what_could_not_be_judged_is_no_students_mark(autograder, tmp_path):
    (tmp_path / "node").mkdir()
    (tmp_path / "node" / "server.js").write_text("")
    done, results = autograder(tmp_path / "node", PATH=str(tmp_path))
    assert done.returncode == 1
    assert b"node is not installed" in done.stderr
    assert not results.exists()


def test_the_setup_installs_what_is_needed(autograder):
    text = (autograder.root / "source" / "setup.sh").read_text()
    assert "PyYAML" in text
    assert "extra" not in text
    assert "gcc" in text


def test_the_same_autograder_is_the_same_zip(tmp_path, scheme):
    for name in ("a.zip", "b.zip"):
        main(["gradescope", "uppercase-tcp", "--role=server", f"--out={tmp_path / name}"])
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()


def test_a_suite_that_is_wrong_makes_no_autograder(tmp_path, capsys):
    assert main(["gradescope", "uppercase-tcp", f"--out={tmp_path / 'a.zip'}"]) == 2
    assert "which is graded" in capsys.readouterr().err
    assert not (tmp_path / "a.zip").exists()


DUE = {"due_date": "2026-03-02T12:00:00+00:00"}


@pytest.mark.parametrize(
    ("told", "hours"),
    [
        ({}, 0),
        ({"assignment": DUE, "created_at": "2026-03-02T11:00:00+00:00"}, 0),
        ({"assignment": DUE, "created_at": "2026-03-03T13:30:00+00:00"}, 25.5),
        (
            {
                "assignment": DUE,
                "created_at": "2026-03-03T13:30:00+00:00",
                "users": [{"id": 1, "assignment": {"due_date": "2026-03-03T12:30:00+00:00"}}],
            },
            1,
        ),
    ],
)
def test_lateness_is_told_by_gradescope(told, hours):
    assert submitter(json.dumps(told))[1] == hours


@pytest.mark.parametrize("text", ["", "[]", '{"users": 7}', '{"users": [1]}'])
def test_metadata_that_are_none_are_told(text):
    with pytest.raises(UsageError, match="no submission's metadata"):
        submitter(text)


def test_who_has_submitted():
    users = [{"id": 7, "name": "Ann", "sid": "42"}, {"name": "Bob"}]
    student, _ = submitter(json.dumps({"users": users}))
    assert (student.id, student.name, student.partners) == ("42", "Ann", ("Bob",))

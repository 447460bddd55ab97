"""Which program is meant, and what of its own manifest does not count."""

import pytest
from test_cohort import SPEC

from harness import library
from harness.errors import TargetError
from harness.grading.finding import find_program
from harness.spec.model import Role

SUITE = library.suite(str(SPEC))


@pytest.fixture
def found(tmp_path):
    """Finds the program among files: {path: text}."""

    def found(files, role=Role.SERVER, features=()):
        folder = tmp_path / "submission"
        for name, text in files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        folder.mkdir(exist_ok=True)
        target = find_program(folder, "ann", SUITE, role, features)
        return target, target.path.relative_to(folder.parent).as_posix()

    return found


@pytest.mark.parametrize(
    ("files", "role", "path"),
    [
        (["server.py"], Role.SERVER, "submission"),
        (["lab3/server.py"], Role.SERVER, "submission/lab3"),
        (["a/b/server.c", "report.pdf"], Role.SERVER, "submission/a/b"),
        (["server/main.c", "client/main.c"], Role.SERVER, "submission/server"),
        (["server/main.c", "client/main.c"], Role.CLIENT, "submission/client"),
        (["Makefile", "src/a.c"], Role.SERVER, "submission"),
    ],
)
def test_the_program_of_the_role_is_found(found, files, role, path):
    target, where = found(dict.fromkeys(files, ""), role)
    assert where == path
    assert target.id == "ann"


def test_a_manifest_tells_which_of_two_is_the_server(found):
    files = {"a/target.yaml": "role: client\n", "a/x.py": "", "b/x.py": ""}
    assert found(files)[1] == "submission/b"


@pytest.mark.parametrize(
    ("files", "told"),
    [
        ({}, "found nothing"),
        ({"notes.txt": ""}, "no program in the submission: found notes.txt"),
        ({"a/x.py": "", "b/y.py": ""}, "which of these is the server: a, b?"),
        ({"x.py": "", "target.yaml": "rum: x\n"}, "target.yaml:1:1: unknown key 'rum'"),
        ({"x.py": "", "target.yaml": "run: 'x {secret}'\n"}, "the placeholder {secret}"),
        ({"x.py": "", "target.yaml": "files: {../../.bashrc: x}\n"}, "lies in the working folder"),
        ({"x.py": "", "target.yaml": "files: {/etc/passwd: x}\n"}, "lies in the working folder"),
        ({"x.py": "", "target.yaml": "folders: [../up]\n"}, "lies in the working folder"),
    ],
)
def test_what_is_no_program_is_told_without_a_path_of_ours(found, tmp_path, files, told):
    with pytest.raises(TargetError) as caught:
        found(files)
    assert told in str(caught.value)
    assert caught.value.phase == "find"
    assert str(tmp_path) not in str(caught.value)


def test_nobody_marks_oneself(found):
    manifest = """\
run: "{program} {port}"
implements: [echo-tcp]
known: [{case: "*", reason: "", why: I know}]
needs: [a-program-that-nobody-has]
breaks: [UPPER-1]
features: [own]
"""
    target, _ = found({"server.py": "", "target.yaml": manifest}, features=("asked",))
    held = target.manifest
    assert (held.known, held.needs, held.implements, held.breaks) == ((), (), (), ())
    assert held.features == ("own", "asked")
    assert held.run == "{program} {port}"


def test_features_are_asked_of_those_without_a_manifest(found):
    assert found({"server.py": ""})[0].manifest is None
    assert found({"server.py": ""}, features=("asked",))[0].manifest.features == ("asked",)

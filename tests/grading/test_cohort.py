"""A cohort whose marks are worked out by hand, however it is graded."""

import json
import shutil
import signal
import stat
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from harness.cli import main
from harness.grading.result import Result
from harness.grading.store import Store
from harness.verdict import Verdict

HERE = Path(__file__).parent
SPEC = HERE / "upper.yaml"
TARGETS = HERE.parents[1] / "targets"
MUTANTS = TARGETS / "mutants" / "uppercase-tcp"
SEED = 11

# capitals: 4 points, half of them for bytewise; two-lines 2; silent-client 3; any-byte 1.
MARKS = {
    "reference": 10,  # all right
    "zipped": 10,  # the same in an archive
    "one-read": 10 - 2,  # bytewise fails: half of capitals
    "one-line-each": 10 - 2,  # two-lines
    "serial": 10 - 3,  # silent-client
    "decodes": 10 - 1,  # any-byte
    "missing-newline": 0,  # the probe fails: all is blocked
    "nothing": 0,  # no program
    "syntax": 0,  # ends with an exception before it listens
    "slip": 0,  # an archive that writes elsewhere
    "linked": 0,  # an archive with a link
}
HELD_UP = {
    "missing-newline": "probe",
    "nothing": "find",
    "syntax": "start",
    "slip": "unpack",
    "linked": "unpack",
}


def cohort(folder):
    """Writes the submissions."""
    folder.mkdir()
    for name in ("one-read", "one-line-each", "serial", "decodes", "missing-newline"):
        shutil.copytree(MUTANTS / name, folder / name)
    good = TARGETS / "references" / "uppercase-tcp" / "server-python"
    shutil.copytree(good, folder / "reference")
    for name, text in {"nothing/notes.txt": "soon", "syntax/server.py": "def (\n"}.items():
        (folder / name).parent.mkdir()
        (folder / name).write_text(text)
    link = zipfile.ZipInfo("server.py")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    _zip(folder / "zipped.zip", [("work/server.py", (good / "server.py").read_text())])
    _zip(folder / "slip.zip", [("../reference/server.py", "print('mine')")])
    _zip(folder / "linked.zip", [(link, "/etc/passwd")])
    return folder


def _zip(path, members):
    with zipfile.ZipFile(path, "w") as opened:
        for name, data in members:
            opened.writestr(name, data)


def command(subs, out, *more):
    words = ["grade", str(subs), f"--spec={SPEC}", f"--out={out}", f"--seed={SEED}", "--quiet"]
    return [*words, *more]


def results(out) -> dict[str, Result]:
    return {each.student.id: each for each in Store(out).results()}


def told(found):
    """Returns all that must be the same, however often and by how many it is graded."""
    return {
        name: (
            each.mark,
            each.seed,
            each.hashes,
            [
                (one.key, one.verdict, one.settled, one.attempts and one.attempts[0].seed)
                for one in each.cases
            ],
            [(phase.name, phase.verdict) for phase in each.phases],
        )
        for name, each in found.items()
    }


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    folder = tmp_path_factory.mktemp("cohort")
    subs = cohort(folder / "subs")
    code = main(command(subs, folder / "out", "--jobs=1"))
    return subs, folder / "out", code


def test_every_mark_is_the_one_worked_out_by_hand(graded):
    _, out, code = graded
    found = results(out)
    assert {name: each.mark.points for name, each in found.items()} == MARKS
    assert {each.mark.maximum for each in found.values()} == {10}
    assert code == 0
    assert [each for each in found.values() if not each.finished or each.mark.person] == []


def test_what_held_a_submission_up_is_one_phase_and_blocks_the_rest(graded):
    _, out, _ = graded
    found = results(out)
    phases = {name: each.held_up_by for name, each in found.items()}
    assert {name: str(each.name) for name, each in phases.items() if each} == HELD_UP
    for name in ("nothing", "slip", "linked"):
        reasons = {each.reason for each in found[name].cases}
        assert reasons == {phases[name].reason}
        assert {each.verdict for each in found[name].cases} == {Verdict.BLOCKED}
    assert b"SyntaxError" in phases["syntax"].log
    assert "leads out" in phases["slip"].reason


def test_a_submission_that_attacks_its_neighbour_changes_nothing(graded):
    subs, out, _ = graded
    assert "mine" not in (subs / "reference" / "server.py").read_text()
    assert results(out)["reference"].mark.points == 10


def test_a_failure_has_what_explains_it(graded):
    _, out, _ = graded
    (case,) = [each for each in results(out)["one-read"].cases if each.verdict is Verdict.FAIL]
    assert case.name == "upper/capitals[bytewise]"
    assert case.compared is not None
    assert any(each.data and each.by_client for each in case.conversation)
    assert "one read() is not one message" in case.meaning
    assert (out / "students" / "one-read" / case.capture).stat().st_size > 0
    assert f"--seed={SEED} '--only=upper/capitals[bytewise]'" in case.command


def test_the_pages_of_a_batch_are_those_that_can_be_made_again(graded, tmp_path):
    _, out, _ = graded
    shutil.copytree(out, tmp_path / "out")
    pages = {each.relative_to(out): each.read_text() for each in sorted(out.rglob("*.html"))}
    assert len(pages) == 1 + 2 * len(MARKS)
    for each in pages:
        (tmp_path / "out" / each).unlink()
    assert main(["pages", str(tmp_path / "out")]) == 0
    assert {each: (tmp_path / "out" / each).read_text() for each in pages} == pages


def test_a_folder_without_results_has_no_pages(tmp_path, capsys):
    assert main(["pages", str(tmp_path)]) == 2
    assert "no results here" in capsys.readouterr().err


def test_two_workers_give_the_same(graded, tmp_path):
    subs, out, _ = graded
    assert main(command(subs, tmp_path / "out", "--jobs=2")) == 0
    assert told(results(tmp_path / "out")) == told(results(out))


def test_a_second_run_plays_only_what_is_new_or_changed(graded, tmp_path, capsys):
    subs, out, _ = graded
    shutil.copytree(out, tmp_path / "out")
    shutil.copytree(subs, tmp_path / "subs")
    shutil.copytree(subs / "serial", tmp_path / "subs" / "added")
    with (tmp_path / "subs" / "decodes" / "server.py").open("a") as file:
        file.write("# changed\n")
    words = [each for each in command(tmp_path / "subs", tmp_path / "out") if each != "--quiet"]
    assert main(words) == 0
    lines = [each for each in capsys.readouterr().out.splitlines() if each.startswith("[")]
    anew = [line.split("] ")[1].split(":")[0] for line in lines if "unchanged" not in line]
    assert sorted(anew) == ["added", "decodes"]
    assert results(tmp_path / "out")["added"].mark.points == MARKS["serial"]


def test_a_batch_that_is_killed_goes_on_to_the_same_marks(graded, tmp_path):
    subs, out, _ = graded
    words = [each for each in command(subs, tmp_path / "out", "--jobs=2") if each != "--quiet"]
    with subprocess.Popen(
        [sys.executable, "-m", "harness.cli", *words], stdout=subprocess.PIPE
    ) as batch:
        assert batch.stdout is not None
        for line in batch.stdout:
            if line.startswith(b"[4/"):
                break
        batch.send_signal(signal.SIGKILL)
    halfway = results(tmp_path / "out")
    assert any(not each.finished for each in halfway.values()) or len(halfway) < len(MARKS)
    assert main(command(subs, tmp_path / "out", "--jobs=2")) == 0
    assert told(results(tmp_path / "out")) == told(results(out))


SCHEME = """\
scheme: With a scheme
total: 20
cases:
  any-byte: {feedback: hidden, points: 2}
  capitals: {partial: false}
"""


def test_a_scheme_changes_marks(graded, tmp_path):
    subs, _, _ = graded
    for name in list(MARKS):
        if name not in ("one-read", "decodes", "nothing"):
            continue
        shutil.copytree(subs / name, tmp_path / "subs" / name)
    (tmp_path / "scheme.yaml").write_text(SCHEME)
    scheme = f"--scheme={tmp_path / 'scheme.yaml'}"
    assert main(command(tmp_path / "subs", tmp_path / "out", scheme)) == 0
    marks = {name: each.mark.points for name, each in results(tmp_path / "out").items()}
    # 11 points in all are worth 20: without capitals 7, without any-byte 9.
    assert marks == {"one-read": round(140 / 11, 6), "decodes": round(180 / 11, 6), "nothing": 0}


FLAKY = '''\
"""Answers wrongly in some of its processes: a file elsewhere counts them."""
import pathlib, socket, sys
count = pathlib.Path({count!r})
turn = int(count.read_text())
count.write_text(str(turn + 1))
s = socket.socket()
s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
s.bind(("127.0.0.1", int(sys.argv[1])))
s.listen()
while True:
    c, _ = s.accept()
    f = c.makefile("rwb")
    for line in f:
        wrong = turn in (0, 1, 3) and line.startswith(b"two")
        f.write(b"?\\n" if wrong else line.upper())
        f.flush()
'''


def test_what_passes_sometimes_is_told_as_such(tmp_path):
    (tmp_path / "count").write_text("0")
    (tmp_path / "subs" / "flaky").mkdir(parents=True)
    program = FLAKY.format(count=str(tmp_path / "count"))
    (tmp_path / "subs" / "flaky" / "server.py").write_text(program)
    more = ("--repeat=4", "--only=two-lines", "--network=host", "--isolation=none")
    assert main(command(tmp_path / "subs", tmp_path / "out", *more)) == 1
    result = results(tmp_path / "out")["flaky"]
    case = result.cases[-1]
    assert (case.passes, case.plays, case.unstable) == (2, 4, True)
    assert len({each.seed for each in case.attempts}) == 4
    assert result.mark.person == ("upper/two-lines[whole]: passes 2 of 4 times",)
    assert (result.mark.points, result.mark.open) == (2, 2)


def test_one_batch_at_a_time(graded):
    subs, out, _ = graded
    lock = Store(out).open()
    try:
        assert main(command(subs, out)) == 2
    finally:
        lock.release()


@pytest.mark.parametrize(
    ("more", "told"),
    [
        (["--scheme=no.yaml"], "cannot read no.yaml"),
        (["--role=client"], "upper has no cases for a client"),
        (["--late=no.csv"], "cannot read no.csv"),
        (["--spec=nothing"], "no suite 'nothing'"),
    ],
)
def test_a_command_line_that_is_wrong_is_told(graded, tmp_path, capsys, more, told):
    subs, _, _ = graded
    assert main(command(subs, tmp_path / "out", *more)) == 2
    assert told in capsys.readouterr().err


def test_a_folder_with_other_files_is_left_alone(graded, tmp_path, capsys):
    (tmp_path / "thesis.tex").write_text("")
    assert main(command(graded[0], tmp_path)) == 2
    assert "holds other files" in capsys.readouterr().err
    assert [each.name for each in tmp_path.iterdir()] == ["thesis.tex"]


def test_results_do_not_go_among_the_submissions(graded, capsys):
    subs, _, _ = graded
    assert main(command(subs, subs / "out")) == 2
    assert "would be taken for one" in capsys.readouterr().err
    assert not (subs / "out").exists()


def test_the_first_result_has_no_points(tmp_path, monkeypatch):
    (tmp_path / "subs" / "a").mkdir(parents=True)
    shutil.copytree(MUTANTS / "serial", tmp_path / "subs" / "a", dirs_exist_ok=True)
    seen = []
    write = Store.of(Store(tmp_path), "x").__class__.write

    def noted(self, result):
        write(self, result)
        seen.append(json.loads((self.folder / "result.json").read_text()))

    monkeypatch.setattr("harness.grading.store.Drawer.write", noted)
    from harness.grading.grader import grade
    from harness.grading.order import Order, Terms
    from harness.grading.roster import alone

    order = Order(alone(tmp_path / "subs" / "a"), Terms((str(SPEC),)), str(tmp_path / "out"))
    told = grade(order)
    assert (seen[0]["mark"]["points"], seen[0]["mark"]["maximum"]) == (0, 10)
    assert not seen[0]["finished"]
    settled = [sum(each["settled"] for each in one["cases"]) for one in seen]
    assert settled == sorted(settled)
    assert set(range(7)) <= {0, *settled, 6}
    assert seen[-1]["finished"]
    assert told.points == MARKS["serial"]

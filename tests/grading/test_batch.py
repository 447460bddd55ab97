"""Batches that somebody or something disturbs: nobody else's mark suffers."""

import shutil
import signal
import subprocess
import sys
import textwrap

import pytest
from test_cohort import MARKS, MUTANTS, SEED, command, results

from harness.cli import main
from harness.grading.export.gradescope import results_json
from harness.grading.result import Feedback
from harness.verdict import Verdict

HOST = ("--network=host", "--isolation=none")


def submissions(folder, *names, **programs):
    folder.mkdir()
    for name in names:
        shutil.copytree(MUTANTS / name, folder / name)
    for name, text in programs.items():
        (folder / name).mkdir()
        (folder / name / "server.py").write_text(textwrap.dedent(text))
    return folder


KILLER = """\
# Kills the process that grades it.
import os, pathlib, signal
pid = os.getppid()
while pid > 1:
    stat = pathlib.Path(f"/proc/{pid}/stat").read_text()
    if b"spawn_main" in pathlib.Path(f"/proc/{pid}/cmdline").read_bytes():
        os.kill(pid, signal.SIGKILL)
        break
    pid = int(stat.rpartition(")")[2].split()[1])
"""


def test_a_submission_that_kills_its_grader_is_given_up_and_no_other(tmp_path, capsys):
    subs = submissions(tmp_path / "subs", "serial", "decodes", "one-line-each", killer=KILLER)
    assert main(command(subs, tmp_path / "out", "--jobs=2", *HOST)) == 1
    assert "look at: killer: the process that graded it was lost" in capsys.readouterr().out
    found = results(tmp_path / "out")
    marks = {name: each.mark.points for name, each in found.items()}
    assert marks == {n: MARKS.get(n, 0) for n in ("serial", "decodes", "one-line-each", "killer")}
    assert not found["killer"].mark.decided
    assert "killer,,,,10" in (tmp_path / "out" / "marks.csv").read_text()


def test_ctrl_c_loses_nothing(tmp_path):
    subs = submissions(tmp_path / "subs", "serial", "decodes", "one-line-each", "one-read")
    words = command(subs, tmp_path / "out", "--jobs=1", *HOST)
    words.remove("--quiet")
    with subprocess.Popen(
        [sys.executable, "-m", "harness.cli", *words], stdout=subprocess.PIPE, text=True
    ) as batch:
        assert batch.stdout is not None
        for line in batch.stdout:
            if line.startswith("[1/4"):
                batch.send_signal(signal.SIGINT)
                break
        rest = batch.stdout.read()
    assert batch.returncode == 130, rest
    assert "the same command goes on" in rest
    before = results(tmp_path / "out")
    settled = {
        (name, case.name) for name, each in before.items() for case in each.cases if case.settled
    }
    assert settled
    assert sum(each.finished for each in before.values()) < 4
    assert main(command(subs, tmp_path / "out", *HOST)) == 0
    assert {name: each.mark.points for name, each in results(tmp_path / "out").items()} == {
        name: MARKS[name] for name in ("serial", "decodes", "one-line-each", "one-read")
    }


TELLTALE = """\
# Notes all that it is sent, and tells it in an answer, where that is not the first.
import socket, sys
s = socket.socket()
s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
s.bind(("127.0.0.1", int(sys.argv[1])))
s.listen()
noted = []
while True:
    c, _ = s.accept()
    for line in c.makefile("rb"):
        noted.append(line.strip())
        tells = b"one" in line and len(noted) > 1
        c.sendall(b"|".join(noted) + b"\\n" if tells else line.upper())
"""


def test_what_is_kept_back_is_played_last_and_cannot_be_told(tmp_path):
    subs = submissions(tmp_path / "subs", telltale=TELLTALE)
    scheme = tmp_path / "scheme.yaml"
    scheme.write_text("scheme: s\ncases: {capitals: {feedback: hidden}}\n")
    assert main(command(subs, tmp_path / "out", f"--scheme={scheme}", *HOST)) == 0
    found = results(tmp_path / "out")["telltale"]
    cases = {each.case: each for each in found.cases}
    assert [each.case for each in found.cases][1] == "capitals"  # the suite's order stays
    assert cases["capitals"].feedback is Feedback.HIDDEN
    assert cases["capitals"].verdict is Verdict.PASS
    assert cases["two-lines"].verdict is Verdict.WARN
    assert b"probe|one" in cases["two-lines"].compared.actual  # it tells what it was sent before
    assert "hello" not in results_json(found)
    assert "hello" not in str(cases["two-lines"])


def test_who_has_handed_in_twice_is_looked_at(tmp_path, capsys):
    subs = submissions(tmp_path / "subs", serial="")
    (subs / "serial.py").write_text("")
    assert main(command(subs, tmp_path / "out", *HOST)) == 1
    told = "look at: serial, serial~2: there is more than one submission of serial"
    assert told in capsys.readouterr().out


def test_a_sheet_tells_what_it_lacks(tmp_path, capsys):
    subs = submissions(tmp_path / "subs", ann="", bob="")
    assert main(command(subs, tmp_path / "out", *HOST)) == 0
    sheet, out = tmp_path / "sheet.csv", tmp_path / "filled.csv"
    sheet.write_text("Identifier,Full name,Grade,Maximum Grade\nann,Ann,,20.00\neve,Eve,,20.00\n")
    words = ["export", str(tmp_path / "out"), "moodle", f"--sheet={sheet}", f"--out={out}"]
    capsys.readouterr()
    assert main(words) == 1
    assert capsys.readouterr().out.splitlines() == [
        f"written to {out}: 1 of 2 rows filled in",
        "  no result for: Eve",
        "  no row for: bob",
        "  the most is 20.00 points there, and a mark here is of 10: say total: in the scheme",
    ]
    assert "ann,Ann,0,20.00" in out.read_text()


def test_lateness_comes_from_a_table(tmp_path):
    subs = submissions(tmp_path / "subs", "serial", "decodes")
    (tmp_path / "scheme.yaml").write_text("scheme: s\nlate: [{hours: 1, factor: 0.5}]\n")
    (tmp_path / "late.csv").write_text("Student,Hours\nserial,1.5\n\ndecodes,0.5\n\n")
    more = (f"--scheme={tmp_path / 'scheme.yaml'}", f"--late={tmp_path / 'late.csv'}")
    assert main(command(subs, tmp_path / "out", *more, *HOST)) == 0
    marks = {name: each.mark.points for name, each in results(tmp_path / "out").items()}
    assert marks == {"serial": 3.5, "decodes": 9}


def test_who_is_late_by_nobody_knows_how_much_is_for_a_person_where_it_counts(tmp_path):
    (tmp_path / "subs").mkdir()
    (tmp_path / "subs" / "leeann_LATE_4001_90001_notes.txt").write_text("")
    (tmp_path / "scheme.yaml").write_text("scheme: s\nlate: [{hours: 1, factor: 0.5}]\n")
    words = command(tmp_path / "subs", tmp_path / "out", *HOST)
    assert main(words) == 0
    assert main([*words, f"--scheme={tmp_path / 'scheme.yaml'}"]) == 1
    (told,) = results(tmp_path / "out")["4001"].mark.person
    assert told == "handed in late, and nothing says by how many hours"


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ("eve,1", "late.csv:2: no submission of 'eve'"),
        ("serial,1\n\nserial,2", "late.csv:4: serial has a line already"),
        ("serial", "late.csv:2: wanted student,hours, found 'serial'"),
        ("serial,soon", "wanted student,hours"),
        ("serial,-1", "wanted hours from 0 up"),
        ("serial,nan", "wanted hours from 0 up"),
    ],
)
def test_a_table_of_lateness_that_is_wrong_is_told(tmp_path, capsys, row, told):
    subs = submissions(tmp_path / "subs", "serial")
    (tmp_path / "late.csv").write_text(f"student,hours\n{row}\n")
    assert main(command(subs, tmp_path / "out", f"--late={tmp_path / 'late.csv'}")) == 2
    assert told in capsys.readouterr().err


def test_the_seed_of_an_earlier_run_holds(tmp_path):
    subs = submissions(tmp_path / "subs", nothing="")
    words = command(subs, tmp_path / "out", *HOST)
    assert main(words) == 0
    words.remove(f"--seed={SEED}")
    assert main(words) == 0
    assert results(tmp_path / "out")["nothing"].seed == SEED


def test_results_of_those_who_are_gone_are_told(tmp_path, capsys):
    subs = submissions(tmp_path / "subs", first="", second="")
    assert main(command(subs, tmp_path / "out", *HOST)) == 0
    shutil.rmtree(subs / "second")
    assert main(command(subs, tmp_path / "out", *HOST)) == 0
    assert "results of 1 that are not among these submissions: second" in capsys.readouterr().out

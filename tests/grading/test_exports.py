"""Every export: it is well-formed, tells what it should, and what a target says stays text."""

import csv
import io
import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from xml.etree import ElementTree as ET

import pytest
from graded import case, unhurried
from hypothesis import given
from hypothesis import strategies as st

from harness.errors import UsageError
from harness.grading.export import tables
from harness.grading.export.actions import summary_markdown, workflow_commands
from harness.grading.export.classroom50 import result_json
from harness.grading.export.forms import SINGLE
from harness.grading.export.gradescope import results_json
from harness.grading.export.harmless import cell, command_data, hypertext, markdown, plain
from harness.grading.export.junit import junit_xml
from harness.grading.marks import marks
from harness.grading.result import (
    Attempt,
    Compared,
    Feedback,
    Phase,
    PhaseName,
    Result,
    Rule,
    Said,
    Student,
    SuiteRef,
)
from harness.grading.scheme import Scheme, Weighing
from harness.verdict import Verdict

SECRET = "do not tell"
HOSTILE = (
    '=HYPERLINK("http://evil")\n::error::mine\r\n::set-output name=x::y\x1b[2J\x07'
    "</pre><script>alert(1)</script>]]> | ![x](http://evil) `code` @everyone \u202e\ud800\x00"
)


def failed(name="upload", delivery="bytewise", text="it answers NOK", **more):
    return case(
        name,
        delivery,
        Verdict.FAIL,
        reason=text,
        rules=(Rule("FILE-1", "must", text),),
        compared=Compared("OK", b"OK\n", text.encode("utf-8", "replace"), 0),
        conversation=(
            Said(0.001, "says", True, "client", text.encode("utf-8", "replace"), 20),
            Said(0.002, "says", False, "client", b"NOK\n", 4, text),
        ),
        output=text.encode("utf-8", "replace"),
        hint=text,
        meaning="every byte came alone",
        afterwards=text,
        capture="captures/secret.pcapng",
        evidence=SECRET,
        **more,
    )


def result(cases, scheme=None, student="s1", **more):
    scheme = scheme or Scheme()
    told = {
        "student": Student(student, "Ann Lee", "ann@example.org", "moodle", "Participant 123"),
        "source": "/home/lecturer/subs/s1.zip",
        "seed": 7,
        "suites": (SuiteRef("files", "Files", "/home/lecturer/specs/files.yaml"),),
        "phases": (Phase(PhaseName.PROBE, Verdict.PASS),),
        "finished": True,
        **more,
    }
    return Result(cases=tuple(cases), mark=marks(cases, scheme), **told)


USUAL = result([case("login"), case("upload"), failed()])
ATTACK = result(
    [case("login"), case("upload"), failed(text=HOSTILE)],
    student=HOSTILE,
    phases=(Phase(PhaseName.BUILD, Verdict.PASS, HOSTILE, HOSTILE.encode("utf-8", "replace")),),
)
HELD_UP = result(
    [case("login", verdict=Verdict.BLOCKED, reason=HOSTILE)],
    student=HOSTILE,
    phases=(Phase(PhaseName.BUILD, Verdict.FAIL, HOSTILE, HOSTILE.encode("utf-8", "replace")),),
)


def every_export(one):
    """Returns all exports that a student may see, by name."""
    told = {name: form.told(one, {"owner": HOSTILE}) for name, form in SINGLE.items()}
    return told | {"moodle": tables.moodle_csv([one]), "canvas": tables.canvas_csv([one], "Lab")}


# -- what they tell ------------------------------------------------------------------------


def test_gradescope():
    told = json.loads(results_json(USUAL))
    assert told["score"] == 3
    assert told["output"] == "3 of 4 points"
    assert {told[f"{each}output_format"] for each in ("", "test_")} == {"text"}
    login, upload = told["tests"]
    assert (login["score"], login["max_score"], login["status"]) == (2, 2, "passed")
    assert (upload["score"], upload["max_score"], upload["status"]) == (1, 2, "failed")
    assert upload["name"] == "files/upload: upload works"
    for each in ("1 of 2 deliveries passed", "it answers NOK", "every byte came alone", "OK\\n"):
        assert each in upload["output"]
    assert "wireharness check . --spec=files.yaml --seed=7" in upload["output"]


def test_junit():
    root = ET.fromstring(junit_xml(USUAL).encode())
    (suite,) = root
    assert suite.attrib | {"time": ""} == {
        "name": "files.server", "tests": "3", "failures": "1", "errors": "0", "skipped": "0",
        "time": "",
    }  # fmt: skip
    found = {each.get("name"): [child.tag for child in each] for each in suite.iter("testcase")}
    assert found == {"login[whole]": [], "upload[whole]": [], "upload[bytewise]": ["failure"]}


@pytest.mark.parametrize(
    ("verdict", "tag"),
    [
        (Verdict.PASS, None),
        (Verdict.WARN, None),
        (Verdict.UNSUPPORTED, "skipped"),
        (Verdict.INCONCLUSIVE, "error"),
        (Verdict.BLOCKED, "failure"),
        (Verdict.FAIL, "failure"),
        (Verdict.ERROR, "error"),
    ],
)
def test_junit_never_takes_an_error_for_a_failure(verdict, tag):
    root = ET.fromstring(junit_xml(result([case(verdict=verdict)])).encode())
    assert [child.tag for child in root.find(".//testcase")] == ([tag] if tag else [])


def test_actions():
    (line,) = workflow_commands(USUAL).splitlines()
    assert line.startswith("::error title=files/upload[bytewise]::it answers NOK%0A")
    many = result([failed(f"case-{number}") for number in range(30)])
    assert len(workflow_commands(many).splitlines()) == 10


def test_the_summary_of_a_job():
    told = summary_markdown(USUAL)
    assert told.startswith("## 3 of 4 points\n")
    assert (
        "| <code>upload</code> | 1 of 2 | fail | <code>bytewise&#58; it answers NOK</code> |"
        in told
    )
    large = result([failed(f"case-{number}", text="x" * 290) for number in range(4000)])
    assert len(summary_markdown(large).encode()) < 1 << 20


def test_classroom50_has_whole_numbers():
    told = json.loads(result_json(USUAL, {"owner": "ann", "commit": "c0ffee"}))
    assert (told["schema"], told["owner"], told["commit"]) == (
        "classroom50/result/v1", "ann", "c0ffee",
    )  # fmt: skip
    assert (told["score"], told["max-score"]) == (3, 4)
    third = result([case("a", points=1), *[failed("b", each, points=1) for each in ("x", "y")],
                    case("b", points=1)])  # fmt: skip
    told = json.loads(result_json(third, {}))
    assert (told["score"], told["max-score"]) == (1333, 2000)
    assert told["tests"][1] == {
        "test-name": "files/b", "passed": False, "score": 333, "max-score": 1000,
    }  # fmt: skip


def rows(text):
    return list(csv.reader(io.StringIO(text)))


def test_the_lecturers_table():
    open_one = result([case(verdict=Verdict.INCONCLUSIVE, reason="late")], student="s2")
    head, first, second = rows(tables.marks_csv([USUAL, open_one]))
    told = dict(zip(head, first, strict=True))
    assert (told["student"], told["points"], told["maximum"]) == ("s1", "3", "4")
    told = dict(zip(head, second, strict=True))
    assert (told["points"], told["look at"]) == ("", "files/login[whole]: inconclusive: late")


def test_a_worksheet_of_moodle_is_filled_in():
    sheet = (
        "\ufeffIdentifier,Full name,Grade,Last modified (grade),Feedback comments\r\n"
        'Participant 123,"Lee, Ann",,-,\r\nParticipant 9,Nobody,7,-,old\r\n'
    )
    head, ann, nobody = tables.moodle_filled([USUAL], sheet).rows
    assert head[2:] == ["Grade", "Last modified (grade)", "Feedback comments"]
    assert ann[:4] == ["Participant 123", "Lee, Ann", "3", "-"]
    assert ann[4].startswith("3 of 4 points<br>files/upload[bytewise]: fail: it answers NOK")
    assert nobody == ["Participant 9", "Nobody", "7", "-", "old"]
    with pytest.raises(UsageError, match="no column 'Grade', found Identifier, Note"):
        tables.moodle_filled([USUAL], "Identifier,Note\n")


def test_a_gradebook_of_canvas_is_filled_in():
    sheet = (
        "Student,ID,SIS User ID,SIS Login ID,Section,Lab 3 (4711)\n    Points Possible,,,,,4\n"
        '"Lee, Ann",55,s1,ann,1,\nNobody,56,s9,n,1,2\n'
    )
    found = tables.canvas_filled([USUAL], "Lab 3 (4711)", sheet)
    assert (found.filled, found.without, found.left) == (("s1",), ("Nobody",), ())
    assert found.worth == ("4",)
    assert [row[5] for row in found.rows] == ["Lab 3 (4711)", "4", "3", "2"]
    made = rows(tables.canvas_csv([USUAL], "Lab 3"))
    assert made[1] == ["    Points Possible", "", "", "", "", "4"]
    assert made[2] == ["Ann Lee", "", "s1", "", "", "3"]
    with pytest.raises(UsageError, match="no column 'Lab 4'"):
        tables.canvas_filled([USUAL], "Lab 4", sheet)


TWO = [USUAL, replace(USUAL, student=Student("s2", email="bob@example.org"))]


@pytest.mark.parametrize(
    ("sheet", "told"),
    [
        ("Ann,55,s1,s2,,", "row 2: whose is it? s1 or s2"),  # the columns mean two students
        ("Ann,55,s1,a,,\nBob,56,b,s1,,", "row 3: whose is it? s1 has another row already"),
    ],
)
def test_no_mark_goes_into_a_row_that_may_be_another_students(sheet, told):
    head = "Student,ID,SIS User ID,SIS Login ID,Section,Lab\n"
    with pytest.raises(UsageError, match=re.escape(told)):
        tables.canvas_filled(TWO, "Lab", head + sheet)


def test_a_student_who_stands_in_a_sheet_twice_gets_the_mark_twice():
    sheet = "Identifier,Full name,Grade\ns1,Ann,\ns1,Ann,\n,,\nx,Xan,\n"
    found = tables.moodle_filled(TWO, sheet)
    assert [row[2] for row in found.rows] == ["Grade", "3", "3", "", ""]
    assert (found.filled, found.without, found.left) == (("s1",), ("Xan",), ("s2",))


def test_a_mark_of_which_not_all_is_played_is_not_told_to_a_platform():
    half = replace(USUAL, finished=False)
    assert rows(tables.moodle_csv([half]))[1][3] == ""
    assert rows(tables.canvas_csv([half], "Lab"))[2][5] == ""
    assert rows(tables.marks_csv([half]))[1][3] == "3"


def test_what_passes_sometimes_is_told():
    tries = (Attempt(1, Verdict.FAIL), Attempt(2, Verdict.PASS), Attempt(3, Verdict.FAIL))
    one = result([case(verdict=Verdict.FAIL, attempts=tries)])
    for told in (results_json(one), workflow_commands(one), summary_markdown(one), junit_xml(one)):
        assert "passes 1 of 3 times" in told
    assert "passes 1 of 3 times" in tables.feedback_html(one)


# -- what is kept back ---------------------------------------------------------------------

KEPT = Scheme(
    cases={
        "hidden-one": Weighing(feedback=Feedback.HIDDEN),
        "counted": Weighing(feedback=Feedback.NONE),
        "bare": Weighing(feedback=Feedback.VERDICT),
    }
)


def kept_back():
    levels = {"hidden-one": "hidden", "counted": "none", "bare": "verdict", "login": "all"}
    cases = [
        failed(name, "whole", f"{name}-{SECRET}", feedback=Feedback(level))
        for name, level in levels.items()
    ]
    worst = Phase(PhaseName.CASES, Verdict.FAIL, f"hidden-one-{SECRET}")
    return result(cases, KEPT, phases=(Phase(PhaseName.PROBE, Verdict.PASS), worst))


@pytest.mark.parametrize("name", every_export(USUAL))
def test_no_export_tells_what_is_kept_back(name):
    told = every_export(kept_back())[name]
    assert "hidden-one" not in told
    assert f"counted-{SECRET}" not in told
    assert f"bare-{SECRET}" not in told
    for each in ("/home/lecturer", "secret.pcapng"):
        assert each not in told


@pytest.mark.parametrize("name", every_export(USUAL))
def test_no_export_tells_why_somebody_looks_at_what_is_hidden(name):
    hidden = case("hidden-one", verdict=Verdict.ERROR, reason=SECRET, feedback=Feedback.HIDDEN)
    one = result([hidden, case()], KEPT)
    assert one.mark.person
    told = every_export(one)[name]
    assert "hidden-one" not in told
    assert SECRET not in told


def test_each_level_tells_its_part():
    tests = {each["name"]: each for each in json.loads(results_json(kept_back()))["tests"]}
    counted, bare, login = tests.values()
    assert "score" not in counted
    assert "status" not in counted
    assert (bare["score"], bare["output"]) == (0, "whole: fail")
    assert f"login-{SECRET}" in login["output"]


def test_the_verdict_of_a_case_that_is_not_told_cannot_be_read_out():
    def told(verdict):
        one = case("counted", verdict=verdict, feedback=Feedback.NONE)
        scheme = Scheme(cases={"counted": Weighing(feedback=Feedback.NONE)}, total=10)
        other = result([one, case("login")], scheme)
        fixed = other.mark.__class__(points=5, maximum=10, cases=other.mark.cases)
        return every_export(
            Result(**{n: getattr(other, n) for n in other.__slots__} | {"mark": fixed})
        )

    assert told(Verdict.PASS) == told(Verdict.FAIL)


# -- what stays text -----------------------------------------------------------------------


@pytest.mark.parametrize("one", [ATTACK, HELD_UP], ids=["cases", "held-up"])
@pytest.mark.parametrize("name", every_export(USUAL))
def test_no_control_character_gets_through(one, name):
    told = every_export(one)[name]
    assert not re.search("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202e\ud800]", told)
    told.encode("utf-8")


@pytest.mark.parametrize("one", [ATTACK, HELD_UP], ids=["cases", "held-up"])
def test_xml_stays_xml(one):
    root = ET.fromstring(junit_xml(one).encode())
    assert {each.tag for each in root.iter()} <= {
        "testsuites", "testsuite", "testcase", "failure", "properties", "property",
    }  # fmt: skip


@pytest.mark.parametrize("one", [ATTACK, HELD_UP], ids=["cases", "held-up"])
def test_no_workflow_command_is_the_targets(one):
    lines = workflow_commands(one).splitlines()
    assert len(lines) == 1
    assert re.match(r"::error title=[^:,\n]*::", lines[0])
    assert lines[0].count("::error title") == 1


@pytest.mark.parametrize("one", [ATTACK, HELD_UP], ids=["cases", "held-up"])
def test_no_line_of_an_export_begins_a_workflow_command(one):
    for name, told in every_export(one).items():
        if name != "actions":
            assert not [line for line in told.splitlines() if line.lstrip().startswith("::")], name


@pytest.mark.parametrize("one", [ATTACK, HELD_UP], ids=["cases", "held-up"])
def test_no_cell_is_a_formula(one):
    for told in (tables.marks_csv([one]), tables.moodle_csv([one]), tables.canvas_csv([one], "=1")):
        for row in rows(told):
            assert not [each for each in row if each.lstrip()[:1] in ("=", "+", "-", "@", "|", "%")]


class Tags(HTMLParser):
    def __init__(self):
        super().__init__()
        self.tags = set()

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)


@pytest.mark.parametrize("one", [ATTACK, HELD_UP], ids=["cases", "held-up"])
def test_hypertext_has_no_tags_but_ours(one):
    for told, ours in ((tables.feedback_html(one), {"br"}), (summary_markdown(one), {"code"})):
        parser = Tags()
        parser.feed(told)
        assert parser.tags <= ours


@unhurried
@given(st.text() | st.sampled_from([HOSTILE]))
def test_each_medium_gets_text_and_nothing_but_text(text):
    assert not re.search("[\x00-\x09\x0b-\x1f]", plain(text))
    assert not re.search("[<>]", hypertext(text).replace("<br>", ""))
    assert not cell(text).lstrip().startswith(("=", "+", "-", "@"))
    assert "\n" not in cell(text)
    assert not re.search(r"[\r\n]", command_data(text))
    inside = markdown(text).removeprefix("<code>").removesuffix("</code>")
    assert re.fullmatch(r"([A-Za-z0-9 ]|&#\d+;)*", inside)

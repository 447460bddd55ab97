"""The page of one submission: what is on it, and what a student never sees."""

from shown import PHASES, case, failed, hostile, result
from test_markup import Parsed

from harness.grading.feedback import student_view
from harness.grading.pages.student import student_page
from harness.grading.result import Phase, PhaseName
from harness.verdict import Verdict


def lecturers(value):
    return student_page(value, lecturers=True)


def students(value):
    return student_page(student_view(value), lecturers=False)


def test_a_failure_has_all_that_explains_it():
    page = lecturers(result())
    for told in (
        "byte 5 of the answer to capitals is wrong",
        "A line may arrive in pieces.",
        "RFC 9293",
        "one read() is not one message",
        "Read until the newline.",
        "wireharness check . --only=capitals",
        'href="./captures/capitals.pcapng"',
        "upper.yaml:12",
        "Traceback: nothing",
        "server.c:3: warning",
        "the first byte that cannot match",
        "TCP is a stream",
    ):
        assert told in page, told


def test_what_passes_sometimes_and_what_nobody_knows_is_told():
    page = lecturers(result())
    assert "passes 1 of 2 times" in page
    assert "with seed 7" in page
    assert "the machine was late" in page
    assert "To be looked at" in page


def test_a_student_sees_no_more_than_the_scheme_says():
    page = students(result())
    assert "byte 5 of the answer to capitals is wrong" in page
    for kept_back in (
        "silent-client",  # hidden: not even its name
        "A silent client holds up nobody",
        "byte 5 of the answer to two-lines",  # verdict alone
        "The purpose of three-lines",  # neither
        "/lecturers/",
        "captures/",
        "12 S 34",
        "To be looked at",
        "index.html",
        ">strict<",
    ):
        assert kept_back not in page, kept_back
        assert kept_back in lecturers(result()), kept_back
    assert "More than that is not told" in page
    assert "what this case tests is not told" in page


def test_what_is_not_told_has_no_points_on_it():
    rows = [each for each in students(result()).split("<tr") if ">three-lines<" in each]
    assert len(rows) == 1
    assert 'class="sign' not in rows[0]
    assert '<td class="amount">\N{EN DASH}</td>' in rows[0]


def test_what_held_it_up_stands_first_with_its_log():
    build = Phase(PhaseName.BUILD, Verdict.FAIL, "it does not build", b"server.c:1: error\n")
    blocked = case(verdict=Verdict.BLOCKED, reason="it does not build")
    page = lecturers(result(cases=(blocked,), phases=(*PHASES[:2], build)))
    assert page.index("Ended at “build”") < page.index("server.c:1: error")
    assert "1 blocked" in page
    assert "not come to" in page
    assert "<article" not in page


def test_all_right_is_told_as_such():
    assert "every case passes" in lecturers(result(cases=(case(),)))


def test_links_lead_to_what_went_wrong():
    page = lecturers(result())
    places = {attrs["id"] for _, attrs in Parsed(page).tags if "id" in attrs}
    leads = {a["href"][1:] for t, a in Parsed(page).tags if t == "a" and a["href"][:1] == "#"}
    assert "case-upper-server-capitals" in leads
    assert leads <= places


def test_ids_are_there_once():
    ids = [attrs["id"] for _, attrs in Parsed(lecturers(result())).tags if "id" in attrs]
    assert len(ids) == len(set(ids))


def test_hostile_texts_make_no_element_and_no_attribute():
    for page in (lecturers, students):
        right, wrong = (Parsed(page(each)).tags for each in (result(), hostile()))
        assert {(tag, *attrs) for tag, attrs in wrong} <= {(tag, *attrs) for tag, attrs in right}
        assert not set(page(hostile())) & set("\x00\x07\x1b\x7f\u202e\u2066\u200b\ufeff\U000e0041")


def test_a_capture_that_is_none_is_no_link():
    page = lecturers(result(cases=(failed(capture="none: too many"),)))
    assert "none: too many" in page
    assert "none%3A" not in page


def test_it_stays_small_however_much_was_said():
    many = tuple(failed(f"c{each}", "whole") for each in range(100))
    assert len(lecturers(result(cases=many))) < 100 * 12_000

"""The page of the cohort, without a browser."""

import pytest
from shown import case, failed, hostile, result
from test_markup import Parsed

from harness.errors import MachineError
from harness.grading.pages.cohort import cohort_page
from harness.grading.pages.distribution import Class, classes
from harness.grading.pages.leaves import Cohort, Leafing, leafing, write_again, write_student
from harness.grading.pages.row import row_of
from harness.grading.progress import told_of
from harness.grading.result import Isolation, Phase, PhaseName, Student
from harness.grading.store import Store
from harness.verdict import Verdict


def page_of(*results):
    return cohort_page([row_of(each) for each in results])


def test_it_tells_what_is_hidden_from_students():
    page = page_of(result())
    assert "A silent client holds up nobody." in page
    assert "This page shows what is hidden from students" in page


def test_everybody_has_a_row_with_a_link():
    page = page_of(result("ada"), result("../../bob", student=Student("../../bob", "Bob")))
    assert 'href="./students/ada/page.html"' in page
    assert [each for each in page.split('href="')[1:] if each.startswith("../")] == []
    assert "./students/bob-" in page
    assert page.count("data-kinds=") == 2


def test_the_requirements_that_most_break_come_first():
    page = page_of(
        result("a", cases=(case(), failed())), result("b", cases=(case(), failed())),
        result("c", cases=(failed(delivery="whole"),)),
    )  # fmt: skip
    assert page.index("breaks:STREAM-1") < page.index("breaks:UPPER-1")
    assert "3 of 3" in page
    assert "1 of 3" in page


def test_a_name_that_is_cut_can_be_read_whole():
    page = page_of(result("ada"), result("bob", student=Student("bob", f"B{29 * 'o'}b")))
    assert page.count(f'title="B{29 * "o"}b"') == 1
    assert 'title="Ada"' not in page


def test_who_has_to_be_looked_at_is_listed_with_the_reason():
    page = page_of(result("ada"), result("bob", cases=(case(),)))
    people = page.split('class="people"')[1].split("</ul>")[0]
    assert "the machine was late" in people
    assert "ada" in people
    assert "bob" not in people


def test_what_this_machine_cannot_play_is_told_once():
    left = [
        case(name, verdict=Verdict.UNSUPPORTED, reason="no IPv6 here", fault="machine")
        for name in ("six", "seven")
    ]
    page = page_of(*(result(name, cases=(case(), *left)) for name in ("ada", "bob")))
    assert page.count("no IPv6 here") == 1
    assert "upper/six[whole]</code> and 1 more, in 2 of 2 submissions" in page


def test_isolation_and_what_is_unusual_in_it():
    usual = [result(f"s{each}", cases=(case(),)) for each in range(3)]
    odd = result("odd", cases=(case(),), isolation=Isolation("guarded", "host"))
    page = page_of(*usual, odd)
    assert "3 strict, 1 guarded" in page
    assert page.count(">guarded, host<") == 1


def test_what_ended_early_is_told():
    start = Phase(PhaseName.START, Verdict.FAIL, "it ended before it listened")
    page = page_of(result(cases=(case(verdict=Verdict.BLOCKED),), phases=(start,)))
    assert "start: it ended before it listened" in page
    assert 'data-kinds="held"' in page


def test_no_results_are_no_error():
    assert "No results yet" in page_of()


def test_hostile_texts_make_no_element_and_no_attribute():
    long = result("ada", student=Student("ada", 30 * "a"))
    right, wrong = (Parsed(page_of(each)).tags for each in (long, hostile()))
    assert {(tag, *attrs) for tag, attrs in wrong} <= {(tag, *attrs) for tag, attrs in right}


@pytest.mark.parametrize(
    ("points", "maximum", "filled", "number"),
    [
        ([0, 0.9, 1, 20, 19.5], 20, [Class(0, 1, 2), Class(1, 2, 1), Class(19, 20, 2)], 20),
        ([10], 10, [Class(9.5, 10, 1)], 20),
        ([45, 44.9], 45, [Class(42.5, 45, 2)], 18),
        ([3], 3.3, [Class(3, 3.3, 1)], 7),
        ([100_000], 100_000, [Class(95_000, 100_000, 1)], 20),
        ([0], 0, [], 0),
    ],
)
def test_classes_of_marks(points, maximum, filled, number):
    found = classes(points, maximum)
    assert [each for each in found if each.count] == filled
    assert len(found) == number


# -- files ---------------------------------------------------------------------------------


class Heard:
    def __init__(self):
        self.told = []

    def done(self, told):
        self.told.append(told)


@pytest.fixture
def store(tmp_path):
    store = Store(tmp_path / "out")
    store.open().release()
    for name in ("ada", "bob"):
        store.of(name).write(result(name))
    return store


def test_all_pages_are_made_from_what_is_stored(store):
    assert write_again(store) == 2
    pages = {each.relative_to(store.folder).as_posix() for each in store.folder.rglob("*.html")}
    assert pages == {"index.html"} | {
        f"students/{name}/{page}.html" for name in ("ada", "bob") for page in ("page", "feedback")
    }
    assert "silent-client" not in (store.of("ada").folder / "feedback.html").read_text()


def test_pages_are_written_while_a_batch_runs(store):
    heard = Heard()
    leaves = Leafing(heard, store)
    store.of("cleo").write(result("cleo"))
    leaves.done(told_of(result("cleo"), unchanged=False))
    assert (store.of("cleo").folder / "page.html").exists()
    assert "Cleo" in (store.folder / "index.html").read_text()
    assert "Bob" in (store.folder / "index.html").read_text()
    assert [each.student for each in heard.told] == ["cleo"]


def test_a_page_that_cannot_be_written_stops_no_grading(store):
    leaves = Leafing(Heard(), store)
    in_the_way = store.of("ada").folder / "page.html"
    in_the_way.mkdir()
    store.of("ada").write(result("ada"))
    leaves.done(told_of(result("ada"), unchanged=False))
    with pytest.raises(MachineError, match="cannot write"):
        leaves.close()
    in_the_way.rmdir()
    leaves.close()
    assert "Ada" in in_the_way.read_text()


def test_what_was_broken_off_has_its_pages_in_the_end(store):
    with leafing(Heard(), store):
        store.of("cleo").write(result("cleo", finished=False))
    assert (
        "Not everything has been played yet" in (store.of("cleo").folder / "page.html").read_text()
    )
    assert "Cleo" in (store.folder / "index.html").read_text()
    assert (store.of("ada").folder / "feedback.html").exists()


def test_a_result_that_comes_again_takes_the_place_of_the_first(store):
    cohort = Cohort(store)
    cohort.add(result("ada"))
    cohort.add(result("ada", cases=(case(),)))
    assert len(cohort) == 1
    write_student(store.of("ada"), result("ada"))
    assert "Ada" in cohort.write().read_text()

"""The pages as a browser has them: nothing runs that is not ours, and all can be reached by key."""

import base64
import re
from dataclasses import replace
from itertools import pairwise

import pytest
from browser import Browser, program
from shown import HOSTILE, RAN, case, failed, hostile, result

from harness.grading.feedback import student_view
from harness.grading.pages import frame
from harness.grading.pages.cohort import cohort_page
from harness.grading.pages.markup import verbatim
from harness.grading.pages.row import row_of
from harness.grading.pages.student import student_page
from harness.grading.result import Student

pytestmark = pytest.mark.skipif(program() is None, reason="no Chromium here")

DOWN = (
    "[...document.querySelectorAll('.matrix tbody tr:not([hidden]) th a')].map(e => e.textContent)"
)
ACTED = (
    "[window.ran === 1, document.title.includes('pwned'),"
    " document.querySelectorAll('img, iframe, object, form, base, [onload], [onerror], [onfocus],"
    " a[href^=javascript]').length, document.scripts.length]"
)


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    browser = Browser(tmp_path_factory.mktemp("browser") / "profile")
    yield browser
    browser.close()


@pytest.fixture
def opened(browser, tmp_path):
    """Opens a page in a window; returns the browser."""

    def opened(text, width=1200, place="", **liking):
        path = tmp_path / "page.html"
        path.write_text(text, "utf-8")
        browser.window(width, **liking)
        browser.open(path, place)
        return browser

    return opened


def cohort(*results):
    return cohort_page([row_of(each) for each in results])


def three():
    """Three submissions: ada breaks STREAM-1, bob nothing, cleo all."""
    return cohort(
        result("cleo", cases=(failed(delivery="whole"),)),
        result("bob", cases=(case(),), student=Student("bob", "Bob O'Neil")),
        result("ada", cases=(case(), failed())),
    )


# -- hostile bytes -------------------------------------------------------------------------


PAGES = {
    "lecturer's": lambda: student_page(hostile(), lecturers=True),
    "student's": lambda: student_page(student_view(hostile()), lecturers=False),
    "cohort's": lambda: cohort(hostile(), hostile()),
}


@pytest.mark.parametrize("page", PAGES.values(), ids=PAGES)
def test_nothing_hostile_runs_and_nothing_is_fetched(opened, page):
    browser = opened(page())
    assert browser.value(ACTED) == [False, False, 0, 1]
    assert [each for each in browser.requests if not each.startswith("file:")] == []
    assert len(browser.requests) == 1
    assert browser.told("Log.entryAdded") == []


def test_where_nothing_is_escaped_and_no_policy_stands_it_runs(opened):
    """The proof that the other tests would see it."""
    browser = opened(f"<!doctype html><title>{HOSTILE}")
    assert browser.value(ACTED)[0] is True


def test_what_got_in_against_all_escaping_does_not_run(opened):
    text = frame.page("", None, verbatim(HOSTILE + f"<script>{RAN}</script>"), None)
    browser = opened(text)
    assert browser.value("document.images.length") > 0
    assert browser.value("window.ran") is None
    refused = [each["entry"]["text"] for each in browser.told("Log.entryAdded")]
    assert any("Content Security Policy" in each for each in refused)


# -- the cohort ----------------------------------------------------------------------------


def test_the_table_sorts_by_key(opened):
    browser = opened(three())
    assert browser.value(DOWN) == ["Cleo", "Bob O'Neil", "Ada"]
    browser.value("document.querySelector('.matrix thead button').focus()")
    sort = "document.querySelector('.matrix thead th').ariaSort"
    for wanted, way in ((["Ada", "Bob O'Neil", "Cleo"], "ascending"),
                        (["Cleo", "Bob O'Neil", "Ada"], "descending")):  # fmt: skip
        browser.press("Enter", 13)
        assert browser.value(DOWN) == wanted
        assert browser.value(sort) == way


@pytest.mark.parametrize(
    ("heading", "first"), [("Mark", "Cleo"), ("State", "Bob O'Neil"), ("STREAM-1", "Cleo")]
)
def test_every_column_sorts(opened, heading, first):
    browser = opened(three())
    browser.value(
        f"[...document.querySelectorAll('.matrix thead button')]"
        f".find(e => e.textContent === '{heading}').click()"
    )
    assert browser.value(DOWN)[0] == first
    told = browser.value("document.querySelectorAll('th[aria-sort$=ending]').length")
    assert told == 1


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        ("ada", ["Ada"]),
        ("o'neil", ["Bob O'Neil"]),
        ("breaks:stream-1", ["Cleo", "Ada"]),
        ("BREAKS:UPPER-1", ["Cleo"]),
        ("breaks:upper-1 ada", []),
        ("broken", ["Cleo", "Ada"]),
        ("", ["Cleo", "Bob O'Neil", "Ada"]),
    ],
)
def test_rows_are_found(opened, words, shown):
    browser = opened(three())
    browser.value(f"find.value = {words!r}; find.dispatchEvent(new Event('input'))")
    assert browser.value(DOWN) == shown
    told = "3 submissions" if len(shown) == 3 else f"{len(shown)} of 3 submissions"
    assert browser.value("document.getElementById('count').textContent") == told


def test_a_requirement_leads_to_who_breaks_it(opened):
    browser = opened(three())
    browser.value("document.querySelector('button[data-find=\"breaks:UPPER-1\"]').click()")
    assert browser.value(DOWN) == ["Cleo"]
    assert browser.value("document.activeElement.id") == "find"


def test_kinds_are_shown_alone(opened):
    browser = opened(cohort(result("ada"), result("bob", cases=(case(),))))
    browser.value("show.value = 'look'; show.dispatchEvent(new Event('input'))")
    assert browser.value(DOWN) == ["Ada"]


@pytest.fixture(scope="module")
def thousand():
    row = row_of(result("s", cases=(case(), failed())))
    students = (Student(f"s{each}", f"S{each}") for each in range(1000))
    return cohort_page([replace(row, student=each) for each in students])


LAID_OUT = "[...document.querySelectorAll('.matrix tbody tr')].filter(e => e.offsetHeight).length"


def test_a_thousand_submissions_are_one_page(opened, thousand):
    browser = opened(thousand)
    assert browser.value("document.querySelectorAll('.matrix tbody tr').length") == 1000
    # What makes such a page slow is its layout, and the number of its elements: a cell is one.
    assert browser.value(LAID_OUT) == 100
    assert browser.value("document.querySelectorAll('.matrix tbody td *').length") <= 1000
    assert browser.value("document.querySelector('.matrix').ariaRowCount") == "1001"
    browser.value("find.value = 's999'; find.dispatchEvent(new Event('input'))")
    assert browser.value(DOWN) == ["S999"]
    assert browser.value(LAID_OUT) == 1


def test_of_a_thousand_more_are_shown_when_one_comes_near_them(opened, thousand):
    browser = opened(thousand)
    browser.value(
        "new Promise(done => { new MutationObserver(done).observe(more, {childList: true});"
        " const around = more.parentElement; around.scrollTop = around.scrollHeight; })"
    )
    assert browser.value(LAID_OUT) == 200
    assert browser.value("more.textContent") == "Show the other 800"


def test_of_a_thousand_all_are_shown_at_a_button(opened, thousand):
    browser = opened(thousand)
    first, focused = browser.value(
        "[table.querySelector('.later a').textContent,"
        " (more.click(), document.activeElement.textContent)]"
    )
    assert first == focused
    assert browser.value(LAID_OUT) == 1000
    assert browser.value("more.hidden") is True


def test_a_thousand_are_sorted_and_not_only_those_that_are_shown(opened, thousand):
    browser = opened(thousand)
    for _ in range(2):
        browser.value("document.querySelector('.matrix thead button').click()")
    assert browser.value(DOWN)[0] == "S999"
    assert browser.value(LAID_OUT) == 100


@pytest.mark.parametrize("how", ["on paper", "without scripts"])
def test_a_thousand_are_all_there(browser, opened, thousand, how):
    browser.call("Emulation.setScriptExecutionDisabled", value=how == "without scripts")
    try:
        opened(thousand, medium="print" if how == "on paper" else "")
        browser.call("Emulation.setScriptExecutionDisabled", value=False)
        assert browser.value(LAID_OUT) == 1000
    finally:
        browser.call("Emulation.setScriptExecutionDisabled", value=False)


# -- for everybody -------------------------------------------------------------------------


WHOLE = {
    "cohort": lambda: three(),
    "submission": lambda: student_page(result(), lecturers=True),
}
whole = pytest.mark.parametrize("page", WHOLE.values(), ids=WHOLE)


def roles(browser):
    nodes = browser.call("Accessibility.getFullAXTree")["nodes"]
    return [
        (each["role"]["value"], each.get("name", {}).get("value", ""))
        for each in nodes
        if not each["ignored"]
    ]


@whole
def test_a_screen_reader_finds_its_way(opened, page):
    browser = opened(page())
    found = roles(browser)
    kinds = {role for role, _ in found}
    assert {"main", "banner", "contentinfo", "region", "heading", "columnheader"} <= kinds
    assert {"table", "rowheader", "caption"} <= kinds
    for role in ("link", "button", "table", "region", "searchbox", "combobox"):
        assert [name for each, name in found if each == role and not name.strip()] == []


@whole
def test_headings_leave_out_no_level(opened, page):
    tags = opened(page()).value(
        "[...document.querySelectorAll('h1,h2,h3,h4')].map(e => Number(e.tagName[1]))"
    )
    assert tags[0] == 1
    assert tags.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(tags))


@whole
def test_the_first_key_leads_past_the_head(opened, page):
    browser = opened(page())
    browser.press("Tab", 9)
    assert browser.value("document.activeElement.className") == "skip"
    browser.press("Enter", 13)
    assert browser.value("document.activeElement.id") == "main"


@whole
def test_a_telephone_scrolls_down_alone(opened, page):
    browser = opened(page(), width=360)
    assert browser.value("document.documentElement.scrollWidth") <= 360


@whole
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_every_text_stands_out_from_its_ground(opened, page, dark):
    """WCAG 2.2, 1.4.3: 4.5 to 1 for text of ordinary size."""
    browser = opened(page(), dark=dark)
    assert browser.value(CONTRAST) == []
    ground = browser.value("getComputedStyle(document.body).backgroundColor")
    assert (max(map(int, re.findall(r"\d+", ground)[:3])) < 128) is dark


@whole
def test_on_paper_it_is_what_it_is_on_the_screen(opened, page):
    browser = opened(page())
    folded = "document.querySelectorAll('details:not([open])').length"
    before = browser.value(folded)
    paper = browser.call("Page.printToPDF")["data"]
    assert base64.b64decode(paper).startswith(b"%PDF")
    assert browser.value(folded) == before


def test_all_is_unfolded_and_folded_at_once(opened):
    browser = opened(student_page(result(), lecturers=True))
    details = "[...document.querySelectorAll('details')].map(e => e.open)"
    browser.value("document.getElementById('unfold').focus()")
    browser.press("Enter", 13)
    assert set(browser.value(details)) == {True}
    browser.press("Enter", 13)
    assert set(browser.value(details)) == {False}


def test_what_a_link_leads_to_is_unfolded(opened):
    page = student_page(result(), lecturers=True)
    browser = opened(page.replace(" open>", ">"), place="#case-upper-server-capitals")
    folded = "document.querySelector('#case-upper-server-capitals details').open"
    assert browser.value(folded) is True


CONTRAST = """(() => {
  const parsed = (text) => text.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => [r, g, b]
    .map((v) => v / 255)
    .map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4))
    .reduce((sum, v, at) => sum + v * [0.2126, 0.7152, 0.0722][at], 0);
  const ground = (node) => {
    for (let each = node; each; each = each.parentElement) {
      const found = parsed(getComputedStyle(each).backgroundColor);
      if (found.length < 4 || found[3] === 1) return found;
    }
    return [255, 255, 255];
  };
  const bad = new Set();
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const node = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || node.closest("script, .unseen, svg, .skip")) continue;
    const style = getComputedStyle(node);
    const [a, b] = [light(parsed(style.color)), light(ground(node))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) bad.add(`${node.tagName}.${node.className} ${ratio.toFixed(2)}`);
  }
  return [...bad];
})()"""

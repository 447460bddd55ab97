"""The matrix of a cohort: submissions by requirement.

Belongs here: its rows, columns and signs, and what finds and filters them. Must not know: files.
The script sorts by `data-value`, finds by the text of the first three cells, by `data-kinds` and by
`data-breaks`. Rows behind the first are shown when one comes near them; without scripts, and on
paper, all are.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from harness.grading.export.words import number
from harness.grading.pages.frame import section, table
from harness.grading.pages.markup import Html, Part, element, joined
from harness.grading.pages.row import Row, link_to
from harness.grading.pages.standing import BREACH, Key, Standing
from harness.grading.result import Isolation
from harness.report.page import cut

_REASON = 90
_NAME = 24  # characters; a longer one is cut on the screen
_AT_ONCE = 100  # rows; laying out thousands takes a browser seconds
_SIGNS = {
    Standing.KEPT: "✓",
    Standing.UNTESTED: "·",
    Standing.OPEN: "?",
    Standing.BLOCKED: "–",
    Standing.PARTLY: "◐",
    Standing.BROKEN: "✗",
}


def matrix(rows: Sequence[Row], keys: Sequence[Key], isolation: Isolation) -> Html:
    """Returns the section of the matrix; `isolation` is the usual one, which no row repeats."""
    columns = [
        _column("Submission", "name"),
        _column("Mark", "mark", "amount"),
        _column("State", "state"),
        *(_column(key.rule.id, f"r{at}", "tilted", key.rule.text) for at, key in enumerate(keys)),
    ]
    lines = (_line(row, keys, isolation, at >= _AT_ONCE) for at, row in enumerate(rows))
    caption = "Submissions by requirement"
    more = element("button", type="button", id="more", hidden=True)
    matrix = table(caption, element("tr", *columns), element("tbody", *lines), class_="matrix",
                   after=more, rows=len(rows) + 1)  # fmt: skip
    return section("matrix", caption, _tools(len(rows)), matrix)


def _tools(count: int) -> Html:
    """Returns what finds and filters rows, shown where scripts run."""
    kinds = [
        ("", "all"),
        ("look", "to be looked at"),
        ("unstable", "unstable"),
        ("held", "ended early"),
        ("full", "full marks"),
    ]
    search = element("input", type="search", id="find", autocomplete="off", spellcheck="false",
                     placeholder="name, id, words of the state, breaks:ID")  # fmt: skip
    options = [element("option", word, value=kind) for kind, word in kinds]
    signs = [
        element(
            "li",
            element("span", sign, class_=_class(each), aria_hidden="true"),
            each.value,
        )
        for each, sign in _SIGNS.items()
    ]
    form = element(
        "div",
        element("label", element("span", "Find"), search),
        element("label", element("span", "Show"), element("select", *options, id="show")),
        element("output", f"{count} submissions", id="count", role="status"),
        class_="tools", role="search", hidden=True,
    )  # fmt: skip
    return joined(form, element("ul", *signs, class_="legend", aria_label="Signs"))


def _column(label: str, key: str, class_: str = "", title: str = "") -> Html:
    """Returns the head of a column; the script makes a button of it that sorts."""
    shown = element("span", label)
    return element("th", shown, scope="col", data_sort=key, class_=class_ or None,
                   title=title or None, aria_sort="none")  # fmt: skip


def _line(row: Row, keys: Sequence[Key], isolation: Isolation, later: bool) -> Html:
    """Returns a row; `later`: where scripts run it is shown when one comes near it."""
    name = row.student.name or row.student.id
    share = row.points / row.maximum if row.maximum else 0.0
    broken = sum(each in BREACH for each in row.standings.values())
    mark = number(row.points) if row.decided else "–"
    signs = [_sign(row.standings.get(key, Standing.UNTESTED)) for key in keys]
    return element(
        "tr",
        element("th", link_to(row), scope="row", title=name if len(name) > _NAME else None),
        element("td", mark, class_="amount", data_value=f"{share:.6f}" if row.decided else "-1"),
        element("td", *_state(row, broken, isolation), data_value=f"{broken:04d}"),
        *signs,
        class_="later" if later else None,
        data_kinds=" ".join(_kinds(row)),
        data_breaks=" ".join(key.rule.id for key, each in row.standings.items() if each in BREACH),
    )


def _kinds(row: Row) -> Iterator[str]:
    if row.person:
        yield "look"
    if row.unstable:
        yield "unstable"
    if row.held_up:
        yield "held"
    if row.decided and row.points >= row.maximum:
        yield "full"


def _state(row: Row, broken: int, isolation: Isolation) -> Iterator[Part]:
    """Yields what there is to say of a submission at a glance."""
    if not row.finished:
        yield element("span", "not finished", class_="tag")
    if row.person:
        yield element("span", "to be looked at", class_="tag open", title="; ".join(row.person))
    if row.unstable:
        yield element("span", "unstable", class_="tag open", title="; ".join(row.unstable))
    if row.late:
        yield element("span", "late", class_="tag")
    if row.isolation.network and row.isolation != isolation:
        told = f"{row.isolation.tier}, {row.isolation.network}"
        yield element("span", told, class_="tag open")
    if row.held_up:
        yield element("span", cut(row.held_up, _REASON), class_="held", title=row.held_up)
    elif broken:
        yield f"{broken} broken"


def _sign(standing: Standing) -> Html:
    return _CELLS[standing]


def _class(standing: Standing) -> str:
    return f"s {standing.name.lower()}"


_CELLS = {
    each: element(
        "td", sign, class_=_class(each), aria_label=None if each is Standing.KEPT else each.value
    )
    for each, sign in _SIGNS.items()
}
"""Made once: a page has tens of thousands of them."""

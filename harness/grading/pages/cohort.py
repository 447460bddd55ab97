"""The page of the whole cohort, for the lecturer alone.

Belongs here: what of each result the page needs (`Row`, which is small), and where it stands. Must
not know: files. It shows what is hidden from students too.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import median

from harness.grading.export.words import number
from harness.grading.pages.distribution import distribution
from harness.grading.pages.frame import bar, name_of, page, section, table
from harness.grading.pages.markup import NOTHING, Html, Part, beside, each_in, element, joined
from harness.grading.pages.standing import BREACH, Key, Standing, standings
from harness.grading.progress import told_of
from harness.grading.result import Isolation, Result, Student, SuiteRef
from harness.report.capture import safe_name
from harness.report.page import cut

_MOST_BROKEN = 10
_MOST_LISTED = 12
_REASON = 90
_SIGNS = {
    Standing.KEPT: "✓",
    Standing.UNTESTED: "·",
    Standing.OPEN: "?",
    Standing.BLOCKED: "–",
    Standing.PARTLY: "◐",
    Standing.BROKEN: "✗",
}


@dataclass(frozen=True, slots=True)
class Row:
    """What the page tells of one submission."""

    student: Student
    suites: tuple[SuiteRef, ...]
    points: float
    maximum: float
    decided: bool
    open: float
    late: bool
    finished: bool
    held_up: str
    person: tuple[str, ...]
    unstable: tuple[str, ...]
    unplayed: tuple[tuple[str, str], ...]
    isolation: Isolation
    standings: dict[Key, Standing]

    @property
    def folder(self) -> str:
        """The name of the folder in which its pages lie."""
        return safe_name(self.student.id)


def row_of(result: Result) -> Row:
    """Returns the row of a result."""
    phase, mark = result.held_up_by, result.mark
    unstable = (f"{each.name}: {each.passes} of {each.plays}"
                for each in result.cases if each.unstable)  # fmt: skip
    return Row(
        student=result.student,
        suites=result.suites,
        points=mark.points,
        maximum=mark.maximum,
        decided=mark.decided,
        open=mark.open,
        late=mark.late_factor != 1,
        finished=result.finished,
        held_up=f"{phase.name}: {phase.reason}" if phase is not None else "",
        person=mark.person,
        unstable=tuple(unstable),
        unplayed=told_of(result, unchanged=False).unplayed,
        isolation=result.isolation,
        standings=standings(result),
    )


def cohort_page(rows: Sequence[Row]) -> str:
    """Returns the page of these submissions."""
    keys = list(dict.fromkeys(key for row in rows for key in row.standings))
    titles = list(dict.fromkeys(each.title for row in rows for each in row.suites))
    usual = Counter(each.isolation for each in rows if each.isolation.network).most_common(1)
    isolation = usual[0][0] if usual else Isolation("")
    main = joined(
        _tiles(rows),
        _unplayed(rows),
        element(
            "div",
            element("div", distribution(rows), _to_look_at(rows)),
            _most_broken(rows, keys),
            class_="beside",
        ),
        _matrix(rows, keys, isolation),
    )
    header = element(
        "div",
        element(
            "div",
            element("p", "All submissions", class_="over"),
            element("h1", each_in(titles or ["No results yet"], " · ")),
        ),
        class_="masthead",
    )
    footer = element("p", "This page shows what is hidden from students. Give it to nobody.")
    return page(f"All submissions: {', '.join(titles)}", header, main, footer)


# -- figures -------------------------------------------------------------------------------


def _tiles(rows: Sequence[Row]) -> Html:
    decided = [each.points for each in rows if each.decided]
    maximum = max((each.maximum for each in rows), default=0.0)
    told: list[tuple[str, str, str]] = [
        ("submissions", str(len(rows)), _unfinished(rows)),
        ("median mark", number(median(decided)) if decided else "–", f"of {number(maximum)}"),
        ("full marks", str(sum(each.points >= each.maximum for each in rows if each.decided)), ""),
        ("ended early", str(sum(bool(each.held_up) for each in rows)), ""),
        ("unstable", str(sum(bool(each.unstable) for each in rows)), ""),
        ("to be looked at", str(sum(bool(each.person) for each in rows)), ""),
    ]
    shown = [
        element("div", element("dt", label), element("dd", element("b", value), _small(aside)))
        for label, value, aside in [*told, ("isolation", *_isolation(rows))]
    ]
    return element("dl", *shown, class_="tiles")


def _small(text: str) -> Part:
    return element("small", " ", text) if text else None


def _unfinished(rows: Sequence[Row]) -> str:
    count = sum(not each.finished for each in rows)
    return f"{count} not finished" if count else ""


def _isolation(rows: Sequence[Row]) -> tuple[str, str]:
    """Returns the tiers of the cohort, and the networks in which it was played."""
    tiers = Counter(each.isolation.tier for each in rows)
    networks = Counter(each.isolation.network for each in rows if each.isolation.network)
    return _listed(tiers), f"in: {_listed(networks)}" if networks else ""


def _unplayed(rows: Sequence[Row]) -> Html:
    """Returns what this machine could not play, each reason once."""
    reasons: dict[str, dict[str, None]] = {}
    concerned = Counter[str]()
    for row in rows:
        concerned.update({reason for _, reason in row.unplayed})
        for name, reason in row.unplayed:
            reasons.setdefault(reason, {})[name] = None
    shown = [
        element("li", element("b", "Not played here: "), f"{reason} (", *_names([*names]),
                f", in {concerned[reason]} of {len(rows)} submissions)", class_="note open")
        for reason, names in reasons.items()
    ]  # fmt: skip
    return element("ul", *shown, class_="notes", aria_label="Not played") if shown else NOTHING


def _names(names: Sequence[str]) -> Iterator[Part]:
    yield element("code", names[0])
    if len(names) > 1:
        yield f" and {len(names) - 1} more"


def _listed(counts: Counter[str]) -> str:
    if len(counts) == 1:
        return next(iter(counts))
    return ", ".join(f"{count} {word}" for word, count in counts.most_common())


def _most_broken(rows: Sequence[Row], keys: Sequence[Key]) -> Html:
    """Returns the requirements that most submissions break, each of which filters the matrix."""
    counted = [(key, *_broken(rows, key)) for key in keys]
    worst = sorted((each for each in counted if each[1]), key=lambda each: -each[1] / each[2])
    head = element(
        "tr",
        element("th", "Requirement", scope="col"),
        element("th", "Broken by", scope="col", colspan=2),
    )
    body = [_requirement(*each) for each in worst[:_MOST_BROKEN]]
    if not body:
        told: Part = element("p", "No requirement is broken by anybody.", class_="fine")
    else:
        caption = "Requirements by how many submissions break them"
        told = table(caption, head, element("tbody", *body), class_="broken")
    return section("broken", "What the class breaks most", told)


def _broken(rows: Sequence[Row], key: Key) -> tuple[int, int]:
    """Returns how many break a requirement, of how many whose cases were judged."""
    judged = (Standing.KEPT, *BREACH)
    told = [each.standings.get(key) for each in rows]
    return sum(each in BREACH for each in told), sum(each in judged for each in told)


def _requirement(key: Key, count: int, judged: int) -> Html:
    name = element("button", key.rule.id, type="button", data_find=f"breaks:{key.rule.id}")
    return element(
        "tr",
        element("th", name, element("span", key.rule.text), scope="row"),
        element("td", bar(count / judged, "bad")),
        element("td", f"{count} of {judged}", class_="amount"),
    )


def _to_look_at(rows: Sequence[Row]) -> Html:
    found = [each for each in rows if each.person]
    if not found:
        told: Part = element("p", "Nobody: every case is decided.", class_="fine")
    else:
        told = element("ul", *map(_person, found[:_MOST_LISTED]), class_="people")
        rest = found[_MOST_LISTED:]
        if rest:
            more = element("ul", *map(_person, rest), class_="people")
            summary = element("summary", f"and {len(rest)} more")
            told = joined(told, element("details", summary, more))
    return section("look", "Who has to be looked at", told)


def _person(row: Row) -> Html:
    reasons = element("span", "; ".join(row.person))
    return element("li", _link(row), " ", reasons)


# -- the matrix ----------------------------------------------------------------------------


def _matrix(rows: Sequence[Row], keys: Sequence[Key], isolation: Isolation) -> Html:
    columns = [
        _column("Submission", "name"),
        _column("Mark", "mark", "amount"),
        _column("State", "state"),
        *(_column(key.rule.id, f"r{at}", "tilted", key.rule.text) for at, key in enumerate(keys)),
    ]
    body = element("tbody", *(_line(row, keys, isolation) for row in rows))
    caption = "Submissions by requirement"
    matrix = table(caption, element("tr", *columns), body, class_="matrix")
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


def _line(row: Row, keys: Sequence[Key], isolation: Isolation) -> Html:
    share = row.points / row.maximum if row.maximum else 0.0
    broken = sum(each in BREACH for each in row.standings.values())
    mark = number(row.points) if row.decided else "–"
    signs = [_sign(row.standings.get(key, Standing.UNTESTED)) for key in keys]
    return element(
        "tr",
        element("th", _link(row), scope="row"),
        element("td", mark, class_="amount", data_value=f"{share:.6f}" if row.decided else "-1"),
        element("td", *_state(row, broken, isolation), data_value=f"{broken:04d}"),
        *signs,
        data_kinds=" ".join(_kinds(row)),
        data_breaks=" ".join(key.rule.id for key, each in row.standings.items() if each in BREACH),
    )


def _link(row: Row) -> Html:
    address = beside("students", row.folder, "page.html")
    student = row.student
    link = element("a", name_of(student.name or student.id), href=address)
    return joined(link, element("small", " ", name_of(student.id)) if student.name else None)


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

"""The page of the whole cohort, for the lecturer alone.

Belongs here: its figures, and what stands where. Must not know: files. It shows what is hidden from
students too.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from statistics import median

from harness.grading.export.words import number
from harness.grading.pages.distribution import distribution
from harness.grading.pages.frame import bar, page, section, table
from harness.grading.pages.markup import NOTHING, Html, Part, each_in, element, joined
from harness.grading.pages.matrix import matrix
from harness.grading.pages.row import Row, link_to
from harness.grading.pages.standing import BREACH, Key, Standing
from harness.grading.result import Isolation

_MOST_BROKEN = 10
_MOST_LISTED = 12


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
        matrix(rows, keys, isolation),
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
    return element("li", link_to(row), " ", reasons)

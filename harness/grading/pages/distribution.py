"""The distribution of marks: a drawing, and the same as a table for those who do not see it.

Belongs here: classes of marks and their bars. Must not know: submissions beyond their marks.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from harness.grading.export.words import number
from harness.grading.pages.frame import section
from harness.grading.pages.markup import Html, Part, element, joined

_WIDTH, _HEIGHT = 440, 210
_LEFT, _RIGHT, _TOP, _BOTTOM = 14, 14, 22, 34
_CLASSES = 20  # at most
_STEPS = (0.5, 1, 2, 2.5, 5, 10, 20, 25, 50, 100)
_LABELS = 10


class Marked(Protocol):
    """A submission, as far as its mark goes."""

    @property
    def points(self) -> float:
        """What counts."""
        ...

    @property
    def maximum(self) -> float:
        """Of how much."""
        ...

    @property
    def decided(self) -> bool:
        """Whether the points say anything."""
        ...


@dataclass(frozen=True, slots=True)
class Class:
    """Marks from `low` up, below `high`; the last class has the maximum too."""

    low: float
    high: float
    count: int


def classes(points: Sequence[float], maximum: float) -> list[Class]:
    """Returns the classes of marks from 0 to the maximum, empty ones too."""
    if maximum <= 0:
        return []
    step = next((each for each in _STEPS if maximum / each <= _CLASSES), maximum / _CLASSES)
    number_of = math.ceil(round(maximum / step, 6))
    counts = [0] * number_of
    for each in points:
        counts[min(int(each / step + 1e-9), number_of - 1)] += 1
    return [
        Class(at * step, min((at + 1) * step, maximum), count) for at, count in enumerate(counts)
    ]


def distribution(marked: Sequence[Marked]) -> Html:
    """Returns the section with the drawing."""
    decided = [each.points for each in marked if each.decided]
    maximum = max((each.maximum for each in marked), default=0.0)
    found = classes(decided, maximum)
    if not found or not decided:
        told: Part = element("p", "No marks yet.", class_="fine")
    else:
        told = joined(_drawing(found), _table(found))
    return section("distribution", "Distribution of marks", told)


def _drawing(found: Sequence[Class]) -> Html:
    width = (_WIDTH - _LEFT - _RIGHT) / len(found)
    tallest = max(each.count for each in found)
    bars = [_bar(each, at, width, tallest) for at, each in enumerate(found)]
    labelled = range(0, len(found) + 1, math.ceil(len(found) / _LABELS))
    labels = [_label(number(found[at].low if at < len(found) else found[-1].high),
                     _LEFT + at * width, _HEIGHT - _BOTTOM + 15) for at in labelled]  # fmt: skip
    axis = element("path", d=f"M{_LEFT} {_HEIGHT - _BOTTOM + 0.5}H{_WIDTH - _RIGHT}", class_="axis")
    unit = _label("points", _WIDTH / 2, _HEIGHT - 3)
    return element(
        "svg", *bars, axis, *labels, unit,
        viewBox=f"0 0 {_WIDTH} {_HEIGHT}", class_="histogram", aria_hidden="true",
    )  # fmt: skip


def _bar(each: Class, at: int, width: float, tallest: int) -> Html:
    height = (_HEIGHT - _TOP - _BOTTOM) * each.count / tallest
    x, y = _LEFT + at * width, _HEIGHT - _BOTTOM - height
    if not each.count:
        return element("g")
    gap = min(2.0, width / 8)
    return element(
        "g",
        element("rect", x=round(x + gap, 2), y=round(y, 2), width=round(width - 2 * gap, 2),
                height=round(height, 2), rx=2),
        _label(str(each.count), x + width / 2, y - 6, "count"),
    )  # fmt: skip


def _label(text: str, x: float, y: float, class_: str | None = None) -> Html:
    return element("text", text, x=round(x, 2), y=round(y, 2), text_anchor="middle", class_=class_)


def _table(found: Sequence[Class]) -> Html:
    head = element(
        "tr", element("th", "Points", scope="col"), element("th", "Submissions", scope="col")
    )
    rows = [
        element(
            "tr",
            element("th", f"{number(each.low)} to {number(each.high)}", scope="row"),
            element("td", str(each.count)),
        )
        for each in found
    ]
    caption = element("caption", "Distribution of marks")
    return element(
        "table", caption, element("thead", head), element("tbody", *rows), class_="unseen"
    )

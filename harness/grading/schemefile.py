"""Scheme files: a lecturer's YAML becomes a scheme, or the first thing that is wrong is told.

Belongs here: reading keys strictly, each fault with its place. Must not know: marks.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from itertools import pairwise
from typing import TypeVar

from harness.grading.result import Feedback
from harness.grading.scheme import (
    PERSON,
    SHARE,
    Group,
    Lateness,
    MustPass,
    Penalty,
    Scheme,
    Weighing,
    matches,
)
from harness.grading.schemekeys import DELIVERIES, FEEDBACK, PENALISED, SECTIONS
from harness.spec.model import Suite
from harness.spec.section import filled_text
from harness.spec.tree import Fields, Node, Tree, is_text

T = TypeVar("T")
Names = Collection[tuple[str, str]]


def read_scheme(path: str, text: str, suites: Sequence[Suite]) -> Scheme:
    """Returns the scheme of a file; its patterns are held against the suites. Raises: SpecError."""
    tree = Tree(path, text)
    fields = _section(tree, tree.root, "a scheme", "scheme")
    reader = _Reader(tree, {(suite.id, case.id) for suite in suites for case in suite.cases})
    features = {name for suite in suites for name in suite.features}
    late = reader.listed(fields, "late", reader.lateness)
    _refuse_disorder(tree, fields, late)
    return Scheme(
        title=filled_text(tree, fields["scheme"].node, "scheme"),
        total=reader.positive(fields, "total"),
        step=reader.positive(fields, "step") or 0.0,
        warned=1.0 if "warned" not in fields else reader.share(fields["warned"].node, "warned"),
        unstable=reader.unstable(fields),
        default=Weighing(feedback=reader.feedback(fields), partial=reader.flag(fields, "partial")),
        cases=reader.weighings(fields),
        groups=reader.groups(fields),
        penalties=reader.listed(fields, "deductions", reader.penalty),
        must_pass=reader.must_pass(fields),
        late=late,
        features=tree.words(fields["features"].node, "features", features)
        if "features" in fields
        else (),
    )


def _section(tree: Tree, node: Node, what: str, name: str) -> Fields:
    """Returns the entries of a mapping with the keys of this section. Raises: SpecError."""
    fields = tree.fields(node, what)
    tree.known(fields, what, [key.name for key in SECTIONS[name]])
    tree.required(node, fields, what, [key.name for key in SECTIONS[name] if key.required])
    return fields


def _refuse_disorder(tree: Tree, fields: Fields, late: Sequence[Lateness]) -> None:
    """Raises: SpecError where more lateness costs less, or rows are out of order."""
    for before, row in pairwise(late):
        if row.hours <= before.hours or row.factor > before.factor:
            node = tree.items(fields["late"].node, "late")[late.index(row)]
            raise tree.error(node, "hours grow from row to row, and factors do not")


class _Reader:
    """Reads the parts of one scheme; `names` are the (suite, case) that patterns can mean."""

    def __init__(self, tree: Tree, names: Names) -> None:
        self._tree = tree
        self._names = names

    # -- values ----------------------------------------------------------------------------

    def number(self, fields: Fields, name: str) -> float | None:
        """Returns a number from 0 up, None where it is not there."""
        return self._tree.number(fields[name].node, name) if name in fields else None

    def positive(self, fields: Fields, name: str) -> float | None:
        """Returns a number above 0, None where it is not there."""
        found = self.number(fields, name)
        if found == 0:
            raise self._tree.error(fields[name].node, f"{name} is more than 0")
        return found

    def share(self, node: Node, what: str) -> float:
        """Returns a number from 0 to 1."""
        found = self._tree.number(node, what)
        if found > 1:
            raise self._tree.error(node, f"{what} is a number from 0 to 1, found {found:g}")
        return found

    def flag(self, fields: Fields, name: str) -> bool | None:
        """Returns a flag, None where it is not there."""
        return self._tree.flag(fields[name].node, name) if name in fields else None

    def feedback(self, fields: Fields) -> Feedback | None:
        """Returns a level of feedback, None where it is not there."""
        if "feedback" not in fields:
            return None
        return Feedback(self._tree.word(fields["feedback"].node, "feedback", FEEDBACK.split("|")))

    def unstable(self, fields: Fields) -> float | str:
        """Returns the credit for what passes sometimes."""
        if "unstable" not in fields:
            return PERSON
        node = fields["unstable"].node
        if is_text(node):
            return self._tree.word(node, "unstable", (SHARE, PERSON))
        return self.share(node, "unstable")

    def patterns(self, fields: Fields, name: str = "cases") -> tuple[str, ...]:
        """Returns patterns, each of which means a case."""
        node = fields[name].node
        found = self._tree.words(node, name)
        for item, pattern in zip(self._tree.items(node, name), found, strict=True):
            self._refuse_nobody(item, pattern)
        return found

    def _refuse_nobody(self, node: Node, pattern: str) -> None:
        if not any(matches(pattern, *name) for name in self._names):
            ids = sorted({case for _, case in self._names} | {f"{s}/{c}" for s, c in self._names})
            # The tree knows how to say which word comes closest.
            if not set(pattern) & set("*?["):
                self._tree.word(node, "a case", ids)
            raise self._tree.error(node, f"no case of the suites is meant by {pattern!r}")

    def listed(self, fields: Fields, name: str, read: Callable[[Node], T]) -> tuple[T, ...]:
        """Returns the items of a list, none where it is not there."""
        if name not in fields:
            return ()
        return tuple(read(node) for node in self._tree.some(fields[name].node, name))

    # -- parts -----------------------------------------------------------------------------

    def weighings(self, fields: Fields) -> dict[str, Weighing]:
        """Returns what is said of cases, by pattern."""
        if "cases" not in fields:
            return {}
        found = {}
        for pattern, entry in self._tree.fields(fields["cases"].node, "cases").items():
            if not any(matches(pattern, *name) for name in self._names):
                message = f"no case of the suites is meant by {pattern!r}"
                raise self._tree.error(entry.place, message)
            inner = _section(self._tree, entry.node, f"the cases {pattern}", "case")
            found[pattern] = Weighing(
                points=self.number(inner, "points"),
                weight=self.number(inner, "weight"),
                feedback=self.feedback(inner),
                partial=self.flag(inner, "partial"),
                deliveries=self._deliveries(inner),
            )
        return found

    def _deliveries(self, fields: Fields) -> dict[str, float] | None:
        if "deliveries" not in fields:
            return None
        node = fields["deliveries"].node
        inner = self._tree.fields(node, "deliveries")
        self._tree.known(inner, "deliveries", DELIVERIES.split("|"))
        found = {name: self._tree.number(entry.node, name) for name, entry in inner.items()}
        if not any(found.values()):
            raise self._tree.error(node, "one of the deliveries weighs more than 0")
        return found

    def groups(self, fields: Fields) -> tuple[Group, ...]:
        """Returns the rubric, in its order."""
        if "groups" not in fields:
            return ()
        found = []
        for name, entry in self._tree.fields(fields["groups"].node, "groups").items():
            what = f"group {name}"
            inner = _section(self._tree, entry.node, what, "group")
            title = (
                filled_text(self._tree, inner["title"].node, "title") if "title" in inner else ""
            )
            found.append(
                Group(name, title or name, self.patterns(inner), self.number(inner, "cap"))
            )
        return tuple(found)

    def penalty(self, node: Node) -> Penalty:
        """Returns one deduction."""
        fields = _section(self._tree, node, "a deduction", "deduction")
        verdicts: tuple[str, ...] = ("fail",)
        if "verdicts" in fields:
            among = PENALISED.split("|")
            verdicts = self._tree.words(fields["verdicts"].node, "verdicts", among)
        return Penalty(
            reason=filled_text(self._tree, fields["reason"].node, "reason"),
            points=self._tree.number(fields["points"].node, "points"),
            cases=self.patterns(fields),
            verdicts=verdicts,
            each=bool(self.flag(fields, "each")),
        )

    def must_pass(self, fields: Fields) -> MustPass:
        """Returns what the mark rests on."""
        if "must_pass" not in fields:
            return MustPass()
        node = fields["must_pass"].node
        inner = _section(self._tree, node, "must_pass", "must_pass")
        return MustPass(self.patterns(inner), self.number(inner, "cap") or 0.0)

    def lateness(self, node: Node) -> Lateness:
        """Returns one row of the table of late factors."""
        fields = _section(self._tree, node, "a row of late", "late")
        hours = self._tree.number(fields["hours"].node, "hours")
        return Lateness(hours, self.share(fields["factor"].node, "factor"))

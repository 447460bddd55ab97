"""docs/course.md: what it names exists, and cases verify it."""

import re
from functools import cache
from pathlib import Path

import pytest

from harness import library

PAGE = Path(__file__).parent.parent / "docs" / "course.md"
COURSE = """\
A server is always on: it outlives its clients, and serves many. Clients begin the talk, come and
go, and never talk to each other. TCP is a byte stream: one write may need several reads, several
writes may arrive in one read, and nothing is lost. Welcome socket and connection socket are two
things. UDP has no connection: the server answers to the address that each datagram came from. A
datagram keeps its bounds, one sendto is one recvfrom, and it may be lost, repeated or come out of
order."""


suite_of = cache(library.suite)


def rows():
    """Yields (statement, requirement, suite); an empty statement is the one above."""
    told = ""
    for statement, names, suites in re.findall(
        r"^\| (.*?)\|(.*)\| (.*) \|$", PAGE.read_text("utf-8"), re.MULTILINE
    ):
        told = statement.strip() or told
        for suite in suites.split(", "):
            if names.strip() not in ("requirements", "---"):
                yield told, names.strip(), suite


@pytest.mark.parametrize(("name", "suite"), sorted({row[1:] for row in rows()}))
def test_each_requirement_has_cases(name, suite):
    loaded = suite_of(suite)
    assert name in loaded.requirements
    assert [case.id for case in loaded.cases if name in case.verifies]


def test_every_statement_of_the_course_is_there():
    def words(text):
        return set(re.findall(r"[a-z]+", text.lower()))

    statements = [words(statement) for statement, _, _ in rows()]
    assert len(statements) > 50
    for part in re.split(r"[.:,]", COURSE):
        wanted = words(part) - {"and"}
        assert any(wanted <= statement for statement in statements), part

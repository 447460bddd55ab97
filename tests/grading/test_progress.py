"""What a batch tells while it runs: on a terminal, in a file, of hostile names."""

import io
from dataclasses import replace

import pytest

from harness.grading.progress import Bar, Plain, Told, line_of, progress
from harness.verdict import Verdict

ONE = Told("s1", "Ann Lee", 7.5, 10, True, True, False, ((0, 8), (5, 2)))
HOSTILE = "\x1b[2J\r\n[bold]::error::x\u202e"


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.mark.parametrize(
    ("changed", "line"),
    [
        ({}, "s1 Ann Lee: 7.5 of 10: 8 passed, 2 failed"),
        ({"unchanged": True}, "s1 Ann Lee: 7.5 of 10, unchanged: 8 passed, 2 failed"),
        ({"person": ("x",)}, "s1 Ann Lee: 7.5 of 10, a person looks: 8 passed, 2 failed"),
        ({"decided": False}, "s1 Ann Lee: no mark: 8 passed, 2 failed"),
        ({"finished": False}, "s1 Ann Lee: 7.5 of 10: not finished"),
        ({"held_up": "build: no"}, "s1 Ann Lee: 7.5 of 10: build: no"),
        ({"name": 60 * "n"}, f"s1 {34 * 'n'}...: 7.5 of 10: 8 passed, 2 failed"),
    ],
)
def test_a_line_tells_of_one_submission(changed, line):
    assert line_of(replace(ONE, **changed)) == line


def test_a_line_is_one_line_whatever_the_names_are():
    line = line_of(replace(ONE, student=HOSTILE, name=HOSTILE, held_up=HOSTILE))
    assert line.isprintable()
    assert len(line) <= 100


def test_where_there_is_no_terminal_each_has_a_plain_line():
    out = io.StringIO()
    with progress(out, 2, quiet=False) as shown:
        assert isinstance(shown, Plain)
        shown.done(ONE)
        shown.done(replace(ONE, student="s2"))
    first, second = out.getvalue().splitlines()
    assert first.startswith("[1/2, ")
    assert second.endswith("0:00 left] s2 Ann Lee: 7.5 of 10: 8 passed, 2 failed")


@pytest.mark.parametrize("out", [io.StringIO(), Terminal()], ids=["file", "terminal"])
def test_quiet_says_nothing(out):
    with progress(out, 1, quiet=True) as shown:
        shown.done(ONE)
    assert out.getvalue() == ""


def test_on_a_terminal_there_is_a_bar_with_the_verdicts_until_now():
    pytest.importorskip("rich", reason="no rich here")
    out = Terminal()
    with progress(out, 2, quiet=False) as shown:
        assert isinstance(shown, Bar)
        shown.done(ONE)
        shown.done(replace(ONE, student=HOSTILE, counts=((int(Verdict.FAIL), 1),)))
    told = out.getvalue()
    assert "s1 Ann Lee: 7.5 of 10" in told
    assert "8 passed, 3 failed" in told
    assert "2/2" in told
    assert "[bold]" in told  # it is a name, and no markup
    assert "\x1b[2J" not in told

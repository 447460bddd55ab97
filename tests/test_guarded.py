"""The guarded tier: what the threat model says of each hostile program is what comes of it."""

import json
import re
import subprocess
from pathlib import Path

import box
import pytest
from test_attacks import HOSTILE, LENGTHY, MARKS

from harness.target import landlock

MODEL = (Path(__file__).parents[1] / "docs" / "threat-model.md").read_text("utf-8")
SCOPES = 6  # the version of Landlock that keeps signals and abstract names in
PROCESSES = 400 + 10  # the keeper and its fork server are counted with it
PORTS = 100  # its own and those of its clients may be among them
MEGABYTES = 2 * 2048  # it is looked at five times a second


def not_contained():
    """Returns the programs of the model's table, in code in its first column."""
    head = r"^\| program \| what gets through \|.*\n\| ---.*\n((?:\|.*\n)+)"
    rows = re.search(head, MODEL, re.MULTILINE)[1].splitlines()
    return {name for row in rows for name in re.findall(r"`([^`]+)`", row.split("|")[1])}


def gets_through(came):
    """Says whether what came of a program is more than it may do."""
    return bool(
        came["got"] or came["full"] or came["left"] or came["ports"] > PORTS
        or came["processes"] > PROCESSES or came["megabytes"] > MEGABYTES
    )  # fmt: skip


def play(*names, seconds):
    """Returns what came of programs, one after another in one box."""
    done = subprocess.run(
        box.command(*names), capture_output=True, text=True, timeout=seconds, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture(scope="module", autouse=True)
def boxes():
    if landlock.version() < SCOPES:
        pytest.skip("no Landlock with scopes here")
    if subprocess.run([*box.command()[:-2], "true"], capture_output=True, check=False).returncode:
        pytest.skip("no private network here")


def check(came):
    for name, each in came.items():
        assert tuple(each["verdicts"]) == tuple(map(str, MARKS[name])), (name, each)
    through = {name for name, each in came.items() if gets_through(each)}
    assert through == not_contained() & set(came), came


def test_the_table_is_about_programs_that_are_there():
    assert not_contained() <= {each.name for each in HOSTILE.iterdir()}


@pytest.mark.lengthy
def test_what_is_soon_over_does_what_the_model_says():
    check(play(*(name for name in sorted(MARKS) if name not in LENGTHY), seconds=300))


@pytest.mark.lengthy
@pytest.mark.parametrize("name", LENGTHY)
def test_what_takes_long_does_what_the_model_says(name):
    check(play(name, seconds=120))

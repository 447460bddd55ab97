"""docs/grading.md: what it says is so today."""

import re
from pathlib import Path

import pytest

from harness import library
from harness.cli import main
from harness.grading import schemefile
from harness.grading.export.forms import SINGLE, TABLES
from harness.grading.result import PhaseName
from harness.grading.schemekeys import SECTIONS

GUIDE = (Path(__file__).parents[2] / "docs" / "grading.md").read_text("utf-8")


def first_cells(head):
    """Returns what stands in code in the first column of the table with this head."""
    table = re.search(rf"^\| {head} \|.*\n\| ---.*\n((?:\|.*\n)+)", GUIDE, re.MULTILINE)[1]
    cells = [line.split("|")[1] for line in table.splitlines()]
    return [each for cell in cells for each in re.findall(r"`([^`]+)`", cell) or [cell.strip()]]


def test_the_scheme_is_right():
    text = re.search(r"```yaml\n(.*?)```", GUIDE, re.DOTALL)[1]
    scheme = schemefile.read_scheme("guide.yaml", text, [library.suite("uppercase-tcp")])
    assert (scheme.title, scheme.total, len(scheme.groups)) == ("Lab 3", 20, 2)


def test_its_tables_are_complete():
    assert first_cells("key") == [key.name for key in SECTIONS["scheme"]]
    assert first_cells("form") == ["marks", "moodle", "canvas", *SINGLE]
    assert {*SINGLE, *TABLES} == set(first_cells("form"))
    assert first_cells("phase") == list(map(str, PhaseName))


def test_its_options_are_those_of_grade(capsys):
    with pytest.raises(SystemExit):
        main(["grade", "--help"])
    offered = set(re.findall(r"(?<!\S)(--\w+)", capsys.readouterr().out)) - {"--help"}
    assert {each.split(" ")[0] for each in first_cells("option")} == offered

"""README.md: what it says is so today."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from harness.cli import main

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text("utf-8")
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
PYTESTS = {"--strict", "--junitxml", "-k", "-m", "-n", "-v"}  # in the table, but pytest's own


def block(name):
    """Returns the code block under the comment with this name."""
    return re.search(rf"<!-- {name} -->\n```\w+\n(.*?)```", README, re.DOTALL)[1]


def anchors(page):
    heads = re.findall(r"^#+ (.*)$", page.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", head.lower()).replace(" ", "-") for head in heads}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_resolve(page):
    for link in re.findall(r"\]\(([^)]+)\)", page.read_text("utf-8")):
        if re.match(r"https?:", link):
            continue
        path, _, anchor = link.partition("#")
        there = (page.parent / path) if path else page
        assert there.exists(), link
        assert not anchor or anchor in anchors(there), link


def test_the_options_are_the_plugins():
    told = set(re.findall(r"`(--?\w+)[ '=`]", "".join(re.findall(r"^\| (`-.*?) \|", README, re.M))))
    shown = subprocess.run(
        [sys.executable, "-m", "pytest", "--help"], capture_output=True, text=True, cwd=ROOT
    ).stdout
    section = re.search(r"^protocol conformance.*?\n\n", shown, re.M | re.S)[0]
    assert told - PYTESTS == set(re.findall(r"^  (--\w+)", section, re.M))


def test_the_commands_are_the_clis(capsys):
    with pytest.raises(SystemExit):
        main(["--help"])
    offered = set(re.findall(r"^    (\w+)(?: {2,}|$)", capsys.readouterr().out, re.M))
    assert set(re.findall(r"^\| `wireharness (\w+)", README, re.M)) == offered


def test_the_spec_is_right_and_its_mistake_is_told(tmp_path, monkeypatch, capsys):
    text = re.search(r"```yaml\n(.*?)```", README, re.DOTALL)[1]
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "specs" / "shout.yaml"
    path.parent.mkdir()
    path.write_text(text)
    assert main(["lint", "specs/shout.yaml"]) == 0
    capsys.readouterr()
    path.write_text(text.replace("purpose:", "purpos:"))
    assert main(["lint", "specs/shout.yaml"]) == 1
    shown = re.search(r"^```\n(specs/shout.yaml:.*?)```", README, re.M | re.S)[1]
    assert capsys.readouterr().out == shown


def fixed(report):
    """Returns the lines of a report that are the same each time: no bytes that came, no times."""
    lines = [re.sub(r"yaml:\d+", "yaml:LINE", line.rstrip()) for line in report.splitlines()]
    return [
        line
        for line in lines
        if not re.match(r"  (actual|hint|started) | {12}\S| {12,}\^| +[\d.]+ ms ", line)
    ]


def test_the_failure_is_what_is_printed_today():
    shown = block("failure")
    command = re.search(r"^  again     pytest (.*)$", shown, re.M)[1]
    told = subprocess.run(
        f"{sys.executable} -m pytest {command} -p no:cacheprovider",
        shell=True,
        capture_output=True,
        text=True,
        cwd=ROOT,
    ).stdout
    report = told[told.index("FAIL  uppercase-tcp") : told.index("==== conformance")]
    assert fixed(shown) == fixed(report.rpartition("\n")[0])
    assert "hint" in report


def test_the_suite_that_ships_is_played_in_two_lines():
    lines = block("run").splitlines()
    assert len(lines) == 2
    target = re.search(r"--target=(\S+)", lines[1])[1]
    assert (ROOT / target / "target.yaml").is_file()

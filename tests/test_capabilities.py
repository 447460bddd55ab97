"""A skip on the machine that has to have everything is a failure."""

from pathlib import Path

import pytest

pytest_plugins = "pytester"

CONFTEST = Path(__file__).with_name("conftest.py").read_text("utf-8")
TESTS = """\
import pytest

def test_one():
    pytest.skip("no Node here")

@pytest.mark.skipif(True, reason="no Node here")
def test_other():
    pass

def test_never_promised():
    pytest.skip("no io_uring here")
"""


@pytest.mark.parametrize(
    ("ci", "counts"),
    [("true", {"failed": 2, "skipped": 1}), ("", {"skipped": 3})],
    ids=["ci", "elsewhere"],
)
def test_what_ci_has_is_not_skipped_there(pytester, monkeypatch, ci, counts):
    monkeypatch.setenv("CI", ci)
    pytester.makeconftest(CONFTEST)
    pytester.makepyfile(TESTS)
    result = pytester.runpytest_inprocess("-p", "no:cacheprovider")
    found = result.parseoutcomes()
    assert found.get("failed", 0) + found.get("errors", 0) == counts.get("failed", 0)
    assert found["skipped"] == counts["skipped"]
    if ci:
        result.stdout.fnmatch_lines(["*CI has to have it: no Node here*"])

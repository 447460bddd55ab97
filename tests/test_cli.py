"""The command `wireharness`: what it prints and its exit codes."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from harness.cli import main

ROOT = Path(__file__).parent.parent
GOOD = """\
suite: greet
title: Greetings
reference: RFC 1
roles: [server]
transport: tcp
framing: line
requirements:
  GREET-1: {level: must, text: A greeting is answered., source: "1"}
probe:
  - client: "hello\\n"
  - server: "HELLO\\n"
cases:
  - id: greets
    purpose: A greeting is answered.
    verifies: [GREET-1]
    points: 2
    exchange:
      - client: "hello\\n"
      - server: "HELLO\\n"
"""
VACUOUS = GOOD.replace(
    "  GREET-1:", '  GREET-2: {level: must, text: Never verified., source: "2"}\n  GREET-1:'
)
WRONG = GOOD.replace("purpose:", "purpos:")


@pytest.fixture
def spec(tmp_path):
    def written(text, name="greet.yaml"):
        path = tmp_path / name
        path.write_text(text)
        return str(path)

    return written


def test_lint_of_what_is_right(spec, capsys):
    assert main(["lint", spec(GOOD)]) == 0
    assert capsys.readouterr().out == "1 suite, nothing wrong\n"


def test_lint_takes_a_folder(spec, tmp_path, capsys):
    spec(GOOD, "one.yaml")
    spec(GOOD.replace("suite: greet", "suite: other"), "two.yaml")
    assert main(["lint", str(tmp_path)]) == 0
    assert capsys.readouterr().out == "2 suites, nothing wrong\n"


@pytest.mark.parametrize(
    ("text", "line", "told"),
    [(WRONG, 14, "purpos"), (VACUOUS, 8, "GREET-2")],
    ids=["error", "finding"],
)
def test_lint_names_the_place(spec, capsys, text, line, told):
    path = spec(text)
    assert main(["lint", path]) == 1
    out = capsys.readouterr().out
    assert f"{path}:{line}:" in out
    assert told in out
    assert out.endswith("1 suite, 1 finding\n")


def test_suites_lists_what_is_shipped(capsys):
    assert main(["suites"]) == 0
    assert "uppercase-tcp  " in capsys.readouterr().out


def test_show_tells_requirements_cases_and_points(spec, capsys):
    assert main(["show", spec(GOOD)]) == 0
    out = capsys.readouterr().out
    assert "  started   {program} {port} (a server)\n" in out
    for part in ("Greetings", "GREET-1 (must): A greeting is answered.", "greets", "2 points"):
        assert part in out


def test_the_version_is_told(capsys):
    with pytest.raises(SystemExit) as ended:
        main(["--version"])
    assert ended.value.code == 0
    assert re.fullmatch(r"wireharness \d+\.\d+\.\d+\S*\n", capsys.readouterr().out)


def test_a_reader_may_leave_early():
    command = [sys.executable, "-m", "harness.cli", "schema"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as told:
        told.stdout.close()
        assert told.stderr.read() == b""
    assert told.returncode == 0


def test_schema_is_json(capsys):
    assert main(["schema"]) == 0
    assert "properties" in json.loads(capsys.readouterr().out)


def test_doctor_tells_what_would_help(capsys, monkeypatch):
    monkeypatch.setenv("PATH", os.devnull)
    assert main(["doctor"]) == 0
    out = capsys.readouterr().out
    assert "no javac and no java" in out
    assert "apt-get install default-jdk-headless" in out


@pytest.mark.parametrize(
    "arguments",
    [["show", "nothing"], ["lint", "nothing.yaml"], ["lint", os.devnull + "/x"]],
    ids=["suite", "file", "folder"],
)
def test_what_is_not_there_is_told(arguments, capsys):
    assert main(arguments) == 2
    err = capsys.readouterr().err
    assert err.startswith("wireharness: ")
    assert arguments[1] in err


SHARED = "requirements:\n  LATE-1: {level: must, text: Nothing is late.}\n"


def test_lint_knows_files_to_be_included(spec, tmp_path, capsys):
    spec(GOOD, "one.yml")
    spec(SHARED, "shared.yaml")
    assert main(["lint", str(tmp_path)]) == 0
    assert capsys.readouterr().out == "1 suite, 1 file to include, nothing wrong\n"


def test_lint_looks_at_what_is_to_be_included(spec, capsys):
    path = spec(SHARED.replace("must", "most"))
    assert main(["lint", path]) == 1
    assert (
        f"{path}:2:19: level is one of must, should, may, found 'most'" in capsys.readouterr().out
    )


def test_a_shipped_file_is_included_where_there_is_none_beside(spec, tmp_path, capsys):
    path = spec(GOOD.replace("requirements:", "include: [shared/stream.yaml]\nrequirements:"))
    assert main(["lint", path]) == 1
    assert f"{ROOT / 'specs' / 'shared' / 'stream.yaml'}:" in capsys.readouterr().out
    (tmp_path / "shared").mkdir()
    spec(SHARED, "shared/stream.yaml")
    assert main(["lint", path]) == 1
    assert f"{tmp_path / 'shared' / 'stream.yaml'}:" in capsys.readouterr().out


def test_the_schema_of_files_to_be_included(capsys):
    assert main(["schema", "--included"]) == 0
    properties = json.loads(capsys.readouterr().out)["properties"]
    assert "requirements" in properties
    assert "suite" not in properties


def test_the_schema_of_schemes(capsys):
    assert main(["schema", "--scheme"]) == 0
    assert "must_pass" in json.loads(capsys.readouterr().out)["properties"]


def test_lint_of_nothing_says_that_there_is_nothing(capsys):
    assert main(["lint", "nosuch"]) == 2
    assert capsys.readouterr().err == "wireharness: nosuch: there is no such file or folder\n"


@pytest.mark.parametrize("arguments", [[], ["walk"], ["suites", "--fast"]], ids=str)
def test_a_wrong_command_line_ends_with_2(arguments, capsys):
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    assert "usage: wireharness" in capsys.readouterr().err


def test_run_is_pytest_with_the_options(spec):
    command = [sys.executable, "-m", "harness.cli", "run", "nothing.py", "--spec", spec(GOOD), "-q"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == pytest.ExitCode.USAGE_ERROR
    assert "nothing.py" in done.stderr

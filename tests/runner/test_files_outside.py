"""A client that lets the server name its files, looked at by a real run."""

import pytest

from harness.library import Files
from harness.runner.job import Settings, jobs
from harness.runner.runner import Runner
from harness.spec.loader import load
from harness.spec.model import Role
from harness.target.target import targets_at
from harness.verdict import Verdict

SUITE = """\
suite: fetch
title: A file is fetched
roles: [client]
transport: tcp
target:
  client: {run: "{program} {host} {port}"}
requirements:
  FETCH-1: {level: must, text: The server does not choose the folder.}
probe:
  - client: {types: "probe"}
  - client: "probe\\n"
cases:
  - id: name-leads-out
    purpose: A name that leads out of the folder is not followed.
    verifies: [FETCH-1]
    deliveries: [whole]
    exchange:
      - client: {types: "get"}
      - client: "get\\n"
      - server: "../out.txt {word}\\n"
      - client: "thanks\\n"
      - client: {never_stores: "{word}"}
parameters:
  word: {letters: 12}
"""

CLIENT = """\
import pathlib, socket, sys
with socket.create_connection((sys.argv[1], int(sys.argv[2]))) as connection:
    connection.sendall(input().encode() + b"\\n")
    name, content = connection.makefile().readline().split()
    pathlib.Path({name}).write_text(content)
    connection.sendall(b"thanks\\n")
    connection.recv(1)
"""


@pytest.mark.parametrize(
    ("name", "verdict"),
    [("name", Verdict.FAIL), ("pathlib.Path(name).name", Verdict.PASS)],
    ids=["followed", "not followed"],
)
def test_a_file_that_was_written_beside_the_working_folder(tmp_path, name, verdict):
    (tmp_path / "client.py").write_text(CLIENT.format(name=name))
    suite = load("fetch.yaml", SUITE, Files())
    (target,) = targets_at(str(tmp_path / "client.py"))
    settings = Settings(seed=1, builds=tmp_path / "builds")
    with Runner(settings) as runner:
        outcomes = {job.case.id: runner.play(job) for job in jobs(target, suite, Role.CLIENT)}
    found = outcomes["name-leads-out"]
    assert found.verdict is verdict, found.finding
    if verdict is Verdict.FAIL:
        assert found.finding.reason == "the client wrote a file outside its working folder"
        assert found.finding.decided_by == "file"

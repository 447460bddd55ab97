"""The real servers under targets/real/, and the pattern by which their deviations are known.

Here each server that is installed is played its probes; .ci/run plays all their cases.
"""

import shutil
import subprocess
import sys
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

from harness import library
from harness.network.network import may_bind
from harness.runner.job import jobs
from harness.target.target import targets_at

ROOT = Path(__file__).parent.parent
REAL = sorted((ROOT / "targets" / "real").glob("*/*/target.yaml"))
SERVERS = sorted({path.parent.name for path in REAL})


def manifest_at(path):
    """Returns the manifest of the target in a folder."""
    (target,) = targets_at(str(path))
    return target.manifest


def run(targets, *options):
    named = [f"--target={each}" for each in targets]
    command = [sys.executable, "-m", "pytest", *named, *options, "-q"]
    return subprocess.run(command, capture_output=True, text=True, cwd=ROOT)


@pytest.mark.parametrize("server", SERVERS)
def test_a_real_server_deviates_only_where_it_is_known_to(server):
    targets = [path.parent for path in REAL if path.parent.name == server]
    needed = {each for path in targets for each in manifest_at(path).needs}
    missing = sorted(each for each in needed if shutil.which(each) is None)
    if missing:
        pytest.skip(f"no {missing[0]} here")
    if server.endswith("-inetd") and not may_bind(7):
        pytest.skip("no right to bind port 7 here")
    done = run(targets, "-k", "probe")
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("path", REAL, ids=lambda path: "/".join(path.parts[-3:-1]))
def test_each_known_deviation_speaks_of_a_case(path):
    (target,) = targets_at(str(path.parent))
    manifest = manifest_at(path.parent)
    names = [
        (job.case.id, str(job.delivery))
        for each in manifest.implements
        for job in jobs(target, library.suite(each), manifest.role)
    ]
    for known in manifest.known:
        assert [
            case
            for case, delivery in names
            if fnmatchcase(case, known.case) and fnmatchcase(delivery, known.delivery)
        ], known


SERVER = """\
import socket, sys
with socket.create_server(("127.0.0.1", int(sys.argv[1])), backlog=64) as welcome:
    while True:
        connection, _ = welcome.accept()
        with connection:
            for line in connection.makefile("rb"):
                connection.sendall(line.upper() if line.strip() else b"?\\n")
"""
MANIFEST = """\
role: server
implements: [uppercase-tcp]
run: "{{program}} {{port}}"
known:
  - case: {case}
    reason: {reason}
    why: An empty line is answered by a question mark.
"""


@pytest.mark.parametrize(
    ("case", "reason", "told"),
    [
        ("capitals-empty-line", "said something else", "1 known"),
        ("capitals-empty-line", "did not answer", "said something else than it has to"),
        ("capitals-*", "said something else", "a known deviation is gone: An empty line"),
    ],
    ids=["known", "wrong-reason", "gone"],
)
def test_a_deviation_that_is_gone_or_has_another_reason_fails(tmp_path, case, reason, told):
    folder = tmp_path / "server"
    folder.mkdir()
    (folder / "server.py").write_text(SERVER)
    (folder / "target.yaml").write_text(MANIFEST.format(case=case, reason=reason))
    done = run([folder], "-k", "capitals and whole")
    assert told in done.stdout, done.stdout + done.stderr
    assert done.returncode == (0 if told == "1 known" else 1)

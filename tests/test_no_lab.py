"""A machine that gives no lab: all is played on the host, and what is left out says why."""

import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from harness.errors import MachineError
from harness.network.lab.lab import FULL
from harness.target.launcher import Keeper

ROOT = Path(__file__).parent.parent
HANGS = 600  # seconds; far more than all of it takes

# What only a lab can show, by the reasons that are told.
LEFT_OUT = {
    "segments get lost on the wire of a lab, and the target has none around it",
    "nothing of this can be sent: it takes a lab, and this target lives in the network of the host",
    "it holds no socket to anybody else; what it has sent and forgotten is seen only in a network "
    "of its own whose frames are kept",
}


@pytest.fixture
def forbidden():
    """Runs a module of Python where no user namespace may be made, as a machine can be set up."""
    try:
        with Keeper() as keeper:
            keeper.lab(FULL).close()
    except MachineError:
        pytest.skip("no private network here")

    def run(*words, cwd=ROOT):
        forbid = 'echo 0 > /proc/sys/user/max_user_namespaces && exec "$@"'
        command = ["unshare", "--user", "--map-root-user", "sh", "-c", forbid, "sh"]
        return subprocess.run(
            [*command, sys.executable, "-m", *words],
            capture_output=True, text=True, cwd=cwd, timeout=HANGS,
        )  # fmt: skip

    return run


@pytest.fixture
def run(forbidden, tmp_path):
    """Runs pytest there."""
    plain = ("-q", "-p", "no:cacheprovider", f"--junitxml={tmp_path / 'junit.xml'}")
    return lambda *options: forbidden("pytest", *plain, *options)


def reasons(path):
    """Returns why cases were left out; all were played on the host."""
    cases = list(ElementTree.parse(path).iter("testcase"))
    networks = {
        each.get("value") for case in cases for each in case.iter("property")
        if each.get("name") == "network"
    }  # fmt: skip
    assert networks == {"host"}
    return {each.get("message") for case in cases for each in case.iter("skipped")}


EACH = [
    pytest.param(
        "uppercase-tcp/server-python",
        ["-k", "lost-on-the-way or calls-nobody or capitals"],
        id="some cases",
    ),
    pytest.param("uppercase-udp", ["-n", "2"], id="all of one suite", marks=pytest.mark.lengthy),
]


@pytest.mark.parametrize(("target", "options"), EACH)
def test_everything_else_is_played_on_the_host(run, tmp_path, target, options):
    done = run(f"--target=targets/references/{target}", *options)
    assert done.returncode == 0, done.stdout[-3000:]
    told = done.stdout[done.stdout.rindex("\nnetwork host\n") :].splitlines()
    assert told[2].startswith("  host only; no lab on this machine: namespaces: ")
    assert told[3].startswith("  sudo sysctl ")
    found = reasons(tmp_path / "junit.xml")
    assert found
    assert found <= LEFT_OUT


def test_a_lab_that_is_demanded_is_refused_before_anything_is_played(run):
    done = run("--target=targets/references/uppercase-tcp/server-python", "--network=lab")
    assert done.returncode == pytest.ExitCode.USAGE_ERROR
    (line,) = done.stderr.strip().splitlines()
    assert line.startswith("ERROR: --network=lab: host only; no lab on this machine: namespaces: ")
    assert "sudo sysctl" in line


def test_where_strict_isolation_is_demanded_nobody_is_graded(forbidden, tmp_path):
    (tmp_path / "subs" / "ann").mkdir(parents=True)
    words = ["harness.cli", "grade", "subs", "--spec=uppercase-tcp", "--role=server", "--out=out"]
    done = forbidden(*words, "--isolation=strict", cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr.startswith("wireharness: strict isolation cannot be had: no lab on this ")
    assert "what would help: sudo sysctl" in done.stderr
    assert list((tmp_path / "out" / "students").iterdir()) == []

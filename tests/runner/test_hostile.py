"""Programs that attack what runs them: the run goes on, and nothing of them is left."""

import os
from pathlib import Path

import pytest

from harness.network.network import Wanted
from harness.verdict import Fault, Verdict

SPEC = """
    suite: shout
    title: Lines in capitals
    roles: [server]
    transport: tcp
    requirements:
      SHOUT-1: {level: must, text: A line comes back in capitals.}
    probe:
      - client: "probe\\n"
      - server: "PROBE\\n"
    cases:
      - id: attacked
        purpose: A line comes back in capitals.
        verifies: [SHOUT-1]
        deliveries: [whole]
        exchange:
          - client: "attack\\n"
          - server: "ATTACK\\n"
      - id: after
        purpose: Another line comes back in capitals.
        verifies: [SHOUT-1]
        deliveries: [whole]
        exchange:
          - client: "after\\n"
          - server: "AFTER\\n"
"""
ATTACKER = """
    import os, signal, socket, sys
    keeper = os.getppid()
    stat = open(f"/proc/{keeper}/stat").read()
    server = int(stat.rpartition(")")[2].split()[1])
    with socket.create_server(("127.0.0.1", int(sys.argv[1]))) as welcome:
        while True:
            talk, _ = welcome.accept()
            with talk:
                for line in talk.makefile("rb"):
                    if line == b"attack\\n":
                        {attack}
                    talk.sendall(line.upper())
"""


def left_of(folder: Path) -> list[str]:
    """Returns the processes that still work in a folder of ours."""
    found = []
    for each in Path("/proc").iterdir():
        try:
            where = os.readlink(each / "cwd") if each.name.isdigit() else ""
        except OSError:
            continue
        if where.startswith(str(folder)):
            found.append(each.name)
    return found


@pytest.mark.parametrize(
    ("attack", "verdict"),
    [
        ("os.kill(keeper, signal.SIGKILL); signal.pause()", Verdict.INCONCLUSIVE),
        ("os.fork(); os.kill(keeper, signal.SIGKILL); signal.pause()", Verdict.INCONCLUSIVE),
        ("os.kill(keeper, signal.SIGSTOP)", Verdict.PASS),
        ("os.kill(server, signal.SIGKILL)", Verdict.PASS),
        ("os.kill(server, signal.SIGSTOP)", Verdict.PASS),
        ("os.kill(0, signal.SIGKILL)", Verdict.FAIL),
    ],
    ids=["keeper", "keeper, with a child", "stop", "fork server", "stop fork server", "itself"],
)
def test_the_run_goes_on_and_nothing_is_left(play, tmp_path, monkeypatch, attack, verdict):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    source = ATTACKER.replace("{attack}", attack)
    outcomes = play(SPEC, source, fresh=True, network=Wanted.HOST)
    assert outcomes["attacked[whole]"].verdict is verdict, outcomes["attacked[whole]"].finding
    assert outcomes["after[whole]"].verdict is Verdict.PASS, outcomes["after[whole]"].finding
    assert left_of(tmp_path) == []
    assert list(tmp_path.glob("wireharness-*/work")) == []


def test_who_kills_its_keeper_in_a_lab_is_to_blame(play):
    """Nobody else is in there who could have done it."""
    source = ATTACKER.replace("{attack}", "os.kill(keeper, signal.SIGKILL); signal.pause()")
    outcomes = play(SPEC, source, fresh=True)
    attacked = outcomes["attacked[whole]"]
    if attacked.properties.get("network", "lab") == "host":
        pytest.skip("no private network here")
    assert (attacked.finding.verdict, attacked.finding.fault) == (Verdict.FAIL, Fault.TARGET)
    assert "it killed the process that watches it" in attacked.finding.reason
    assert outcomes["after[whole]"].verdict is Verdict.PASS


# Prints for ever, and answers all the same; or says once more what it said, a moment later.
CHATTERBOX = """
    import os, socket, sys, threading, time
    def chatter():
        while True:
            os.write(1, b"." * 65536)
    threading.Thread(target=chatter, daemon=True).start()
    with socket.create_server(("127.0.0.1", int(sys.argv[1]))) as welcome:
        while True:
            talk, _ = welcome.accept()
            with talk:
                for line in talk.makefile("rb"):
                    talk.sendall(line.upper())
                    {more}
"""


def test_output_without_an_end_is_no_reason_to_wait_for_the_deadline(play):
    outcome = play(SPEC, CHATTERBOX.replace("{more}", "pass"), only="probe")["probe[whole]"]
    assert outcome.verdict is Verdict.PASS, outcome.finding
    assert outcome.seconds < 3.0  # the deadline, before anything is added for what it printed


def test_what_is_said_late_amid_output_without_an_end_is_heard(play):
    more = "time.sleep(0.02); talk.sendall(line)"
    outcome = play(SPEC, CHATTERBOX.replace("{more}", more), only="probe")["probe[whole]"]
    assert outcome.verdict is Verdict.FAIL
    assert "said 6 bytes more" in outcome.finding.reason

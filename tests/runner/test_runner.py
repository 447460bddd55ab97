"""Verdicts: each is earned by a target that is broken in just that way."""

import contextlib
import signal
import socket
import sys
import threading
import time
from itertools import count
from pathlib import Path

import pytest

from harness.exchange.action import Printed
from harness.network.network import Wanted
from harness.runner import watch
from harness.runner.control import Control, Delays
from harness.runner.job import Settings
from harness.runner.runner import Runner
from harness.selection import Request, subjects
from harness.verdict import Fault, Verdict

SPEC = """
    suite: shout
    title: Lines in capitals
    roles: [server]
    transport: tcp
    deadline: 3
    features: {numbers: It adds numbers.}
    hooks: hooks.py
    parameters:
      word: {letters: 8}
    requirements:
      SHOUT-1: {level: must, text: A line comes back in capitals.}
      SHOUT-2: {level: should, text: An empty line comes back.}
    probe:
      - client: "probe\\n"
      - server: EXPECTED
    cases:
      - id: capitals
        purpose: A line comes back in capitals.
        verifies: [SHOUT-1]
        deliveries: [whole]
        exchange:
          - client: "{word}\\n"
          - server:
              any_of:
                - {says: "{word|upper}\\n"}
                - {says: "{word}\\n", level: may, reason: it is as it was}
      - id: empty
        purpose: An empty line comes back.
        verifies: [SHOUT-2]
        deliveries: [whole]
        exchange:
          - client: "\\n"
          - server: "\\n"
      - id: sums
        purpose: It adds.
        verifies: [SHOUT-1]
        feature: numbers
        deliveries: [whole]
        exchange:
          - client: "1+1\\n"
          - server: "2\\n"
      - id: rests-on
        purpose: What follows an empty line.
        verifies: [SHOUT-1]
        deliveries: [whole]
        exchange:
          - client: {says: "\\n", setup: true}
          - server: {says: "\\n", setup: true}
          - client: "{word}\\n"
          - server: "{word|upper}\\n"
      - id: hooked
        purpose: A hook has a look.
        verifies: [SHOUT-1]
        deliveries: [whole]
        tags: [hooked]
        exchange:
          - client: "hook {word}\\n"
          - server: {says: "HOOK {got:letters(8)}\\n", example: "HOOK {word|upper}\\n", hook: look}
"""
HOOKS = """
def look(captures, at):
    if captures["got"] != captures["word"].upper():
        return "another word"
    {more}
    return None
"""
SERVER = """
    import os, signal, socket, sys, time
    with socket.create_server(("127.0.0.1", int(sys.argv[1]))) as welcome:
        while True:
            talk, _ = welcome.accept()
            with talk:
                for line in talk.makefile("rb"):
                    {answer}
"""
RIGHT = "talk.sendall(line.upper())"


@pytest.fixture
def shout(play, tmp_path):
    def played(answer=RIGHT, more="", source=SERVER, deadline=3, expected='"PROBE\\n"', **settings):
        (tmp_path / "hooks.py").write_text(HOOKS.replace("{more}", more))
        spec = SPEC.replace("deadline: 3", f"deadline: {deadline}").replace("EXPECTED", expected)
        return play(spec, source.replace("{answer}", answer), **settings)

    return played


def verdicts(outcomes):
    return {name.partition("[")[0]: each.verdict for name, each in outcomes.items()}


def test_a_right_target_passes_what_it_claims(shout):
    outcomes = shout()
    assert verdicts(outcomes) == {
        "probe": Verdict.PASS,
        "capitals": Verdict.PASS,
        "empty": Verdict.PASS,
        "sums": Verdict.UNSUPPORTED,
        "rests-on": Verdict.PASS,
        "hooked": Verdict.PASS,
    }
    assert "'numbers'" in outcomes["sums[whole]"].finding.reason


def test_a_feature_that_is_claimed_is_played(shout):
    outcomes = shout(manifest="features: [numbers]", only="sums")
    assert verdicts(outcomes) == {"sums": Verdict.FAIL}


def test_less_than_right_is_a_warning_with_its_reason(shout):
    said = shout("talk.sendall(line.upper() if line[:5] == b'probe' else line)", only="capitals")
    finding = said["capitals[whole]"].finding
    assert (finding.verdict, finding.fault) == (Verdict.WARN, Fault.TARGET)
    assert finding.reason == "it is as it was"


EMPTY = "if line != b'\\n': talk.sendall(line.upper())"


@pytest.mark.parametrize(
    ("strict", "verdict"), [(False, Verdict.WARN), (True, Verdict.FAIL)], ids=["lax", "strict"]
)
def test_a_broken_should(shout, strict, verdict):
    assert verdicts(shout(EMPTY, only="empty", strict=strict)) == {"empty": verdict}


def test_a_case_whose_set_up_fails_is_blocked(shout):
    finding = shout(EMPTY, only="rests-on")["rests-on[whole]"].finding
    assert (finding.verdict, finding.fault) == (Verdict.BLOCKED, Fault.TARGET)
    assert finding.reason.startswith("what this case rests on failed: the server did not answer")


@pytest.mark.parametrize(
    ("answer", "told", "decided_by"),
    [
        ("talk.sendall(line)", "said something else", "bytes"),
        ("pass", "did not answer: it waits for more", "rest"),
        ("time.sleep(99)", "did not answer: 3.0 s were not enough", "deadline"),
        ("os._exit(3)", "exited with code 3 in the middle", "exit"),
        ("os.abort()", "crashed: SIGABRT in the middle", "exit"),
        ("os.kill(os.getpid(), 9)", "was ended by SIGKILL in the middle", "exit"),
        ("talk.sendall(line[:3].upper()); os._exit(0)", "exited with code 0 in the middle", "exit"),
        ("break", "closed the connection instead of answering", "end"),
    ],
    ids=["wrong", "silent", "hangs", "exits", "crashes", "killed", "half and exits", "closes"],
)
def test_a_broken_must(shout, answer, told, decided_by):
    outcomes = shout(answer)
    finding = outcomes["probe[whole]"].finding
    assert (finding.verdict, finding.fault) == (Verdict.FAIL, Fault.TARGET)
    assert told in finding.reason
    assert finding.decided_by == decided_by
    rest = {each for name, each in verdicts(outcomes).items() if name not in ("probe", "sums")}
    assert rest == {Verdict.BLOCKED}


# Whoever has once sent an empty line gets no answer on any later connection.
SULKS = """
    import socket, sys
    offended = False
    with socket.create_server(("127.0.0.1", int(sys.argv[1]))) as welcome:
        while True:
            talk, _ = welcome.accept()
            mute = offended
            with talk:
                for line in talk.makefile("rb"):
                    offended = offended or line == b"\\n"
                    if not mute:
                        talk.sendall(line.upper())
"""


def test_what_an_earlier_case_broke_is_told_with_its_name(shout):
    outcomes = shout(source=SULKS)
    found = outcomes["rests-on[whole]"]
    assert (found.verdict, found.broken_by) == (Verdict.WARN, "empty")
    assert found.finding.reason.startswith("passes on a fresh process, but not after empty: what")
    assert outcomes["hooked[whole]"].broken_by == "rests-on"


def test_with_a_fresh_process_for_each_case_nothing_is_broken_by_another(shout):
    assert set(verdicts(shout(source=SULKS, fresh=True)).values()) == {
        Verdict.PASS,
        Verdict.UNSUPPORTED,
    }


def test_a_hook_that_fails_is_an_error_and_the_spec_s_fault_at_its_line(shout):
    finding = shout(more="captures['nothing']", only="hooked")["hooked[whole]"].finding
    assert (finding.verdict, finding.fault) == (Verdict.ERROR, Fault.SPEC)
    assert "the hook look failed: hooks.py:5: KeyError('nothing')" in finding.reason


def test_a_hook_that_returns_no_text_is_the_spec_s_fault(shout):
    finding = shout(more="return True", only="hooked")["hooked[whole]"].finding
    assert (finding.verdict, finding.fault) == (Verdict.ERROR, Fault.SPEC)
    assert "the hook look returned True, wanted None or a text" in finding.reason


def test_what_a_hook_tells_is_the_reason(shout):
    said = shout("talk.sendall(line.upper() if b'hook' not in line else b'HOOK ABCDEFGH\\n')")
    finding = said["hooked[whole]"].finding
    assert (finding.verdict, finding.reason) == (Verdict.FAIL, "another word")


def test_a_port_that_a_stranger_holds_is_nobody_s_fault(shout):
    with socket.create_server(("127.0.0.1", 0)) as stranger:
        port = stranger.getsockname()[1]
        played = shout(manifest=f"port: {port}", only="capitals", network=Wanted.HOST)
        finding = played["capitals[whole]"].finding
    assert (finding.verdict, finding.fault) == (Verdict.INCONCLUSIVE, Fault.MACHINE)
    assert f"tcp port {port} is held by process" in finding.reason


@pytest.mark.parametrize("name", ["server.js", "server.c", "server.java"])
def test_a_tool_that_is_not_installed_is_nobody_s_fault(shout, monkeypatch, tmp_path, name):
    monkeypatch.setenv("PATH", str(tmp_path))
    probe = shout(source="public static void main", name=name)["probe[whole]"]
    assert (probe.verdict, probe.finding.fault) == (Verdict.INCONCLUSIVE, Fault.MACHINE)
    assert "is not installed, and the target is" in probe.finding.reason


def test_where_no_program_can_be_started_that_is_told_of_the_machine(monkeypatch, tmp_path):
    """Also where a case asks first whether there is a lab with a wire to play it in."""
    target = Path(__file__).parents[2] / "targets/references/uppercase-tcp/server-python"
    (subject,) = subjects(Request((str(target),)))
    job = next(each for each in subject.jobs(()) if each.needs_wire)
    monkeypatch.setattr(sys, "executable", "/absent")
    with Runner(Settings(builds=tmp_path, network=Wanted.LAB)) as runner:
        finding = runner.play(job).finding
    assert (finding.verdict, finding.fault) == (Verdict.INCONCLUSIVE, Fault.MACHINE)
    assert "cannot start /absent" in finding.reason


def test_a_program_that_does_not_build_fails_once(shout):
    outcomes = shout(source="int main( {", name="server.c")
    probe = outcomes["probe[whole]"]
    assert (probe.verdict, probe.finding.fault) == (Verdict.FAIL, Fault.TARGET)
    assert probe.finding.reason.startswith("it does not build: gcc")
    assert b"error: expected" in probe.output
    assert outcomes["capitals[whole]"].verdict is Verdict.BLOCKED


@pytest.fixture
def running():
    """The port of a server that nobody of ours has started."""
    with socket.create_server(("127.0.0.1", 0)) as welcome:
        threading.Thread(target=serve, args=(welcome,), daemon=True).start()
        yield welcome.getsockname()[1]
        welcome.shutdown(socket.SHUT_RDWR)


def serve(welcome):
    with contextlib.suppress(OSError):
        while True:
            talk, _ = welcome.accept()
            with talk:
                for line in talk.makefile("rb"):
                    talk.sendall(line.upper())


def test_a_server_that_runs_already_is_played_at_its_address(shout, running):
    outcomes = shout(given=f"tcp://127.0.0.1:{running}")
    assert set(verdicts(outcomes).values()) == {Verdict.PASS, Verdict.UNSUPPORTED}


def test_a_crash_is_told_though_a_child_lives_on(shout):
    forks = SERVER.replace(
        "    with socket", "    if not os.fork(): signal.pause()\n    with socket", 1
    )
    finding = shout(source=forks, answer="os.abort()")["probe[whole]"].finding
    assert finding.reason == "the server crashed: SIGABRT in the middle of the exchange"


def test_nobody_listens_at_an_address(shout):
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    outcome = shout(given=f"tcp://127.0.0.1:{port}")["probe[whole]"]
    assert outcome.finding.reason == "the server does not take the connection: Connection refused"
    assert outcome.seconds < 2  # there is no program whose end could be waited for


def skip_where_this_machine_was_late(outcome):
    if outcome.finding.fault is Fault.MACHINE:
        pytest.skip(f"this machine is too busy to tell: {outcome.finding.reason}")


def test_who_prints_for_ever_and_does_not_answer_is_waited_for_no_longer(shout, monkeypatch):
    monkeypatch.setattr(watch, "_MOST_PRINTING", 0.2)
    floods = "while True: os.write(1, b'x' * 1000)"
    (outcome,) = shout(floods, only="probe", deadline=0.1).values()
    skip_where_this_machine_was_late(outcome)
    assert (outcome.verdict, outcome.finding.decided_by) == (Verdict.FAIL, "deadline")


def test_who_always_has_more_to_print_is_waited_for_no_longer(shout, monkeypatch):
    real, printed, most = watch.Watch.look, count(), 1_000_000

    def look(self, ms):
        found = real(self, ms)
        if self.process is not None and not self.exited and next(printed) < most:
            self.pending.append(Printed(b"x"))
        return found

    monkeypatch.setattr(watch.Watch, "look", look)
    (outcome,) = shout("pass", only="probe", deadline=0.3).values()
    skip_where_this_machine_was_late(outcome)
    assert (outcome.verdict, outcome.finding.decided_by) == (Verdict.FAIL, "deadline")
    assert next(printed) < most


def test_what_a_program_prints_is_not_the_case_s_time(shout):
    flood = "import sys; [sys.stdout.write('x' * 1_000_000) for _ in range(60)]; " + RIGHT
    (outcome,) = shout(flood, only="probe").values()
    skip_where_this_machine_was_late(outcome)
    assert outcome.verdict is Verdict.PASS


def test_a_program_that_computes_all_the_time_is_to_blame_itself(shout):
    (outcome,) = shout("[None for _ in iter(int, 1)]", only="probe").values()
    skip_where_this_machine_was_late(outcome)
    finding = outcome.finding
    assert (finding.verdict, finding.decided_by) == (Verdict.FAIL, "deadline")


# Answers only where it was started once before.
ONCE = """
    import pathlib, socket, sys, time
    mark = pathlib.Path("MARK")
    again = mark.exists()
    mark.touch()
    with socket.create_server(("127.0.0.1", int(sys.argv[1]))) as welcome:
        while True:
            talk, _ = welcome.accept()
            with talk:
                for line in talk.makefile("rb"):
                    time.sleep(0 if again else 99)
                    talk.sendall(line.upper())
"""


@pytest.mark.parametrize(
    ("delays", "verdict"),
    [
        (Delays(2.5, 0.0, 0.0), Verdict.PASS),
        (Delays(0.0, 2.5, 0.0), Verdict.PASS),
        (Delays(0.0, 0.0, 0.0), Verdict.FAIL),
    ],
    ids=["target late", "harness late", "in time"],
)
def test_what_a_late_machine_spoils_is_played_again(shout, monkeypatch, tmp_path, delays, verdict):
    monkeypatch.setattr(Control, "delays", lambda control, process: delays)
    source = ONCE.replace("MARK", str(tmp_path / "mark"))
    played = shout(source=source, only="probe", network=Wanted.HOST)  # a lab keeps no mark
    assert verdicts(played) == {"probe": verdict}


@pytest.fixture
def limping():
    """Has this process stand still again and again, as on a machine that is taken away."""

    def stand_still(number, frame):
        until = time.monotonic() + 0.3
        while time.monotonic() < until:
            pass

    before = signal.signal(signal.SIGALRM, stand_still)
    signal.setitimer(signal.ITIMER_REAL, 0.5, 0.5)
    yield
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, before)


@pytest.mark.usefixtures("limping")
def test_a_machine_that_stands_still_costs_no_mark(shout, tmp_path):
    source = ONCE.replace("MARK", str(tmp_path / "mark"))
    played = shout(source=source, only="probe", network=Wanted.HOST)  # a lab keeps no mark
    assert verdicts(played) == {"probe": Verdict.PASS}


DRIPS = "for byte in line.upper(): time.sleep({pause}); talk.sendall(bytes([byte]))"


def test_a_slow_answer_is_waited_for_while_it_is_right(shout):
    (outcome,) = shout(DRIPS.format(pause=0.3), only="probe", deadline=1).values()
    assert outcome.verdict is Verdict.PASS
    assert outcome.seconds > 1


def test_an_answer_that_never_ends_is_not_waited_for_for_ever(shout):
    drips = "while True: time.sleep(0.01); talk.sendall(b'PROBE'[:1]); line = b''"
    (outcome,) = shout(
        drips, only="probe", deadline=0.2, expected='{says: "{_:line}\\n", example: "P\\n"}'
    ).values()
    assert (outcome.verdict, outcome.finding.decided_by) == (Verdict.FAIL, "deadline")
    assert "0.8 s were not enough" in outcome.finding.reason


def test_each_silence_tells_what_has_proven_it(shout):
    outcomes = shout()
    (silence,) = outcomes["capitals[whole]"].silences
    assert (silence.more, silence.decided_by) == (True, "rest")
    assert silence.evidence == "its thread waits without a time limit (recvfrom)"
    assert "recvfrom on descriptor 4, no limit, given a CPU" in silence.raw[0]
    assert silence.raw[-1].startswith("keeper: given a CPU")


def test_a_deadline_tells_what_the_target_did_in_the_end(shout):
    finding = shout("time.sleep(99)", only="probe")["probe[whole]"].finding
    assert finding.evidence.startswith("the target waits with a time limit: clock_nanosleep with")

"""The failure report: all that is needed, safe, on one screen."""

import unicodedata
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import harness
from harness.errors import Place
from harness.exchange.delivery import PROVES
from harness.report.failure import failure_report
from harness.report.page import without_colour
from harness.runner.outcome import Entry, Kind
from harness.spec.model import Delivery, Role
from harness.verdict import Comparison, Fault, Finding, Verdict

COMMAND = "pytest --target=./my_server.py --spec=upper --seed=7 -k 'upper/capitals[split]'"


def told(outcome, width=80, colour=False):
    return failure_report(outcome, COMMAND, width, colour)


def test_tells_all_that_a_person_needs(make):
    outcome = make(
        output=b"listening\n", delivery=Delivery.SPLIT, properties={"hint": "A hint of the play."}
    )
    report = told(outcome)
    for part in (
        "FAIL  upper/capitals[split]  my_server.py (server)",
        "A line comes back in capitals.",
        "UPPER-1 (must): Each line comes back in capitals.",
        "Kurose and Ross, 2.7.2",
        "specs/upper.yaml:24",
        "the answer differs",
        'expected  "HELLO\\n"',
        'byte 4 is "l" (6c), not "L" (4c)',
        '"hello\\n"',
        "printed   listening",
        "delivery  split: ",
        "A hint of the play.",
        "Read on.",
        "the target's; decided by the first byte that cannot match",
        COMMAND,
    ):
        assert part in report


def test_a_usual_failure_takes_one_screen(make):
    assert len(told(make(output=b"one\ntwo\n", delivery=Delivery.SPLIT)).splitlines()) <= 35


@pytest.mark.parametrize("width", [20, 80, 100, 300])
def test_only_the_command_may_be_wider_than_the_page(make, width):
    lines = told(make(), width).splitlines()
    assert all(len(line) <= max(60, min(width, 120)) for line in lines if COMMAND not in line)


def test_colour_adds_nothing_but_colour(make):
    assert "\x1b" not in told(make())
    assert "\x1b" in told(make(), colour=True)
    assert without_colour(told(make(), colour=True)) == told(make())


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.binary(min_size=1, max_size=60))
def test_no_control_byte_of_a_target_gets_through(make, data):
    shown = data.decode("latin-1")
    finding = Finding(
        Verdict.FAIL,
        f"the answer is {shown}",
        Fault.TARGET,
        Place(f"specs/{shown}.yaml"),
        Comparison(shown, None, data, 0),
        evidence=shown,
    )
    said = [
        Entry(0.1, kind, by_client, shown, data, shown)
        for kind in Kind
        for by_client in (True, False)
    ]
    report = told(make(finding, said, output=data, broken_by=shown, known=shown))
    assert not any(unicodedata.category(each).startswith("C") for each in report if each != "\n")


def test_the_whole_delivery_proves_nothing_more(make):
    assert "delivery  " not in told(make())


@pytest.mark.parametrize("delivery", sorted(set(PROVES) - {Delivery.WHOLE, Delivery.PLAIN}))
def test_every_other_delivery_says_what_it_proves(make, delivery):
    assert f"delivery  {delivery}: " in told(make(delivery=delivery))


@pytest.mark.parametrize("fault", list(Fault))
def test_every_fault_has_words(make, fault):
    assert "fault     " in told(make(Finding(Verdict.FAIL, "reason", fault)))


def test_a_failure_of_the_harness_shows_the_end_of_its_traceback(make):
    trace = "Traceback\n" + "".join(f"  line {n}\n" for n in range(50)) + "KeyError: 'x'"
    report = told(make(Finding(Verdict.ERROR, "failed", Fault.HARNESS, evidence=trace)))
    assert "KeyError: 'x'" in report
    assert "line 3\n" not in report
    assert "please report it" in report


def test_a_case_broken_by_an_earlier_one_names_it(make):
    assert "broken by reset-client" in told(make(broken_by="reset-client"))


def test_without_an_event_the_case_is_told(make):
    assert "specs/upper.yaml:20" in told(make(Finding(Verdict.BLOCKED, "no compiler")))


@pytest.mark.parametrize(
    ("changed", "shown"),
    [
        ({}, True),
        ({"verdict": Verdict.BLOCKED}, False),
        ({"decided_by": "exit"}, False),
        ({"comparison": Comparison("X", b"X\n", None)}, False),
    ],
    ids=["wrong-answer", "blocked", "crashed", "no-answer"],
)
def test_a_hint_on_the_answer_wants_an_answer(make, changed, shown):
    plain = make()
    hinted = replace(plain.plan.case, hint="A line ends with one newline, in the answer too.")
    report = told(make(replace(plain.finding, **changed), case=hinted))
    assert ("hint      A line ends" in report) is shown


@pytest.mark.parametrize(
    ("reason", "output", "hint"),
    [
        ("the server was ended by SIGPIPE", b"", "Ignore SIGPIPE"),
        ("the server exited with code 1", b"UnicodeDecodeError: utf-8", "Do not decode it"),
    ],
    ids=["signal", "exception"],
)
def test_a_hint_on_what_ended_the_program_is_told(make, reason, output, hint):
    case = replace(make().plan.case, hint=hint)
    ended = replace(make().finding, reason=reason, decided_by="exit")
    assert f"hint      {hint}" in told(make(ended, case=case, output=output))
    other = replace(ended, reason="the server crashed: SIGSEGV")
    assert "hint  " not in told(make(other, case=case))


def test_an_answer_that_was_printed_and_not_sent_is_seen(make):
    silent = replace(make().finding, comparison=Comparison("HELLO\\n", b"HELLO\n", None))
    assert "hint      The answer was printed" in told(make(silent, output=b"HELLO\n"))
    assert "answer was printed" not in told(make(output=b"HELLO\n"))
    assert "answer was printed" not in told(make(silent, output=b"HELLO\n", role=Role.CLIENT))


def test_the_programs_end_is_told_once(make):
    after = {"afterwards": "the program crashed: SIGSEGV after this case"}
    assert "then      the program crashed" in told(make(properties=after))
    ended = replace(make().finding, decided_by="exit")
    assert "then  " not in told(make(ended, properties=after))


def test_a_program_that_never_talked_shows_its_first_error(make):
    log = b"x.c:1: error: first\n" + b"x.c:2: error: more\n" * 20
    finding = Finding(Verdict.FAIL, "it does not build", Fault.TARGET)
    assert "printed   x.c:1: error: first" in told(make(finding, (), output=log))
    assert "error: first" not in told(make(output=log))


def test_how_the_target_was_started_is_told(make):
    assert "started" not in told(make())
    template = failure_report(make(), COMMAND, 80, False, "{program} {port}")
    assert "started   {program} {port}" in template
    known = make(properties={"started": "./server 20020"})
    assert "started   ./server 20020" in failure_report(known, COMMAND, 80, False, "{program}")


def test_a_suite_that_ships_is_told_by_its_name(make, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    shipped = Path(harness.__file__).parents[1] / "specs" / "shared" / "stream.yaml"
    finding = replace(make().finding, place=Place(str(shipped), 7))
    assert "event     shared/stream.yaml:7" in told(make(finding))

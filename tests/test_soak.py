"""The proof of rest against programs that stir in drawn ways: a short part of the soak."""

import contextlib

import pytest

from benchmarks import soak
from harness.network.network import Wanted
from harness.network.tables import Tables
from harness.runner.place import Places
from harness.target.rest import Kind, Proof

TRIALS = 40
ROWS = [
    ("c", "epoll"),
    ("c", "tcp-fork"),
    ("python", "asyncio"),
    ("python", "threads"),
    ("java", "recv"),
    ("node", "tcp"),
]


@pytest.fixture(scope="module")
def programs(tmp_path_factory):
    with Tables() as tables, contextlib.closing(Places(Wanted.AUTO, tables)) as places:
        yield soak.Programs(places, tmp_path_factory.mktemp("waiters"))


@pytest.mark.parametrize(("language", "way"), ROWS, ids=["-".join(row) for row in ROWS])
def test_no_answer_comes_after_the_proof(programs, language, way):
    if programs.lacks(language):
        pytest.skip(f"nothing here makes or runs {language}")
    tally = soak.soak(language, way, TRIALS, 7, programs)
    assert tally.wrong == []
    assert tally.trials == TRIALS
    assert tally.rests


def test_a_proof_that_is_wrong_is_counted(programs, monkeypatch):
    monkeypatch.setattr(soak, "prove", lambda process, tables: Proof(Kind.RESTS, "says so"))
    tally = soak.soak("python", "recv", TRIALS, 7, programs)
    assert any(each.startswith("z") and each.endswith(": says so") for each in tally.wrong)


def test_what_waits_with_a_limit_of_its_own_falls_back_to_the_deadline(programs):
    tally = soak.soak("python", "settimeout", 5, 7, programs)
    assert (tally.fell_back, tally.wrong) == (5, [])

"""The time of a case: what puts its end off, and for how long."""

import pytest

from harness.runner.casetime import CaseTime


def test_it_ends_after_its_seconds_where_nothing_comes():
    time = CaseTime(10.0, 3.0)
    assert time.left(12.0) == 1.0
    assert not time.goes_on(float("-inf"))
    assert time.left(13.5) == -0.5
    assert time.given() == 3.0


def test_what_comes_puts_it_off_but_not_for_ever():
    time = CaseTime(10.0, 3.0)
    for came, end in ((12.0, 15.0), (14.5, 17.5), (17.0, 20.0), (19.0, 22.0)):
        assert time.goes_on(came)
        assert time.left(0.0) == end
        assert not time.goes_on(came), "nothing new has come"
    assert time.given() == 12.0
    assert not time.goes_on(21.5), "four times its seconds are over"


def test_a_program_has_its_time_from_when_it_shows_itself():
    time = CaseTime(10.0, 3.0, extra=15.0)
    assert time.left(10.0) == 18.0
    time.shown(12.0)
    time.shown(14.0)
    assert time.left(14.0) == 1.0
    assert time.goes_on(21.0)
    assert not time.goes_on(22.0)
    assert time.left(0.0) == 24.0


@pytest.mark.parametrize("came", [11.0, 99.0], ids=["soon", "at the end"])
def test_what_is_not_the_target_s_time_is_added(came):
    time, later = CaseTime(10.0, 3.0), CaseTime(10.0, 3.0)
    later.put_off(0.5)
    time.goes_on(came)
    later.goes_on(came + 0.5)
    assert later.left(0.0) == time.left(0.0) + 0.5


def test_a_restart_gives_all_of_it_once_more():
    time = CaseTime(10.0, 3.0)
    time.begin_anew(20.0)
    assert time.left(20.0) == 3.0
    assert time.goes_on(31.0)
    assert time.left(20.0) == 12.0

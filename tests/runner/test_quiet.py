"""The quiet of a conversation: when its time is over."""

from types import SimpleNamespace

import pytest

from harness.runner.casetime import CaseTime
from harness.runner.quiet import Quiet


@pytest.mark.parametrize(
    ("came", "now", "over"),
    [
        (float("-inf"), 12.0, False),
        (float("-inf"), 13.5, True),
        (12.0, 13.5, False),
        (12.0, 15.5, True),  # what came has put the end off, and that is over as well
    ],
    ids=["in time", "too late", "goes on", "went on"],
)
def test_time_that_is_put_off_is_over_once_it_is(came, now, over):
    company, watch = SimpleNamespace(came=came), SimpleNamespace(printing=0.0)
    quiet = Quiet(watch, company, None, CaseTime(10.0, 3.0))
    assert quiet.is_over(now) is over
    assert over or quiet.left(now) > 0, "nobody waits for less than nothing, which is for ever"

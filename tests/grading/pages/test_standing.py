"""Which requirement a failure breaks."""

import pytest
from shown import ALONE, CAPITALS, STREAM, case, failed, result

from harness.grading.pages.standing import Standing, standings
from harness.grading.result import Attempt
from harness.verdict import Verdict

KEPT, BROKEN, PARTLY = Standing.KEPT, Standing.BROKEN, Standing.PARTLY


@pytest.mark.parametrize(
    ("cases", "wanted"),
    [
        ([case()], {CAPITALS: KEPT}),
        ([case(verdict=Verdict.WARN)], {CAPITALS: KEPT}),
        # As it is it passes: the other delivery's requirement is what is broken.
        ([case(), failed()], {CAPITALS: KEPT, STREAM: BROKEN}),
        # It fails anyway: nothing is known of the delivery's.
        (
            [failed(delivery="whole", rules=(CAPITALS,)), failed()],
            {CAPITALS: BROKEN, STREAM: Standing.UNTESTED},
        ),
        ([failed(delivery="whole", rules=(ALONE, STREAM))], {ALONE: BROKEN, STREAM: BROKEN}),
        ([case(), failed("two", "whole", rules=(CAPITALS,))], {CAPITALS: PARTLY}),
        ([case(verdict=Verdict.BLOCKED)], {CAPITALS: Standing.BLOCKED}),
        ([case(), case("two", verdict=Verdict.BLOCKED)], {CAPITALS: Standing.BLOCKED}),
        ([case(verdict=Verdict.UNSUPPORTED)], {CAPITALS: Standing.UNTESTED}),
        ([case(settled=False)], {CAPITALS: Standing.UNTESTED}),
        ([case(verdict=Verdict.ERROR)], {CAPITALS: Standing.OPEN}),
        (
            [case(attempts=(Attempt(1, Verdict.FAIL), Attempt(2, Verdict.PASS)))],
            {CAPITALS: Standing.OPEN},
        ),
    ],
)
def test_standings(cases, wanted):
    found = standings(result(cases=tuple(cases)))
    assert {key.rule: each for key, each in found.items()} == wanted

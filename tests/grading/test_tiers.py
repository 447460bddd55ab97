"""In which tier a batch is graded, and when it is not."""

import pytest

from harness.errors import UsageError
from harness.grading.tiers import tier_for
from harness.network.network import Wanted
from harness.target import landlock
from harness.target.isolation import Tier

needs_landlock = pytest.mark.skipif(
    landlock.version() < 4, reason="no Landlock that guards ports here"
)


def test_nothing_is_kept_in_where_that_is_asked_for():
    tier, why = tier_for(Tier.NONE, Wanted.AUTO)
    assert tier is Tier.NONE
    assert "kept from nothing" in why


def test_strict_on_the_host_is_refused():
    with pytest.raises(UsageError, match="strict isolation cannot be had: it needs a network"):
        tier_for(Tier.STRICT, Wanted.HOST)


@needs_landlock
@pytest.mark.parametrize("asked", [None, Tier.GUARDED])
def test_the_next_best_is_told(asked):
    tier, why = tier_for(asked, Wanted.HOST)
    assert tier is Tier.GUARDED
    assert why.startswith("strict isolation cannot be had: ")


@needs_landlock
def test_guarded_is_had_where_it_is_asked_for():
    assert tier_for(Tier.GUARDED, Wanted.AUTO)[0] is Tier.GUARDED


def test_the_best_is_taken_without_a_word():
    try:
        tier, why = tier_for(Tier.STRICT, Wanted.AUTO)
    except UsageError:
        pytest.skip("no private network here")
    assert (tier, why) == (Tier.STRICT, "")
    assert tier_for(None, Wanted.AUTO) == (Tier.STRICT, "")


def test_where_nobody_can_be_kept_in_nothing_is_graded(monkeypatch):
    monkeypatch.setattr(landlock, "version", lambda: 0)
    with pytest.raises(UsageError, match="--isolation=none"):
        tier_for(None, Wanted.HOST)

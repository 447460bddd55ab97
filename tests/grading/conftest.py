"""What a cohort of programs in many languages takes."""

import shutil

import pytest

from harness.errors import UsageError
from harness.grading.tiers import tier_for
from harness.network.network import Wanted
from harness.target.isolation import Tier

NEEDED = {"cc": "C compiler", "javac": "Java compiler", "node": "Node", "perl": "Perl"}


@pytest.fixture(scope="module")
def able():
    """A machine that can play all of them, in strict isolation."""
    for tool, name in NEEDED.items():
        if shutil.which(tool) is None:
            pytest.skip(f"no {name} here")
    try:
        tier_for(Tier.STRICT, Wanted.AUTO)
    except UsageError:
        pytest.skip("no private network here")

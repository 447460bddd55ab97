"""Tiers: how well this machine can keep submissions apart, found by trying.

Belongs here: which tier a batch is graded in, and when it is not graded at all. Must not know:
what a tier is made of.
"""

from __future__ import annotations

import contextlib

from harness.errors import MachineError, UsageError
from harness.network.network import Wanted
from harness.network.tables import Tables
from harness.runner.place import Places, remedy
from harness.target import landlock
from harness.target.isolation import Tier

_PORTS = 4  # the version of Landlock that guards ports


def tier_for(asked: Tier | None, network: Wanted) -> tuple[Tier, str]:
    """Returns the tier to grade in, and why it is no better one ("": it is the best).

    `asked` None: the best that can be had, but not none at all.
    Raises: UsageError where what is asked for cannot be had.
    """
    if asked is Tier.NONE:
        return Tier.NONE, "submissions are kept from nothing, as was asked for"
    strict = _refused_strict(network)
    if not strict:
        if asked is Tier.GUARDED:
            return Tier.GUARDED, "strict isolation is to be had here, and guarded was asked for"
        return Tier.STRICT, ""
    if asked is Tier.STRICT:
        raise UsageError(f"strict isolation cannot be had: {strict}")
    if landlock.version() < _PORTS:
        told = "and this kernel has no Landlock that guards ports"
        raise UsageError(
            f"submissions cannot be kept in: {strict}, {told}. Where that is to be risked, say "
            "--isolation=none"
        )
    return Tier.GUARDED, f"strict isolation cannot be had: {strict}"


def _refused_strict(network: Wanted) -> str:
    """Returns why there is no strict isolation, "" where there is."""
    if network is Wanted.HOST:
        return "it needs a network of the target's own, and --network=host was asked for"
    try:
        with Tables() as tables, contextlib.closing(Places(network, tables, Tier.STRICT)) as places:
            places.new().close()
    except MachineError as exc:
        helps = remedy(exc)
        return f"{exc}; what would help: {helps}" if helps else str(exc)
    return ""

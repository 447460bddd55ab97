"""Prints every figure as a ratio: `python -m benchmarks`; `... soak` tries the proof of rest."""

from __future__ import annotations

import sys

from benchmarks import collection, exchange, item, silent, soak
from benchmarks.measure import TOLERANCE, pin


def main() -> int:
    """Returns 1 where a goal is missed by more than the tolerance."""
    pin()
    head = f"{'':<44} {'ratio':>6}  {'middle half':<14} {'goal':<14}"
    print(head)
    missed = []
    for measured in (exchange, item, silent, collection):
        for figure in measured.figures():
            print(figure.line(), flush=True)
            missed += [] if figure.met else [figure.name]
    print(f"\nMedians of alternating rounds on one core; {TOLERANCE:.0%} off a goal is tolerated.")
    if missed:
        print(f"Missed: {', '.join(missed)}.")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(soak.main(sys.argv[2:]) if sys.argv[1:2] == ["soak"] else main())

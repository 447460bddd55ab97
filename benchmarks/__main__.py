"""Prints every figure as a ratio: `python -m benchmarks`; with soak, labs or grading: long runs."""

from __future__ import annotations

import sys

from benchmarks import collection, exchange, grading, item, labs, packets, silent, soak
from benchmarks.measure import TOLERANCE, pin


def main() -> int:
    """Returns 1 where a goal is missed by more than the tolerance."""
    pin()
    head = f"{'':<44} {'ratio':>6}  {'middle half':<14} {'goal':<14}"
    print(head)
    missed = []
    for measured in (exchange, item, silent, collection, labs, packets):
        for figure in measured.figures():
            print(figure.line(), flush=True)
            missed += [] if figure.met else [figure.name]
    print(f"\nMedians of alternating rounds on one core; {TOLERANCE:.0%} off a goal is tolerated.")
    if missed:
        print(f"Missed: {', '.join(missed)}.")
    return 1 if missed else 0


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["soak", *words]:
            sys.exit(soak.main(words))
        case ["grading", *words]:
            sys.exit(grading.main(words))
        case ["labs"]:
            sys.exit(labs.main())
        case _:
            sys.exit(main())

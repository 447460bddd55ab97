"""Values that vary from seed to seed, so that an answer learnt by heart is wrong.

Belongs here: what a value may be, and drawing one. Must not know: suites, where a seed comes from.
"""

from __future__ import annotations

import random
import string
from dataclasses import dataclass

from harness.errors import Place

_LETTERS = {
    "letters": string.ascii_lowercase,
    "digits": string.digits,
    "alnum": string.ascii_lowercase + string.digits,
}


@dataclass(frozen=True, slots=True)
class Parameter:
    """A value drawn anew for each seed, so that hard-coded answers fail.

    kind: "letters", "digits", "alnum" (from `low` to `high` many), "int" (from `low` to `high`,
    in decimal), "bytes" (`low` to `high` many), "choice" (of `choices`).
    """

    name: str
    kind: str
    place: Place
    low: int = 0
    high: int = 0
    choices: tuple[str, ...] = ()

    @property
    def varies(self) -> bool:
        """Says whether it is not always the same."""
        if self.kind == "choice":
            return len(self.choices) > 1
        return self.kind != "int" or self.low < self.high

    def draw(self, rng: random.Random) -> bytes:
        """Returns a value."""
        if self.kind == "choice":
            return rng.choice(list(self.choices)).encode()
        if self.kind == "int":
            return str(rng.randint(self.low, self.high)).encode()
        count = rng.randint(self.low, self.high)
        if self.kind == "bytes":
            return rng.randbytes(count)
        return "".join(rng.choices(_LETTERS[self.kind], k=count)).encode()

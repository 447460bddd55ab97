"""Values that vary from seed to seed, so that an answer learnt by heart is wrong.

Belongs here: drawing one value. Must not know: suites, where the seed comes from.
"""

from __future__ import annotations

import random
import string
from collections.abc import Sequence

_LETTERS = {
    "letters": string.ascii_lowercase,
    "digits": string.digits,
    "alnum": string.ascii_lowercase + string.digits,
}


def draw(kind: str, low: int, high: int, choices: Sequence[str], rng: random.Random) -> bytes:
    """Returns a value of the kind (see spec.model.Parameter) within the bounds."""
    if kind == "choice":
        return rng.choice(list(choices)).encode()
    if kind == "int":
        return str(rng.randint(low, high)).encode()
    count = rng.randint(low, high)
    if kind == "bytes":
        return rng.randbytes(count)
    return "".join(rng.choices(_LETTERS[kind], k=count)).encode()

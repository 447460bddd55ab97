"""What the word game asks of the files that a server sends and YAML should not say."""

from __future__ import annotations

import re
from collections.abc import Mapping

_WORD = "abracadabra"


def scored(captures: Mapping[str, bytes], at: float) -> str | None:
    return _score(captures["data"], captures["plid"].decode())


def scored_with_zeros(captures: Mapping[str, bytes], at: float) -> str | None:
    return _score(captures["data"], captures["padded"].decode())


def _score(data: bytes, player: str) -> str | None:
    """Returns what is wrong with the line of a game won with 5 right plays of 6."""
    lines = [line.split() for line in data.decode("latin-1").splitlines()]
    own = next((line for line in lines if player in line), None)
    if own is None:
        return f"no line of the file has the player {player}"
    if len(own) != 5 or not re.fullmatch(r"[0-9]{3}", own[0]) or not 1 <= int(own[0]) <= 100:
        return "a line of the file is a score from 001 to 100, PLID, word, successes, trials"
    if own[2].lower() != _WORD:
        return f"the word was {_WORD}"
    if own[3:] != ["5", "6"]:
        return "5 of 6 trials were right: the line ends with 5 6"
    return None


def counts_up(captures: Mapping[str, bytes], at: float) -> str | None:
    data = captures["data"]
    wanted = bytes(range(256)) * (len(data) // 256 + 1)
    if wanted.startswith(data):
        return None
    wrong = next(n for n, byte in enumerate(data) if byte != wanted[n])
    return f"byte {wrong} of the file is another than in the hint"

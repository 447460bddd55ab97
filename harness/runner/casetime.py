"""The time of a case: its one deadline, and what puts it off.

Belongs here: the arithmetic of one case's time. Must not know: what is awaited, what a clock
says now: all times are given, in seconds of one clock.
"""

from __future__ import annotations

_MOST = 4
"""Times its seconds that a case may take while what comes is right."""


class CaseTime:
    """Ends `seconds` after the start, or after the last thing that came and was right.

    So a slow target is not failed in the middle of a right answer; but it has not more than
    four times these seconds in all.
    """

    def __init__(self, start: float, seconds: float, extra: float = 0.0) -> None:
        """`extra` is what a program has on top until it first shows itself."""
        self.seconds = seconds
        self._end = start + seconds + extra
        self._last = start + _MOST * seconds + extra

    def left(self, now: float) -> float:
        """Returns the seconds that are left; negative when they are over."""
        return self._end - now

    def given(self) -> float:
        """Returns the seconds that were waited for the last thing in vain."""
        return _MOST * self.seconds if self._end >= self._last else self.seconds

    def shown(self, now: float) -> None:
        """Begins when a program first shows itself, at the latest."""
        self._end = min(self._end, now + self.seconds)
        self._last = min(self._last, now + _MOST * self.seconds)

    def begin_anew(self, now: float) -> None:
        """Gives all of it once more."""
        self._end = now + self.seconds
        self._last = now + _MOST * self.seconds

    def put_off(self, seconds: float) -> None:
        """Adds what was not the target's time."""
        self._end += seconds
        self._last += seconds

    def goes_on(self, came: float) -> bool:
        """Says whether there is more since something came that is right, and when it did."""
        end = min(came + self.seconds, self._last)
        if end <= self._end:
            return False
        self._end = end
        return True

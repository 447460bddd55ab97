"""What the small suites ask of captured values that YAML should not say."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

_FROM_1900_TO_1970 = 2_208_988_800  # seconds; RFC 868 gives the same number
_TOLERANCE = 2.0  # seconds between the target's clock and ours
_QUARTER, _FARTHEST = 900, 57  # seconds of a quarter of an hour; quarters between a zone and GMT
_FORMS = (
    "%A, %B %d, %Y %H:%M:%S-%Z",  # RFC 867, first form
    "%d %b %y %H:%M:%S %Z",  # RFC 867, second form (SMTP)
    "%d %b %Y %H:%M:%S %Z",  # xinetd
    "%a %b %d %H:%M:%S %Y",  # ctime(), BSD inetd
    "%a %b %d %H:%M:%S %Z %Y",  # date(1), Java
    "%a, %d %b %Y %H:%M:%S %Z",  # RFC 1123, HTTP
    "%Y-%m-%d %H:%M:%S",
    "%Y-%m-%d %H:%M:%S.%f",
    "%Y-%m-%dT%H:%M:%S",
    "%Y-%m-%dT%H:%M:%SZ",
    "%d/%m/%Y %H:%M:%S",
)


def not_the_same(captures: Mapping[str, bytes], at: float) -> str | None:
    if captures["first"] == captures["second"]:
        return "both answers are to the same datagram, the other one has none"
    return None


def the_next_number(captures: Mapping[str, bytes], at: float) -> str | None:
    lost, number = int(captures["lost"]), int(captures["number"])
    if number == lost:
        return f"number {lost} is sent again, where {lost + 1} was wanted: what is lost is given up"
    return None if number == lost + 1 else f"number {number} follows number {lost}"


def near_the_clock(captures: Mapping[str, bytes], at: float) -> str | None:
    told = int(captures["now"]) - _FROM_1900_TO_1970
    if abs(told - at) <= _TOLERANCE:
        return None
    wanted = int(at) + _FROM_1900_TO_1970
    reason = f"{captures['now'].decode()} is {told - at:+.0f} s off, {wanted} was wanted"
    quarters = (told - at) / _QUARTER  # zones differ by whole ones, half a day and more at most
    local = abs(quarters) < _FARTHEST and abs(quarters - round(quarters)) * _QUARTER < _TOLERANCE
    return f"{reason}: that is local time, not GMT" if local else reason


def not_earlier(captures: Mapping[str, bytes], at: float) -> str | None:
    first, second = int(captures["first"]), int(captures["second"])
    return f"{second} is earlier than {first}, which was told before" if second < first else None


def date_near_the_clock(captures: Mapping[str, bytes], at: float) -> str | None:
    told = _date(captures["date"].decode("ascii"))
    if told is None:  # RFC 867 rules no form out
        return None
    clocks = (datetime.fromtimestamp(at, zone).replace(tzinfo=None) for zone in (UTC, None))
    off = min(abs((told - clock).total_seconds()) for clock in clocks)
    return f"the date is {off:.0f} s off the clock" if off > _TOLERANCE else None


def date_not_earlier(captures: Mapping[str, bytes], at: float) -> str | None:
    first, second = (_date(captures[name].decode("ascii")) for name in ("first", "second"))
    if first is not None and second is not None and second < first:
        return f"{second} is earlier than {first}, which was told before"
    return None


def _date(text: str) -> datetime | None:
    for form in _FORMS:
        try:
            return datetime.strptime(" ".join(text.split()), form)
        except ValueError:
            continue
    return None

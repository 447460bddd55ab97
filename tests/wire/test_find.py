"""Where a message stands in what was printed."""

import pytest

from harness.wire.framing import DATAGRAM
from harness.wire.reading import parse

ROWS = [
    ("done", b"well done, done", (5, 9)),
    ("done", b"do ne", None),
    ("{_:digits(3)}", b"12 345 678", (3, 6)),
    ("{n:int} ms", b"it took 12 ms\n", (8, 13)),
    ("{n:int(1..9)} ms", b"12 ms, 7 ms", (7, 11)),
    ("{_:like(a+)}", b"bbb", None),
    ("{_:like(a*)}", b"bbb", None),
    ("{_:like(a*)}", b"baab", (1, 3)),
    (r"{_:like((?<![0-9])[0-9]\.5)}", b"12.5 3.5", (5, 8)),
    ("{size:int}:{data:bytes(size)}", b"got 3:abcdef", (4, 9)),
    ("{size:int}:{data:bytes(size)}", b"got 3:ab", None),
]


@pytest.mark.parametrize(("message", "data", "span"), ROWS, ids=[row[0] for row in ROWS])
def test_it_is_found_where_it_first_stands(message, data, span):
    assert parse(message).bind({}, DATAGRAM).find(data) == span

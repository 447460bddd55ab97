"""Bytes of programs: all shown, the first difference marked, none obeyed."""

import pytest
from test_markup import Parsed

from harness.grading.pages.quoting import comparison, log, of_bytes
from harness.grading.result import Compared


def marked(html):
    """Returns the texts that are marked."""
    return [each.split("</mark>")[0] for each in html.split("<mark>")[1:]]


def test_every_byte_is_shown():
    told = Parsed(of_bytes(bytes(range(256)))).text
    assert told.startswith("\\x00\\x01")
    assert '!"#' in told
    assert "<=>" in told
    assert told.endswith("\\xfe\\xff")


def test_a_line_ends_between_escapes():
    assert "b<i>\\x00<wbr>\\n</i>c" in of_bytes(b"b\x00\nc")


def test_what_is_longer_is_told():
    assert Parsed(of_bytes(b"abcdef", most=4)).text == "abcd and 2 bytes more"
    assert Parsed(of_bytes(b"abcd", size=1234)).text == "abcd and 1,230 bytes more"


@pytest.mark.parametrize(
    ("expected", "actual", "offset", "start", "marks", "words"),
    [
        (b"HELLO\n", b"HELLx\n", 4, 0, ["O", "x"], "byte 5 is &quot;x&quot; (78), not"),
        (b"AB", b"A", 1, 0, ["B", " "], "byte 2 is missing"),
        (b"A", b"A\n", 1, 0, [" ", "<i>\\n</i>"], "more than was expected"),
        (b"xyz", b"xyq", 1002, 1000, ["z", "q"], "byte 1,003 is &quot;q&quot; (71), not"),
        (None, b"abc", 1, 0, ["b"], "byte 2 is &quot;b&quot; (62)"),
        (b"A", None, 0, 0, [], "nothing came"),
        (b"A", b"", 0, 0, [], "no bytes at all"),
        (b"A", b"A", None, 0, [], "actual"),
    ],
)
def test_the_first_difference_is_marked(expected, actual, offset, start, marks, words):
    told = comparison(Compared("<wanted>", expected, actual, offset, start))
    assert marked(told) == marks
    assert words in told
    assert "<wanted>" not in told
    assert ("&lt;wanted&gt;" in told) is (expected is None)


def test_the_columns_begin_before_the_difference():
    told = comparison(Compared("", b"0123456789abcdef", b"0123456789Xbcdef", 10, 100))
    head = told.split("<thead>")[1].split("</thead>")[0]
    assert '>byte</th><th scope="col">105</th>' in head
    assert '<th scope="col" class="differs">111</th>' in head


def test_a_log_keeps_its_lines_and_loses_its_power():
    told = Parsed(log(b"\tone\r\ntwo\x1b[2J<b>\n\xff\n", "Log"))
    assert told.text == "    one\ntwo\\x1b[2J<b>\n\\xff"


def test_of_a_long_log_the_end_is_shown():
    told = Parsed(log(b"".join(b"line %d\n" % each for each in range(500)), "Log")).text
    assert told.splitlines()[0] == "... 300 lines before"
    assert told.splitlines()[-1] == "line 499"

"""The sequence: who says what, in order, the middle of a long one left out."""

from shown import TALK, failed
from test_markup import Parsed

from harness.grading.pages.sequence import sequence
from harness.grading.result import Said


def lines(html):
    return [Parsed(each).text for each in html.split("<li")[1:]]


def test_pieces_of_one_message_are_one_line():
    told = lines(sequence(failed(reason="")))
    assert len(told) == len(TALK) - 1
    assert "hel lo\\n 6 bytes in 2 pieces" in told[1]


def test_sides_and_times_are_told():
    html = sequence(failed(reason="so"))
    assert [each.split('"')[1] for each in html.split("<li class=")[1:]] == [
        "client arrow", "client arrow", "server arrow", "server arrow broken", "end fail",
    ]  # fmt: skip
    assert "1.4 ms" in html
    assert "1.25 s" in html
    assert "server</b> the program" in html


def test_names_are_told_where_there_are_several():
    other = Said(2.0, "says", True, "bob", b"x", 1)
    assert "alice " not in sequence(failed())
    assert "bob " in sequence(failed(conversation=(*TALK, other)))


def test_the_middle_of_a_long_one_is_left_out():
    said = [Said(at / 10, "says", at % 2 == 0, "a", b"%d" % at, len(str(at))) for at in range(60)]
    told = lines(sequence(failed(conversation=tuple(said), left_out=100, reason="")))
    assert len(told) == 25
    assert "136 entries are left out here" in told[9]
    assert told[8].endswith(" 8")
    assert told[-1].endswith("59")
    assert told[10].endswith("45")

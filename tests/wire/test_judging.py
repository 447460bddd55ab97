"""Judging, held against a naive reference: every string over a small alphabet."""

from functools import cache
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.wire.framing import DATAGRAM, LINE, Framing, FramingKind
from harness.wire.message import Matched, Mismatch, More
from harness.wire.parts import Hole, Literal
from harness.wire.reading import parse

CRLF = Framing(FramingKind.CRLF)
BARS = Framing(FramingKind.DELIMITER, delimiter=b"||")
CLOSE = Framing(FramingKind.CLOSE)
MUCH = "more than the message"

# -- the reference -------------------------------------------------------------------------

_KINDS = {
    "digits": str.isdigit,
    "letters": str.isalpha,
    "alnum": str.isalnum,
    "word": lambda c: c not in " \r\n",
    "line": lambda c: c not in "\r\n",
    "ascii": lambda c: " " <= c <= "~",
    "bytes": lambda c: True,
    "rest": lambda c: True,
    "int": str.isdigit,
}


def takes(hole, text):
    if hole.kind == "one":
        return text in hole.words
    if not all(_KINDS[hole.kind](character) for character in text):
        return False
    if hole.kind == "int":
        most = hole.high if hole.high is not None else int(text or 0)
        return 1 <= len(text) <= 20 and hole.low <= int(text) <= most
    return hole.low <= len(text) <= (len(text) if hole.high is None else hole.high)


def matches(parts, text):
    """Says whether the parts match all of a text: tries every way."""
    if not parts:
        return not text
    first, rest = parts[0], parts[1:]
    if isinstance(first, Literal):
        literal = first.data.decode()
        return text.startswith(literal) and matches(rest, text[len(literal) :])
    return any(
        takes(first, text[:size]) and matches(rest, text[size:]) for size in range(len(text) + 1)
    )


@cache
def language(template, alphabet):
    """Returns all texts of up to 8 characters that a template matches, and their beginnings."""
    parts = parse(template).parts
    texts = ("".join(each) for size in range(9) for each in product(alphabet, repeat=size))
    whole = {text for text in texts if matches(parts, text)}
    return whole, {text[:size] for text in whole for size in range(len(text) + 1)}


TEMPLATES = [
    ("a{x:digits(1..2)}\n", "a1\n"),
    ("{x:digits(1..2)}{y:digits(1)}a", "a1\n"),
    ("{x:alnum(1..2)}{y:digits(0..1)}{z:letters(1)}", "a1\n"),
    ("{x:word}\n", "a1\n"),
    ("{x:line}\n", "a1\n"),
    ("{x:line}a{y:line}\n", "a1\n"),
    ("{x:line}aa{y:line}1\n", "a1\n"),
    ("{x:word} {y:word}", "a \n"),
    ("{x:line} {y:word}\n", "a \n"),
    ("{x:word}{y:word}", "a \n"),
    ("{x:bytes(0..2)}a{y:bytes(1)}", "a1\n"),
    ("{x:rest}a1", "a1\n"),
    ("a{x:rest}", "a1\n"),
    ("{x:one(a aa a1)}1\n", "a1\n"),
    ("{x:one(a aa)}{y:one(a 1a)}", "a1\n"),
    ("{x:int}a", "a01"),
    ("{x:int(2..15)}a", "a15"),
    ("{x:int(10..15)}a", "a15"),
    ("{x:int(1..6)}", "06a"),
    ("a{x:int(11..11)}", "a01"),
    ("{x:int}{y:digits(1)}a", "a01"),
]
IDS = [template for template, _ in TEMPLATES]


def strings(alphabet):
    return ("".join(each) for size in range(5) for each in product(alphabet, repeat=size))


def agreeing(text, beginnings):
    return max(size for size in range(len(text) + 1) if text[:size] in beginnings)


@pytest.mark.parametrize(("template", "alphabet"), TEMPLATES, ids=IDS)
def test_a_datagram_is_judged_as_the_reference_does(template, alphabet):
    whole, beginnings = language(template, alphabet)
    judge = parse(template).bind({}, DATAGRAM)
    for text in strings(alphabet):
        judged = judge.judge(text.encode(), ended=True)
        if text in whole:
            assert isinstance(judged, Matched), text
            assert judged.length == len(text)
        else:
            assert isinstance(judged, Mismatch), text
            assert judged.offset == agreeing(text, beginnings), text


SELF_ENDING = [row for row in TEMPLATES if parse(row[0]).parts[-1] != Hole("x", "rest")]
SELF_ENDING = [
    row for row in SELF_ENDING
    if isinstance(last := parse(row[0]).parts[-1], Literal) or last.fixed
]  # fmt: skip


@pytest.mark.parametrize(("template", "alphabet"), SELF_ENDING, ids=[row[0] for row in SELF_ENDING])
def test_a_stream_is_judged_as_the_reference_does(template, alphabet):
    whole, beginnings = language(template, alphabet)
    judge = parse(template).bind({}, LINE)
    for text in strings(alphabet):
        judged = judge.judge(text.encode(), ended=False)
        sizes = [size for size in range(len(text) + 1) if text[:size] in whole]
        if sizes:
            assert isinstance(judged, Matched), text
            assert judged.length in sizes
        elif text in beginnings:
            assert isinstance(judged, More), text
            assert judge.judge(text.encode(), ended=True) == Mismatch(len(text))
        else:
            assert isinstance(judged, Mismatch), text
            assert judged.offset == agreeing(text, beginnings), text


# -- tables --------------------------------------------------------------------------------

ROWS = [
    ("exact", "abc", LINE, b"abcd", False, Matched(3)),
    ("exact-more", "abc", LINE, b"ab", False, More()),
    ("exact-ended", "abc", LINE, b"ab", True, Mismatch(2)),
    ("exact-other", "abc", LINE, b"abX", False, Mismatch(2)),
    ("exact-datagram-long", "abc", DATAGRAM, b"abcd", True, Mismatch(3, MUCH)),
    ("empty-datagram", "", DATAGRAM, b"", True, Matched(0)),
    ("empty-wanted", "", DATAGRAM, b"x", True, Mismatch(0, MUCH)),
    ("capture", "a {x:word} b\n", LINE, b"a xyz b\nnext", False, Matched(8, {"x": b"xyz"})),
    ("framed", "a {x:word}", LINE, b"a xyz\nnext", False, Matched(6, {"x": b"xyz"})),
    ("framed-crlf", "a {x:word}", CRLF, b"a xyz\r\nnext", False, Matched(7, {"x": b"xyz"})),
    ("half-a-delimiter", "a {x:word}", CRLF, b"a xyz\r", False, More()),
    ("half-a-delimiter-ended", "a {x:word}", CRLF, b"a xyz\r", True, Mismatch(5, MUCH)),
    ("no-delimiter", "{x:digits(1..3)}", BARS, b"12|x", False, Mismatch(2, MUCH)),
    ("bars", "{x:digits(1..3)}", BARS, b"12||", False, Matched(4, {"x": b"12"})),
    ("close", "{x:rest}", CLOSE, b"all\nof it", True, Matched(9, {"x": b"all\nof it"})),
    ("close-not-yet", "{x:rest}", CLOSE, b"all\nof it", False, More()),
    ("too-high", "n {x:int(1..6)}\n", LINE, b"n 12\n", False, Mismatch(3, "12 is not from 1 to 6")),
    ("too-high-at-once", "n {x:int(1..6)}\n", LINE, b"n 9", False, Mismatch(2)),
    ("leading-zero", "n {x:int(1..6)}\n", LINE, b"n 006\n", False, Matched(6, {"x": b"006"})),
    ("zero-too-low", "n {x:int(1..6)}\n", LINE, b"n 0\n", False,
     Mismatch(3, "0 is not from 1 to 6")),
    ("21-digits", "{x:int}\n", LINE, b"1" * 21 + b"\n", False, Mismatch(20)),
    ("sized", "{n:int} {d:bytes(n)}\n", LINE, b"3 a\nb\nrest", False,
     Matched(6, {"n": b"3", "d": b"a\nb"})),
    ("sized-more", "{n:int} {d:bytes(n)}\n", LINE, b"3 ab", False, More()),
    ("sized-ended", "{n:int} {d:bytes(n)}\n", LINE, b"3 ab", True, Mismatch(4)),
    ("sized-behind", "{n:int} {d:bytes(n)}\n", LINE, b"2 abX", False, Mismatch(4)),
    ("sized-nothing", "{n:int} {d:bytes(n)}\n", LINE, b"0 \n", False,
     Matched(3, {"n": b"0", "d": b""})),
    ("sized-by-no-number", "{n:word} {d:bytes(n)}\n", LINE, b"x ab\n", False,
     Mismatch(2, "n counts bytes, and is no number")),
    ("repeats", "{x:word} {x}\n", LINE, b"ab ab\n", False, Matched(6, {"x": b"ab"})),
    ("repeats-not", "{x:word} {x}\n", LINE, b"ab aX", False, Mismatch(4)),
    ("repeats-filtered", "{x:word} {x|upper}\n", LINE, b"ab AB\n", False, Matched(6, {"x": b"ab"})),
    ("repeats-length", "{x:word} {x|length}\n", LINE, b"abc 3\n", False, Matched(6, {"x": b"abc"})),
    ("like", r"{x:like([a-c]+)}!", LINE, b"abca!", False, Matched(5, {"x": b"abca"})),
    ("like-not-yet", r"{x:like([a-c]+)}!", LINE, b"abX", False, More()),
    ("like-before", r"v{x:like([a-c]+)}!", LINE, b"w", False, Mismatch(0)),
    ("like-gives-back", r"{x:like(.+)}!\n".replace("\\n", "\n"), LINE, b"a!b!\n", False,
     Matched(5, {"x": b"a!b"})),
    ("longest-word", "{x:one(OK OKAY)}\n", LINE, b"OKAY\n", False, Matched(5, {"x": b"OKAY"})),
]  # fmt: skip


@pytest.mark.parametrize(
    ("template", "framing", "data", "ended", "wanted"),
    [row[1:] for row in ROWS],
    ids=[row[0] for row in ROWS],
)
def test_a_judgement(template, framing, data, ended, wanted):
    assert parse(template).bind({}, framing).judge(data, ended) == wanted


def test_holes_take_as_much_as_those_behind_let_them():
    judge = parse("{a:word}{b:word}{c:digits(0..2)}\n").bind({}, LINE)
    found = judge.judge(b"abc12\n", ended=False)
    assert found == Matched(6, {"a": b"abc1", "b": b"2", "c": b""})


def test_a_name_that_is_bound_later_means_the_one_from_before():
    judge = parse("{x} {x:word}\n").bind({"x": b"old"}, LINE)
    assert judge.judge(b"old new\n", ended=False) == Matched(8, {"x": b"new"})


# -- hostile bytes -------------------------------------------------------------------------

GREEDY = [
    "{a:line}\n",
    "{a:line} {b:line}\n",
    "{a:word}{b:word}{c:word}X",
    "{a:line}a{b:line}a{c:line}\n",
    "{a:bytes(0..100)}{b:letters(1..50)}{c:alnum(3)}\n",
    "{_:rest}done{_:rest}",
    "{a:line}{n:int}\n",
    "{a:line}one{s:one(a ab aaa)}{b:line}x\n",
    "{n:int} {d:bytes(n)}\n",
    "{a:word} {a}\n",
]


@pytest.mark.parametrize("template", GREEDY)
def test_no_bytes_make_it_slow(template):
    """Any way that tries one split after the other would take hours here."""
    for framing in (LINE, DATAGRAM):
        judge = parse(template).bind({}, framing)
        for data in (b"a" * 300_000, b"1" * 300_000, b"a" * 300_000 + b"X\n"):
            judge.judge(data, ended=False)
            judge.judge(data, ended=True)


@settings(max_examples=200, derandomize=True, deadline=None)
@given(st.sampled_from(GREEDY), st.binary(max_size=60), st.booleans())
def test_any_bytes_are_judged(template, data, ended):
    judged = parse(template).bind({}, LINE).judge(data, ended)
    if isinstance(judged, Mismatch):
        assert 0 <= judged.offset <= len(data)
        assert judged.offset < len(data) or ended

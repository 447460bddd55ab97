"""Templates: what they produce, what they need, and that what is produced is taken back."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.errors import HarnessError
from harness.wire import template
from harness.wire.framing import CLOSE, DATAGRAM, LINE
from harness.wire.message import Matched, Mismatch, More
from harness.wire.parts import Hole, Literal, Reference, TemplateError
from harness.wire.reading import parse

FEW = settings(max_examples=150, derandomize=True, deadline=None)
SCOPE = {"word": b"abc", "raw": b"\xff\0{"}

PRODUCED = [
    ("plain", "hello\n", b"hello\n"),
    ("reference", "<{word}>", b"<abc>"),
    ("upper", "{word|upper}", b"ABC"),
    ("lower", "{word|lower}", b"abc"),
    ("length", "{word|length}", b"3"),
    ("reverse", "{word|reverse}", b"cba"),
    ("braces", "{{{word}}}", b"{abc}"),
    ("raw", "{raw}", b"\xff\0{"),
    ("text", "é", "é".encode()),
    ("nothing", "", b""),
]


@pytest.mark.parametrize(
    ("text", "data"), [row[1:] for row in PRODUCED], ids=[row[0] for row in PRODUCED]
)
def test_produces(text, data):
    assert parse(text).produce(SCOPE) == data


@pytest.mark.parametrize(
    ("text", "told"),
    [("{nobody}", "nothing has bound the name 'nobody'"), ("a {n:int}", "has a hole")],
    ids=["unbound", "open"],
)
def test_what_cannot_be_produced_is_told(text, told):
    with pytest.raises(HarnessError, match=told):
        parse(text).produce(SCOPE)


WRONG = [
    ("brace", "a {", 2, "a literal brace is written"),
    ("brace-behind", "a }", 2, "a literal brace is written"),
    ("no-name", "ab{}", 2, "wanted {name}"),
    ("filter", "{a|shout}", 0, "unknown filter 'shout'"),
    ("type", "{a:number}", 0, "unknown type 'number'"),
    ("one-of-none", "{a:one()}", 0, "one() wants its words"),
    ("like-nothing", "{a:like()}", 0, "wants a regular expression"),
    ("like-broken", "{a:like([)}", 0, "is no regular expression"),
    ("like-with-a-group", "{a:like((a)b)}", 0, "has a group"),
    ("how-many", "{a:digits}", 0, "digits wants how many"),
    ("bounds", "{a:digits(5..1)}", 0, "wanted bounds"),
    ("sized-by-nothing", "{a:digits(n)}", 0, "wanted bounds"),
]


@pytest.mark.parametrize(
    ("text", "offset", "told"), [row[1:] for row in WRONG], ids=[row[0] for row in WRONG]
)
def test_a_wrong_text_is_told_with_its_place(text, offset, told):
    with pytest.raises(TemplateError) as caught:
        parse(text)
    assert told in caught.value.message
    assert caught.value.offset == offset


def test_names():
    read = parse("{x} {n:int} {d:bytes(n)} {d} {m:bytes(size)} {_:word}")
    assert read.captures == {"n", "d", "m"}
    assert read.references == {"x", "size"}
    assert read.open
    assert not parse("{x}").open


@pytest.mark.parametrize(
    ("made", "vacuous"),
    [
        (template.anything(), True),
        (template.octets(0, None), True),
        (template.octets(1, None), False),
        (parse("{_:rest}{_:rest}"), True),
        (parse("a{_:rest}"), False),
        (parse(""), False),
    ],
    ids=["any", "bytes", "one-byte", "twice", "begun", "nothing"],
)
def test_vacuous(made, vacuous):
    assert made.vacuous is vacuous


def test_made_from_others():
    made = template.joined([template.literal(b"a"), parse("b{x}"), template.literal(b"")])
    assert made.parts == (Literal(b"ab"), Reference("x"))
    assert template.repeated(parse("ab"), 3).parts == (Literal(b"ababab"),)
    assert template.repeated(parse("ab"), 0).parts == ()


def test_values_are_put_in():
    values = {"x": parse("v{y}"), "n": parse("3"), "w": parse("abc")}
    made = template.substituted(parse("{x} {d:bytes(n)} {w|upper}{z}"), values)
    wanted = (Literal(b"v"), Reference("y"), Literal(b" "), Hole("d", "bytes", 3, 3),
              Literal(b" ABC"), Reference("z"))  # fmt: skip
    assert made.parts == wanted


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("{x|upper}", "{_:word}"),
        ("{x|upper}", "a {y|lower}"),
        ("{x|length}", "a {y}"),
        ("{x|reverse}", "{y|upper}"),
        ("{d:bytes(x)}", "1{y}"),
        ("{d:bytes(x)}", "{y|length}"),
    ],
)
def test_a_value_that_is_not_known_yet_cannot_be_counted_or_changed(text, value):
    with pytest.raises(TemplateError, match=r"whose value is not known here: give .* of its own"):
        template.substituted(parse(text), {"x": parse(value)})


@pytest.mark.parametrize(
    ("text", "value", "made"),
    [
        ("{x|length}", "{y}", "{y|length}"),
        ("{x|upper}", "a{y}", "A{y|upper}"),
        ("{x|length}", "", "0"),
        ("{d:bytes(x)}", "{y}", "{d:bytes(y)}"),
    ],
)
def test_a_single_reference_takes_a_filter_over(text, value, made):
    assert template.substituted(parse(text), {"x": parse(value)}) == parse(made)


TEXTS = [
    "{{a}} {x} {n:int(1..6)} {_:word}{d:bytes(n)}{s:one(a b)}{w|upper}{l:like(a+)}{r:rest}",
    "",
]


@pytest.mark.parametrize("text", TEXTS, ids=["all", "nothing"])
def test_a_description_reads_as_the_same_template(text):
    assert parse(parse(text).describe()) == parse(text)


# -- what is produced is taken back ----------------------------------------------------------

VALUES = {
    "int": st.integers(0, 10**9).map(lambda n: b"%d" % n),
    "word": st.text("ab1-", min_size=1, max_size=8).map(str.encode),
    "letters(1..8)": st.text("abXY", min_size=1, max_size=8).map(str.encode),
    "line": st.text("ab 1\t", max_size=8).map(str.encode),
    "bytes(3)": st.binary(min_size=3, max_size=3),
    "one(OK NOK)": st.sampled_from([b"OK", b"NOK"]),
}


@st.composite
def filled(draw):
    """A template of holes with an end behind each, its bytes, and what each hole holds."""
    text, data, held, opened = "", b"", {}, set()
    for at in range(draw(st.integers(1, 4))):
        kind = draw(st.sampled_from(sorted(VALUES)))
        value = draw(VALUES[kind])
        mark = f"<{at}>"
        text += f"{mark}{{h{at}:{kind}}}\r\n"
        data += mark.encode()
        opened |= set(range(len(data), len(data) + len(value)))
        data += value + b"\r\n"
        held[f"h{at}"] = value
    return text, data, held, opened


@FEW
@given(filled(), st.data())
def test_what_fills_the_holes_is_captured_and_every_beginning_wants_more(made, data):
    text, whole, held, _ = made
    stream, datagram = parse(text).bind({}, LINE), parse(text).bind({}, DATAGRAM)
    assert stream.judge(whole + b"next", ended=False) == Matched(len(whole), held)
    assert datagram.judge(whole, ended=True) == Matched(len(whole), held)
    cut = data.draw(st.integers(0, len(whole) - 1))
    assert stream.judge(whole[:cut], ended=False) == More()
    for judge in (stream, datagram):
        judged = judge.judge(whole[:cut], ended=True)
        assert isinstance(judged, Mismatch)
        assert judged.offset == cut


@FEW
@given(filled(), st.sampled_from(["changed", "dropped", "added"]), st.integers(0, 255), st.data())
def test_no_byte_outside_a_hole_can_be_otherwise(made, how, byte, data):
    text, whole, held, opened = made
    closed = [at for at in range(len(whole)) if at not in opened and at - 1 not in opened]
    at = data.draw(st.sampled_from(closed))
    new = bytes([byte if byte != whole[at] else byte ^ 1]) if how == "changed" else b""
    if how == "added":
        new = bytes([byte, whole[at]])
    judged = parse(text).bind({}, DATAGRAM).judge(whole[:at] + new + whole[at + 1 :], ended=True)
    taken_in = isinstance(judged, Matched) and dict(judged.captures) != held
    assert isinstance(judged, Mismatch) or taken_in


@pytest.mark.parametrize("framing", [LINE, CLOSE, DATAGRAM], ids=["line", "close", "datagram"])
def test_equal_templates_share_their_judge(framing):
    assert parse("a{x:word}\n").bind({}, framing) is parse("a{x:word}\n").bind({}, framing)

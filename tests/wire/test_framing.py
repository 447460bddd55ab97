"""Framings: each message fed whole, byte by byte, and with what comes behind it."""

import pytest

from harness.wire.framing import CLOSE, DATAGRAM, LINE, Framing, FramingKind, end_of_message

CRLF = Framing(FramingKind.CRLF)
BARS = Framing(FramingKind.DELIMITER, delimiter=b"||")
FIVE = Framing(FramingKind.FIXED, size=5)
COUNTED = Framing(FramingKind.LENGTH, size=2)
HTTP = Framing(FramingKind.HTTP)

HEAD = b"HTTP/1.1 200 OK\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
ZIPPED = HEAD + b"Transfer-Encoding: gzip, Chunked\r\n\r\n"
MESSAGES = [
    ("line", LINE, b"a line\n"),
    ("empty-line", LINE, b"\n"),
    ("line-with-cr", LINE, b"a\rb\r\n"),
    ("crlf", CRLF, b"a line\r\n"),
    ("crlf-with-lf", CRLF, b"a\nb\rc\r\n"),
    ("delimiter", BARS, b"a|b||"),
    ("fixed", FIVE, b"a\nb\0c"),
    ("length", COUNTED, b"\0\3abc"),
    ("length-none", COUNTED, b"\0\0"),
    ("http-request", HTTP, b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"),
    ("http-post", HTTP, b"POST / HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc"),
    ("http-length", HTTP, HEAD + b"content-LENGTH:  4 \r\n\r\nbody"),
    ("http-no-body", HTTP, HEAD + b"Content-Length: 0\r\n\r\n"),
    ("http-204", HTTP, b"HTTP/1.1 204 No Content\r\n\r\n"),
    ("http-304", HTTP, b"HTTP/1.0 304 Not Modified\r\n\r\n"),
    ("http-100", HTTP, b"HTTP/1.1 100 Continue\r\n\r\n"),
    ("http-chunks", HTTP, CHUNKED + b"3\r\nabc\r\nA;x=y\r\n0123456789\r\n0\r\n\r\n"),
    ("http-trailer", HTTP, ZIPPED + b"1\r\na\r\n0\r\nX: y\r\n\r\n"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("framing", "message"), [row[1:] for row in MESSAGES], ids=[row[0] for row in MESSAGES]
)
def test_a_message_ends_where_it_ends(framing, message):
    assert end_of_message(message, framing) == len(message)
    assert end_of_message(message * 2, framing) == len(message)
    assert end_of_message(message + b"\xff", framing) == len(message)
    for size in range(len(message)):
        assert end_of_message(message[:size], framing) is None, message[:size]


@pytest.mark.parametrize("framing", [CLOSE, DATAGRAM], ids=["close", "datagram"])
def test_no_end_inside_the_bytes(framing):
    assert end_of_message(b"a\r\n\r\n||\n", framing) is None


OPEN = [
    ("until-close", HEAD + b"\r\nall that follows"),
    ("length-is-no-number", HEAD + b"Content-Length: many\r\n\r\n"),
    ("chunk-is-no-number", CHUNKED + b"xyz\r\n"),
    ("chunk-is-negative", CHUNKED + b"-5\r\nabc\r\n"),
    ("length-is-huge", HEAD + b"Content-Length: " + b"9" * 5000 + b"\r\n\r\n"),
    ("length-has-superscript", HEAD + b"Content-Length: \xb2\r\n\r\n"),
]


@pytest.mark.parametrize("data", [row[1] for row in OPEN], ids=[row[0] for row in OPEN])
def test_hostile_heads_raise_nothing(data):
    end = end_of_message(data, HTTP)
    assert end is None or 0 < end <= len(data)

"""Conversations: who says what stands on which side."""

import pytest

from harness.report.conversation import add_conversation, fitting, rows_of
from harness.report.page import Page
from harness.runner.outcome import Entry, Kind
from harness.spec.model import Role


def drawn(entries, target=Role.SERVER, width=80):
    page = Page(width)
    add_conversation(page, entries, target)
    return page.text().splitlines()


def said(by_client, data, who="client", at=0.0):
    return Entry(at, Kind.BYTES, by_client, who, data)


def test_the_client_speaks_on_the_left_and_the_server_on_the_right():
    head, ask, answer = drawn([said(True, b"ask\n"), said(False, b"ANSWER\n", at=0.0015)])
    assert head.index("client (the harness)") == ask.index('"ask\\n"')
    assert head.index("server (the target)") == answer.index('"ANSWER\\n"')
    assert "-->" in ask
    assert "<--" in answer
    assert answer.lstrip().startswith("1.5 ms")


def test_the_heads_tell_a_client_target():
    head = drawn([said(True, b"ask\n")], Role.CLIENT)[0]
    assert "client (the target)" in head
    assert "server (the harness)" in head


@pytest.mark.parametrize(
    ("entry", "shown"),
    [
        (Entry(0, Kind.OPEN, True, "client"), "connects  "),
        (Entry(0, Kind.CLOSE, False, "client", detail="RST"), "<--  closes RST"),
        (Entry(0, Kind.TYPED, True, "", b"login\n"), 'types "login\\n"'),
        (Entry(0, Kind.PRINTED, True, "", b"\x1b[31mred"), 'prints "\\x1b[31mred"'),
        (Entry(0, Kind.NOTE, False, "", detail="started again"), "(started again)"),
    ],
    ids=lambda value: value.kind.name if isinstance(value, Entry) else "",
)
def test_what_is_no_message_has_its_own_word(entry, shown):
    assert shown in drawn([entry], Role.CLIENT)[1] + "  "


def test_what_a_server_prints_is_no_part_of_the_conversation():
    said_and_printed = [said(True, b"ask"), Entry(0, Kind.PRINTED, False, "", b"log")]
    assert len(drawn(said_and_printed, Role.SERVER)) == 2
    assert len(drawn(said_and_printed, Role.CLIENT)) == 3


def test_pieces_of_one_speaker_are_one_row():
    rows = rows_of([said(True, bytes((each,))) for each in b"hello, world\n"], 31)
    assert len(rows) == 1
    assert rows[0].text.startswith('"h" "e" ')
    assert rows[0].text.endswith("(13 pieces)")
    assert len(rows[0].text) <= 31


def test_names_stand_where_there_are_several_clients():
    rows = rows_of([said(True, b"a", "alice"), said(True, b"b", "bob")], 31)
    assert [row.text for row in rows] == ['alice: "a"', 'bob: "b"']


def test_a_long_conversation_loses_its_middle():
    lines = drawn([said(each % 2 == 0, b"%d" % each) for each in range(100)])
    assert len(lines) == 15
    assert '"4"' in lines[5]
    assert "87 more lines" in lines[6]
    assert '"99"' in lines[-1]


def test_a_conversation_that_fits_is_whole():
    assert len(drawn([said(each % 2 == 0, b"%d" % each) for each in range(14)])) == 15


def test_no_conversation_no_heads():
    assert drawn([]) == []


@pytest.mark.parametrize("size", [1, 20, 29, 30, 31, 1000])
@pytest.mark.parametrize("columns", [12, 31, 80])
def test_a_payload_fits_its_column(size, columns):
    assert len(fitting(b"x" * size, columns)) <= max(columns, 14)


def test_a_long_payload_tells_its_size():
    assert fitting(b"x" * 4096, 24) == '"' + "x" * 11 + '..." 4,096 B'


def test_pieces_that_do_not_fit_are_counted():
    pieces = [said(True, b"a long piece of it", "alice"), said(True, b"x", "alice")]
    for column in range(24, 40):
        text = rows_of([*pieces, said(True, b"y", "bob")], column)[0].text
        assert text.endswith(("pieces)", "in 2 pieces", '"x"'))

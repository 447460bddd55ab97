"""What is shown of a program's output: the first error of a build, the exception, the tail."""

import pytest

from harness.report.output import build_lines, output_lines

GCC = (
    b"server.c: In function 'main':\n"
    b"server.c:4:30: error: expected ';' before 'int'\n"
    b"    4 |     int port = 7\n"
    + b"".join(b"server.c:%d:1: error: and another\n" % n for n in range(5, 30))
)
TRACE = (
    b"listening\n"
    b"Traceback (most recent call last):\n"
    b'  File "server.py", line 3, in <module>\n'
    b"    main()\n"
    b"ValueError: x\n"
)


def test_a_build_is_told_from_its_first_error():
    lines = build_lines(GCC, 60)
    assert lines[0] == "server.c:4:30: error: expected ';' before 'int'"
    assert len(lines) == 8


def test_a_linker_names_the_function_first():
    log = (
        b"ld: /tmp/x.o: in function `main':\nx.c:3: undefined reference to `f'\ncollect2: error: ld"
    )
    assert build_lines(log, 60)[0] == "x.c:3: undefined reference to `f'"


def test_a_build_without_the_word_is_told_by_its_end():
    assert build_lines(b"".join(b"line %d\n" % n for n in range(9)), 60)[-1] == "line 8"


@pytest.mark.parametrize("behind", [b"", b"".join(b"serving %d\n" % n for n in range(9))])
def test_a_traceback_is_told_up_to_its_exception(behind):
    assert output_lines(TRACE + behind, 60)[-2:] == ["    main()", "ValueError: x"]


def test_the_last_lines_are_safe():
    output = b"one\r\ntwo \x1b[2J\nol\xc3\xa1 \xff\n"
    assert output_lines(output, 60) == ["one", "two \\x1b[2J", "olá \\xff"]
    assert len(output_lines(b"x\n" * 99, 60)) == 5
    assert output_lines(b"", 60) == []

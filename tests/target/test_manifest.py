"""target.yaml, read strictly."""

import pytest

from harness.errors import SpecError
from harness.spec.model import Role
from harness.target.manifest import read_manifest, refuse_unfilled
from harness.verdict import Verdict


@pytest.fixture
def read(tmp_path):
    def read(text: str):
        (tmp_path / "target.yaml").write_text(text)
        return read_manifest(tmp_path / "target.yaml")

    return read


def test_all_of_it_is_read(read):
    manifest = read(
        """
role: server
implements: [uppercase-tcp]
run: ./GS words.txt -p {port}
build: [make clean, make]
language: c
port: 58000
features: [names]
parameters: {words: words.txt}
files: {words.txt: "one\\n"}
folders: [GAMES]
env: {LC_ALL: C}
needs: [xinetd]
breaks: [UPPER-1]
known:
  - {case: "late*", reason: too late, why: a known bug, sometimes: true}
  - {case: x, delivery: split, verdict: warn, reason: r, why: w}
"""
    )
    assert manifest.role is Role.SERVER
    assert manifest.build == ("make clean", "make")
    assert (manifest.run, manifest.port) == ("./GS words.txt -p {port}", 58000)
    assert manifest.files == {"words.txt": "one\n"}
    first, second = manifest.known
    assert (first.case, first.delivery, first.verdict) == ("late*", "*", Verdict.FAIL)
    assert (first.sometimes, second.sometimes) == (True, False)
    assert (second.delivery, second.verdict) == ("split", Verdict.WARN)
    assert second.place.line == 17


def test_one_command_builds(read):
    assert read("build: make all\n").build == ("make all",)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "empty"),
        ("rum: x", "rum"),
        ("run: a\nrun: b", "run"),
        ("role: sever", "sever"),
        ("language: cobol", "cobol"),
        ("port: many", "port"),
        ("port: 0", "port is from 1 to 65535, found 0"),
        ("port: 70000", "port is from 1 to 65535, found 70000"),
        ("build: {a: b}", "build"),
        ("known: [{case: x}]", "reason"),
        ("known: [{case: x, reason: r, why: w, verdict: pass}]", "pass"),
        ("run: [", "expected"),
        ("run: ./x 'a", "run is split as a shell does: No closing quotation"),
        ("run: './x {port'", "a literal brace is written twice"),
        ("files: {a: '{'}", "a literal brace is written twice"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(read, text, message):
    with pytest.raises(SpecError, match=message) as told:
        read(text)
    assert told.value.place.file.endswith("target.yaml")


@pytest.mark.parametrize(
    ("text", "line", "column", "name", "hint"),
    [
        (
            'role: server\nrun: "{program} --port {prt}"',
            2,
            24,
            "prt",
            "known are {program}, {host}",
        ),
        ("run: ./x{program} {port}", 1, 9, "program", "known are"),
        ("run: ./x {}", 1, 10, "", "known are"),
        ("run: ./x {word}", 1, 10, "word", "--param=word=VALUE"),
        ("files: {conf: 'a {prot} b'}", 1, 18, "prot", "{folder}, {own}"),
    ],
)
def test_a_placeholder_that_nothing_fills_is_told_where_it_stands(
    read, text, line, column, name, hint
):
    with pytest.raises(SpecError, match=f"nothing fills the placeholder {{{name}}}") as told:
        refuse_unfilled(read(text), ["own"], ["word"])
    assert (told.value.place.line, told.value.place.column) == (line, column)
    assert hint in told.value.hint
    assert told.value.line_text == text.splitlines()[line - 1]


def test_placeholders_that_are_filled_are_not_refused(read):
    text = "run: '{program} {host} {port:>5} -w {own} {{x}} {word}'\nfiles: {a: '{folder}'}"
    refuse_unfilled(read(text), ["own", "word"], ["word"])


def test_what_is_no_text_is_told(tmp_path):
    (tmp_path / "target.yaml").write_bytes(b"run: \xff")
    with pytest.raises(SpecError, match="cannot read it as UTF-8"):
        read_manifest(tmp_path / "target.yaml")

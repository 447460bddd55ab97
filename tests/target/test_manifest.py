"""target.yaml, read strictly."""

import pytest

from harness.errors import SpecError
from harness.spec.model import Role
from harness.target.manifest import read_manifest
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
        ("build: {a: b}", "build"),
        ("known: [{case: x}]", "reason"),
        ("known: [{case: x, reason: r, why: w, verdict: pass}]", "pass"),
        ("run: [", "expected"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(read, text, message):
    with pytest.raises(SpecError, match=message) as told:
        read(text)
    assert told.value.place.file.endswith("target.yaml")


def test_what_is_no_text_is_told(tmp_path):
    (tmp_path / "target.yaml").write_bytes(b"run: \xff")
    with pytest.raises(SpecError, match="cannot read it as UTF-8"):
        read_manifest(tmp_path / "target.yaml")

"""What is wrong in a spec file is told at its place, in one exact message.

Each file of bad/ has one mistake; its first line is what is told of it: line:column (with
the file where it is an included one), the message, and behind a bar the hint.
"""

from pathlib import Path

import pytest

from harness import library
from harness.errors import SpecError

BAD = Path(__file__).parent / "bad"
FILES = sorted(BAD.glob("*.yaml"))


@pytest.fixture(autouse=True)
def here(monkeypatch):
    monkeypatch.chdir(BAD)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_the_message(file):
    with pytest.raises(SpecError) as caught:
        library.suite(file.name)
    wrong = caught.value
    place = f"{wrong.place.line}:{wrong.place.column}"
    if wrong.place.file != file.name:
        place = f"{wrong.place.file}:{place}"
    hint = f" | {wrong.hint}".replace(str(library.home()), "SPECS") if wrong.hint else ""
    assert f"# {place}: {wrong.message}{hint}" == file.read_text().partition("\n")[0]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_the_line_is_shown_with_a_caret_under_the_place(file):
    with pytest.raises(SpecError) as caught:
        library.suite(file.name)
    wrong = caught.value
    lines = Path(wrong.place.file).read_text().splitlines()
    if not wrong.line_text:  # a file that is no text as a whole
        assert file.stem in ("control-character", "empty-file")
        return
    assert lines[wrong.place.line - 1] == wrong.line_text
    told = str(wrong).splitlines()
    assert told[0].startswith(f"{wrong.place.file}:{wrong.place.line}:{wrong.place.column}: ")
    assert told[1] == f"    {wrong.line_text}"
    assert told[2].index("^") == 3 + wrong.place.column


def test_there_are_enough():
    assert len(FILES) > 150

"""Files of a case with its row's values in them."""

import pytest

from harness.errors import Place, SpecError
from harness.spec.loader import load

SUITE = """\
suite: words
title: Words
roles: [server]
transport: tcp
requirements:
  WORDS-1: {{level: must, text: A word is told.}}
probe:
  - client: "?\\n"
  - server: "{{_:word}}\\n"
cases:
  - id: told
    purpose: The word of the file is told.
    verifies: [WORDS-1]
    rows:
      one: {{word: apple}}
      other: {{word: pear}}
    files: {{words.txt: "{content}\\n"}}
    exchange:
      - client: "?\\n"
      - server: "{{word}}\\n"
"""


class NoFiles:
    def read(self, path):
        raise SpecError(Place(path), "there is none")

    def hooks(self, path):
        raise SpecError(Place(path), "there is none")


def loaded(content="{word}"):
    return load("words.yaml", SUITE.format(content=content), NoFiles())


def test_a_row_s_values_stand_in_its_files():
    assert [case.files["words.txt"] for case in loaded().cases] == [b"apple\n", b"pear\n"]


def test_a_file_with_a_value_that_no_row_has_is_refused():
    with pytest.raises(SpecError, match="holes or references"):
        loaded(content="{wort}")

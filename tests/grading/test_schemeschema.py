"""The schema of schemes: what is shipped is what is made; it takes what is read, and no more."""

import json
import re
from pathlib import Path

import jsonschema
import pytest
import yaml
from graded import schemes, unhurried
from hypothesis import given

from harness.errors import SpecError
from harness.grading.schemefile import read_scheme
from harness.grading.schemeschema import schema
from harness.library import suite

ROOT = Path(__file__).parents[2]
DIALECT = jsonschema.Draft202012Validator
SCHEME = DIALECT(schema())
SUITES = [suite("uppercase-tcp")]

RIGHT = {
    "the least": "scheme: s",
    "a share of what passes": "{scheme: s, warned: 0, unstable: 0.5}",
    "words for it": "{scheme: s, unstable: person, feedback: none, partial: true}",
    "a case without points": "{scheme: s, cases: {restart: {points: 0, deliveries: {whole: 1}}}}",
    "no cases and no groups": "{scheme: s, cases: {}, groups: {}}",
    "verdicts that cost": "{scheme: s, deductions: [{reason: r, points: 1, cases: ['*'],"
    " verdicts: [warn, blocked]}]}",
    "what it rests on": "{scheme: s, must_pass: {cases: [restart]}, total: 1.5, step: 0.25}",
    "lateness": "{scheme: s, late: [{hours: 0, factor: 0}]}",
}
WRONG = {
    "no title": "total: 1",
    "an empty title": "scheme: ' '",
    "a number for a title": "scheme: 5",
    "no mapping": "[scheme]",
    "an unknown key": "{scheme: s, totals: 1}",
    "no total": "{scheme: s, total: 0}",
    "a text for a number": "{scheme: s, total: '20'}",
    "less than nothing": "{scheme: s, step: -1}",
    "more than all": "{scheme: s, warned: 2}",
    "half of what passes": "{scheme: s, unstable: half}",
    "an unknown level": "{scheme: s, feedback: some}",
    "a text for a flag": "{scheme: s, partial: 'no'}",
    "a list of cases": "{scheme: s, cases: [restart]}",
    "an unknown key of a case": "{scheme: s, cases: {restart: {point: 1}}}",
    "an unknown delivery": "{scheme: s, cases: {restart: {deliveries: {plane: 1}}}}",
    "no delivery": "{scheme: s, cases: {restart: {deliveries: {}}}}",
    "a group of nothing": "{scheme: s, groups: {a: {cap: 1}}}",
    "a group of no cases": "{scheme: s, groups: {a: {cases: []}}}",
    "a pattern twice": "{scheme: s, groups: {a: {cases: ['*', '*']}}}",
    "a text for a list": "{scheme: s, groups: {a: {cases: restart}}}",
    "no deductions": "{scheme: s, deductions: []}",
    "a deduction without reason": "{scheme: s, deductions: [{points: 1, cases: ['*']}]}",
    "a pass that costs": "{scheme: s, deductions: [{reason: r, points: 1, cases: ['*'],"
    " verdicts: [pass]}]}",
    "it rests on nothing": "{scheme: s, must_pass: {cap: 1}}",
    "a row without factor": "{scheme: s, late: [{hours: 1}]}",
    "a bonus for lateness": "{scheme: s, late: [{hours: 1, factor: 1.5}]}",
    "a mapping for rows": "{scheme: s, late: {hours: 1, factor: 1}}",
}


def test_the_shipped_file_is_what_is_made_now():
    made = json.dumps(schema(), indent=2) + "\n"
    told = "run `wireharness schema --scheme > specs/scheme.schema.json`"
    assert (ROOT / "specs" / "scheme.schema.json").read_text() == made, told
    DIALECT.check_schema(schema())


def test_the_scheme_of_the_guide_validates():
    text = re.search(r"```yaml\n(.*?)```", (ROOT / "docs" / "grading.md").read_text(), re.DOTALL)[1]
    assert text.startswith("# yaml-language-server: $schema=scheme.schema.json\n")
    assert [error.message for error in SCHEME.iter_errors(yaml.safe_load(text))] == []


@pytest.mark.parametrize("text", RIGHT.values(), ids=RIGHT)
def test_reader_and_schema_take_what_is_right(text):
    read_scheme("s.yaml", text, SUITES)
    assert [error.message for error in SCHEME.iter_errors(yaml.safe_load(text))] == []


@pytest.mark.parametrize("text", WRONG.values(), ids=WRONG)
def test_reader_and_schema_refuse_what_is_wrong(text):
    with pytest.raises(SpecError):
        read_scheme("s.yaml", text, SUITES)
    assert not SCHEME.is_valid(yaml.safe_load(text))


@unhurried
@given(schemes)
def test_every_scheme_that_there_can_be_fits(scheme):
    """Written as a lecturer would: each key by its name in the file, what is open left out."""
    assert [error.message for error in SCHEME.iter_errors(written(scheme))] == []


def written(scheme):
    """Returns a scheme as its file says it."""
    told = {
        "scheme": "s", "total": scheme.total, "step": scheme.step or None, "warned": scheme.warned,
        "unstable": scheme.unstable, "feedback": scheme.default.feedback,
        "partial": scheme.default.partial,
        "cases": {name: filled(each) for name, each in scheme.cases.items()},
        "groups": {each.id: filled(each, "id") for each in scheme.groups},
        "deductions": [filled(each) for each in scheme.penalties],
        "must_pass": filled(scheme.must_pass) if scheme.must_pass.cases else None,
        "late": [filled(each) for each in scheme.late],
    }  # fmt: skip
    return {name: each for name, each in told.items() if each not in (None, [])}


def filled(part, *without):
    """Returns the entries of a part that say something."""
    found = {name: getattr(part, name) for name in part.__slots__ if name not in without}
    listed = {name: [*each] if isinstance(each, tuple) else each for name, each in found.items()}
    return {name: each for name, each in listed.items() if each is not None}

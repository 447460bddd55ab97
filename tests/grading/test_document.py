"""Results as JSON: what is written is read again, by its shipped schema, and nothing else."""

import json
from pathlib import Path

import jsonschema
import pytest
from graded import case, judged_cases, unhurried
from hypothesis import given
from hypothesis import strategies as st

from harness.errors import UsageError
from harness.grading.document import from_json, to_json
from harness.grading.marks import marks
from harness.grading.result import Compared, Phase, PhaseName, Result, Said, Student
from harness.grading.schema import schema
from harness.grading.scheme import Scheme
from harness.verdict import Verdict

SHIPPED = Path(__file__).parents[2] / "specs" / "result.schema.json"
HOSTILE = "\x1b]0;x\x07 <script> \ud800 ::error::x \u202e =1+1"


def result(cases=(), **more):
    told = {"student": Student("s1", HOSTILE), "source": "a.zip", "seed": 7, **more}
    return Result(cases=tuple(cases), mark=marks(cases, Scheme()), **told)


FULL = result(
    [
        case(
            verdict=Verdict.FAIL,
            reason=HOSTILE,
            compared=Compared("a line", None, b"\0\xff", None),
            conversation=(Said(0.1, "says", True, "client", b"\x1b[2J", 4),),
            output=bytes(range(256)),
        )
    ],
    phases=(Phase(PhaseName.BUILD, Verdict.PASS, log=b"\r\n\x00"),),
)


def test_what_is_written_is_read_again():
    text = to_json(FULL)
    assert text.isascii()
    assert from_json(Result, text, "x") == FULL


@unhurried
@given(judged_cases(), st.binary(max_size=20), st.text(max_size=20))
def test_every_result_is_read_again_and_fits_the_schema(cases, output, name):
    one = result([*cases, case("bytes", output=output)], source=name)
    text = to_json(one)
    assert from_json(Result, text, "x") == one
    jsonschema.validate(json.loads(text), schema())


def test_the_shipped_schema_is_that_of_the_types():
    assert json.loads(SHIPPED.read_text()) == schema(), "run: wireharness schema --result"
    jsonschema.Draft202012Validator.check_schema(schema())


def changed(**more):
    return json.dumps({**json.loads(to_json(FULL)), **more})


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "Expecting value"),
        ("[]", "it is list, wanted dict"),
        (changed(seed="7"), ".seed is str, wanted int"),
        (changed(seed=True), ".seed is bool, wanted int"),
        (changed(marks={}), "unknown key 'marks'"),
        (changed(student={}), ".student: "),
        (changed(cases=[{"suite": 1}]), ".cases[0].suite is int, wanted str"),
        (changed(phases=[{"name": "hope", "verdict": "pass"}]), "'hope', wanted one of unpack"),
        (changed(phases=[{"name": "build", "verdict": "pass", "log": "%"}]), "is no base64"),
        ("[" * 100_000, "recursion"),
    ],
)
def test_what_is_no_result_is_refused(text, told):
    with pytest.raises(UsageError, match=r"r\.json: this is no result of ours") as caught:
        from_json(Result, text, "r.json")
    assert told in str(caught.value)

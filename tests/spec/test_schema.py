"""The JSON Schema: what is shipped is what is made, it takes what loads, and not what does not."""

import json
from pathlib import Path

import jsonschema
import pytest
import yaml

from harness.spec import keys
from harness.spec.model import Delivery, Ending, Level, Origin, Role, Transport
from harness.spec.schema import included, schema
from harness.wire.framing import FramingKind

SPECS = Path(__file__).parents[2] / "specs"
BAD = Path(__file__).parent / "bad"
DIALECT = jsonschema.Draft202012Validator
SUITE = DIALECT(schema())
INCLUDED = DIALECT(included())

SEEN_BY_EDITORS = [
    "unknown-key", "missing-key", "number-for-a-text", "nothing-for-a-text",
    "mapping-for-a-text", "text-for-a-list", "empty-list", "twice-in-a-list",
    "list-for-a-mapping", "mapping-for-a-list", "text-for-a-number", "negative-points",
    "text-for-a-flag", "fraction-for-a-whole", "suite-id", "unknown-role", "unknown-transport",
    "no-transport", "unknown-framing", "framing-of-two", "framing-fixed-zero", "requirement-id",
    "requirement-level", "requirement-without-text", "feature-id", "no-cases", "empty-probe",
    "target-role", "target-without-run", "parameter-kind", "parameter-of-two-kinds",
    "parameter-bounds-three", "parameter-bounds-text", "parameter-choice-empty",
    "parameter-name", "layout-empty", "layout-without-layer", "fields-without-layout",
    "case-id", "case-without-purpose", "delivery-unknown", "deliveries-empty", "rows-empty",
    "row-name", "row-value-name", "nobody-speaks", "two-speak", "unknown-act", "no-act",
    "two-acts", "says-and-payload", "number-said", "list-said", "opens-false", "silent-false",
    "closes-how", "exits-how", "exits-code", "from-unknown", "any-of-one", "any-of-two-acts",
    "any-of-number", "any-of-level", "repeat-never", "repeat-without-times",
    "payload-of-two-ways", "payload-of-no-way", "fill-without-times", "fill-never",
    "times-without-fill", "join-empty", "bytes-negative", "any-false",
]  # fmt: skip


def read(file):
    return yaml.safe_load(file.read_text())


def test_it_is_a_schema():
    DIALECT.check_schema(schema())


def test_the_shipped_file_is_what_is_made_now():
    made = json.dumps(schema(), indent=2) + "\n"
    told = "run `wireharness schema > specs/spec.schema.json`"
    assert (SPECS / "spec.schema.json").read_text() == made, told


def test_included_files_have_a_schema_of_their_own():
    shipped = json.loads((SPECS / "shared" / "included.schema.json").read_text())
    assert shipped["$ref"] == "../spec.schema.json#/$defs/include"
    assert "include" in schema()["$defs"]


@pytest.mark.parametrize("file", sorted(SPECS.glob("*.yaml")), ids=lambda file: file.stem)
def test_shipped_suites_validate(file):
    assert file.read_text().startswith("# yaml-language-server: $schema=spec.schema.json\n")
    assert [error.message for error in SUITE.iter_errors(read(file))] == []


@pytest.mark.parametrize("file", sorted(SPECS.glob("shared/*.yaml")), ids=lambda file: file.stem)
def test_shipped_shared_files_validate(file):
    assert file.read_text().startswith("# yaml-language-server: $schema=included.schema.json\n")
    assert [error.message for error in INCLUDED.iter_errors(read(file))] == []


@pytest.mark.parametrize(
    "name",
    SEEN_BY_EDITORS,
)
def test_an_editor_sees_typical_mistakes(name):
    assert not SUITE.is_valid(read(BAD / f"{name}.yaml"))


def test_an_editor_sees_a_wrong_included_file():
    assert not INCLUDED.is_valid(read(BAD / "shared" / "wrong.yaml"))


@pytest.mark.parametrize(
    ("words", "enumeration", "without"),
    [
        (keys.ROLES, Role, ()),
        (keys.TRANSPORTS, Transport, ()),
        (keys.LEVELS, Level, ()),
        (keys.ENDINGS, Ending, ()),
        (keys.ORIGINS, Origin, ("usual",)),
        (keys.DELIVERIES, Delivery, ()),
        (keys.FRAMINGS, FramingKind, ("delimiter", "fixed", "length", "datagram")),
    ],
    ids=["roles", "transports", "levels", "endings", "origins", "deliveries", "framings"],
)
def test_words_are_those_of_the_model(words, enumeration, without):
    assert set(words.split("|")) == {each.value for each in enumeration} - set(without)


def test_every_kind_is_known():
    for name, section in keys.SECTIONS.items():
        for key in section:
            assert key.kind in keys.KINDS or "|" in key.kind, f"{name}.{key.name}"

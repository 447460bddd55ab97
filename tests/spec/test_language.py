"""docs/spec-language.md: every example on the page loads, and means what the page says.

`python tests/spec/test_language.py` writes the table of all keys anew.
"""

import re
import sys
from pathlib import Path

import pytest

from harness.exchange.delivery import deliveries_of
from harness.exchange.planning import make_plan
from harness.spec import keys
from harness.spec.lint import lint
from harness.spec.loader import load
from harness.spec.model import Role
from harness.wire.framing import DATAGRAM, FramingKind
from harness.wire.message import Matched
from harness.wire.parts import FILTERS, TYPES
from harness.wire.reading import parse

PAGE = Path(__file__).parents[2] / "docs" / "spec-language.md"
SHIPPED = Path(__file__).parents[2] / "specs"
TEXT = PAGE.read_text()
KEYS_BEGIN = "<!-- keys -->\n"
BLOCK = re.compile(r"^```(\w+) ?([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
BLOCKS = [(match[1], match[2].split(), match[3]) for match in BLOCK.finditer(TEXT)]
SPECS = [(words, text) for language, words, text in BLOCKS if language == "yaml"]
PYTHON = [text for language, _, text in BLOCKS if language == "python"]
MODEL = SPECS[0][1]


def block(beginning):
    return next(text for _, text in SPECS if text.startswith(beginning))


class Sources:
    """The page's own hooks; files that it names are empty, but for those that are shipped."""

    def read(self, path):
        shipped = SHIPPED / path
        return shipped.read_bytes() if shipped.is_file() else b""

    def hooks(self, path):
        names = {}
        exec(PYTHON[0], names)
        return {"adds_up": names["adds_up"]}


def suite_around(words, text):
    """Returns a suite in which the block stands, by what it is and the words behind its fence."""
    suite = {
        "suite": "suite: example",
        "title": "title: Example",
        "roles": f"roles: [{'client' if 'client' in words else 'server'}]",
        "transport": f"transport: {_transport(words)}",
        "parameters": "parameters: {word: {letters: [3, 9]}}",
        "requirements": "requirements: {EX-1: {level: must, text: As shown.}}",
    }
    if "layouts" in words:
        suite["layouts"] = block("layouts:")
    if "fragments" in words:
        suite["fragments"] = block("fragments:")
    if "hooks" in words:
        suite["hooks"] = "hooks: my_hooks.py"
    if not text.startswith("- ") and "case" not in words:
        suite[text.partition(":")[0]] = text
    probe = 'probe:\n  - client: "hello\\n"\n  - server: "hello\\n"'
    return "\n".join([*suite.values(), probe, "cases:", _case(words, text)])


def _transport(words):
    return "[udp, tcp]" if "both" in words else "udp" if "udp" in words else "tcp"


def _case(words, text):
    inner = [
        "id: shown",
        "purpose: As shown.",
        "verifies: [EX-1]",
        *(["clients: [alice, bob]"] if "clients" in words else []),
    ]
    if "case" in words:
        inner += text.splitlines()
    else:
        events = (
            text.splitlines() if text.startswith("- ") else ['- client: "x\\n"', '- server: "x\\n"']
        )
        inner += ["exchange:", *(f"  {line}" for line in events)]
    return "  - " + "\n    ".join(inner) + "\n"


def played(suite):
    """Returns how many plans the suite's cases make, each of which is made."""
    return sum(
        bool(make_plan(suite, case, role, delivery, 1, {}).steps)
        for case in suite.cases
        for role in case.roles
        for delivery in deliveries_of(suite, case, role)
    )


@pytest.mark.parametrize(
    ("words", "text"), SPECS[1:], ids=[text.split("\n")[0][:40] for _, text in SPECS[1:]]
)
def test_every_example_loads_and_can_be_played(words, text):
    suite = load("example.yaml", suite_around(words, text), Sources())
    assert played(suite) > 0
    told = [each.message for each in lint(suite, deliveries_of)]
    assert [each for each in told if not each.endswith("is used nowhere")] == []


def test_the_model_suite_loads_without_a_finding_and_is_played_in_both_roles():
    suite = load("phone-book.yaml", MODEL, Sources())
    assert lint(suite, deliveries_of) == []
    assert {role for case in suite.cases for role in case.roles} == set(Role)
    assert played(suite) > len(suite.cases)


def test_the_page_has_examples():
    assert len(SPECS) > 20
    assert len(PYTHON) == 1


def test_the_example_of_a_hook():
    adds_up = Sources().hooks("")["adds_up"]
    assert adds_up({"one": b"1", "two": b"2", "sum": b"3"}, 0.0) is None
    assert adds_up({"one": b"1", "two": b"2", "sum": b"4"}, 0.0) == "4 is not the sum"


# -- tables --------------------------------------------------------------------------------


def rows_below(mark):
    """Returns the cells of the table behind a mark, without its head."""
    lines = TEXT[TEXT.index(f"<!-- {mark} -->\n") :].split("\n")[2:]
    table = []
    for line in lines:
        if not line.startswith("|"):
            break
        table.append([cell.strip().strip("`") for cell in line.strip("|").split(" | ")])
    return table[2:]


def unescaped(cell):
    return cell.encode().decode("unicode_escape").encode()


def takes(kind, data):
    return isinstance(parse(f"{{_:{kind}}}").bind({}, DATAGRAM).judge(data, True), Matched)


@pytest.mark.parametrize("row", rows_below("types"), ids=lambda row: row[0])
def test_a_type_takes_what_the_page_says_and_no_more(row):
    kind, _, right, wrong = [cell.strip("| `") for cell in row]
    assert takes(kind, unescaped(right))
    assert not wrong or not takes(kind, unescaped(wrong))


def test_every_type_and_filter_is_on_the_page():
    assert {row[0].partition("(")[0] for row in rows_below("types")} == set(TYPES)
    assert {row[0] for row in rows_below("filters")} == set(FILTERS)


@pytest.mark.parametrize("row", rows_below("filters"), ids=lambda row: row[0])
def test_a_filter_makes_what_the_page_says(row):
    assert parse(f"{{x|{row[0]}}}").produce({"x": b"Echo"}) == row[1].encode()


def test_every_framing_is_on_the_page():
    table = TEXT[TEXT.index("## Framings") : TEXT.index("## Alternatives")]
    for kind in set(FramingKind) - {FramingKind.DATAGRAM}:
        assert re.search(rf"^\| `({{)?{kind.value}[:`]", table, re.MULTILINE), kind


def test_the_table_of_keys_is_that_of_the_language():
    assert TEXT[TEXT.index(KEYS_BEGIN) + len(KEYS_BEGIN) :] == keys_table()


IN = {
    "suite": "the suite",
    "include": "an included file",
    "framing": "`framing`",
    "launches": "`target`",
    "launch": "a role in `target`",
    "requirement": "a requirement",
    "parameter": "a parameter, one of",
    "layout": "a layout of scapy's",
    "fragment": "a fragment",
    "case": "a case",
    "robustness": "an item of `robustness`",
    "craft": "`craft`",
    "payload": "a payload",
    "packets": "a field of packets",
    "event": "an event",
    "choice": "an alternative",
    "use": "the use of a fragment",
    "repeated": "a repeat",
    "repeat": "`repeat`",
    "wired": "a wire",
    "wire": "`wire`",
}


def keys_table():
    """Returns the table of all keys, in Markdown."""
    lines = ["", "| in | key | its value | meaning |", "| --- | --- | --- | --- |"]
    for section, where in IN.items():
        for key in keys.SECTIONS[section]:
            name = f"**`{key.name}`**" if key.required else f"`{key.name}`"
            cells = (where, name, _value(key), key.meaning)
            lines.append("| " + " | ".join(cell.replace("|", r"\|") for cell in cells) + " |")
            where = ""
    return "\n".join(lines) + "\n"


def _value(key):
    if key.kind not in keys.KINDS:
        return ", ".join(key.kind.split("|"))
    told = keys.KINDS[key.kind]
    if key.kind == "words" and key.of:
        return f"{told}: {', '.join(key.of.split('|'))}"
    if key.kind == "mapping":
        one = f"as in {IN[key.section].removesuffix(', one of')}" if key.section else key.of
        return f"{told}, each {keys.KINDS.get(one, ', '.join(one.split('|')))}"
    return told


def test_every_section_is_in_the_table():
    assert set(IN) == set(keys.SECTIONS)


if __name__ == "__main__":
    PAGE.write_text(TEXT[: TEXT.index(KEYS_BEGIN) + len(KEYS_BEGIN)] + keys_table())
    sys.stdout.write(f"written: {PAGE}\n")

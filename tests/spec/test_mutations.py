"""Whatever the text of a spec becomes, loading it gives a suite or a SpecError."""

from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from harness.errors import SpecError
from harness.exchange.delivery import deliveries_of
from harness.library import Files
from harness.spec.lint import lint
from harness.spec.loader import load

SPECS = Path(__file__).parents[2] / "specs"
TEXTS = {path: path.read_text() for path in sorted(SPECS.glob("*.yaml"))}
TOKENS = (
    "", " ", "  ", "{", "}", "{}", "[]", "[", "]", ":", ": ", "- ", "- - ", "'", "\"", "#", "|",
    ">", "&a", "*a", "!!binary ", "!x ", "no", "null", "~", "0", "-1", "1.5", ".inf", "1e999",
    "1_000", "0x1f", "017", "12:30", "2001-01-01", "99999999999999999999", "{word}",
    "{word|upper}", "{x:int}", "{_:bytes(x)}", "{_:digits(1..99999999999)}", "{_:like(()}",
    "{_:like([a)}", "\\0", "\\ud800", "\t", "\r\n", "\x0b", "\x85", "\u2028", "\ufeff", "é",
    "server", "client", "alice", "says", "hex", "text", "fill", "times", "join", "bytes", "any",
    "layout", "fields", "file", "rows", "exchange", "repeat", "use", "as", "with", "over", "to",
    "from", "hook", "example", "any_of", "closes",
)  # fmt: skip


@st.composite
def mutations(draw):
    """A shipped spec with some of its lines or characters dropped, doubled, moved or replaced."""
    path = draw(st.sampled_from(list(TEXTS)))
    lines = TEXTS[path].split("\n")
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, len(lines) - 1))
        how = draw(
            st.sampled_from(("drop", "double", "move", "indent", "character", "word", "value"))
        )
        lines = _mutated(draw, lines, at, how)
    return path, "\n".join(lines)


def _mutated(draw, lines, at, how):
    line = lines[at]
    if how == "drop":
        return lines[:at] + lines[at + 1 :] or [""]
    if how == "double":
        return lines[: at + 1] + lines[at:]
    if how == "move":
        to = draw(st.integers(0, len(lines) - 1))
        return [*lines[:to], line, *lines[to:]]
    if how == "indent":
        return [*lines[:at], draw(st.sampled_from(("  ", " ", "- "))) + line, *lines[at + 1 :]]
    start = draw(st.integers(0, len(line)))
    if how == "value":
        start = line.find(": ") + 2
        end = len(line)
    elif how == "word":
        end = min((line + " ").find(" ", start), len(line))
    else:
        end = min(start + draw(st.integers(0, 1)), len(line))
    put = draw(st.sampled_from(TOKENS))
    return [*lines[:at], line[:start] + put + line[end:], *lines[at + 1 :]]


@settings(max_examples=200, deadline=None)
@given(mutations())
def test_a_suite_or_an_error_with_its_place(mutation):
    for told, place in findings(*mutation):
        assert place.line >= 1
        assert place.column >= 1
        assert told.startswith(f"{place}:{place.column}: ")


def findings(path, text):
    try:
        suite = load(str(path), text, Files())
    except SpecError as wrong:
        return [(str(wrong), wrong.place)]
    return [(str(each), each.place) for each in lint(suite, deliveries_of)]

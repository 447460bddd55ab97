"""docs/malformed.md: the table of the catalogue is that of the catalogue.

`python tests/wire/test_malformed_page.py` writes it anew.
"""

from pathlib import Path

from harness.wire.malformed.catalogue import ENTRIES, GROUPS
from harness.wire.malformed.packet import End

PAGE = Path(__file__).parents[2] / "docs" / "malformed.md"
BEGIN = "<!-- catalogue -->\n"


def table():
    """Returns the whole catalogue, one table for each group, in Markdown."""
    return "".join(group_table(group) for group in GROUPS)


def group_table(group):
    lines = [
        f"\n### {group}\n",
        "| entry | changes | source | becomes of it | socket |",
        "| --- | --- | --- | --- | --- |",
    ]
    lines += [row(entry) for entry in ENTRIES if entry.group == group]
    return "\n".join(lines) + "\n"


def row(entry):
    becomes = told(entry.fate)
    if entry.on_lo is not None:
        becomes += f"<br>loopback: {told(entry.on_lo)}"
    socket = "yes" if entry.options is not None else ""
    return f"| `{entry.id}` | {entry.changes} | {entry.source} | {becomes} | {socket} |"


def told(fate):
    """Returns a fate in words."""
    words = str(fate.end)
    if fate.end is End.PROGRAM:
        if fate.kept is not None:
            words += ", empty" if fate.kept == 0 else f", without the last {-fate.kept} bytes"
        if fate.sender:
            words += f", from {fate.sender}"
        elif not fate.answerable:
            words += ", by another way"
    counted = [
        f"{name}{f' +{count}' if count > 1 else ''}" for name, count in fate.counters.items()
    ]
    if counted:
        words += f": {', '.join(counted)}"
    if fate.later:
        words += f"; later {', '.join(fate.later)}"
    return words


def test_the_table_is_that_of_the_catalogue():
    text = PAGE.read_text()
    assert text[text.index(BEGIN) + len(BEGIN) :] == table()


if __name__ == "__main__":
    text = PAGE.read_text()
    PAGE.write_text(text[: text.index(BEGIN) + len(BEGIN)] + table())

"""Forms: the exports by their names, for whoever writes them.

Belongs here: which there are, whether each is of one submission or of all, what its files are
called. Must not know: how any of them looks.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import NamedTuple

from harness.grading.export.actions import summary_markdown, workflow_commands
from harness.grading.export.classroom50 import result_json
from harness.grading.export.gradescope import results_json
from harness.grading.export.junit import junit_xml
from harness.grading.result import Result

Fields = Mapping[str, str]


class Form(NamedTuple):
    """One export of a single submission."""

    suffix: str
    told: Callable[[Result, Fields], str]


SINGLE: Mapping[str, Form] = MappingProxyType(
    {
        "gradescope": Form(".json", lambda result, _: results_json(result)),
        "junit": Form(".xml", lambda result, _: junit_xml(result)),
        "actions": Form(".txt", lambda result, _: workflow_commands(result)),
        "summary": Form(".md", lambda result, _: summary_markdown(result)),
        "classroom50": Form(".json", result_json),
    }
)
TABLES = ("marks", "moodle", "canvas")

"""Classroom 50: `classroom50/result/v1`, what came after GitHub Classroom.

Belongs here: that format. Must not know: files, the environment. Its scores are whole numbers, so
that all are multiplied by the same power of ten.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from harness.grading.export.harmless import one_line
from harness.grading.feedback import TOLD, student_view
from harness.grading.result import Result

SCHEMA = "classroom50/result/v1"
CONTEXT = (
    "classroom", "assignment", "assignment_type", "owner", "submission", "commit", "release",
    "review", "datetime",
)  # fmt: skip
"""What only the workflow knows that runs it."""

_POWERS = (1, 10, 100, 1000)


def result_json(result: Result, context: Mapping[str, str]) -> str:
    """Returns the file for one submission; `context` has values for CONTEXT's names."""
    view = student_view(result)
    told = [(mark, cases) for mark, cases in view.by_case() if mark.feedback in TOLD]
    values = [view.mark.points, view.mark.maximum]
    values += [each for mark, _ in told for each in (mark.earned, mark.possible)]
    power = next((each for each in _POWERS if _all_whole(values, each)), _POWERS[-1])
    document: dict[str, Any] = {
        "schema": SCHEMA,
        **{name: one_line(context.get(name, "")) for name in CONTEXT},
        "score": int(view.mark.points * power + 1e-6),
        "max-score": int(view.mark.maximum * power + 1e-6),
        "tests": [
            {
                "test-name": one_line(f"{mark.suite}/{mark.case}"),
                "passed": mark.earned == mark.possible,
                "score": int(mark.earned * power + 1e-6),
                "max-score": int(mark.possible * power + 1e-6),
            }
            for mark, _ in told
        ],
    }
    return json.dumps(document, indent=1)


def _all_whole(values: list[float], power: int) -> bool:
    return all(abs(each * power - round(each * power)) < 1e-6 for each in values)

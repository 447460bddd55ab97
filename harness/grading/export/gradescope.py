"""Gradescope: the results.json of its autograders.

Belongs here: that format (gradescope-autograders.readthedocs.io, specs). Must not know: where it
is written. All text is of the format `text`: nothing in it is markup.

What is hidden is left out altogether. Gradescope would keep a hidden test from students, and
their total with it.
"""

from __future__ import annotations

import json
from typing import Any

from harness.grading.export.harmless import one_line, plain
from harness.grading.export.words import of_case, summary
from harness.grading.feedback import TOLD, student_view
from harness.grading.result import CaseMark, CaseResult, Result

_LARGEST = 20_000  # characters of one test's output


def results_json(result: Result) -> str:
    """Returns the file for one submission."""
    view = student_view(result)
    told = {
        "score": view.mark.points,
        "output": plain(summary(view)),
        "output_format": "text",
        "test_output_format": "text",
        "test_name_format": "text",
        "visibility": "visible",
        "stdout_visibility": "hidden",
        "tests": [_test(mark, cases) for mark, cases in view.by_case()],
        "extra_data": {
            "seed": view.seed,
            "version": view.version,
            "hashes": {name: getattr(view.hashes, name) for name in view.hashes.__slots__},
            "person": bool(
                result.mark.person
            ),  # why, it does not say: that may name what is hidden
        },
    }
    return json.dumps(told, indent=1)


def _test(mark: CaseMark, cases: tuple[CaseResult, ...]) -> dict[str, Any]:
    first = cases[0]
    told: dict[str, Any] = {
        "name": one_line(f"{mark.suite}/{mark.case}: {first.purpose}"),
        "output": plain(of_case(mark, cases))[:_LARGEST],
        "visibility": "visible",
        "tags": [rule.id for rule in first.rules],
    }
    if mark.feedback in TOLD:
        told["score"], told["max_score"] = mark.earned, mark.possible
        told["status"] = "passed" if mark.earned == mark.possible else "failed"
    return told

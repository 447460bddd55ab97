"""The project's errors, one for each party that can be at fault.

Belongs here: what is raised across rooms. Must not know: anything above. An
operating system error is turned into one of these once, at the edge that met it,
with `from exc`. What a *target* does wrong in an exchange is no exception but a
`Finding` (harness.verdict).
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where something stands in a file: path as the user gave it, line and column from 1."""

    file: str
    line: int = 1
    column: int = 1

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


class HarnessError(Exception):
    """What every error of this project is; one that is nothing more is a fault of the harness."""


class SpecError(HarnessError):
    """The spec is wrong: names the place, what was found, what was wanted.

    `line_text` is the line of the file, shown under the message with a caret.
    """

    def __init__(self, place: Place, message: str, line_text: str = "", hint: str = "") -> None:
        super().__init__(place, message, line_text, hint)  # all of it crosses between processes
        self.place = place
        self.message = message
        self.line_text = line_text
        self.hint = hint

    def __str__(self) -> str:
        told = f"{self.place.file}:{self.place.line}:{self.place.column}: {self.message}"
        if self.line_text:
            told += f"\n    {self.line_text}\n    {' ' * (self.place.column - 1)}^"
        return f"{told}\n    {self.hint}" if self.hint else told


class TargetError(HarnessError):
    """The target could not be found, built or started: `log` is what it printed meanwhile.

    `phase` says in which of these it was ("find", "build", "start"), "" where nobody has said.
    "play" is the one thing it can do later on: end what the harness needs to watch it.
    """

    def __init__(self, message: str, log: bytes = b"", hint: str = "", phase: str = "") -> None:
        super().__init__(message)
        self.log = log
        self.hint = hint
        self.phase = phase


class MachineError(HarnessError):
    """The machine cannot or would not: a tool that is not there, a port that a stranger holds.

    `step` is the step of a lab's making that it refuses, "" where it is about anything else.
    """

    def __init__(self, message: str, step: str = "") -> None:
        super().__init__(message)
        self.step = step


class UsageError(HarnessError):
    """The command line asks for what cannot be."""

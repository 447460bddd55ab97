"""How long a whole suite takes on a target that never answers, or dies, against a good one."""

from __future__ import annotations

import tempfile
from pathlib import Path

from benchmarks.item import SERVER, spec
from benchmarks.measure import Figure, alternating
from harness.runner.job import Settings, jobs
from harness.runner.runner import Runner
from harness.spec.loader import load
from harness.spec.model import Role
from harness.target.target import targets_at
from harness.verdict import Verdict

CASES = 10
ROUNDS = 5

NOTHING = SERVER.replace("talk.sendall(data.upper())", "pass")
DYING = SERVER.replace("talk.sendall(data.upper())", "raise SystemExit(1)")
PROBE_ALONE = SERVER.replace("talk.sendall(", "b'probe' in data and talk.sendall(")


def figures() -> list[Figure]:
    """Measures a target that answers nothing, one that dies, one that answers the probe alone."""
    text = spec(CASES).replace("    deliveries: [whole]\n", "")
    suite = load("speed.yaml", text, None)  # type: ignore[arg-type] # it names no other file
    found = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for kind, source in (
            ("good", SERVER),
            ("nothing", NOTHING),
            ("dying", DYING),
            ("the probe alone", PROBE_ALONE),
        ):
            (folder / kind).mkdir()
            (folder / kind / "server.py").write_text(source)

        def whole(kind: str) -> None:
            target = targets_at(str(folder / kind))[0]
            with Runner(Settings(builds=folder / "builds")) as runner:
                verdicts = {runner.play(job).verdict for job in jobs(target, suite, Role.SERVER)}
            if (verdicts == {Verdict.PASS}) is not (kind == "good"):
                raise SystemExit(f"the target {kind} earns {verdicts}")

        # Whoever answers the probe alone fails every case, each on a process of its own: what it
        # costs is to start them.
        told = {
            "nothing": "answers nothing",
            "dying": "dies at the first packet",
            "the probe alone": "answers the probe alone",
        }
        for kind, name_ in told.items():
            times = alternating(lambda: whole(kind), lambda: whole("good"), ROUNDS)  # noqa: B023
            best = min(times)
            note = f"{1e3 * best[0]:.0f} ms, good one {1e3 * best[1]:.0f} ms"
            ratios = tuple(a / b for a, b in times)
            at_most = None if kind == "the probe alone" else 2.0
            found.append(Figure(f"suite: target {name_}", ratios, at_most=at_most, note=note))
    return found

"""How long collecting takes, against pytest's own parametrized tests of the same number."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.item import run, spec
from benchmarks.measure import Figure

ROUNDS = 3
SIZES = (1000, 10_000)

PLAIN = """
import pytest

@pytest.mark.parametrize("number", range({count}))
def test_case(number):
    pass
"""


def scapy_modules() -> Figure:
    """Counts the modules of scapy that loading a suite without layouts imports."""
    script = (
        "import sys, harness.plugin, harness.runner.runner; from harness import library;"
        "library.suite('uppercase-tcp');"
        "print(sum(name.split('.')[0] == 'scapy' for name in sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    return Figure("start-up: modules of scapy", (float(done.stdout),), at_most=0, note="imported")


def figures() -> list[Figure]:
    """Measures both sizes."""
    found = [scapy_modules()]
    for count in SIZES:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            (folder / "speed.yaml").write_text(spec(count))
            (folder / "server.py").write_text("")
            (folder / "test_plain.py").write_text(PLAIN.replace("{count}", str(count)))
            ours = ("--collect-only", "--target=server.py", "--spec=speed.yaml")
            plain = ("--collect-only", "test_plain.py")
            times = [(run(folder, *ours), run(folder, *plain)) for _ in range(ROUNDS)]
        best = min(times)
        note = f"{best[0]:.2f} s, by hand {best[1]:.2f} s"
        goal = 2.0 if count == max(SIZES) else None
        ratios = tuple(a / b for a, b in times)
        found.append(Figure(f"collect {count:,} cases", ratios, at_most=goal, note=note))
    return found

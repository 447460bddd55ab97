"""Grading by the batch: `python -m benchmarks grading [--count 1000] [--rounds 5]`.

First so many submissions in one batch: whether the memory of the grader and its workers stays flat,
and how long the pages of all of them take to open in Chromium. Then, round by round, a few
submissions by a serial loop in the shell and by the grader (benchmarks.serial). The machine's
load stands beside each figure: on a busy one only ratios mean something.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks import copies, serial
from harness.target.lineage import children_of, descendants
from tests.grading.pages.browser import Browser, program

SUITE = "uppercase-tcp"
_EVERY = 1.0  # seconds between two looks at the memory
_LONGEST = 5.0  # seconds for a submission, until all is given up
_OPENED = 7  # times that a page is opened
_PAINTED = "new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"
_PAGE = os.sysconf("SC_PAGE_SIZE")


def main(arguments: list[str]) -> int:
    """Returns 0; what is flat and quick enough is for the reader to see."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks grading", description=__doc__)
    parser.add_argument("--count", type=int, default=100, help="submissions in the large batch")
    parser.add_argument("--rounds", type=int, default=3, help="rounds beside the serial loop")
    parser.add_argument("--each", type=int, default=12, help="submissions of a kind in a round")
    parser.add_argument("--only", action="append", default=[], help="cases of the large batch")
    asked = parser.parse_args(arguments)
    sys.stdout.reconfigure(line_buffering=True)  # what was measured is told, whatever ends it
    if asked.count:
        with tempfile.TemporaryDirectory(prefix="grading-") as folder:
            _mass(Path(folder), asked.count, asked.only)
    if asked.rounds:
        serial.compare(SUITE, asked.rounds, asked.each)
    return 0


def load() -> str:
    """Returns the load of the machine in the last minute."""
    return f"load {os.getloadavg()[0]:.1f}"


# -- memory --------------------------------------------------------------------------------


@dataclass(slots=True)
class Memory:
    """What processes held, in megabytes, look by look; `workers` are all of them together."""

    grader: list[float] = field(default_factory=list)
    workers: list[float] = field(default_factory=list)
    most_workers: int = 0

    def look(self, grader: int) -> None:
        """Looks once."""
        spawned = [pid for pid in children_of(grader) if b"spawn_main" in _words(pid)]
        self.grader.append(_resident(grader))
        self.workers.append(sum(map(_resident, spawned)))
        self.most_workers = max(self.most_workers, len(spawned))


def _mass(folder: Path, count: int, only: Sequence[str]) -> None:
    good, bad = (copies.programs(each, SUITE) for each in ("references", "mutants"))
    copies.make(folder / "subs", good + bad, count)
    command = serial.grade(folder / "subs", folder / "out", SUITE, only=only)
    memory, began = Memory(), time.monotonic()
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as grader:
        giving_up = threading.Timer(_LONGEST * (count + 60), grader.terminate)
        giving_up.start()
        while grader.poll() is None:
            memory.look(grader.pid)
            time.sleep(_EVERY)  # it samples, and waits for nothing
        giving_up.cancel()
    seconds = time.monotonic() - began
    print(f"{count} submissions in {seconds:.0f} s, {seconds / count:.2f} s each, {load()}")
    _tell("grader", memory.grader)
    _tell(f"{memory.most_workers} workers together", memory.workers)
    _open_pages(folder)


def _tell(who: str, held: Sequence[float]) -> None:
    """Prints the medians of the first and of the last third. The beginning is left out."""
    steady = held[len(held) // 20 :]
    third = max(len(steady) // 3, 1)
    first, last = (statistics.median(each) for each in (steady[:third], steady[-third:]))
    print(
        f"  {who}: {first:.1f} MB in the first third, {last:.1f} in the last "
        f"({last / first:.2f}), {max(held):.1f} at most, {len(held)} looks"
    )


def _words(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def _resident(pid: int) -> float:
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE / 1e6
    except (OSError, IndexError):
        return 0.0


# -- pages ---------------------------------------------------------------------------------


def _open_pages(folder: Path) -> None:
    if program() is None:
        print("  no Chromium here: no page was opened")
        return
    students = folder.glob("out/students/*/page.html")
    longest = max(students, key=lambda each: each.stat().st_size)
    browser = Browser(folder / "profile")
    try:
        browser.window(1400)
        for name, page in (("cohort", folder / "out" / "index.html"), ("student", longest)):
            opened = [_open(browser, page) for _ in range(_OPENED)]
            walls, works = zip(*opened, strict=True)
            print(
                f"  page of the {name}, {page.stat().st_size / 1e6:.2f} MB: opens in "
                f"{statistics.median(walls):.2f} s, {max(walls):.2f} at most; "
                f"{statistics.median(works):.2f} s of a core; {load()}"
            )
    finally:
        browser.close()


def _open(browser: Browser, page: Path) -> tuple[float, float]:
    """Opens a page. Returns the seconds until it is painted, and those of all processors."""
    before, began = _worked(browser.pid), time.monotonic()
    browser.open(page)
    browser.value(_PAINTED)
    return time.monotonic() - began, _worked(browser.pid) - before


def _worked(root: int) -> float:
    """Returns the seconds of processors that a process and all below it have had."""
    ticks = 0
    for pid in (root, *descendants(root)):
        try:
            stat = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        ticks += int(stat[11]) + int(stat[12])
    return ticks / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

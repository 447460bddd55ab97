"""Captures: what was on the wire in a case, as a file for Wireshark and tshark.

Belongs here: which packets of an outcome and which words are in its file, where it lies, how much
of this there may be. Must not know: how frames were captured, pytest.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from harness import __version__
from harness.report.annotation import Matching
from harness.report.comment import Comments, preface
from harness.report.reconstruction import Reconstruction
from harness.runner.outcome import Entry, Outcome
from harness.wire import pcapng
from harness.wire.frames import Frame, completed, segment_in

_LARGEST = 1 << 20  # bytes of packets in one file
_MOST = 20  # files of one target
_MOST_BYTES = 256 << 20  # in all files that one process writes
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")
_LONGEST_NAME = 120
_IGNORED = "# Captures of runs are not for version control.\n*\n"
_APPLICATION = f"wireharness {__version__}"


def capture_of(outcome: Outcome, command: str) -> bytes:
    """Returns the file of an outcome: what was seen, or else what its transcript tells."""
    seen = outcome.seen
    if seen is None:
        made = Reconstruction(outcome)
        body, left_out = _packets(outcome, made.frames())
        hosts: Mapping[bytes, str] = made.hosts
        interface = pcapng.interface("transcript", "made from the transcript, nobody has listened")
    else:
        matching = Matching(outcome)
        frames = (replace(each, data=completed(each.data)) for each in seen.frames)
        matched = [(each, matching.entry(each)) for each in frames]
        body, left_out = _packets(outcome, matched, matching.missing)
        hosts = seen.hosts
        interface = pcapng.interface("lab", "the target's network, and its own loopback")
    lost = left_out + (seen.lost if seen else 0)
    end = round((outcome.began + outcome.seconds) * 1e9)
    return b"".join(
        (
            pcapng.section(_APPLICATION, preface(outcome, command, lost)),
            interface,
            pcapng.names(hosts.items()),
            *body,
            pcapng.statistics(end, len(body) + lost, lost),
        )
    )


def _packets(
    outcome: Outcome, frames: Iterable[tuple[Frame, Entry | None]], missing: Sequence[Entry] = ()
) -> tuple[list[bytes], int]:
    """Returns the blocks of the frames that fit into one file, and how many are left out."""
    blocks, size, left_out, comments = list[bytes](), 0, 0, Comments(outcome, missing)
    for frame, entry in frames:
        if size + len(frame.data) > _LARGEST:
            left_out += 1
            continue
        segment = segment_in(frame.data)
        told = comments.on(entry, segment.data if segment else b"") if entry is not None else ()
        blocks.append(pcapng.packet(frame.at, frame.data, frame.length, told))
        size += len(frame.data)
    return blocks, left_out


class Captures:
    """A folder of captures, below which each target has its own. Paths are told from `here`."""

    def __init__(self, folder: Path, here: Path) -> None:
        self._folder = folder
        self._here = here
        self._written: Counter[str] = Counter()
        self._bytes = 0

    def write(self, outcome: Outcome, target: str, name: str, command: str) -> str:
        """Writes the file of an outcome. Returns its path, or why there is none ("none: ...").

        "" where nothing was said. A capture that cannot be written changes no verdict.
        """
        if not outcome.transcript and not (outcome.seen and outcome.seen.frames):
            return ""
        if self._written[target] >= _MOST:
            return f"none: {_MOST} were written for this target"
        data = capture_of(outcome, command)
        if self._bytes + len(data) > _MOST_BYTES:
            return f"none: {_MOST_BYTES >> 20} MiB were written in this run"
        try:
            path = self._put(data, safe_name(target), f"{safe_name(name)}.pcapng")
        except OSError as exc:
            return f"none: cannot write {exc.filename}: {exc.strerror}"
        self._written[target] += 1
        self._bytes += len(data)
        return str(path.relative_to(self._here) if path.is_relative_to(self._here) else path)

    def _put(self, data: bytes, target: str, name: str) -> Path:
        """Puts a file there in one step, whatever stood at its place before."""
        folder = self._folder / target
        folder.mkdir(parents=True, exist_ok=True)
        ignored = self._folder / ".gitignore"
        if not ignored.exists():
            ignored.write_text(_IGNORED)
        path, part = folder / name, folder / f".{secrets.token_hex(8)}.part"
        with part.open("xb") as made:
            made.write(data)
        return part.replace(path)


def safe_name(text: str) -> str:
    """Returns a file name for a text; texts that differ have names that differ."""
    name = _UNSAFE.sub("_", text)[:_LONGEST_NAME].strip("._-") or "_"
    if name == text:
        return name
    encoded = text.encode("utf-8", "surrogatepass")  # it may be of a file whose name is no UTF-8
    return f"{name}-{hashlib.sha256(encoded).hexdigest()[:6]}"

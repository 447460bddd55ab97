"""What this machine can, found by trying, each with the command that would help.

Belongs here: the tries. Must not know: targets, how the rest of the harness falls back.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from harness.errors import MachineError
from harness.network.tables import Tables
from harness.report.page import Page, Paint
from harness.runner.place import best, remedy

_SOCK_DIAG = 4  # NETLINK_SOCK_DIAG, linux/netlink.h
_LANGUAGES = (
    ("C", ("gcc",), "build-essential"),
    ("C++", ("g++",), "build-essential"),
    ("Makefile", ("make",), "build-essential"),
    ("Java", ("javac", "java"), "default-jdk-headless"),
    ("Node", ("node",), "nodejs"),
    ("Go", ("go",), "golang-go"),
    ("Rust", ("rustc",), "rustc"),
    ("Cargo", ("cargo",), "cargo"),
)


@dataclass(frozen=True, slots=True)
class Ability:
    """One thing that the machine can or cannot; `detail` says how or why not."""

    name: str
    there: bool
    detail: str
    remedy: str = ""


def examine() -> list[Ability]:
    """Returns what was found, languages first."""
    return [*_languages(), _system(), _terminal(), _sock_diag(), _pidfd(), _rest_proof(), network()]


def told(abilities: list[Ability], width: int, colour: bool) -> str:
    """Returns a page with a line for each ability and one more for what would help."""
    page = Page(width, colour)
    for each in abilities:
        word = page.painted("yes", Paint.GOOD) if each.there else page.painted("no ", Paint.BAD)
        page.line(f"{word}  {each.name:<16}  {each.detail}")
        if each.remedy and not each.there:
            page.line(f"{'':<23}{page.painted(each.remedy, Paint.STRONG)}")
    return page.text()


def _languages() -> Iterator[Ability]:
    yield Ability("Python targets", True, sys.executable)
    for name, tools, package in _LANGUAGES:
        found = {tool: shutil.which(tool) for tool in tools}
        missing = [f"no {tool}" for tool, path in found.items() if path is None]
        detail = " and ".join(missing) or ", ".join(filter(None, found.values()))
        yield Ability(f"{name} targets", not missing, detail, f"sudo apt-get install {package}")


def _system() -> Ability:
    there = sys.platform == "linux"
    release = os.uname().release if hasattr(os, "uname") else ""
    remedy = "" if there else "only Linux shows when a target has read what was sent"
    return Ability("Linux", there, f"{sys.platform} {release}".rstrip(), remedy)


def _terminal() -> Ability:
    try:
        ours, theirs = os.openpty()
    except (AttributeError, OSError) as exc:
        return Ability(
            "terminals", False, f"no pty: {exc}", "mount devpts: mount -t devpts devpts /dev/pts"
        )
    os.close(ours)
    os.close(theirs)
    return Ability("terminals", True, "clients can be driven line by line on a pty")


def _sock_diag() -> Ability:
    try:
        asked = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, _SOCK_DIAG)
        asked.close()
    except (AttributeError, OSError) as exc:
        return Ability(
            "sock_diag", False, f"no NETLINK_SOCK_DIAG: {exc}", "sudo modprobe inet_diag"
        )
    return Ability("sock_diag", True, "the kernel tells when a piece was read")


def _pidfd() -> Ability:
    try:
        os.close(os.pidfd_open(os.getpid()))
    except (AttributeError, OSError) as exc:
        return Ability("pidfd", False, f"no pidfd_open: {exc}", "needs Linux 5.3 or newer")
    return Ability("pidfd", True, "the end of a target is seen at once")


def network() -> Ability:
    """Makes the best lab that can be had."""
    name = "private networks"
    try:
        with Tables() as tables:
            level, refused = best(tables)
    except MachineError as exc:
        return Ability(name, False, str(exc))
    if refused is None:
        return Ability(name, True, "each target gets a lab of its own")
    return Ability(name, False, f"{level or 'host'} only; {refused}", remedy(refused))


def _rest_proof() -> Ability:
    """Looks at a child of ours as the rest proof looks at a target."""
    name = "rest proof"
    try:
        with subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL) as child:
            Path(f"/proc/{child.pid}/syscall").read_bytes()
            child.communicate()
    except OSError as exc:
        remedy = "sudo sysctl kernel.yama.ptrace_scope=1"
        return Ability(name, False, f"cannot see what a child waits for: {exc}", remedy)
    return Ability(name, True, "a target that waits for more is seen, no time-out is waited for")

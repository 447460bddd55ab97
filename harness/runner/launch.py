"""Launches: the command line and the port of a program, before it is started.

Belongs here: what the manifest says, the suite, or custom, in this order. Must not know: how a
program is built, where it runs.
"""

from __future__ import annotations

from harness.runner.job import Job
from harness.spec.model import Launch, Role, Suite

_DEFAULT_RUN = {Role.SERVER: "{program} {port}", Role.CLIENT: "{program} {host} {port}"}


def run_of(job: Job) -> str:
    """Returns the command line: the manifest's, or the suite's, or what most programs take."""
    manifest = job.target.manifest
    if manifest is not None and manifest.run:
        return manifest.run
    return usual_run(job.suite, job.role)


def usual_run(suite: Suite, role: Role) -> str:
    """Returns how a suite starts programs of a role, as a template."""
    return launch_of(suite, role).run or _DEFAULT_RUN[role]


def launch_of(suite: Suite, role: Role) -> Launch:
    """Returns what the suite says of how programs of a role are started."""
    return suite.launches.get(role) or Launch()


def fixed_port(job: Job) -> int | None:
    """Returns the port that a server cannot be told to change, if there is one."""
    if job.role is Role.CLIENT or job.target.address is not None:
        return None
    manifest = job.target.manifest
    return (manifest.port if manifest else None) or launch_of(job.suite, job.role).port


def takes_host(job: Job) -> bool:
    """Says whether the program is told where its server is."""
    files = job.target.manifest.files if job.target.manifest else {}
    return any("{host}" in text for text in (run_of(job), *files.values()))

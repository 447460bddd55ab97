"""The limits on open files: the harness's is raised, a target's is as the user has set it."""

import resource
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent

TOLD = """
    import resource, select, sys
    from pathlib import Path
    from harness.target import openfiles
    from harness.target.launcher import Keeper

    openfiles.make_room()
    print(*resource.getrlimit(resource.RLIMIT_NOFILE))
    told = "import resource; print(*resource.getrlimit(resource.RLIMIT_NOFILE))"
    with Keeper() as keeper:
        command = [sys.executable, "-I", "-S", "-c", told]
        with keeper.start(command, Path(sys.argv[1]), {}) as process:
            while process.status() is None:
                select.select([process.exit_fd, process.output_fd], (), (), 20)
                process.drain()
            process.drain()
            print(process.tail.decode(), end="")
"""

# Leaves itself too little room for the sockets that it is passed.
CROWDED = """
    import os, resource
    from harness.errors import MachineError
    from harness.network.lab.lab import FULL
    from harness.target.launcher import Keeper

    with Keeper() as keeper, keeper.lab(FULL) as inside:
        taken = len(os.listdir("/proc/self/fd"))
        resource.setrlimit(resource.RLIMIT_NOFILE, (taken + 10, taken + 10))
        try:
            inside.lab.endpoints()[0].datagrams()
        except MachineError as exc:
            print(exc)
        print(len(os.listdir("/proc/self/fd")) - taken)
"""


def told_by(program, limit, *argv):
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    done = subprocess.run(
        ["sh", "-c", 'ulimit -Sn $1 && shift && exec "$@"', "sh", str(limit),
         sys.executable, "-c", textwrap.dedent(program), *map(str, argv)],
        capture_output=True, text=True, check=True, cwd=ROOT,
    )  # fmt: skip
    return hard, done.stdout.splitlines()


def test_the_harness_takes_room_and_a_target_keeps_its_own(tmp_path):
    hard, (ours, theirs) = told_by(TOLD, 200, tmp_path)
    assert hard > 200
    assert ours == f"{min(hard, 65_536)} {hard}"
    assert theirs == f"200 {hard}"


def test_where_there_is_no_room_it_is_told_and_nobody_is_blamed():
    _, lines = told_by(CROWDED, 200)
    if "no lab" in lines[0]:
        pytest.skip("no private network here")
    assert lines == ["too many open files for the sockets of a lab: see `ulimit -n`", "0"]

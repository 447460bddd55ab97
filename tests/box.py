"""A box in which hostile programs are played in the guarded tier, and what comes of it.

Run as `python box.py NAME...`: prints JSON of what came of each. Namespaces of its own
bound it from outside, whatever the tier holds: nobody else's processes and network are there,
scratch lies in memory and is small, an ordinary user's processes and each one's memory are
limited, and all of it ends with its first process.

In the box there is what an attack may look for: a service at a TCP port, one at a UDP port (that
of names), one at a path, one at an abstract name, and somebody else's file in /dev/shm.
"""

import contextlib
import dataclasses
import json
import os
import resource
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

from harness.network.lab import mounts
from harness.network.lab.links import Links

ROOT = Path(__file__).parents[1]
SCRATCH = "/mnt"
USER = 54_321  # root's processes are not counted: an ordinary user's are
MOST_PROCESSES = 1200  # of that user
MOST_MEMORY = 1 << 30  # bytes of each process
DISK = b"size=400m,nr_inodes=20k,mode=1777"
CASES = ("probe", "line-after-line[whole]", "interleaved[whole]")
_NAME = b"\xc0\x0c\0\1\0\1\0\0\0\1\0\4\xc0\0\2\1"  # what was asked for has the address 192.0.2.1
_OUT_OF_PORTS = range(20_000, 21_000)


def command(*names):
    """Returns the command that plays them in a new box."""
    own = () if os.geteuid() == 0 else ("--user", "--map-root-user")
    spaces = ("--pid", "--fork", "--kill-child", "--mount-proc", "--mount", "--net", "--ipc")
    return ["unshare", *own, *spaces, sys.executable, __file__, *names]


# -- around: root of the box, its first process ----------------------------------------------


def around(names):
    """Lays out the box, and plays as an ordinary user in there."""
    open_to_all([Path(each).resolve() for each in (sys.base_prefix, sys.prefix, ROOT)])
    for folder, data in ((SCRATCH, DISK), ("/run", b"mode=755"), ("/dev/shm", b"size=64m")):
        mounts.scratch(folder, data)
    Path("/dev/shm/another").write_text("somebody else's")
    with Links() as links:
        links.up(socket.if_nametoindex("lo"))
    Path("/run/dbus").mkdir()
    services = [
        socket.create_server(("127.0.0.1", 22)),
        listening("/run/dbus/system_bus_socket"),
        listening("\0a-service"),
    ]
    Path("/run/dbus/system_bus_socket").chmod(0o777)
    threading.Thread(target=answer_names, daemon=True).start()
    resource.setrlimit(resource.RLIMIT_NPROC, (MOST_PROCESSES,) * 2)
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY,) * 2)
    words = [sys.executable, __file__, "--inside", *names]
    environment = {**os.environ, "TMPDIR": SCRATCH, "HOME": SCRATCH, "PYTHONDONTWRITEBYTECODE": "1"}
    if is_root():
        words = ["setpriv", f"--reuid={USER}", f"--regid={USER}", "--clear-groups", "--", *words]
    player = subprocess.Popen(words, env=environment)
    while True:  # the first process takes in all orphans
        pid, status = os.wait()
        if pid == player.pid:
            break
    for each in services:
        each.close()
    return os.waitstatus_to_exitcode(status)


def open_to_all(paths):
    """Shows these paths to an ordinary user, be it that they lie in somebody's closed folder."""
    closed = {each for path in paths for each in path.parents if not each.stat().st_mode & 0o001}
    for outer in closed:
        inner = {path: os.open(path, os.O_PATH) for path in paths if outer in path.parents}
        mounts.scratch(str(outer), b"size=1m,mode=755")
        for path, opened in inner.items():
            path.mkdir(parents=True, exist_ok=True)
            mounts.bind(f"/proc/self/fd/{opened}", str(path))
            os.close(opened)


def is_root():
    """Says whether this is the machine's own root, whom no limit holds."""
    return Path("/proc/self/uid_map").read_text().split() == ["0", "0", "4294967295"]


def listening(path):
    """Returns a Unix socket that listens at a path."""
    service = socket.socket(socket.AF_UNIX)
    service.bind(path)
    service.listen()
    return service


def answer_names():
    """Is a name server that knows every name, until the box ends."""
    with socket.socket(type=socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 53))
        while True:
            asked, client = server.recvfrom(512)
            end = asked.index(0, 12) + 5
            head = asked[:2] + b"\x81\x80\0\1\0\1\0\0\0\0"
            server.sendto(head + asked[12:end] + _NAME, client)


# -- inside: an ordinary user ----------------------------------------------------------------


@dataclasses.dataclass
class Most:
    """The most that was there of each at a time, looked at twenty times a second."""

    processes: int = 0
    megabytes: int = 0
    ports: int = 0


def pids():
    """Returns the pids of all that run in the box."""
    return {int(each) for each in os.listdir("/proc") if each.isdigit()}


def left(before):
    """Returns who is still there, when those that are at their end had the time for it."""
    until = time.monotonic() + 5
    while (there := pids() - before) and time.monotonic() < until:
        os.sched_yield()
    return there


def megabytes(pid):
    """Returns what a process holds for itself alone."""
    with contextlib.suppress(OSError, ValueError):
        _, resident, shared, *_ = map(int, Path(f"/proc/{pid}/statm").read_text().split())
        return (resident - shared) * resource.getpagesize() >> 20
    return 0


def taken():
    """Returns how many ports of a range are somebody's."""
    lines = Path("/proc/net/udp").read_text() + Path("/proc/net/tcp").read_text()
    local = [line.split()[1] for line in lines.splitlines() if ":" in line.split()[0]]
    return sum(int(each.rpartition(":")[2], 16) in _OUT_OF_PORTS for each in local)


def watch(most, before, over):
    """Looks until it is over."""
    while not over.wait(0.05):
        there = pids() - before
        most.processes = max(most.processes, len(there))
        most.megabytes = max(most.megabytes, sum(map(megabytes, there)))
        most.ports = max(most.ports, taken())


def inside(names):
    """Plays them one after another, and prints what came of it."""
    from harness.runner import instance
    from harness.target import build

    build.LIMIT = instance._READY = 10.0
    sys.stdout.write(json.dumps({name: played(name) for name in names}))
    return 0


def played(name):
    """Returns what came of one program."""
    from harness.runner.job import Settings
    from harness.runner.runner import Runner
    from harness.selection import Request, subjects
    from harness.target.folder import home
    from harness.target.isolation import Tier

    path = ROOT / "targets" / "hostile" / name
    (subject,) = subjects(Request((str(path),), seed=3))
    jobs = [each for each in subject.jobs(()) if each.id in CASES or each.is_probe]
    before, most, over = pids(), Most(), threading.Event()
    watching = threading.Thread(target=watch, args=(most, before, over))
    watching.start()
    settings = Settings(builds=Path(SCRATCH, "builds"), seed=3, isolation=Tier.GUARDED)
    try:
        with Runner(settings) as runner:
            outcomes = [runner.play(job) for job in jobs]
    finally:
        over.set()
        watching.join()
    printed = b"".join(each.output for each in outcomes).decode("ascii", "replace")
    return {
        "verdicts": [str(each.verdict) for each in outcomes],
        "reasons": [each.finding.reason for each in outcomes],
        "got": [line for line in printed.splitlines() if line.startswith("GOT")],
        "full": "No space left" in printed,
        "left": len(left(before)) + len(list(home().glob("folders/*"))),
        **dataclasses.asdict(most),
    }


if __name__ == "__main__":
    if sys.argv[1] == "--inside":
        sys.exit(inside(sys.argv[2:]))
    sys.exit(around(sys.argv[1:]))

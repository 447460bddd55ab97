"""What the tests of running programs share."""

import select
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from harness.network.network import Host, Wanted
from harness.network.tables import Tables
from harness.runner.place import Place, Places
from harness.target.launcher import Keeper
from harness.target.process import Process

HERE = Path(__file__).parent
PATIENCE = 20.0  # seconds; nobody waits so long unless something is broken


@pytest.fixture(scope="session")
def keeper():
    with Keeper() as keeper:
        yield keeper


@pytest.fixture(scope="session")
def tables():
    with Tables() as tables:
        yield tables


@pytest.fixture
def start(keeper, tmp_path):
    """Starts a program in the test's folder; it is stopped after the test."""
    started = []

    def start(*argv, **env) -> Process:
        started.append(keeper.start([str(each) for each in argv], tmp_path, env))
        return started[-1]

    yield start
    for process in started:
        process.stop()


@pytest.fixture
def python(start):
    """Runs a Python program given as text."""
    return lambda text, *argv: start(sys.executable, "-I", "-S", "-u", "-c", text, *argv)


@pytest.fixture(scope="session")
def compiled(tmp_path_factory):
    """Compiles a C file of this folder, once."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    built: dict[str, Path] = {}

    def compiled(name: str) -> Path:
        if compiler is None:
            pytest.skip("no C compiler here")
        if name not in built:
            built[name] = tmp_path_factory.mktemp("built") / Path(name).stem
            command = [compiler, "-O1", "-pthread", "-o", built[name], HERE / name]
            subprocess.run(command, check=True)
        return built[name]

    return compiled


@pytest.fixture(scope="session")
def java_classes(tmp_path_factory):
    """Compiles the Java waiter, once."""
    if shutil.which("javac") is None:
        pytest.skip("no Java compiler here")
    folder = tmp_path_factory.mktemp("classes")
    subprocess.run(["javac", "-d", folder, HERE / "Waiter.java"], check=True)
    return folder


@pytest.fixture
def free_port(tables):
    """Returns a port that is free for TCP and UDP, and that no other run takes meanwhile."""
    places = Places(Wanted.HOST, tables)
    port, lock = places.port(Place(None, Host(tables)), None)
    yield port
    lock.release()


@pytest.fixture
def until():
    """Drains a program until something holds of it."""

    def until(process: Process, holds, what: str = "") -> None:
        deadline = time.monotonic() + PATIENCE
        while not holds():
            assert time.monotonic() < deadline, f"never: {what}; it printed {process.tail!r}"
            select.select([process.output_fd], (), (), 0.001)
            process.drain()

    return until


@pytest.fixture
def printed(until):
    """Waits until a program has printed a text."""
    return lambda process, text: until(process, lambda: text in process.tail, f"prints {text!r}")


@pytest.fixture
def ended(until):
    """Waits for the end of a program's main process. Returns its status."""

    def ended(process: Process) -> int:
        until(process, lambda: select.select([process.exit_fd], (), (), 0)[0], "ends")
        process.drain()
        status = process.status()
        assert status is not None
        return status

    return ended

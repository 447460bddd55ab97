"""A batch on the workers of Dask: the same marks, whatever becomes of a worker."""

import pickle
import subprocess
import sys
from contextlib import contextmanager
from importlib.util import find_spec

import pytest
from cohort import write_cohort
from test_batch import HOST, KILLER, submissions
from test_cohort import MARKS, command, results
from test_sixty import Batch, right, same

from harness.cli import main
from harness.errors import MachineError, Place, SpecError, TargetError, UsageError

# Its scheduler and workers listen on the loopback alone, on ports that nobody has chosen.
LOCAL = """\
import sys
from distributed import LocalCluster
if __name__ == "__main__":
    with LocalCluster(
        n_workers=int(sys.argv[1]), threads_per_worker=2, host="127.0.0.1",
        dashboard_address="127.0.0.1:0",
    ) as cluster:
        print(cluster.scheduler_address, flush=True)
        sys.stdin.read()
"""


@pytest.fixture(autouse=True)
def dask():
    if find_spec("distributed") is None:
        pytest.skip("no Dask here")


@contextmanager
def workers(folder, count):
    """Gives the address of a cluster of two threads in each of so many processes."""
    script = folder / "local.py"
    script.write_text(LOCAL)
    with subprocess.Popen(
        [sys.executable, str(script), str(count)],
        cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip()
        finally:
            process.stdin.close()
            process.wait()


@pytest.mark.lengthy
@pytest.mark.usefixtures("able")
def test_a_cluster_of_two_workers_gives_the_marks_of_one_machine(tmp_path):
    write_cohort(tmp_path / "subs")
    with workers(tmp_path, 2) as address:
        here, there = Batch(tmp_path, "here"), Batch(tmp_path, "there", f"--cluster={address}")
        by_cluster = there.results()
    right(by_cluster)
    assert same(by_cluster) == same(here.results())


@pytest.mark.lengthy
def test_a_worker_that_dies_costs_nobody_a_mark(tmp_path):
    subs = submissions(tmp_path / "subs", "serial", "decodes", "one-line-each", killer=KILLER)
    with workers(tmp_path, 2) as address:
        code = main(command(subs, tmp_path / "out", f"--cluster={address}", *HOST))
    found = results(tmp_path / "out")
    # Its own process may outlive the worker that it kills, and come to its mark all the same.
    assert code == int(not found["killer"].mark.decided)
    marks = {name: each.mark.points for name, each in found.items()}
    assert marks == {n: MARKS.get(n, 0) for n in ("serial", "decodes", "one-line-each", "killer")}


def test_a_cluster_without_workers_is_told(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("harness.grading.cluster._PATIENCE", 0.5)
    subs = submissions(tmp_path / "subs", "serial")
    with workers(tmp_path, 0) as address:
        words = command(subs, tmp_path / "out", f"--cluster={address}", *HOST)
        assert main(words) == 2
    assert f"the cluster at {address} has no workers" in capsys.readouterr().err
    assert main(words) == 2
    assert f"no cluster at {address}" in capsys.readouterr().err


@pytest.mark.parametrize(
    "error",
    [
        SpecError(Place("lab.yaml", 3, 5), "no such key", "  - x: 1", "a hint"),
        TargetError("does not build", b"log", "a hint", "build"),
        MachineError("no lab", "links"),
        UsageError("no suite"),
    ],
)
def test_an_error_is_the_same_in_another_process(error):
    there = pickle.loads(pickle.dumps(error))
    assert (type(there), str(there), vars(there)) == (type(error), str(error), vars(error))


def test_without_dask_the_message_says_how_to_get_it(tmp_path, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    subs = submissions(tmp_path / "subs", "serial")
    assert main(command(subs, tmp_path / "out", "--cluster=tcp://127.0.0.1:1", *HOST)) == 2
    assert "pip install 'wireharness[dask]'" in capsys.readouterr().err

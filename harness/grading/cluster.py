"""The cluster: the workers of Dask, which may be on other machines.

Belongs here: reaching it, and what its workers must have. Must not know: orders, results. Dask is
optional, and is asked for when a cluster is.
"""

from __future__ import annotations

import importlib
import logging
from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from harness.errors import UsageError
from harness.grading.apart import Common, LostError, grade_apart
from harness.grading.batch import Hands
from harness.grading.fingerprint import harness_hash

_PATIENCE = 30.0  # seconds for the cluster to answer, and for a worker to be there


@contextmanager
def cluster(address: str, results: Path) -> Iterator[Hands]:
    """Gives the hands of a cluster: one submission in flight for each thread of its workers.

    Raises: UsageError where there is none, or one of its workers lacks what grading needs.
    """
    try:
        dask: Any = importlib.import_module("distributed")  # optional: mypy sees Any
    except ImportError as exc:
        told = "--cluster needs Dask, which is not here: pip install 'wireharness[dask]'"
        raise UsageError(told) from exc
    logging.getLogger("distributed.client").setLevel(logging.CRITICAL)  # we tell what it has
    try:
        client = dask.Client(address, timeout=_PATIENCE, set_as_default=False)
    except (OSError, ValueError, TimeoutError) as exc:
        raise UsageError(f"no cluster at {address}: {exc}") from exc
    with client:
        common = Common(str(Path.cwd()), str(results), harness_hash())
        _look(client, address, common)
        yield Hands(
            jobs=sum(client.nthreads().values()),
            pool=lambda _: _pool(client),
            grade=partial(grade_apart, common=common),
            lost=(LostError, dask.KilledWorker),
            gone=lambda: client.status != "running",
        )


@contextmanager
def _pool(client: Any) -> Iterator[Executor]:  # noqa: ANN401 - Dask's, see above
    """Gives its executor. What is broken off is not waited for: there may be no worker any more.

    Who still plays ends after the case that they are at, and holds what they write until then.
    """
    pool: Executor = client.get_executor()
    try:
        yield pool
    finally:
        pool.shutdown(wait=False)


def _look(client: Any, address: str, common: Common) -> None:  # noqa: ANN401 - Dask's, see above
    """Asks each worker whether it has what grading needs. Raises: UsageError."""
    try:
        client.wait_for_workers(1, timeout=_PATIENCE)
        told = client.run(common.lacking, on_error="return")
    except (OSError, TimeoutError) as exc:
        raise UsageError(f"the cluster at {address} has no workers: {exc}") from exc
    for worker, lacking in told.items():
        if lacking:
            raise UsageError(f"the worker {worker} cannot grade: {lacking}")

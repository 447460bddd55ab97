"""A link is ready when it really sends, and not before."""

import subprocess
import sys

import pytest

# Both ends of a pair in two networks of its own: down, then up on one side, then on both.
PROGRAM = """
import socket
from harness.network.lab import links, namespaces
namespaces.leave_for_new(False)
links._PATIENCE = 0.2
def told(wait, index):
    try:
        wait(index)
        return "ready"
    except TimeoutError:
        return "not ready"
first, near = namespaces.this_network(), links.Links()
second, far = namespaces.another_network(), links.Links()
far.pair("c0", "02:00:00:00:00:01", "s0", "02:00:00:00:00:02", first)
there = socket.if_nametoindex("c0")
namespaces.go_to(first)
here = socket.if_nametoindex("s0")
ends = ((far.until_ready, there), (near.until_ready, here))
print(*(told(*each) for each in ends), sep=", ")
far.up(there)
print(*(told(*each) for each in ends), sep=", ")
near.up(here)
print(*(told(*each) for each in ends), sep=", ")
"""


def test_a_pair_is_ready_when_both_ends_are_up():
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True)
    if "PermissionError" in done.stderr or "No space left" in done.stderr:
        pytest.skip("no private network here")
    assert done.stdout.splitlines() == [
        "not ready, not ready",
        "not ready, not ready",
        "ready, ready",
    ], done.stderr

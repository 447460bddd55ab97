"""Which role a target plays."""

import pytest

from harness import library
from harness.runner.job import role_of
from harness.spec.loader import load
from harness.spec.model import Role
from harness.target.target import targets_at

SPEC = """
suite: shout
title: Lines in capitals
roles: [server, client]
transport: tcp
requirements:
  SHOUT-1: {level: must, text: A line comes back in capitals.}
probe: [{client: "a\n"}, {server: "A\n"}]
cases:
  - id: capitals
    purpose: A line comes back in capitals.
    verifies: [SHOUT-1]
    exchange:
      - client: "a\\n"
      - server: "A\\n"
"""


@pytest.mark.parametrize(
    ("names", "role"),
    [
        (["shout/client.py"], Role.CLIENT),
        (["shout/TCPClient.java", "shout/README.md"], Role.CLIENT),
        (["shout/player.c"], Role.CLIENT),
        (["client/shout.py"], Role.CLIENT),
        (["shout/shout.py"], Role.SERVER),
        (["shout/client.py", "shout/gs.py"], Role.SERVER),
    ],
    ids=lambda value: "+".join(value) if isinstance(value, list) else "",
)
def test_the_role_comes_from_names(tmp_path, names, role):
    for name in names:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("")
    (target,) = targets_at(str((tmp_path / names[0]).parent))
    assert role_of(target, load("shout.yaml", SPEC, library.Files()), None) is role
    assert role_of(target, load("shout.yaml", SPEC, library.Files()), Role.SERVER) is Role.SERVER

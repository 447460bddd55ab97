"""The pytest plugin's door: its options, and nothing else where no `--target` is given.

Belongs here: what the command line and the ini file may say. Must not know: what is done
with it (harness.session), which is imported only when there is a target, so that other
people's test runs pay nothing.
"""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

import pytest

from harness.spec.model import Delivery, Role

if TYPE_CHECKING:
    from harness.selection import Request

_DEFAULT = "wireharness_spec"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Adds the options. `--strict` is pytest's own and counts for us as well."""
    group = parser.getgroup(
        "wireharness",
        "protocol conformance (wireharness); with pytest's --strict, a broken should fails",
    )
    group.addoption(
        "--target",
        action="append",
        default=[],
        metavar="PATH",
        help="program under test: a file, a folder, a folder of targets, or an address such as "
        "tcp://127.0.0.1:9000 (repeatable)",
    )
    group.addoption(
        "--spec",
        action="append",
        default=[],
        metavar="SUITE",
        help="suite to play: a name that `wireharness suites` lists, or a spec file (repeatable)",
    )
    group.addoption("--role", choices=[str(role) for role in Role], help="what the target plays")
    group.addoption(
        "--delivery",
        action="append",
        default=[],
        choices=[str(delivery) for delivery in Delivery],
        help="play only this delivery (repeatable)",
    )
    group.addoption(
        "--param",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="value of a parameter of the spec, instead of one drawn by the seed (repeatable)",
    )
    group.addoption(
        "--seed", type=int, help="number that payloads are drawn from (default: a new one each run)"
    )
    group.addoption(
        "--network",
        choices=("auto", "lab", "host"),  # harness.network.network.Wanted, not imported here
        default="auto",
        help="where targets run: each in a lab of its own, or all on this machine's loopback "
        "(default: auto, a lab where this machine has one to give)",
    )
    group.addoption("--ip", choices=("4", "6"), default="4", help="which IP the harness speaks")
    _add_captures(group)
    group.addoption("--fresh", action="store_true", help="start a new process for each case")
    parser.addini(_DEFAULT, "suites for targets that do not name their own", "args", default=[])


def _add_captures(group: pytest.OptionGroup) -> None:
    group.addoption(
        "--pcap",
        choices=["never", "failed", "all"],
        default="failed",
        help="write a capture (pcapng, for Wireshark) of each such case (default: failed)",
    )
    group.addoption(
        "--pcap-dir",
        default="",
        metavar="FOLDER",
        help="where captures are written (default: wireharness-captures)",
    )


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    """Sets up a conformance run where a target is given."""
    if not config.getoption("target"):
        for option in ("spec", "delivery", "param"):
            if config.getoption(option):
                raise pytest.UsageError(f"--{option} needs a --target to go with")
        return
    from harness.session import start

    start(config, _request(config))


def _request(config: pytest.Config) -> Request:
    from harness.network.network import Wanted
    from harness.runner.job import Capturing
    from harness.selection import Request

    role = config.getoption("role")
    return Request(
        targets=tuple(config.getoption("target")),
        specs=tuple(config.getoption("spec")),
        default_specs=tuple(config.getini(_DEFAULT)),
        role=Role(role) if role else None,
        deliveries=tuple(Delivery(each) for each in config.getoption("delivery")),
        parameters=dict(_parameter(each) for each in config.getoption("param")),
        seed=config.getoption("seed"),
        strict=_strict(config),
        fresh=config.getoption("fresh"),
        capturing=Capturing(config.getoption("pcap")),
        captures=config.getoption("pcap_dir"),
        network=Wanted(config.getoption("network")),
        family=socket.AF_INET6 if config.getoption("ip") == "6" else socket.AF_INET,
    )


def _parameter(text: str) -> tuple[str, str]:
    name, sign, value = text.partition("=")
    if not name or not sign:
        raise pytest.UsageError(f"--param: found {text!r}, wanted NAME=VALUE")
    return name, value


def _strict(config: pytest.Config) -> bool:
    """Says whether `--strict` was given: an option of its own before pytest 9, then `-o`."""
    overridden: list[str] = config.getoption("override_ini", None) or []
    return bool(config.getoption("strict", False)) or "strict=true" in overridden

"""What all tests share: on the machine of .ci/run nothing is skipped that it has installed.

A test that needs what a machine may lack is skipped with the reason "no X here".
"""

import os

import pytest

IN_CI = (
    "C compiler",
    "Chromium",
    "Java compiler",
    "Node",
    "dnslib-zoneresolver",
    "dnsmasq",
    "inetd",
    "inetutils-inetd",
    "knotd",
    "nsd",
    "private network",
    "socat",
    "tshark",
    "unbound",
    "xinetd",
)
"""The capabilities that .ci/run sees to."""


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    if report.skipped and os.environ.get("CI") == "true":
        _, _, reason = report.longrepr
        missing = [each for each in IN_CI if reason.endswith(f"no {each} here")]
        if missing:
            report.outcome = "failed"
            report.longrepr = f"CI has to have it: no {missing[0]} here"
    return report

"""What all tests share: on the machine of .ci/run nothing is skipped that it has installed.

A test that needs what a machine may lack is skipped with the reason "no X here".
"""

import os
import signal

import pytest

IN_CI = (
    "C compiler",
    "Chromium",
    "Dask",
    "Java compiler",
    "Node",
    "Perl",
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


def pytest_configure():
    """A shell starts what runs in its background deaf to ^C, which tests send to their own runs."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


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

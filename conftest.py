"""Loads the plugin for runs in this repository.

Where the package is installed, its entry point has loaded it already under the same name.
"""

import pytest

import harness.plugin


def pytest_addoption(parser: pytest.Parser, pluginmanager: pytest.PytestPluginManager) -> None:
    """Registers the plugin, unless it is there or was refused with `-p no:wireharness`."""
    if not pluginmanager.is_registered(harness.plugin):
        pluginmanager.register(harness.plugin, "wireharness")

"""Real runs of small suites against small real targets."""

import textwrap

import pytest

from harness.library import Files
from harness.runner.job import Settings, jobs
from harness.runner.runner import Runner
from harness.spec.loader import load
from harness.spec.model import Role
from harness.target.target import targets_at


@pytest.fixture
def play(tmp_path):
    """Plays a suite against a program, or what is `given`: outcomes by `case[delivery]`."""

    def played(spec, source, role=Role.SERVER, name="", manifest="", only="", given="", **settings):
        folder = tmp_path / "target"
        folder.mkdir(exist_ok=True)
        name = name or f"{role}.py"
        (folder / name).write_text(textwrap.dedent(source))
        if manifest:
            (folder / "target.yaml").write_text(textwrap.dedent(manifest))
        suite = load(str(tmp_path / "suite.yaml"), textwrap.dedent(spec), Files())
        (target,) = targets_at(given or str(folder))
        settings = {"seed": 7, **settings, "builds": tmp_path / "builds"}
        with Runner(Settings(**settings)) as runner:
            chosen = [each for each in jobs(target, suite, role) if only in each.id]
            return {each.id: runner.play(each) for each in chosen}

    return played

"""What a run is to play, from the words of its command line."""

import pytest

from harness.errors import SpecError
from harness.selection import Request, subjects


@pytest.fixture
def submission(tmp_path):
    def submission(manifest: str):
        (tmp_path / "server.py").write_text("")
        (tmp_path / "target.yaml").write_text(manifest)
        return str(tmp_path)

    return submission


def test_a_placeholder_that_nothing_fills_is_refused_before_the_run(submission):
    given = submission('run: "{program} --port {prt}"')
    with pytest.raises(SpecError, match=r"nothing fills the placeholder {prt}") as told:
        subjects(Request((given,), ("uppercase-tcp",)))
    assert str(told.value).startswith(f"{given}/target.yaml:1:24: ")


@pytest.mark.parametrize("manifest", ["", "\nparameters: {words: b.txt}"])
def test_parameters_of_the_command_line_and_the_manifest_fill_it(submission, manifest):
    given = submission(f"run: ./server.py {{words}}{manifest}")
    parameters = {} if manifest else {"words": "a.txt"}
    (subject,) = subjects(Request((given,), ("uppercase-tcp",), parameters=parameters))
    assert subject.name == "uppercase-tcp"

"""The pytest plugin, by real runs against small real targets."""

import gc
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

import harness.session  # noqa: F401 - pytester drops modules that a run of its own imports first
from harness.network.poll import readable

pytest_plugins = "pytester"

ROOT = Path(__file__).parent.parent
# Only what is named is loaded, so that other people's plugins cost nothing here.
PLUGINS = ("-p", "harness.plugin", "-p", "xdist.plugin", "-p", "no:cacheprovider")

SPEC = """\
suite: shout
title: Lines in capitals
reference: The course's notes
roles: [server]
transport: tcp
framing: line
features: {numbers: It adds numbers.}

target:
  server: {run: "{program} {port}"}

parameters:
  word: {letters: 8}

requirements:
  SHOUT-1: {level: must, text: A line comes back in capitals., source: "1.1", hint: Use upper().}
  SHOUT-2: {level: should, text: An empty line comes back empty.}

probe:
  - client: "probe\\n"
  - server: "PROBE\\n"

cases:
  - id: capitals
    purpose: A line comes back in capitals.
    verifies: [SHOUT-1]
    points: 2
    tags: [basic]
    exchange:
      - client: "{word}\\n"
      - server: "{word|upper}\\n"
  - id: empty
    purpose: An empty line comes back empty.
    verifies: [SHOUT-2]
    points: 1
    deliveries: [whole]
    exchange:
      - client: "\\n"
      - server: "\\n"
  - id: adds
    purpose: Numbers are added.
    verifies: [SHOUT-1]
    points: 1
    feature: numbers
    deliveries: [whole]
    exchange:
      - client: "1+1\\n"
      - server: "2\\n"
"""

SERVER = """\
import socket, sys
print("listening on", sys.argv[1], flush=True)
with socket.create_server(("", int(sys.argv[1]))) as welcome:
    while True:
        connection, _ = welcome.accept()
        with connection, connection.makefile("rb") as lines:
            {serve}
"""
GOOD = "for line in lines: connection.sendall(line.upper())"
ONE_READ = """\
while True:
                data = connection.recv(1024)
                if not data: break
                connection.sendall(data.split(b"\\n")[0].upper() + b"\\n")"""
NO_EMPTY = """\
for line in lines:
                connection.sendall(line.upper() if line.strip() else b"?\\n")"""
WEARS = """\
served = globals().setdefault("served", []) + [1]
            globals()["served"] = served
            for line in lines: connection.sendall(line.upper() if len(served) < 3 else line)"""
SHOUTS = 'for line in lines: connection.sendall(b"\\x1b[31m!\\n")'


@pytest.fixture
def run(pytester, monkeypatch):
    """Runs pytest in a folder with a spec and servers."""
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.delenv("PYTEST_ADDOPTS", raising=False)
    pytester.makefile(".yaml", shout=SPEC)
    pytester.makefile(
        ".py",
        good=SERVER.format(serve=GOOD),
        one_read=SERVER.format(serve=ONE_READ),
        no_empty=SERVER.format(serve=NO_EMPTY),
        wears=SERVER.format(serve=WEARS),
        shouts=SERVER.format(serve=SHOUTS),
        dies="print('no', flush=True)\nraise SystemExit(3)\n",
    )

    def run(*options, collect=False):
        if collect:  # nothing is played: no process of its own is needed
            return pytester.runpytest_inprocess(*PLUGINS, *options, "--collect-only", "-q")
        return pytester.runpytest_subprocess(*PLUGINS, *options)

    return run


def on(name, *options):
    return (f"--target={name}.py", "--spec=shout.yaml", *options)


def properties_of(case):
    return [(each.get("name"), each.get("value")) for each in case.iter("property")]


def test_a_good_target_passes(run):
    result = run(*on("good", "--seed=7", "-v"))
    assert result.ret == pytest.ExitCode.OK
    result.stdout.fnmatch_lines(
        [
            "wireharness: good.py (server): shout, Lines in capitals",
            "wireharness: seed 7",
            "shout::probe?whole? PASSED*",
            "shout::capitals?whole? PASSED*",
            "shout::capitals?split? PASSED*",
            "shout::capitals?bytewise? PASSED*",
            "shout::empty?whole? PASSED*",
            "shout::adds?whole? SKIPPED*",
            "  points    3 of 3",
        ]
    )


def test_a_fault_is_told_in_full_once_and_its_other_cases_by_name(run, pytester):
    result = run(*on("one_read", "--junitxml=found.xml", "--seed=7", "-k", "capitals"))
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    out = result.stdout.str()
    assert "FAIL  shout/capitals[split]" in out
    for part in (
        "A line comes back in capitals.",
        "SHOUT-1 (must)",
        "The course's notes, 1.1",
        "shout.yaml:",
        "delivery  split: ",
        "Use upper().",
        "listening on ",
        "--seed=7",
        "-k 'shout/capitals[split]'",
    ):
        assert part in out
    assert "broken    SHOUT-1 (must)" in out
    assert out.count("FAIL  shout/") == 1
    assert "the same  1 more" in out
    assert re.search(r"^ {12}capitals\[bytewise\]  expected ", out, re.M)
    assert out.count("-k 'shout/capitals[") == 1
    assert "2 failed" in out

    found = ElementTree.parse(pytester.path / "found.xml")
    cases = {case.get("name"): case for case in found.iter("testcase")}
    failed = cases["capitals[split]"]
    assert [each.tag for each in failed if each.tag != "properties"] == ["failure"]
    assert ("requirement", "SHOUT-1") in properties_of(failed)
    assert ("level", "must") in properties_of(failed)
    assert ("verdict", "fail") in properties_of(failed)
    assert ("verdict", "pass") in properties_of(cases["capitals[whole]"])
    assert "\n" not in failed.find("failure").get("message")


def test_the_line_that_plays_again_plays_just_that_case(run):
    out = run(*on("one_read", "-k", "capitals")).stdout.str()
    words = re.search(r"again +pytest (.*\[split\].*)", out).group(1).replace("'", "").split()
    again = run(*words)
    assert again.ret == pytest.ExitCode.TESTS_FAILED
    assert re.search(r"= 1 failed, \d+ deselected", again.stdout.str())


def test_no_byte_of_a_target_reaches_the_terminal(run):
    result = run(*on("shouts"))
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    assert "\\x1b[31m" in result.stdout.str()
    assert "\x1b" not in result.stdout.str()


def test_what_cannot_start_fails_once_and_blocks_the_rest(run, pytester):
    result = run(*on("dies", "--junitxml=found.xml"))
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    out = result.stdout.str()
    assert re.search(r"= 1 failed, 1 skipped, \d blocked in", out)
    assert out.count("BLOCKED  shout/") == 1
    assert re.search(r"  the same  .*capitals\[split\]", out)
    assert "Use upper()" not in out
    assert not list(ElementTree.parse(pytester.path / "found.xml").iter("error"))


def test_a_should_warns_and_fails_only_when_strict(run):
    result = run(*on("no_empty"))
    assert result.ret == pytest.ExitCode.OK
    result.stdout.fnmatch_lines(["*WARNED*", "shout/empty?whole?: *", "*1 warned*"])
    assert run(*on("no_empty", "--strict", "-k", "empty")).ret == pytest.ExitCode.TESTS_FAILED


def test_what_only_a_used_process_fails_is_worn_and_breaks_nothing(run):
    result = run(*on("wears", "-k", "capitals or probe"))
    assert result.ret == pytest.ExitCode.OK
    result.stdout.fnmatch_lines(
        ["*WORN (fails only on a process that*", "shout/capitals*passes on a*"]
    )
    assert "WARNED" not in result.stdout.str()
    assert "  broken  " not in result.stdout.str()
    assert "  worn  " in result.stdout.str()


def test_a_known_deviation_does_not_turn_the_run_red(run, pytester):
    folder = pytester.mkdir("folder")
    (folder / "server.py").write_text(SERVER.format(serve=NO_EMPTY))
    (folder / "target.yaml").write_text(
        "role: server\nimplements: [../shout.yaml]\n"
        "known:\n  - {case: empty, verdict: warn, reason: '', why: As it ever was.}\n"
    )
    result = run("--target=folder", "--spec=shout.yaml")
    assert result.ret == pytest.ExitCode.OK
    result.stdout.fnmatch_lines(["  known     As it ever was.", "*1 known*"])


def test_each_failure_is_told_in_full_with_v(run, pytester):
    out = run(*on("one_read", "-v", "-k", "capitals")).stdout.str()
    assert "FAIL  shout/capitals[split]" in out
    assert "FAIL  shout/capitals[bytewise]" in out
    assert "the same" not in out


def test_a_failure_takes_one_line_where_pytest_is_asked_for_lines(run):
    out = run(*on("one_read", "--tb=line", "-k", "capitals[split]")).stdout.str()
    assert re.search(r"^shout/capitals\[split\]: the server said", out, re.M)
    assert "  expected  " not in out


def test_workers_find_the_same_as_one_process(run):
    alone = run(*on("one_read", "--seed=7")).parseoutcomes()
    result = run(*on("one_read", "--seed=7", "-n", "2"))
    assert result.parseoutcomes() == alone
    assert "FAIL  shout/capitals[split]" in result.stdout.str()
    assert "broken    SHOUT-1 (must)" in result.stdout.str()


# Kills the worker that plays: the parent of the parent of its keeper.
KILLER = """\
import os
            stat = lambda pid: open(f"/proc/{pid}/stat").read().rpartition(")")[2].split()
            above = lambda pid: int(stat(pid)[1])
            for line in lines:
                if line == b"\\n": os.kill(above(above(os.getppid())), 9)
                connection.sendall(line.upper())"""


def test_a_worker_that_is_lost_is_an_error_and_no_target_s_failure(run, pytester):
    pytester.makepyfile(killer=SERVER.format(serve=KILLER))
    result = run(*on("killer", "-n", "2", "-k", "empty or probe", "--network=host"))
    assert result.parseoutcomes() == {"passed": 1, "errors": 1}
    assert "crashed while running" in result.stdout.str()


def test_workers_share_a_drawn_seed(run):
    result = run(*on("one_read", "-n", "2", "-k", "capitals"))
    seeds = set(re.findall(r"seed[ =](\d+)", result.stdout.str()))
    assert len(seeds) == 1


def test_several_targets_have_their_names_in_the_ids(run):
    result = run("--target=good.py", *on("one_read"), collect=True)
    names = {line.split("::")[0] for line in result.outlines if "::" in line}
    assert len(names) == 2
    assert all(name.endswith("/shout") for name in names)


def test_a_target_that_says_its_role_is_not_held_to_another(run, pytester):
    for name, role in (("one", "server"), ("other", "client")):
        pytester.mkdir(name).joinpath("target.yaml").write_text(f"role: {role}\nrun: ./x\n")
    both = ("--target=one", "--target=other", "--spec=shout.yaml")
    ids = [line for line in run(*both, "--role=server", collect=True).outlines if "::" in line]
    assert ids
    assert all(line.startswith("shout::") for line in ids)
    alone = run("--target=other", "--spec=shout.yaml", "--role=server", collect=True)
    alone.stderr.fnmatch_lines(["*none of the targets implements *asked for as a server*"])


@pytest.mark.parametrize(
    ("options", "chosen"),
    [
        (("-m", "should"), {"empty[whole]"}),
        (("-m", "SHOUT_2"), {"empty[whole]"}),
        (("-m", "basic", "-k", "split"), {"capitals[split]"}),
        (("-k", "shout/empty[whole]"), {"empty[whole]"}),
        (("--delivery=split", "-k", "not probe"), {"capitals[split]"}),
    ],
    ids=["level", "requirement", "tag", "id", "delivery"],
)
def test_cases_are_chosen(run, options, chosen):
    result = run(*on("good", "--strict-markers", *options), collect=True)
    assert {line.split("::")[1] for line in result.outlines if "::" in line} == chosen


def test_a_target_without_a_suite_gets_the_list_and_the_line(run):
    result = run("--target=good.py", collect=True)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(
        ["*uppercase-tcp *Uppercase service over TCP*", "  pytest --target=good.py --spec=*"]
    )


def test_the_ini_file_names_a_default(run, pytester):
    pytester.makeini("[pytest]\nwireharness_spec = shout.yaml\n")
    assert run("--target=good.py", "-k", "probe").ret == pytest.ExitCode.OK


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--target=nothing.py", "--spec=shout.yaml"), "nothing.py"),
        (("--target=good.py", "--spec=nothing"), "nothing"),
        (("--target=good.py", "--spec=shout.yaml", "--role=client"), "client"),
        (("--target=good.py", "--spec=shout.yaml", "--param=word"), "NAME=VALUE"),
        (on("good", "--param=wrd=x"), "ERROR: shout has no parameter 'wrd' (it has: word)"),
        (on("good", "--delivery=plain"), "ERROR: no case of shout is played under plain"),
        (("--spec=shout.yaml",), "--target"),
    ],
    ids=["target", "spec", "role", "param", "no-parameter", "no-delivery", "no-target"],
)
def test_a_wrong_command_line_is_told(run, options, told):
    result = run(*options, collect=True)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert told in result.stderr.str()
    assert "Traceback" not in result.stderr.str()


def test_what_the_plugin_itself_fails_of_takes_few_lines(run, pytester):
    pytester.makeconftest(
        "def pytest_sessionstart(session):\n"
        "    session.config.pluginmanager.get_plugin('wireharness-run')._told['builds'] = 7\n"
    )
    result = run(*on("good", "-k", "probe"))
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    assert "shout/probe[whole]: the harness failed, please report it" in result.stdout.str()
    assert "INTERNALERROR" not in result.stdout.str()
    assert len(result.outlines) < 40


def test_a_parameter_can_be_set(run):
    result = run(*on("one_read", "--param=word=wonderful", "-k", "capitals[split]"))
    assert '"WONDERFUL\\n"' in result.stdout.str()


def test_garbage_is_looked_for_once_all_is_collected_and_not_in_that(run, pytester):
    pytester.makeconftest(
        "import gc\ndef pytest_itemcollected(item): item.config.found = gc.isenabled()\n"
        "def pytest_collection_finish(session): assert not session.config.found\n"
    )
    before = gc.get_freeze_count()
    assert run(*on("good"), collect=True).ret == 0
    assert gc.isenabled()
    assert gc.get_freeze_count() > before


def test_the_project_s_own_tests_are_not_this_run_s(run, pytester):
    pytester.makeini("[pytest]\ntestpaths = tests\n")
    pytester.mkdir("tests").joinpath("test_own.py").write_text("def test_own(): pass\n")
    probe = ("-k", "probe or own")
    assert run(*on("good", *probe)).parseoutcomes()["passed"] == 1
    assert run(*on("good", *probe), "tests").parseoutcomes()["passed"] == 2
    assert run().parseoutcomes() == {"passed": 1}


HANGS = """\
import os, socket, sys
with socket.create_server(("", int(sys.argv[1]))) as welcome:
    connection, _ = welcome.accept()
    connection.recv(100)
    told = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    told.sendto(str(os.getpid()).encode(), ("127.0.0.1", {port}))
    while True:
        pass
"""


@pytest.fixture
def hanging(pytester):
    """Starts a run whose target hangs. Returns pytest's process, and the target's id."""

    def hanging(*options):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as ear:
            ear.bind(("127.0.0.1", 0))
            ear.settimeout(60)
            hangs = HANGS.format(port=ear.getsockname()[1])
            pytester.path.joinpath("hangs.py").write_text(hangs)
            process = pytester.popen(
                [
                    sys.executable,
                    "-m",
                    "pytest",
                    *PLUGINS,
                    *on("hangs", "--network=host", *options),
                ],
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            return process, int(ear.recv(100))

    return hanging


def test_an_interrupt_leaves_nothing_behind(run, hanging):
    process, pid = hanging()
    process.send_signal(signal.SIGINT)
    assert process.wait(20) == pytest.ExitCode.INTERRUPTED
    assert not Path(f"/proc/{pid}").exists()


EXECNET = 5.0  # seconds that a worker plays on by itself when who has started it is gone


def test_a_worker_ends_with_a_run_that_is_killed(run, hanging, pytester):
    pytester.makefile(".yaml", shout=SPEC.replace("framing: line", "framing: line\ndeadline: 60"))
    process, pid = hanging("-n", "1")
    target = os.pidfd_open(pid)
    process.kill()
    process.wait(20)
    assert readable(target, within=EXECNET)
    os.close(target)


FINISH = """\
import os
from pathlib import Path
import pytest

@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session):
    if hasattr(session.config, "workerinput"):
        below = Path(f"/proc/self/task/{os.getpid()}/children").read_text()
        Path("below").write_text(f"{below!r}")
"""


def test_a_worker_that_is_done_has_no_target_left(run, pytester):
    pytester.makeconftest(FINISH)
    run(*on("good", "-n", "1", "-k", "capitals"))
    assert pytester.path.joinpath("below").read_text() == "''"


def test_what_a_killed_run_has_built_goes_with_the_next(run, hanging, pytester, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(pytester.mkdir("tmp")))
    process, _ = hanging()
    process.kill()
    process.wait(20)
    left = list(pytester.path.glob("tmp/*/folders/*/*/programs"))
    assert len(left) == 1
    run(*on("good"))
    assert list(pytester.path.glob("tmp/*/folders/*")) == []


FIXED = """\
role: server
run: "{program}"
port: PORT
"""
# Holds its one port, and tells of each start; a second one at once cannot bind.
HOLDS = """\
import socket
with socket.create_server(("127.0.0.1", PORT)) as welcome:
    while True:
        connection, _ = welcome.accept()
        with connection:
            for line in connection.makefile("rb"):
                connection.sendall(line.upper())
"""


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]


@pytest.mark.parametrize("network", ["host", "auto"])
def test_a_fixed_port_is_never_used_twice_at_once(run, pytester, network):
    port = str(free_port())
    for name in ("one", "other"):
        folder = pytester.mkdir(name)
        folder.joinpath("server.py").write_text(HOLDS.replace("PORT", port))
        folder.joinpath("target.yaml").write_text(FIXED.replace("PORT", port))
    both = ("--target=one", "--target=other", "--spec=shout.yaml", "-n", "2", "--fresh")
    result = run(*both, f"--network={network}")
    outcomes = result.parseoutcomes()
    assert set(outcomes) == {"passed", "skipped"}
    assert outcomes["passed"] > 10


MAKEFILE = """\
server: server.c
\tmktemp {log}/built.XXXXXX
\t$(CC) -o server server.c
"""
MAKES = """\
#include <ctype.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>
int main(int count, char **words) {
    int here = socket(AF_INET, SOCK_STREAM, 0), one = 1, talk;
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(atoi(words[1]))};
    setsockopt(here, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (bind(here, (struct sockaddr *)&at, sizeof at) || listen(here, 9))
        return 1;
    for (char byte; (talk = accept(here, 0, 0)) >= 0; close(talk))
        while (read(talk, &byte, 1) == 1) {
            byte = toupper(byte);
            write(talk, &byte, 1);
        }
}
"""


@pytest.mark.skipif(shutil.which("make") is None, reason="no C compiler here")
def test_a_target_is_built_once_for_all_workers(run, pytester):
    built, project = pytester.mkdir("built"), pytester.mkdir("project")
    project.joinpath("Makefile").write_text(MAKEFILE.format(log=built))
    project.joinpath("server.c").write_text(MAKES)
    result = run("--target=project", "--spec=shout.yaml", "-n", "3")
    assert set(result.parseoutcomes()) == {"passed", "skipped"}
    assert len(list(built.iterdir())) == 1
    assert sorted(each.name for each in project.iterdir()) == ["Makefile", "server.c"]


CAPTURES = "wireharness-captures"


def caught(pytester, folder=CAPTURES):
    root = pytester.path / folder
    return sorted(str(each.relative_to(root)) for each in root.rglob("*.pcapng"))


def test_a_failure_leaves_a_capture_whose_path_is_told(run, pytester):
    result = run(*on("one_read", "--junitxml=found.xml", "-k", "capitals"))
    path = f"{CAPTURES}/one_read.py/shout.capitals.split.pcapng"
    result.stdout.fnmatch_lines([f"  capture   {path}", "  again     *"])
    assert caught(pytester) == [
        "one_read.py/shout.capitals.bytewise.pcapng",
        "one_read.py/shout.capitals.split.pcapng",
    ]
    assert (pytester.path / path).read_bytes()[:4] == b"\x0a\x0d\x0d\x0a"
    told = [
        value
        for case in ElementTree.parse(pytester.path / "found.xml").iter("testcase")
        for name, value in properties_of(case)
        if name == "capture"
    ]
    assert sorted(told) == [f"{CAPTURES}/{each}" for each in caught(pytester)]


@pytest.mark.parametrize("network", ["lab", "host"])
def test_a_capture_is_what_was_on_the_wire_or_says_that_it_is_not(run, pytester, network):
    if not shutil.which("tshark"):
        pytest.skip("no tshark here")
    result = run(*on("one_read", f"--network={network}", "-k", "capitals and split"))
    if result.ret == pytest.ExitCode.USAGE_ERROR:
        pytest.skip("no private network here")
    (path,) = caught(pytester)
    told = subprocess.run(
        ["tshark", "-r", f"{CAPTURES}/{path}", "-T", "fields"]
        + [f"-e{each}" for each in ("frame.interface_name", "tcp.window_size", "frame.comment")],
        capture_output=True, text=True, check=True,
    ).stdout.splitlines()  # fmt: skip
    opened, *rest = (line.split("\t") for line in told)
    assert opened[0] == {"lab": "lab", "host": "transcript"}[network]
    assert opened[2] == "shout.yaml:30: client connects"
    assert (len({window for _, window, _ in rest}) > 1) is (network == "lab")  # made up: always one
    assert sum("FAIL: the server said something else" in each[2] for each in rest) == 1


@pytest.mark.parametrize("target", ["good", "no_empty"])
def test_a_green_run_leaves_nothing(run, pytester, target):
    assert run(*on(target)).ret == pytest.ExitCode.OK
    assert not (pytester.path / CAPTURES).exists()


def test_captures_of_all_cases_or_of_none(run, pytester):
    run(*on("good", "--pcap=all", "--pcap-dir=caught", "-k", "whole"))
    assert caught(pytester, "caught") == [
        "good.py/shout.capitals.whole.pcapng",
        "good.py/shout.empty.whole.pcapng",
        "good.py/shout.probe.whole.pcapng",
    ]
    result = run(*on("one_read", "--pcap=never", "-k", "capitals"))
    result.stdout.no_fnmatch_line("  capture  *")
    assert caught(pytester) == []


def test_workers_write_captures_that_the_controller_tells(run, pytester):
    result = run(*on("one_read", "-n", "2", "-v", "-k", "capitals or probe"), "--target=shouts.py")
    assert {each.partition("/")[0] for each in caught(pytester)} == {"one_read.py", "shouts.py"}
    told = re.findall(r"^  capture   (\S+)$", result.stdout.str(), re.M)
    assert sorted(told) == [f"{CAPTURES}/{each}" for each in caught(pytester)]


def test_a_folder_that_cannot_be_written_costs_no_verdict(run, pytester):
    (pytester.path / "taken").write_text("a file")
    result = run(*on("one_read", "--pcap-dir=taken", "-k", "capitals and split"))
    result.stdout.fnmatch_lines(["  capture   none: cannot write *"])
    assert result.ret == pytest.ExitCode.TESTS_FAILED

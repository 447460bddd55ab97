"""Lint: each kind of finding in one exact message, and nothing where nothing is certain."""

from pathlib import Path

import pytest

from harness import library
from harness.exchange.delivery import deliveries_of
from harness.spec.lint import lint
from harness.spec.loader import load

SPECS = Path(__file__).parents[2] / "specs"
HEAD = """\
suite: talk
title: Talk
roles: [server]
transport: tcp
"""
REST = """\
requirements:
  TALK-1: {level: must, text: The server talks.}
probe:
  - client: "hello\\n"
  - server: "hello\\n"
cases:
  - id: talks
    purpose: The server talks.
    verifies: [TALK-1]
    points: 1
    exchange:
      - client: "hello\\n"
      - server: "hello\\n"
"""
GOOD = HEAD + REST


class Sources:
    """A hook, and no files."""

    def read(self, path):
        raise AssertionError(path)

    def hooks(self, path):
        return {"right": lambda captures, at: None}


def found(text):
    return [str(each) for each in lint(load("x.yaml", text, Sources()), deliveries_of)]


def with_events(*lines, text=GOOD):
    """The same with these events behind the first two of the case."""
    return text + "".join(f"      - {line}\n" for line in lines)


def changed(*pairs, text=GOOD):
    for old, new in pairs:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return text


UDP = changed(("transport: tcp", "transport: udp"))
BOTH = changed(("roles: [server]", "roles: [server, client]"))
CLIENT_RUN = 'target: {client: {run: "{program} {host} {port}"}}\n'
DRAWN = changed(
    ("roles: [server]", "roles: [client]"),
    ("requirements:", f"{CLIENT_RUN}parameters: {{word: {{letters: 5}}}}\nrequirements:"),
)
OF_SERVERS = changed(("requirements:", "parameters: {word: {letters: 5}}\nrequirements:"))
HOOKS = changed(("requirements:", "hooks: hooks.py\nrequirements:"))


def test_what_is_right_has_no_finding():
    assert found(GOOD) == []


@pytest.mark.parametrize("file", sorted(SPECS.glob("*.yaml")), ids=lambda file: file.stem)
def test_shipped_suites_have_no_finding(file):
    assert lint(library.suite(str(file)), deliveries_of) == []


@pytest.mark.parametrize(
    ("text", "told"),
    [
        pytest.param(
            changed(("  TALK-1:", "  TALK-2: {level: must, text: Never.}\n  TALK-1:")),
            "x.yaml:6:3: no case verifies TALK-2",
            id="requirement-not-verified",
        ),
        pytest.param(
            changed(("    verifies: [TALK-1]\n", "    tags: [quick]\n")),
            "x.yaml:6:3: no case verifies TALK-1\nx.yaml:11:5: this case verifies no requirement",
            id="case-verifies-nothing",
        ),
        pytest.param(
            changed(("talks.}", "talks., roles: [server]}"), text=BOTH),
            "x.yaml:11:5: this case verifies nothing that binds a client",
            id="case-verifies-nothing-of-a-role",
        ),
        pytest.param(
            GOOD
            + changed(
                ("id: talks", "id: others"),
                ("    points: 1\n", ""),
                text=REST[REST.index("  - id") :],
            ),
            "x.yaml:18:5: this case has no points, and others have\n"
            "    write `points: 0` where it is meant to be worth nothing",
            id="points-forgotten",
        ),
        pytest.param(
            changed(("    points: 1", "    points: 1\n    deliveries: [plain, repeated]")),
            "x.yaml:11:5: no delivery is left that plays this case to a server\n"
            "    there were: whole, split, bytewise, slow-reader",
            id="deliveries-of-udp",
        ),
        pytest.param(
            changed(
                ("    points: 1", "    points: 1\n    without: [plain, from-another-port]"),
                ("    points: 1", "    points: 1\n    deliveries: [plain]"),
                text=UDP,
            ),
            "x.yaml:11:5: no delivery is left that plays this case to a server\n"
            "    there were: plain, after-empty, after-oversized",
            id="deliveries-that-leave-nothing",
        ),
        pytest.param(
            changed(("probe:", 'fragments:\n  bye: {exchange: [client: "bye\\n"]}\nprobe:')),
            "x.yaml:8:3: the fragment 'bye' is used nowhere",
            id="fragment-unused",
        ),
        pytest.param(
            changed(("probe:", "layouts:\n  head: [size: u8]\nprobe:")),
            "x.yaml:8:3: the layout 'head' is used nowhere",
            id="layout-unused",
        ),
        pytest.param(
            changed(("probe:", "parameters:\n  word: {letters: 5}\nprobe:")),
            "x.yaml:8:3: the parameter 'word' is used nowhere",
            id="parameter-unused",
        ),
        pytest.param(
            changed(("    points: 1", '    points: 1\n    rows:\n      one: {said: "x"}')),
            "x.yaml:16:13: the row value 'said' is used nowhere",
            id="row-value-unused",
        ),
        pytest.param(
            with_events(
                "{use: greet, name: x}",
                text=changed(
                    (
                        "probe:",
                        'fragments:\n  greet:\n    with: [name]\n    exchange: [client: "a\\n", '
                        'server: "b\\n"]\nprobe:',
                    )
                ),
            ),
            "x.yaml:8:3: the parameter of fragment greet 'name' is used nowhere",
            id="parameter-of-a-fragment-unused",
        ),
        pytest.param(
            with_events('server: "{who:word}\\n"'),
            "x.yaml:18:9: the capture 'who' is used nowhere\n"
            "    write {_:...} for {who:...} where the value does not matter",
            id="capture-unused",
        ),
        pytest.param(
            with_events(
                'server: "{_:digits(1)}{who:word}\\n"',
                'client: "{who}\\n"',
                'server: "{who:word}\\n"',
            ),
            "x.yaml:20:9: the capture 'who' is used nowhere\n"
            "    write {_:...} for {who:...} where the value does not matter",
            id="capture-unused-behind-its-name",
        ),
        pytest.param(
            with_events("server: {any: true}"),
            "x.yaml:18:9: this matches anything: whatever the server says is right",
            id="matches-anything",
        ),
        pytest.param(
            with_events("server: '{_:rest}'"),
            "x.yaml:18:9: this matches anything: whatever the server says is right",
            id="matches-anything-as-a-hole",
        ),
        pytest.param(
            with_events('server: {any_of: ["x\\n", {any: true}]}'),
            "x.yaml:18:9: this matches anything: whatever the server says is right",
            id="matches-anything-as-an-alternative",
        ),
        pytest.param(
            with_events('server: {prints: ""}'),
            "x.yaml:18:9: every output holds this",
            id="prints-nothing",
        ),
        pytest.param(
            with_events('server: {never_prints: ""}'),
            "x.yaml:18:9: no output is without this",
            id="never-prints-nothing",
        ),
        pytest.param(
            with_events('server: {any_of: ["a", {silent: true}, "ab"]}'),
            "x.yaml:18:9: alternative 3 never counts: alternative 1 takes it",
            id="alternative-behind-its-beginning",
        ),
        pytest.param(
            with_events(
                'server: {any_of: ["{_:word}", {closes: fin}, "ab"]}', text=UDP.replace("x", "x")
            ).replace(", {closes: fin}", ""),
            "x.yaml:18:9: alternative 2 never counts: alternative 1 takes it",
            id="alternative-behind-a-pattern",
        ),
        pytest.param(
            with_events("server: {any_of: [{silent: true}, {closes: any}]}"),
            "x.yaml:18:9: alternative 2 never counts: alternative 1 takes it",
            id="close-behind-silence",
        ),
        pytest.param(
            with_events('server: {any_of: ["x\\n", {closes: any}, {closes: reset}]}'),
            "x.yaml:18:9: alternative 3 never counts: alternative 2 takes it",
            id="reset-behind-any-close",
        ),
        pytest.param(
            changed(('      - server: "hello\\n"\n', ""), text=GOOD[:-1] + "\n"),
            "x.yaml:11:5: nothing is expected of a server: every server passes",
            id="nothing-expected",
        ),
        pytest.param(
            changed(
                ('      - client: "hello\\n"\n', ""),
                text=changed(("requirements:", f"{CLIENT_RUN}requirements:"), text=BOTH),
            ),
            "x.yaml:12:5: nothing is expected of a client: every client passes\n"
            "    roles: [server]",
            id="nothing-expected-of-one-role",
        ),
        pytest.param(
            with_events("server: {silent: true}"),
            "x.yaml:18:9: this silence follows nothing that could be answered\n"
            "    after the last event nothing more may come anyway",
            id="silence-after-the-end",
        ),
        pytest.param(
            changed(
                ('      - client: "hello\\n"\n', '      - client: "hello {word}\\n"\n'), text=DRAWN
            ),
            "x.yaml:18:9: a client cannot know {word}: nobody has typed it, no server said it",
            id="line-not-typed",
        ),
        pytest.param(
            with_events('server: "hello {word|upper}\\n"', text=OF_SERVERS),
            "x.yaml:19:9: a server cannot know {word}: no client said it",
            id="answer-nobody-told",
        ),
        pytest.param(
            with_events('client: {types: "hello"}'),
            "x.yaml:18:9: nothing comes of this: no client is tested by this suite\n"
            "    its roles are server",
            id="typed-where-no-client-is-tested",
        ),
        pytest.param(
            with_events('client: {prints: "hello"}'),
            "x.yaml:18:9: nothing comes of this: no client is tested by this suite\n"
            "    its roles are server",
            id="printed-where-no-client-is-tested",
        ),
        pytest.param(
            with_events("server: 'it''s {_:word}\\n'"),
            "x.yaml:18:32: backslash and n, not a newline: use double quotes\n"
            '    within them "\\\\n" is a backslash and n',
            id="newline-in-single-quotes",
        ),
        pytest.param(
            with_events("server: {says: a\\tb}"),
            "x.yaml:18:25: backslash and t, not a tab: use double quotes\n"
            '    within them "\\\\t" is a backslash and t',
            id="tab-in-a-plain-text",
        ),
        pytest.param(
            changed(("transport: tcp", "transport: tcp\nframing: {delimiter: '\\0'}")),
            "x.yaml:5:23: backslash and 0, not a NUL: use double quotes\n"
            '    within them "\\\\0" is a backslash and 0',
            id="delimiter-in-single-quotes",
        ),
    ],
)
def test_a_finding(text, told):
    assert "\n".join(found(text)) == told


@pytest.mark.parametrize(
    ("message", "example", "why"),
    [
        ("{_:digits(3)}\\n", "12a\\n", "byte 3 cannot stand there"),
        ("{_:digits(3)}\\n", "12", "it ends before the message does"),
        ("{_:digits(3)}\\n", "123\\nx", "1 bytes stand behind the message's end"),
        ("{_:int(1..6)}\\n", "12\\n", "12 is not from 1 to 6"),
        ("{_:line}", "no end", "it ends before the message does"),
        ("{n:int} {_:bytes(n)}", "3 ab", "it ends before the message does"),
        ("{_:one(YES NO)} {word}\\n", "YES other\\n", "byte 5 cannot stand there"),
    ],
)
def test_an_example_that_its_expectation_does_not_take(message, example, why):
    head = changed(("probe:", "parameters: {word: {choice: [word]}}\nprobe:"))
    said = f'server: {{says: "{message}", example: "{example}"}}'
    text = with_events(said, 'client: "{word}\\n"', 'server: "b\\n"', text=head)
    told = example.replace("\n", "\\n")
    assert found(text) == [
        f'x.yaml:19:9: the example "{told}" does not satisfy its expectation: {why}'
    ]


def test_an_example_without_what_is_drawn_is_told_to_have_it():
    head = changed(("probe:", "parameters: {n: {digits: 9}}\nprobe:"))
    said = 'client: {says: "{n} {_:word}\\n", example: "42 hello\\n"}'
    (told,) = found(with_events(said, 'server: "b\\n"', text=head))
    assert told.endswith("\n    {n} is drawn: write {n} in the example")


def test_examples_are_judged_for_several_seeds():
    head = changed(("probe:", "parameters: {number: {int: [1, 20]}}\nprobe:"))
    text = with_events('client: {says: "{_:digits(1)}\\n", example: "{number}\\n"}',
                       'server: "b\\n"', text=head)  # fmt: skip
    (told,) = found(text)
    assert told.startswith("x.yaml:19:9: the example ")


def test_an_example_of_a_layout_names_the_field():
    head = changed(("probe:", "layouts: {head: [kind: u8, size: u8]}\nprobe:"))
    says = '{layout: head, fields: {kind: 1, size: "{_:int}"}}'
    example = "{layout: head, fields: {kind: 2, size: 3}}"
    text = with_events(f"client: {{says: {says}, example: {example}}}", 'server: "x\\n"', text=head)
    assert found(text) == [
        'x.yaml:19:9: the example "\\x02\\x03" does not satisfy its expectation: '
        "kind is 2, wanted 1"
    ]


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(
            with_events('server: "{who:word}\\n"', 'client: "{who}\\n"', 'server: "x\\n"'),
            id="said",
        ),
        pytest.param(
            with_events('server: "{who:word}\\n"', 'server: {prints: "{who}"}'), id="printed"
        ),
        pytest.param(with_events('server: "{n:int} {_:bytes(n)}"'), id="size"),
        pytest.param(with_events('server: "{w:word} {w}\\n"'), id="said-again"),
        pytest.param(
            with_events('server: {says: "{who:word}\\n", hook: right}', text=HOOKS), id="hook"
        ),
        pytest.param(
            with_events(
                'server: "{who:word}\\n"', 'server: {says: "{_:word}\\n", hook: right}', text=HOOKS
            ),
            id="hook-later",
        ),
    ],
)
def test_a_capture_that_may_be_used(text):
    assert found(text) == []


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(with_events("server: {any: true, hook: right}", text=HOOKS), id="hook"),
        pytest.param(
            with_events('server: {any_of: ["x", {any: true, level: should}]}', text=UDP),
            id="warning",
        ),
        pytest.param(with_events("server: {any: true, from: new-port}", text=UDP), id="port"),
        pytest.param(
            with_events('client: {any: true, example: "x\\n"}', 'server: "y\\n"'),
            id="not-the-target",
        ),
        pytest.param(with_events("server: {bytes: 3}"), id="length"),
        pytest.param(with_events('server: {any_of: ["ab", "a"]}'), id="longer-first"),
        pytest.param(
            with_events('server: {any_of: ["{_:line}\\n", "ab"]}'), id="before-the-line-ends"
        ),
        pytest.param(
            with_events("server: {any_of: [{closes: reset}, {closes: any}]}"), id="reset-first"
        ),
        pytest.param(
            with_events("server: {any_of: [{closes: any}, {silent: true}]}"), id="close-first"
        ),
        pytest.param(
            with_events('client: "more\\n"', "server: {silent: true}"), id="silence-in-answer"
        ),
        pytest.param(
            with_events("server: {closes: any}", "client: {opens: true}", "server: {silent: true}"),
            id="silence-on-a-new-connection",
        ),
        pytest.param(
            with_events("server: {silent: true}", 'client: "more\\n"', 'server: "x\\n"'),
            id="silence-before-more",
        ),
        pytest.param(changed(("    points: 1\n", "")), id="suite-without-points"),
        pytest.param(
            changed(("    points: 1", "    points: 1\n    deliveries: [split]")), id="one-delivery"
        ),
        pytest.param(
            changed(
                ("requirements:", "parameters: {most: {int: 5}}\nrequirements:"),
                text=with_events('server: {says: "{_:word}\\n", hook: right}', text=HOOKS),
            ),
            id="parameter-for-a-hook",
        ),
        pytest.param(
            with_events(
                'client: {types: "{word}"}', 'client: "{word}\\n"', 'server: "x\\n"', text=DRAWN
            ),
            id="typed",
        ),
        pytest.param(
            with_events('server: "{word}\\n"', 'client: "{word}\\n"', text=DRAWN),
            id="told-by-the-server",
        ),
        pytest.param(
            with_events(
                'client: "{word}\\n"',
                text=changed(("{program} {host}", "{program} {word} {host}"), text=DRAWN),
            ),
            id="on-the-command-line",
        ),
        pytest.param(
            with_events('client: {any_of: ["{word}\\n", "x\\n"]}', text=DRAWN), id="one-of-several"
        ),
        pytest.param(
            with_events('client: "{word}\\n"', 'server: "{word}\\n"', text=OF_SERVERS),
            id="told-by-the-client",
        ),
        pytest.param(
            with_events('server: "{word|length}\\n"', text=OF_SERVERS), id="length-of-what-is-drawn"
        ),
        pytest.param(
            with_events(
                'server: "{word}\\n"',
                text=changed(
                    ("requirements:", 'target: {server: {run: "{program} {word}"}}\nrequirements:'),
                    text=OF_SERVERS,
                ),
            ),
            id="on-the-server-s-command-line",
        ),
        pytest.param(with_events(r"server: '{_:like([^\r\n]+)}'"), id="escapes-of-an-expression"),
        pytest.param(with_events(r'server: "a\\n\n"'), id="backslash-in-double-quotes"),
    ],
)
def test_what_is_not_certain_is_not_told(text):
    assert found(text) == []


def test_a_finding_in_a_fragment_is_told_once():
    text = changed(
        ("probe:", "fragments:\n  what: {exchange: [server: {any: true}]}\nprobe:"),
        text=with_events("use: what", 'client: "x\\n"', "use: what"),
    )
    assert found(text) == ["x.yaml:8:21: this matches anything: whatever the server says is right"]

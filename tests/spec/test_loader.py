"""What a spec says, once loaded: every key has its effect, with its place."""

import pytest

from harness.errors import Place, SpecError
from harness.spec.loader import load
from harness.spec.model import (
    AnyOf,
    Closes,
    Delivery,
    Ending,
    Exits,
    GoesOn,
    Launch,
    Level,
    Opens,
    Origin,
    Prints,
    Restarts,
    Role,
    Says,
    Silent,
    Stores,
    Transport,
    Types,
)
from harness.wire.framing import Framing, FramingKind
from harness.wire.parameter import Parameter
from harness.wire.reading import parse
from harness.wire.template import literal

SUITE = """\
suite: talk
title: Talk
roles: [server]
transport: {transport}
{more}requirements:
  TALK-1: {{level: must, text: The server talks.}}
probe:
  - client: "hello\\n"
  - server: "hello\\n"
cases:
  - id: talks
    purpose: The server talks.
    verifies: [TALK-1]
    points: 1
{case}    exchange:
      - client: "hello\\n"
{events}"""


class Files:
    """Files and hooks by their paths."""

    def __init__(self, files, hooks):
        self._files, self._hooks = files, hooks

    def read(self, path):
        if path not in self._files:
            raise SpecError(Place(path), f"cannot read {path}")
        return self._files[path]

    def hooks(self, path):
        return self._hooks[path]


def right(captures, at):
    return None


def suite(events=(), more="", case="", transport="tcp", files=None, path="specs/talk.yaml"):
    text = SUITE.format(
        transport=transport,
        more="".join(f"{line}\n" for line in more.splitlines()),
        case="".join(f"    {line}\n" for line in case.splitlines()),
        events="".join(f"      - {line}\n" for line in events),
    )
    sources = Files(files or {}, {"specs/hooks.py": {"right": right}})
    return load(path, text, sources)


def event(line, **around):
    """The last event of a case."""
    return suite([line], **around).cases[0].exchange[-1]


# -- the suite -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("more", "name", "value"),
    [
        ("reference: RFC 862", "reference", "RFC 862"),
        ("", "reference", ""),
        ("framing: crlf", "framing", Framing(FramingKind.CRLF)),
        ("", "framing", Framing(FramingKind.LINE)),
        ('framing: {delimiter: "\\0"}', "framing", Framing(FramingKind.DELIMITER, b"\0")),
        ("framing: {fixed: 4}", "framing", Framing(FramingKind.FIXED, size=4)),
        ("framing: {length: 2}", "framing", Framing(FramingKind.LENGTH, size=2)),
        ("framing: close", "framing", Framing(FramingKind.CLOSE)),
        ("framing: http", "framing", Framing(FramingKind.HTTP)),
        ("pipelined: true", "pipelined", True),
        ("unordered: true", "unordered", True),
        ("", "unordered", False),
        ("", "pipelined", False),
        ("deadline: 1.5", "deadline", 1.5),
        ("", "deadline", 3.0),
        ("features: {big: Big files.}", "features", {"big": "Big files."}),
    ],
)
def test_a_suite_has(more, name, value):
    assert getattr(suite(more=more), name) == value


def test_a_suite_of_datagrams():
    loaded = suite(more="idempotent: true", transport="udp")
    assert loaded.idempotent
    assert loaded.framing.kind is FramingKind.DATAGRAM
    assert loaded.transports == (Transport.UDP,)


def test_a_suite_of_both_transports_begins_with_the_first():
    loaded = suite(transport="[udp, tcp]")
    assert loaded.transports == (Transport.UDP, Transport.TCP)
    assert loaded.cases[0].exchange[0].over is Transport.UDP


def test_who_and_what_it_is():
    loaded = suite()
    assert (loaded.id, loaded.title, loaded.path) == ("talk", "Talk", "specs/talk.yaml")
    assert loaded.roles == (Role.SERVER,)
    assert [each.act for each in loaded.probe] == [Says(literal(b"hello\n"))] * 2


def test_a_requirement():
    more = "include: [rules.yaml]"
    rules = b"requirements:\n  R-1: {level: may, text: Perhaps., source: a book, hint: Look.}\n"
    rule = suite(more=more, files={"specs/rules.yaml": rules}).requirements["R-1"]
    assert (rule.id, rule.level, rule.text) == ("R-1", Level.MAY, "Perhaps.")
    assert (rule.source, rule.hint) == ("a book", "Look.")
    assert rule.place == Place("specs/rules.yaml", 2, 3)


def test_how_targets_are_started():
    more = 'target: {server: {run: "{program} {port}", files: {a/b: "x"}, folders: [c], port: 7}}'
    launch = Launch("{program} {port}", {"a/b": b"x"}, ("c",), 7)
    assert suite(more=more).launches == {Role.SERVER: launch}


@pytest.mark.parametrize(
    ("kind", "value", "low", "high", "choices"),
    [
        ("letters", "[3, 9]", 3, 9, ()),
        ("digits", "4", 4, 4, ()),
        ("alnum", "[1]", 1, 1, ()),
        ("int", "[0, 99999999999]", 0, 99999999999, ()),
        ("bytes", "[0, 8]", 0, 8, ()),
        ("choice", "[a, b]", 0, 0, ("a", "b")),
    ],
)
def test_a_parameter(kind, value, low, high, choices):
    loaded = suite(more=f"parameters:\n  x: {{{kind}: {value}}}")
    assert loaded.parameters["x"] == Parameter(
        "x", kind, Place("specs/talk.yaml", 6, 3), low, high, choices
    )


# -- cases ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("case", "name", "value"),
    [
        ("roles: [server]", "roles", (Role.SERVER,)),
        ("deliveries: [whole, split]", "deliveries", (Delivery.WHOLE, Delivery.SPLIT)),
        ("", "deliveries", None),
        ("without: [bytewise]", "without", (Delivery.BYTEWISE,)),
        ("tags: [quick]", "tags", ("quick",)),
        ("hint: Look.", "hint", "Look."),
        ("fresh: true", "fresh", True),
        ("", "fresh", False),
        ('files: {a: "x"}', "files", {"a": b"x"}),
        ("deadline: 9", "deadline", 9.0),
        ("", "deadline", None),
        ("feature: big", "feature", "big"),
        ("", "weighed", True),
    ],
)
def test_a_case_has(case, name, value):
    more = "features: {big: Big files.}"
    assert getattr(suite(more=more, case=case).cases[0], name) == value


def test_what_a_case_is_about():
    case = suite().cases[0]
    assert (case.id, case.purpose) == ("talks", "The server talks.")
    assert (case.verifies, case.points) == (("TALK-1",), 1)
    assert case.place == Place("specs/talk.yaml", 11, 5)
    assert case.clients == ("client",)


def test_rows_make_cases():
    events = ['server: "{said}{end}"']
    case = 'rows:\n  one: {said: "x", end: "\\n"}\n  any: {said: "{_:word}", end: "!\\n"}'
    loaded = suite(events, case=case)
    assert [each.id for each in loaded.cases] == ["talks-one", "talks-any"]
    said = [each.exchange[-1].act.message for each in loaded.cases]
    assert said == [literal(b"x\n"), parse("{_:word}!\n")]


def test_cases_of_an_included_file_come_behind():
    case = "- {id: more, purpose: More., exchange: [client: hello, server: hello]}\n"
    loaded = suite(
        more="include: [more.yaml]", files={"specs/more.yaml": f"cases:\n{case}".encode()}
    )
    assert [each.id for each in loaded.cases] == ["talks", "more"]
    assert loaded.cases[1].place == Place("specs/more.yaml", 2, 3)
    assert not loaded.cases[1].weighed


# -- payloads ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "template"),
    [
        ('"a {{b}}\\n"', literal(b"a {b}\n")),
        ('{text: "x"}', literal(b"x")),
        ('{hex: "00 fF"}', literal(b"\0\xff")),
        ('{base64: "AP8="}', literal(b"\0\xff")),
        ("{file: all.bin}", literal(b"all")),
        ('{fill: "ab", times: 3}', literal(b"ababab")),
        ('{join: ["a", {hex: "00"}, "b"]}', literal(b"a\0b")),
        ('{piece: 1, of: "abcde", size: 2}', literal(b"ab")),
        ('{piece: 3, of: {fill: "ab", times: 3}, size: 2}', literal(b"ab")),
        ('{piece: "3", of: "abcde", size: 2}', literal(b"e")),
        ('{piece: 4, of: "abcde", size: 2}', literal(b"")),
        ("{bytes: 3}", parse("{_:bytes(3)}")),
        ("{bytes: [3, 5]}", parse("{_:bytes(3..5)}")),
        ("{any: true}", parse("{_:rest}")),
        ('{says: "x"}', literal(b"x")),
        ('{says: {hex: "41"}}', literal(b"A")),
    ],
)
def test_a_payload(written, template):
    act = event(f"server: {written}", files={"specs/all.bin": b"all"}).act
    assert act == Says(template)


def test_a_layout():
    act = event(
        'server: {layout: head, fields: {kind: 1, name: "{_:word}"}, example: "x"}',
        more="layouts: {head: [kind: u8, size: u16, name: rest]}",
    ).act
    assert act.message.layout.names == ("kind", "size", "name")
    assert dict(act.message.values) == {"kind": 1, "name": parse("{_:word}")}


def test_a_layer_of_scapys():
    act = event(
        "server: {layout: tftp}", more="layouts: {tftp: {scapy: scapy.layers.tftp.TFTP}}"
    ).act
    assert act.message.layout.name == "TFTP"


# -- events --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "act"),
    [
        ("client: {opens: true}", Opens()),
        ("server: {silent: true}", Silent()),
        ("server: {closes: fin}", Closes(Ending.FIN)),
        ("server: {closes: half}", Closes(Ending.HALF)),
        ("server: {closes: reset}", Closes(Ending.RESET)),
        ("server: {closes: any}", Closes(Ending.ANY)),
        ('client: {types: "x"}', Types(literal(b"x"))),
        ('client: {prints: "x"}', Prints(literal(b"x"))),
        ('client: {never_prints: "x"}', Prints(literal(b"x"), never=True)),
        ('client: {stores: "x"}', Stores(literal(b"x"))),
        ('client: {never_stores: "x"}', Stores(literal(b"x"), never=True)),
        ("client: {exits: 3}", Exits(3)),
        ("client: {exits: any}", Exits()),
        ("client: {exits: nonzero}", Exits(nonzero=True)),
        ("server: {restarts: true}", Restarts()),
        ("server: {goes_on: true}", GoesOn()),
        (
            'client: {says: "{_:word}\\n", example: "x\\n"}',
            Says(parse("{_:word}\n"), literal(b"x\n")),
        ),
    ],
)
def test_an_act(written, act):
    assert event(written).act == act


@pytest.mark.parametrize(
    ("written", "name", "value"),
    [
        ('server: {says: "x", from: new-port}', "origin", Origin.NEW_PORT),
        ('server: {says: "x", from: any-port}', "origin", Origin.ANY_PORT),
        ('server: {says: "x", not_before: 0.5}', "not_before", 0.5),
    ],
)
def test_what_a_datagram_has(written, name, value):
    assert getattr(event(written, transport="udp").act, name) == value


def test_a_hook():
    act = event('server: {says: "{_:word}\\n", hook: right}', more="hooks: hooks.py").act
    assert (act.hook.name, act.hook.call) == ("right", right)


def test_set_up():
    assert event('server: {says: "x", setup: true}').setup
    assert not event('server: "x"').setup


@pytest.mark.parametrize(("given", "setup"), [(", setup: true", True), ("", False)])
def test_set_up_of_a_fragment_is_that_of_all_its_events(given, setup):
    more = 'fragments: {greet: {exchange: [client: "hi", server: "hi"]}}'
    loaded = suite([f"{{use: greet{given}}}"], more=more)
    assert [each.setup for each in loaded.cases[0].exchange] == [False, setup, setup]


def test_over_names_the_transport():
    assert event('server: {says: "x", over: tcp}', transport="[udp, tcp]").over is Transport.TCP


def test_alternatives():
    act = event('server: {any_of: ["x", {closes: any, level: may, reason: why}, {hex: "00"}]}').act
    assert isinstance(act, AnyOf)
    assert [each.level for each in act.choices] == [Level.MUST, Level.MAY, Level.MUST]
    assert [each.reason for each in act.choices] == ["", "why", ""]
    assert act.choices[1].act == Closes(Ending.ANY)
    assert act.choices[2].act == Says(literal(b"\0"))


def test_a_place_is_the_events():
    assert event('server: "x"').place == Place("specs/talk.yaml", 17, 9)


def clients_of(*events, more=""):
    text = SUITE.format(
        transport="tcp",
        more=more,
        case="    clients: [alice, bob]\n",
        events="".join(f"      - {line}\n" for line in events),
    ).replace('    exchange:\n      - client: "hello\\n"\n', "    exchange:\n")
    loaded = load("x.yaml", text, Files({}, {}))
    return [(str(each.by), each.client) for each in loaded.cases[0].exchange]


def test_a_servers_event_is_to_who_acted_last_or_to_whom_it_names():
    found = clients_of('alice: "x"', 'bob: "y"', 'server: "y"', 'server: {to: alice, says: "x"}',
                       'server: "y"')  # fmt: skip
    assert [client for _, client in found] == ["alice", "bob", "bob", "alice", "bob"]


def test_a_fragment_is_written_out_for_the_client_that_is_meant():
    more = """\
fragments:
  greet: {with: [who], exchange: [client: "hi {who}", server: "hi"]}
  twice: {exchange: [{use: greet, who: a}, {use: greet, who: b}, server: {to: client, says: x}]}
"""
    found = clients_of('alice: "x"', "{use: twice, as: bob}", 'server: "y"', more=more)
    assert found == [
        ("client", "alice"),
        *[("client", "bob"), ("server", "bob")] * 2,
        ("server", "bob"),
        ("server", "bob"),
    ]


def test_a_fragment_has_the_values_of_its_use():
    more = 'fragments: {greet: {with: [who], exchange: [server: "hi {who|upper}"]}}'
    assert event("{use: greet, who: bob}", more=more).act == Says(literal(b"hi BOB"))


@pytest.mark.parametrize(
    ("given", "written", "said"),
    [
        ("{word}", "{v|length}", "{word|length}"),
        ("{word}", "{v|reverse}", "{word|reverse}"),
        ("a {word}", "{v|upper}", "A {word|upper}"),
        ("{size}", "{_:bytes(v)}", "{_:bytes(size)}"),
    ],
)
def test_a_filter_on_a_value_that_is_a_reference(given, written, said):
    more = f"""\
parameters: {{word: {{letters: [1, 9]}}, size: {{int: [1, 9]}}}}
fragments: {{put: {{with: [v], exchange: [server: "{written}"]}}}}
"""
    assert event(f'{{use: put, v: "{given}"}}', more=more).act == Says(parse(said))


def test_a_repeat_is_written_out():
    loaded = suite(['repeat: {times: 3, exchange: [client: "a", server: "b"]}'])
    assert len(loaded.cases[0].exchange) == 7


def test_a_counter_is_the_number_of_the_pass():
    put = '{use: put, n: "{n}", what: {piece: "{n}", of: "abcde", size: 2}}'
    more = 'fragments: {put: {with: [n, what], exchange: [server: "{n}:{what}"]}}\n'
    for first, all_of_it in (("", [b"1:ab", b"2:cd"]), ("first: 2, ", [b"2:cd", b"3:e"])):
        loaded = suite([f"repeat: {{times: 2, counter: n, {first}exchange: [{put}]}}"], more=more)
        said = [each.act.message for each in loaded.cases[0].exchange[-2:]]
        assert said == list(map(literal, all_of_it))


def test_what_is_used_nowhere_is_noted():
    more = """\
parameters: {a: {digits: 1}}
fragments: {f: {exchange: [server: x]}}
layouts: {l: [x: u8]}
"""
    found = [(each.kind, each.name, each.place.line) for each in suite(more=more).unused]
    assert found == [("fragment", "f", 6), ("layout", "l", 7), ("parameter", "a", 5)]


def test_a_parameter_of_the_command_line_is_used():
    more = 'parameters: {level: {digits: 1}}\ntarget: {server: {run: "{program} {level}"}}'
    assert suite(more=more).unused == ()


def test_a_byte_order_mark_is_no_character_of_the_spec():
    text = "\ufeff" + SUITE.format(
        transport="tcp", more="", case="", events='      - server: "x"\n'
    )
    assert load("x.yaml", text, Files({}, {})).id == "talk"

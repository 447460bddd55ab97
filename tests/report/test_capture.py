"""Captures: what stands in them, as tshark and scapy read it, and where they lie."""

import io
import shutil
import subprocess
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scapy.layers.inet import ICMP, IP, TCP, UDP
from scapy.layers.l2 import Ether
from scapy.utils import RawPcapNgReader
from upper import CASE, SUITE

from harness.errors import Place
from harness.exchange.plan import Connection, Expect, Open, Plan, Send
from harness.report import capture
from harness.report.annotation import Matching
from harness.report.capture import Captures, capture_of, safe_name
from harness.report.reconstruction import Reconstruction
from harness.runner.outcome import ANOTHER_PORT, CRAFTED, Entry, Kind, Outcome
from harness.spec.model import Choice, Delivery, Role, Says, Transport
from harness.verdict import PASSED, Fault, Finding, Verdict
from harness.wire.fields import Fields
from harness.wire.frames import (
    ACK,
    FIN,
    PSH,
    RST,
    SYN,
    End,
    Frame,
    Seen,
    segment_in,
    tcp_frame,
    udp_frame,
)
from harness.wire.framing import LINE
from harness.wire.layout import compile_layout
from harness.wire.template import literal

needs_tshark = pytest.mark.skipif(not shutil.which("tshark"), reason="no tshark here")

COMMAND = "pytest --target=./my_server.py -k 'upper/capitals[whole]'"
BEGAN = 1_764_417_600.5
ALICE, BOB = Connection("alice", Transport.TCP), Connection("bob", Transport.TCP)
ASKED, ANSWERED = Place("specs/upper.yaml", 31), Place("specs/upper.yaml", 32)
OPEN = Open(ASKED, False, ALICE)
SEND = Send(ASKED, False, ALICE, (Says(literal(b"hello\n")),))
EXPECT = Expect(ANSWERED, False, ALICE, (Choice(Says(literal(b"HELLO\n"))),))
STEPS = (OPEN, SEND, EXPECT)
WRONG = Finding(Verdict.FAIL, "the answer differs", Fault.TARGET, ANSWERED, None, "bytes")
TOLD = (
    Entry(0.0, Kind.OPEN, True, "alice", step=OPEN),
    Entry(0.001, Kind.BYTES, True, "alice", b"hello\n", step=SEND),
    Entry(0.002, Kind.BYTES, False, "alice", b"HELlO\n", step=EXPECT),
    Entry(0.003, Kind.CLOSE, False, "alice", detail="fin", step=EXPECT),
)


def outcome_of(transcript, steps=STEPS, over=Transport.TCP, clients=("alice",), **more):
    suite = replace(SUITE, transports=over if isinstance(over, tuple) else (over,))
    case = replace(CASE, clients=clients)
    plan = Plan(suite, case, Role.SERVER, Delivery.WHOLE, 7, LINE, tuple(steps))
    more = {"finding": WRONG, "began": BEGAN, "port": 7777, **more}
    return Outcome("my_server.py", plan, transcript=tuple(transcript), **more)


def read(data):
    """Returns (packet, seconds since the case began, comments) of each."""
    return [
        (
            Ether(frame),
            ((told.tshigh << 32 | told.tslow) - int(BEGAN * 1e9)) / told.tsresol,
            [each.decode() for each in told.comments or ()],
        )
        for frame, told in RawPcapNgReader(io.BytesIO(data))
    ]


def packets(outcome):
    return [packet for packet, _, _ in read(capture_of(outcome, COMMAND))]


def comments(outcome):
    return [told for _, _, told in read(capture_of(outcome, COMMAND))]


def tshark(path, *options):
    command = ["tshark", "-r", str(path), *options]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout


def flags(outcome):
    return [(each[IP].src[-1], str(each[TCP].flags)) for each in packets(outcome)]


# -- what is made from a transcript ----------------------------------------------------------


def test_a_connection_is_opened_used_and_closed():
    outcome = outcome_of(TOLD)
    assert flags(outcome) == [
        ("2", "S"), ("1", "SA"), ("2", "A"), ("2", "PA"), ("1", "PA"), ("1", "FA"), ("2", "A"),
    ]  # fmt: skip
    said = [(each[TCP].seq, each[TCP].ack, bytes(each[TCP].payload)) for each in packets(outcome)]
    assert said == [
        (0, 0, b""), (0, 1, b""), (1, 1, b""), (1, 1, b"hello\n"), (1, 7, b"HELlO\n"),
        (7, 7, b""), (7, 8, b""),
    ]  # fmt: skip
    assert {each.sport for each in packets(outcome) if each[IP].src.endswith(".1")} == {7777}


def test_the_times_are_those_of_the_transcript():
    times = [at for _, at, _ in read(capture_of(outcome_of(TOLD), COMMAND))]
    assert times == pytest.approx([0, 0, 0, 0.001, 0.002, 0.003, 0.003], abs=1e-6)


@pytest.mark.parametrize(
    ("entry", "wanted"),
    [
        (Entry(0.1, Kind.CLOSE, True, "alice", detail="reset"), [("2", "RA")]),
        (Entry(0.1, Kind.CLOSE, False, "alice", detail="reset"), [("1", "RA")]),
        (Entry(0.1, Kind.CLOSE, True, "alice", detail="half"), [("2", "FA"), ("1", "A")]),
        (Entry(0.1, Kind.CLOSE, True, "alice", detail="fin"), [("2", "FA"), ("1", "A")]),
    ],
    ids=["we-reset", "it-resets", "half", "fin"],
)
def test_a_connection_ends_as_it_ended(entry, wanted):
    assert flags(outcome_of([TOLD[0], entry])) == [("2", "S"), ("1", "SA"), ("2", "A"), *wanted]


def test_a_half_closed_connection_is_closed_once():
    half = Entry(0.1, Kind.CLOSE, True, "alice", detail="half")
    again = replace(half, detail="fin")
    assert flags(outcome_of([TOLD[0], half, again]))[3:] == [("2", "FA"), ("1", "A")]


def test_a_refused_connection_is_never_there():
    refused = Entry(0.1, Kind.REFUSE, False, "alice", detail="Connection refused", step=OPEN)
    outcome = outcome_of([TOLD[0], refused], finding=PASSED)
    assert flags(outcome) == [("2", "S"), ("1", "RA")]
    assert comments(outcome)[1] == ["specs/upper.yaml:31: server refuses (Connection refused)"]


def test_what_is_long_is_cut_into_segments():
    long = Entry(0.1, Kind.BYTES, True, "alice", bytes(range(250)) * 12, step=SEND)
    outcome = outcome_of([TOLD[0], long], finding=PASSED)
    parts = [bytes(each[TCP].payload) for each in packets(outcome)[3:]]
    assert list(map(len, parts)) == [1460, 1460, 80]
    assert b"".join(parts) == long.data
    assert [len(told) for told in comments(outcome)[3:]] == [1, 1, 1]


def test_each_client_has_an_address_of_its_own_and_each_connection_a_port():
    again = replace(TOLD[0], seconds=0.2)
    bob = Entry(0.1, Kind.OPEN, True, "bob")
    outcome = outcome_of([TOLD[0], bob, again], clients=("alice", "bob"))
    opened = [(each[IP].src, each.sport) for each in packets(outcome) if each[TCP].flags == "S"]
    assert opened == [("192.0.2.2", 49152), ("192.0.2.3", 49153), ("192.0.2.2", 49154)]
    data = capture_of(outcome, COMMAND)
    for named in (b"\xc0\0\2\1server\0", b"\xc0\0\2\2alice\0", b"\xc0\0\2\3bob\0"):
        assert named in data


DATAGRAMS = (
    Entry(0.0, Kind.BYTES, True, "alice", b"one"),
    Entry(0.1, Kind.BYTES, True, "alice", b"", ANOTHER_PORT),
    Entry(0.2, Kind.BYTES, False, "alice", b"", ANOTHER_PORT),
    Entry(0.3, Kind.BYTES, True, "alice", b"two"),
    Entry(0.4, Kind.BYTES, True, "a stranger", b"three"),
)


def test_datagrams_go_from_port_to_port():
    found = packets(outcome_of(DATAGRAMS, (), over=Transport.UDP))
    assert [(each.sport, each.dport, bytes(each[UDP].payload)) for each in found] == [
        (49152, 7777, b"one"),
        (49153, 7777, b""),
        (49154, 49153, b""),
        (49153, 49154, b"two"),
        (49155, 7777, b"three"),
    ]


def test_a_refused_datagram_is_answered_by_icmp():
    refused = Entry(0.1, Kind.REFUSE, False, "alice", detail="Connection refused")
    found = packets(outcome_of([DATAGRAMS[0], refused], (), over=Transport.UDP))
    assert (found[1][ICMP].type, found[1][ICMP].code) == (3, 3)
    assert found[1][IP].src == "192.0.2.1"


def test_two_transports_are_told_apart_by_the_event():
    udp = Connection("alice", Transport.UDP)
    asked = Send(ASKED, False, udp, (Says(literal(b"x")),))
    entries = [
        TOLD[0],
        Entry(0.1, Kind.BYTES, True, "alice", b"datagram", step=asked),
        Entry(0.2, Kind.BYTES, True, "alice", b"stream", step=SEND),
        Entry(0.3, Kind.BYTES, False, "alice", b"behind the last event"),
        Entry(0.4, Kind.BYTES, True, "bob", b"nobody has opened anything"),
    ]
    outcome = outcome_of(entries, (*STEPS, asked), over=(Transport.TCP, Transport.UDP))
    assert [UDP in each for each in packets(outcome)[3:]] == [True, False, False, True]


def test_output_and_what_is_typed_is_on_no_wire():
    beside = [
        Entry(0.0, Kind.TYPED, True, "", b"hello\n"),
        Entry(0.1, Kind.PRINTED, True, "", b"HELLO\n"),
        Entry(0.2, Kind.NOTE, False, "", detail="it rests"),
    ]
    assert packets(outcome_of(beside)) == []


# -- what is told ---------------------------------------------------------------------------


def test_a_packet_names_its_event_and_the_one_at_fault_the_verdict():
    told = comments(outcome_of(TOLD[:3]))
    assert told == [
        ["specs/upper.yaml:31: alice connects"],
        [],
        [],
        ['specs/upper.yaml:31: alice says "hello\\n"'],
        ['specs/upper.yaml:32: server says "HELlO\\n"', "FAIL: the answer differs"],
    ]


def test_where_the_target_did_nothing_the_last_packet_tells_the_verdict():
    assert comments(outcome_of(TOLD[:2]))[-1][-1] == "FAIL: the answer differs"


def test_what_passes_has_no_fault():
    assert [len(each) for each in comments(outcome_of(TOLD[:3], finding=PASSED))] == [1, 0, 0, 1, 1]


def test_what_comes_while_we_speak_is_of_the_event_that_awaits_it():
    early = replace(TOLD[2], step=SEND)
    assert comments(outcome_of([*TOLD[:2], early]))[-1][0].startswith("specs/upper.yaml:32: server")


def test_what_comes_last_is_of_no_event():
    late = replace(TOLD[2], step=None)
    told = comments(outcome_of([TOLD[0], late], finding=PASSED))
    assert told[-1] == ['after the last event: server says "HELlO\\n"']


def test_with_several_clients_it_is_told_whom_the_server_speaks_to():
    told = comments(outcome_of(TOLD[:3], clients=("alice", "bob")))
    assert told[-1][0] == 'specs/upper.yaml:32: server to alice says "HELlO\\n"'


LAYOUT = compile_layout("pong", [("kind", "u8"), ("number", "u16"), ("text", "rest")])


def laid_out(over, *pieces):
    connection = Connection("alice", over)
    send = Send(ASKED, False, connection, (Says(Fields(LAYOUT, (("kind", 1),))),))
    entries = [Entry(0.1, Kind.BYTES, True, "alice", each, step=send) for each in pieces]
    return outcome_of(entries, [send], over=over, finding=PASSED)


@pytest.mark.parametrize(
    ("data", "fields"),
    [
        (b"\1\0\7hey", "pong: kind=1, number=7, text=b'hey'"),
        (b"\1\0", "pong: kind=1"),
        (b"", ""),
    ],
)
def test_the_fields_of_a_layout_are_told_by_name(data, fields):
    told = comments(laid_out(Transport.UDP, data))
    assert told[0][1:] == ([fields] if fields else [])


def test_the_fields_of_what_comes_in_pieces_are_told_at_the_first():
    told = comments(laid_out(Transport.TCP, b"\1", b"\0\7", b"hey"))
    assert [each[1:] for each in told] == [["pong: kind=1, number=7, text=b'hey'"], [], []]


def preface(outcome):
    data = capture_of(outcome, COMMAND)
    return data[: int.from_bytes(data[4:8], "little")].decode("utf-8", "replace")


def test_the_section_tells_the_case_its_verdict_and_that_it_is_no_recording():
    told = preface(outcome_of(TOLD))
    for part in (
        "upper/capitals[whole]  my_server.py (server, the target)",
        "A line comes back in capitals.",
        "FAIL: the answer differs",
        "event: specs/upper.yaml:32",
        f"again: {COMMAND}",
        "Made from the transcript",
        "It is not what was on the wire",
        "wireharness ",
    ):
        assert part in told


def test_nothing_of_a_target_reaches_a_comment_unescaped():
    evil = Entry(0.1, Kind.BYTES, False, "alice", b"\x1b[31m\xff", "\x1b]0;", step=EXPECT)
    finding = replace(WRONG, reason="it said \x1b[2J")
    data = capture_of(outcome_of([TOLD[0], evil], finding=finding), COMMAND)
    words = [told for _, _, each in read(data) for told in each] + [preface(outcome_of(TOLD))]
    assert not any("\x1b" in each for each in words)


# -- what was seen on a wire ------------------------------------------------------------------

NEAR = End(b"\2\0\0\0\0\2", bytes([10, 9, 0, 2]), 7777)
FAR = End(b"\2\0\0\0\0\1", bytes([10, 9, 0, 1]), 40_000)


def seen(*frames, lost=0):
    listed = tuple(
        Frame(int(BEGAN * 1e9) + number, data, len(data)) for number, data in enumerate(frames)
    )
    return Seen(listed, lost, {FAR.ip: "client", NEAR.ip: "server"})


def stream(first=1000, second=2000, far=FAR):
    """A connection as it goes: a first byte lost and sent again, an answer in two segments."""
    return [
        tcp_frame(far, NEAR, SYN, first, 0),
        tcp_frame(NEAR, far, SYN | ACK, second, first + 1),
        tcp_frame(far, NEAR, ACK, first + 1, second + 1),
        tcp_frame(far, NEAR, PSH | ACK, first + 1, second + 1, b"hello\n"),
        tcp_frame(far, NEAR, PSH | ACK, first + 1, second + 1, b"hello\n"),
        tcp_frame(NEAR, far, PSH | ACK, second + 1, first + 7, b"HEL"),
        tcp_frame(NEAR, far, PSH | ACK, second + 4, first + 7, b"lO\n"),
        tcp_frame(NEAR, far, FIN | ACK, second + 7, first + 7),
    ]


STREAMED = [
    ["specs/upper.yaml:31: alice connects"],
    [],
    [],
    ['specs/upper.yaml:31: alice says "hello\\n"'],
    [],
    ['specs/upper.yaml:32: server says "HEL"'],
    ['specs/upper.yaml:32: server says "lO\\n"'],
    ["specs/upper.yaml:32: server closes (fin)", "FAIL: the answer differs"],
]


def test_the_frames_of_a_connection_are_known_by_their_bytes():
    outcome = outcome_of(TOLD, seen=seen(*stream()))
    assert comments(outcome) == STREAMED
    assert [bytes(each) for each in packets(outcome)] == stream()
    assert "Made from" not in preface(outcome)


def test_sequence_numbers_go_round():
    assert comments(outcome_of(TOLD, seen=seen(*stream(2**32 - 3, 2**32 - 1)))) == STREAMED


def test_two_connections_are_known_by_their_order():
    other = replace(FAR, port=40_001)
    bobs = [replace(each, who="bob") for each in TOLD]
    outcome = outcome_of(
        [*TOLD, *bobs],
        clients=("alice", "bob"),
        seen=seen(*stream(), *stream(5, 6, other)),
    )
    assert [bool(each) for each in comments(outcome)] == 2 * [bool(each) for each in STREAMED]
    assert "bob" in comments(outcome)[8][0]


def test_a_port_that_is_used_again_is_another_connection():
    again = [replace(each, seconds=1 + each.seconds) for each in TOLD]
    outcome = outcome_of([*TOLD, *again], seen=seen(*stream(), *stream(77_000, 5)))
    assert [len(each) for each in comments(outcome)][8] == 1


def test_a_reset_and_a_refusal_are_found():
    reset = [TOLD[0], Entry(0.1, Kind.CLOSE, False, "alice", detail="reset", step=EXPECT)]
    frames = [*stream()[:3], tcp_frame(NEAR, FAR, RST, 2001, 0)]
    assert "closes (reset)" in comments(outcome_of(reset, seen=seen(*frames)))[3][0]
    refused = [TOLD[0], Entry(0.1, Kind.REFUSE, False, "alice", detail="no", step=OPEN)]
    frames = [stream()[0], tcp_frame(NEAR, FAR, RST | ACK, 0, 1001)]
    assert "refuses" in comments(outcome_of(refused, seen=seen(*frames)))[1][0]


def test_datagrams_are_known_by_side_and_bytes():
    entries = [
        Entry(0.0, Kind.BYTES, True, "alice", b"ping"),
        Entry(0.1, Kind.BYTES, False, "alice", b"ping"),
        Entry(0.2, Kind.BYTES, True, "alice", b"ping", ANOTHER_PORT),
    ]
    other = replace(NEAR, port=9)
    frames = [
        udp_frame(FAR, NEAR, b"ping"),
        udp_frame(other, FAR, b"ping"),
        udp_frame(FAR, other, b"ping"),
        udp_frame(FAR, NEAR, b"not of the transcript"),
    ]
    told = comments(outcome_of(entries, (), over=Transport.UDP, seen=seen(*frames)))
    assert [each[0].partition(": ")[2] if each else "" for each in told] == [
        'alice says "ping"',
        'server says "ping"',
        'alice says "ping" (from another port)',
        "",
    ]


def test_what_was_lost_is_told_at_the_next_packet():
    entries = [
        Entry(0.0, Kind.BYTES, True, "alice", b"ping"),
        Entry(0.0, Kind.NOTE, True, "", detail="the 1st is lost\x1b"),
        Entry(0.1, Kind.TYPED, True, "", b"again"),
        Entry(0.1, Kind.BYTES, True, "alice", b"ping?"),
    ]
    frames = [udp_frame(FAR, NEAR, b"ping?")]
    told = comments(outcome_of(entries, (), Transport.UDP, finding=PASSED, seen=seen(*frames)))
    assert told == [
        [
            'after the last event: alice says "ping?"',
            'before this, and in no packet: after the last event: alice says "ping"',
            "before this: the 1st is lost\\x1b",
        ]
    ]


def test_what_is_malformed_is_known_by_its_time():
    entries = [
        Entry(0.1, Kind.BYTES, True, "alice", b"probe", f"{CRAFTED}udp-length-zero"),
        Entry(0.2, Kind.BYTES, True, "alice", b"probe"),
        Entry(0.3, Kind.BYTES, False, "alice", b"PROBE"),
    ]
    cut = udp_frame(FAR, NEAR, b"probe")[:36]
    frames = [cut, cut, udp_frame(FAR, NEAR, b"probe"), udp_frame(NEAR, FAR, b"PROBE")]
    listed = seen(*frames)
    times = [0.1001, 0.1002, 0.2001, 0.3]
    moved = [
        replace(each, at=int((BEGAN + at) * 1e9))
        for each, at in zip(listed.frames, times, strict=True)
    ]
    outcome = outcome_of(entries, (), over=Transport.UDP, seen=replace(listed, frames=tuple(moved)))
    assert [each[0].partition(": ")[2] if each else "" for each in comments(outcome)] == [
        'alice says "probe" (crafted: udp-length-zero)',
        "",
        'alice says "probe"',
        'server says "PROBE"',
    ]


def test_strange_frames_are_kept_and_told_nothing_of():
    outcome = outcome_of(TOLD, seen=seen(b"", b"\0" * 60, stream()[3]))
    assert comments(outcome) == [[], [], []]


def test_lost_frames_are_told():
    outcome = outcome_of(TOLD, seen=seen(*stream(), lost=5))
    assert "5 packets are not in this file" in preface(outcome)


def test_a_file_ends_at_its_largest_and_says_so(monkeypatch):
    monkeypatch.setattr(capture, "_LARGEST", 300)
    outcome = outcome_of(TOLD)
    assert len(packets(outcome)) == 5
    assert "2 packets are not in this file" in preface(outcome)


# -- tshark, which is Wireshark without its windows ---------------------------------------------

CHECKED = [
    option for name in ("tcp", "udp", "ip") for option in ("-o", f"{name}.check_checksum:TRUE")
]
COMPLAINTS = "_ws.malformed or tcp.analysis.flags or _ws.expert.severity >= 6291456"


@needs_tshark
@pytest.mark.parametrize(
    "outcome",
    [
        outcome_of(TOLD),
        outcome_of(DATAGRAMS, (), over=Transport.UDP),
        outcome_of([*DATAGRAMS, replace(DATAGRAMS[0], data=bytes(65_507))], (), over=Transport.UDP),
    ],
    ids=["tcp", "udp", "largest"],
)
def test_tshark_finds_nothing_wrong(outcome, tmp_path):
    path = tmp_path / "made.pcapng"
    path.write_bytes(capture_of(outcome, COMMAND))
    assert tshark(path, *CHECKED, "-Y", COMPLAINTS) == ""
    assert len(tshark(path).splitlines()) == len(packets(outcome))


@needs_tshark
def test_tshark_shows_names_and_comments(tmp_path):
    path = tmp_path / "made.pcapng"
    path.write_bytes(capture_of(outcome_of(TOLD), COMMAND))
    assert "alice → server" in tshark(path, "-N", "n").splitlines()[0]
    told = tshark(path, "-T", "fields", "-e", "frame.comment").splitlines()
    assert told[3] == 'specs/upper.yaml:31: alice says "hello\\n"'
    assert "FAIL: the answer differs" in "".join(told)


# -- files ------------------------------------------------------------------------------------


@pytest.fixture
def captures(tmp_path):
    return Captures(tmp_path / "caught", tmp_path)


def test_a_file_lies_below_its_target(captures, tmp_path):
    told = captures.write(outcome_of(TOLD), "my_server.py", "upper.capitals.whole", COMMAND)
    assert told == "caught/my_server.py/upper.capitals.whole.pcapng"
    assert (tmp_path / told).read_bytes() == capture_of(outcome_of(TOLD), COMMAND)
    assert sorted(each.name for each in (tmp_path / "caught").rglob("*")) == [
        ".gitignore", "my_server.py", "upper.capitals.whole.pcapng",
    ]  # fmt: skip


def test_where_nothing_was_said_nothing_is_written(captures, tmp_path):
    assert captures.write(outcome_of([]), "t", "n", COMMAND) == ""
    assert list(tmp_path.iterdir()) == []


def test_what_lay_there_is_replaced_and_no_link_is_followed(captures, tmp_path):
    precious = tmp_path / "precious"
    precious.write_text("kept")
    place = tmp_path / "caught" / "t" / "n.pcapng"
    place.parent.mkdir(parents=True)
    place.symlink_to(precious)
    captures.write(outcome_of(TOLD), "t", "n", COMMAND)
    assert precious.read_text() == "kept"
    assert place.read_bytes()[:4] == b"\x0a\x0d\x0d\x0a"


def test_a_target_has_so_many_and_no_more(captures, monkeypatch):
    monkeypatch.setattr(capture, "_MOST", 2)
    told = [captures.write(outcome_of(TOLD), "t", f"n{n}", COMMAND) for n in range(3)]
    assert told[1:] == ["caught/t/n1.pcapng", "none: 2 were written for this target"]
    assert captures.write(outcome_of(TOLD), "other", "n", COMMAND) == "caught/other/n.pcapng"


def test_a_run_has_so_many_bytes_and_no_more(captures, monkeypatch):
    monkeypatch.setattr(capture, "_MOST_BYTES", 1 << 20)
    monkeypatch.setattr(captures, "_bytes", (1 << 20) - 100)
    assert captures.write(outcome_of(TOLD), "t", "n", COMMAND) == (
        "none: 1 MiB were written in this run"
    )


def test_a_folder_that_cannot_be_is_told(captures, tmp_path):
    (tmp_path / "caught").write_text("in the way")
    assert captures.write(outcome_of(TOLD), "t", "n", COMMAND).startswith("none: cannot write ")


@pytest.mark.parametrize(
    ("text", "start"),
    [
        ("upper.capitals.whole", "upper.capitals.whole"),
        ("../../etc/passwd", "etc_passwd-"),
        ("-rf", "rf-"),
        ("..", "_-"),
        ("", "_-"),
        ("ein Name\n\x1b", "ein_Name-"),
        ("x" * 500, "x" * 120 + "-"),
    ],
)
def test_a_name_is_safe(text, start):
    name = safe_name(text)
    assert name == text or (name.startswith(start) and len(name) < 130)
    assert "/" not in name
    assert not name.startswith((".", "-"))


def test_names_of_different_texts_differ():
    assert safe_name("\udcf6").isascii()  # as Python reads a file name that is no UTF-8
    assert len({safe_name(each) for each in ("a b", "a_b", "a/b", "-a_b", "a_b.")}) == 5


# -- the two ways agree ---------------------------------------------------------------------------


@st.composite
def transcripts(draw, over):
    """Some clients that open, say, are answered, close and come again."""
    entries, open_now = [], set()
    for number in range(draw(st.integers(1, 12))):
        who, by_client = draw(st.sampled_from(["alice", "bob"])), draw(st.booleans())
        at = number / 10
        if over is Transport.TCP and who not in open_now:
            entries.append(Entry(at, Kind.OPEN, True, who))
            open_now.add(who)
        if over is Transport.TCP and draw(st.integers(0, 4)) == 0:
            how = draw(st.sampled_from(["fin", "reset"]))
            entries.append(Entry(at, Kind.CLOSE, by_client, who, detail=how))
            open_now.discard(who)
            continue
        data = draw(st.binary(min_size=over is Transport.TCP, max_size=4))
        if not entries and over is Transport.UDP:
            by_client = True  # nobody answers who has not been heard
        data *= draw(st.sampled_from([1, 900]))
        entries.append(Entry(at, Kind.BYTES, by_client, who, data))
    return entries


@pytest.mark.parametrize("over", list(Transport))
@settings(max_examples=50, deadline=None)
@given(st.data())
def test_frames_made_from_a_transcript_are_matched_with_what_they_were_made_from(over, data):
    outcome = outcome_of(data.draw(transcripts(over)), (), over, ("alice", "bob"))
    made = list(Reconstruction(outcome).frames())
    matching = Matching(outcome)
    for frame, entry in made:
        segment = segment_in(frame.data)
        found = matching.entry(frame)
        if segment.data or over is Transport.UDP:
            assert found is entry
        elif found is not None:
            assert (found.kind, found.by_client) == (entry.kind, entry.by_client)
    assert matching.missing == []

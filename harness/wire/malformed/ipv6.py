"""Entries about IPv6: its header, extension headers, addresses, and UDP over it.

Belongs here: the rows of these groups. Must not know: how one is built.
"""

from __future__ import annotations

from functools import partial

from harness.wire.malformed.packet import UNANSWERED, WHOLE, Entry, Filled, dropped, kept, shown_as

_BAD_SUM = dropped("Udp6.InErrors", "Udp6.InCsumErrors")
_FOUR = Filled(4, least=True)
_PAD = "000104" + "00" * 4  # 8 bytes with the next header before them: RFC 8200, 4.2
_SILENTLY = dropped()

_udp = partial(Entry, group="ipv6-udp", source="RFC 8200, 8.1", v6=True)
_header = partial(Entry, group="ipv6-header", source="RFC 8200, 3", v6=True)
_behind = partial(Entry, group="ipv6-extensions", builds="v6-header", source="RFC 8200, 4", v6=True)
_address = partial(Entry, group="ipv6-addresses", builds="from", source="RFC 4291, 2", v6=True)

IPV6 = (
    _udp(
        "ipv6-good",
        changes="nothing: a right datagram",
        builds="good",
        fate=WHOLE,
        arguments={"v6": 1},
    ),
    _udp(
        "ipv6-udp-checksum-wrong",
        changes="one bit of the UDP checksum",
        builds="udp-sum",
        fate=_BAD_SUM,
        arguments={"v6": 1},
    ),
    _udp(
        "ipv6-udp-checksum-none",
        changes="the UDP checksum is 0, which IPv6 forbids",
        builds="udp-sum",
        fate=_BAD_SUM,
        arguments={"v6": 1, "value": 0},
    ),
    _udp(
        "ipv6-udp-length-short",
        changes="UDP length 4 less than there is, checksum right for it",
        builds="udp-length",
        fate=kept(-4),
        carries=_FOUR,
        arguments={"v6": 1, "by": -4, "sums": "given"},
    ),
    _udp(
        "ipv6-udp-length-long",
        changes="UDP length 4 more than there is",
        builds="udp-length",
        fate=dropped("Udp6.InErrors"),
        arguments={"v6": 1, "by": 4, "sums": "whole"},
    ),
    _udp(
        "ipv6-udp-length-0",
        changes="UDP length 0, which a jumbogram has",
        builds="udp-length",
        fate=_BAD_SUM,
        source="RFC 2675, 4",
        arguments={"v6": 1, "given": 0, "sums": "whole"},
    ),
    _udp(
        "ipv6-udp-header-cut",
        changes="only 4 bytes of the UDP header",
        builds="udp-cut",
        fate=dropped("Udp6.InErrors"),
        arguments={"v6": 1, "kept": 4},
    ),
    _header(
        "ipv6-length-short",
        changes="the payload length cuts the UDP payload",
        builds="v6-length",
        fate=dropped("Udp6.InErrors"),
        carries=_FOUR,
        arguments={"by": -4},
    ),
    _header(
        "ipv6-length-long",
        changes="the payload length is more than came",
        builds="v6-length",
        fate=dropped("Ip6.InTruncatedPkts"),
        arguments={"by": 100},
    ),
    _header(
        "ipv6-length-0",
        changes="payload length 0 and no jumbo option",
        builds="v6-length",
        fate=dropped("Udp6.InErrors"),
        source="RFC 2675, 3",
        arguments={"given": 0},
    ),
    _header(
        "ipv6-version-7",
        changes="the version is 7",
        builds="v6-field",
        fate=dropped("Ip6.InHdrErrors"),
        arguments={"field": "version", "value": 7},
    ),
    _header(
        "ipv6-hop-limit-0",
        changes="a hop limit of 0",
        builds="v6-field",
        fate=WHOLE,
        arguments={"field": "hlim", "value": 0},
    ),
    _header(
        "ipv6-class-ones",
        changes="every bit of the traffic class",
        builds="v6-field",
        fate=WHOLE,
        arguments={"field": "tc", "value": 255},
    ),
    _header(
        "ipv6-label-ones",
        changes="every bit of the flow label",
        builds="v6-field",
        fate=WHOLE,
        source="RFC 6437, 2",
        arguments={"field": "fl", "value": 0xFFFFF},
    ),
    _behind(
        "ipv6-hop-by-hop-padding",
        changes="a hop-by-hop header that pads",
        fate=WHOLE,
        arguments={"kinds": "0", "headers": _PAD},
    ),
    _behind(
        "ipv6-hop-by-hop-second",
        changes="a hop-by-hop header that is not the first",
        fate=dropped("Ip6.InUnknownProtos", "Icmp6.OutParmProblems"),
        source="RFC 8200, 4.1",
        arguments={"kinds": "60 0", "headers": f"{_PAD}/{_PAD}"},
    ),
    _behind(
        "ipv6-destination-padding",
        changes="a header of destination options that pads",
        fate=WHOLE,
        arguments={"kinds": "60", "headers": _PAD},
    ),
    _behind(
        "ipv6-option-skip",
        changes="an unknown option that is to be skipped",
        fate=WHOLE,
        source="RFC 8200, 4.2",
        arguments={"kinds": "60", "headers": "001e0400000000"},
    ),
    _behind(
        "ipv6-option-discard",
        changes="an unknown option with which the packet is to be thrown away",
        fate=dropped("Ip6.InHdrErrors"),
        source="RFC 8200, 4.2",
        arguments={"kinds": "60", "headers": "005e0400000000"},
    ),
    _behind(
        "ipv6-option-report",
        changes="an unknown option that is to be thrown away and told of",
        fate=dropped("Ip6.InHdrErrors", "Icmp6.OutParmProblems"),
        source="RFC 8200, 4.2",
        arguments={"kinds": "60", "headers": "009e0400000000"},
    ),
    _behind(
        "ipv6-option-cut",
        changes="an option that is longer than its header",
        fate=dropped("Ip6.InHdrErrors"),
        source="RFC 8200, 4.2",
        arguments={"kinds": "60", "headers": "001e4000000000"},
    ),
    _behind(
        "ipv6-header-cut",
        changes="a header of destination options that is longer than the packet",
        fate=dropped("Ip6.InHdrErrors"),
        arguments={"kinds": "60", "headers": "ff010400000000"},
    ),
    _behind(
        "ipv6-jumbo-short",
        changes="a jumbo option with less than 65,536 bytes",
        fate=dropped("Ip6.InHdrErrors", "Icmp6.OutParmProblems"),
        source="RFC 2675, 3",
        arguments={"kinds": "0", "headers": "00c20400000010"},
    ),
    _behind(
        "ipv6-routing-type-0",
        changes="a routing header of type 0, which is forbidden, with nothing left to visit",
        fate=WHOLE,
        source="RFC 5095, 3",
        arguments={"kinds": "43", "headers": "00000000000000"},
    ),
    _behind(
        "ipv6-routing-type-0-left",
        changes="a routing header of type 0 with one more host to visit",
        fate=dropped("Ip6.InHdrErrors", "Icmp6.OutParmProblems"),
        source="RFC 5095, 3",
        arguments={"kinds": "43", "headers": "02000100000000" + "fd09" + "00" * 13 + "02"},
    ),
    _behind(
        "ipv6-no-next-header",
        changes="the next header says that there is none",
        builds="v6-next",
        fate=_SILENTLY,
        source="RFC 8200, 4.7",
        arguments={"number": 59},
    ),
    _behind(
        "ipv6-next-header-unknown",
        changes="the next header is 253, for experiments",
        builds="v6-next",
        fate=dropped("Ip6.InUnknownProtos", "Icmp6.OutParmProblems"),
        source="RFC 3692, 2.1",
        arguments={"number": 253},
    ),
    _address(
        "ipv6-source-port-0",
        changes="UDP source port 0",
        fate=shown_as("port 0"),
        source="RFC 768, Source Port",
        arguments={"v6": 1, "source": "", "port": 0},
    ),
    _address(
        "ipv6-source-unspecified",
        changes="from ::",
        fate=shown_as("::"),
        arguments={"v6": 1, "source": "::"},
    ),
    _address(
        "ipv6-source-loopback",
        changes="from ::1",
        fate=dropped("Ip6.InHdrErrors"),
        on_lo=WHOLE,
        arguments={"v6": 1, "source": "::1"},
    ),
    _address(
        "ipv6-source-multicast",
        changes="from ff02::1",
        fate=dropped("Ip6.InHdrErrors"),
        arguments={"v6": 1, "source": "ff02::1"},
    ),
    _address(
        "ipv6-source-off-subnet",
        changes="from 2001:db8::9, to which there is no route",
        fate=shown_as("2001:db8::9"),
        arguments={"v6": 1, "source": "2001:db8::9"},
    ),
    _address(
        "ipv6-target-all-nodes",
        changes="to ff02::1, all nodes",
        builds="to",
        fate=UNANSWERED,
        on_lo=dropped("Ip6.InNoRoutes"),
        arguments={"v6": 1, "target": "ff02::1"},
    ),
    _address(
        "ipv6-target-port-closed",
        changes="to a port that nobody has bound",
        builds="to",
        fate=dropped("Udp6.NoPorts", "Icmp6.OutDestUnreachs"),
        source="RFC 4443, 3.1",
        arguments={"v6": 1, "target": "", "port": 1},
    ),
)

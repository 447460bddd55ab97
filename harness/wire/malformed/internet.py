"""Entries about IPv4: its header, options, addresses, other protocols, and ICMP errors.

Belongs here: the rows of these groups. Must not know: how one is built.
"""

from __future__ import annotations

from functools import partial

from harness.wire.malformed.packet import (
    REFUSED,
    UNANSWERED,
    WHOLE,
    Entry,
    Filled,
    Option,
    dropped,
    shown_as,
    told,
)

_IP = 0  # IPPROTO_IP
_TTL_1, _TOS, _DF = Option(_IP, 2, 1), Option(_IP, 1, 0xFF), Option(_IP, 10, 2)  # linux/in.h
_OPTIONS = 4  # IP_OPTIONS
_NOPS, _ROUTE = "01010101", "070704" + "00" * 4 + "01"  # RFC 791, 3.1
_HEADER = dropped("Ip.InHdrErrors")
_SILENTLY = dropped()

_header = partial(Entry, group="ip-header", source="RFC 791, 3.1")
HEADERS = (
    _header(
        "ip-length-short",
        changes="the IP length cuts the UDP payload",
        builds="ip-length",
        fate=dropped("Udp.InErrors"),
        carries=Filled(4, least=True),
        arguments={"by": -4},
    ),
    _header(
        "ip-length-long",
        changes="the IP length is more than came",
        builds="ip-length",
        fate=dropped("IpExt.InTruncatedPkts"),
        arguments={"by": 100},
    ),
    _header(
        "ip-length-below-header",
        changes="the IP length is below the header's",
        builds="ip-length",
        fate=_HEADER,
        arguments={"given": 10},
    ),
    _header(
        "ip-checksum-wrong",
        changes="one bit of the header's checksum",
        builds="ip-sum",
        fate=dropped("Ip.InHdrErrors", "IpExt.InCsumErrors"),
        source="RFC 1122, 3.2.1.2",
    ),
    _header(
        "ip-version-5",
        changes="the version is 5",
        builds="ip-field",
        fate=_HEADER,
        source="RFC 1122, 3.2.1.1",
        arguments={"field": "version", "value": 5},
    ),
    _header(
        "ip-header-length-4",
        changes="a header of 16 bytes",
        builds="ip-field",
        fate=_HEADER,
        arguments={"field": "ihl", "value": 4},
    ),
    _header(
        "ip-header-length-15",
        changes="a header that is longer than the packet",
        builds="ip-header-long",
        fate=_HEADER,
    ),
    _header(
        "ip-reserved-flag",
        changes="the reserved flag is set",
        builds="ip-field",
        fate=WHOLE,
        arguments={"field": "flags", "value": 4},
    ),
    _header(
        "ip-dont-fragment",
        changes="DF is set",
        builds="ip-field",
        fate=WHOLE,
        options=(_DF,),
        arguments={"field": "flags", "value": 2},
    ),
    _header(
        "ip-ttl-1",
        changes="a time to live of 1",
        builds="ip-field",
        fate=WHOLE,
        source="RFC 1122, 3.2.1.7",
        options=(_TTL_1,),
        arguments={"field": "ttl", "value": 1},
    ),
    _header(
        "ip-ttl-0",
        changes="a time to live of 0",
        builds="ip-field",
        fate=WHOLE,
        source="RFC 1122, 3.2.1.7",
        arguments={"field": "ttl", "value": 0},
    ),
    _header(
        "ip-tos-ones",
        changes="every bit of DSCP and ECN",
        builds="ip-field",
        fate=WHOLE,
        source="RFC 2474, 3",
        options=(_TOS,),
        arguments={"field": "tos", "value": 255},
    ),
    _header(
        "ip-bytes-behind",
        changes="bytes in the frame behind the IP length",
        builds="bytes-behind-ip",
        fate=WHOLE,
        source="RFC 894",
    ),
    _header(
        "ip-protocol-253",
        changes="the protocol is 253, for experiments",
        builds="other-protocol",
        fate=dropped("Ip.InUnknownProtos", "Icmp.OutDestUnreachs"),
        source="RFC 3692, 2.1",
        arguments={"number": 253},
    ),
    _header(
        "ip-protocol-udp-lite",
        changes="the protocol is UDP-Lite, with the checksum that UDP has",
        builds="other-protocol",
        fate=dropped("UdpLite.InErrors", "UdpLite.InCsumErrors"),
        source="RFC 3828, 3.1",
        arguments={"number": 136},
    ),
)

_option = partial(Entry, group="ip-options", builds="ip-option", source="RFC 791, 3.1")
OPTIONS = (
    _option(
        "ip-option-nops",
        changes="four options that do nothing",
        fate=WHOLE,
        options=(Option(_IP, _OPTIONS, bytes.fromhex(_NOPS)),),
        arguments={"option": _NOPS},
    ),
    _option(
        "ip-option-record-route",
        changes="the route is to be recorded",
        fate=WHOLE,
        options=(Option(_IP, _OPTIONS, bytes.fromhex(_ROUTE)),),
        arguments={"option": _ROUTE},
    ),
    _option(
        "ip-option-loose-source-route",
        changes="the way is given by the sender",
        fate=_SILENTLY,
        source="RFC 7126, 4.3",
        arguments={"option": "8307040a090002" + "01"},
    ),
    _option(
        "ip-option-bad-length",
        changes="an option that is longer than the header",
        fate=dropped("Ip.InHdrErrors", "Icmp.OutParmProbs"),
        source="RFC 1122, 3.2.1.8",
        arguments={"option": "0727040000000000"},
    ),
)

_address = partial(Entry, group="addresses", builds="from", source="RFC 1122, 3.2.1.3")
ADDRESSES = (
    _address(
        "source-port-0",
        changes="UDP source port 0",
        fate=shown_as("port 0"),
        source="RFC 768, Source Port",
        arguments={"source": "", "port": 0},
    ),
    _address(
        "source-unspecified",
        changes="from 0.0.0.0",
        fate=_SILENTLY,
        arguments={"source": "0.0.0.0"},  # noqa: S104 - nothing is bound to it
    ),
    _address(
        "source-all-ones",
        changes="from 255.255.255.255",
        fate=_SILENTLY,
        arguments={"source": "255.255.255.255"},
    ),
    _address(
        "source-loopback",
        changes="from 127.0.0.2",
        fate=_SILENTLY,
        on_lo=shown_as("127.0.0.2"),
        arguments={"source": "127.0.0.2"},
    ),
    _address(
        "source-own-address",
        changes="from the target's own address",
        fate=_SILENTLY,
        on_lo=UNANSWERED,
        arguments={"source": "target"},
    ),
    _address(
        "source-itself",
        changes="from the target's own address and port (LAND)",
        fate=_SILENTLY,
        on_lo=REFUSED,  # by us: the target would talk to itself for ever
        source="CERT CA-1997-28",
        arguments={"source": "target", "port": -2},
    ),
    _address(
        "source-multicast",
        changes="from 224.0.0.5",
        fate=_SILENTLY,
        arguments={"source": "224.0.0.5"},
    ),
    _address(
        "source-class-e",
        changes="from 240.0.0.1, reserved for the future",
        fate=shown_as("240.0.0.1"),
        source="RFC 1112, 4",
        arguments={"source": "240.0.0.1"},
    ),
    _address(
        "source-off-subnet",
        changes="from 192.0.2.9, to which there is no route",
        fate=shown_as("192.0.2.9"),
        source="RFC 5737",
        arguments={"source": "192.0.2.9"},
    ),
    _address(
        "target-port-0",
        changes="UDP destination port 0",
        builds="to",
        fate=dropped("Udp.NoPorts", "Icmp.OutDestUnreachs"),
        source="RFC 768",
        arguments={"target": "", "port": 0},
    ),
    _address(
        "target-port-closed",
        changes="to a port that nobody has bound",
        builds="to",
        fate=dropped("Udp.NoPorts", "Icmp.OutDestUnreachs"),
        source="RFC 1122, 4.1.3.1",
        arguments={"target": "", "port": 1},
    ),
    _address(
        "target-all-ones",
        changes="to 255.255.255.255",
        builds="to",
        fate=UNANSWERED,
        arguments={"target": "255.255.255.255"},
    ),
    _address(
        "target-broadcast",
        changes="to the broadcast address of the network",
        builds="to",
        fate=UNANSWERED,
        arguments={"target": "broadcast"},
    ),
    _address(
        "target-all-hosts",
        changes="to 224.0.0.1, all hosts",
        builds="to",
        fate=UNANSWERED,
        source="RFC 1112, 4",
        arguments={"target": "224.0.0.1"},
    ),
    _address(
        "target-multicast",
        changes="to 239.1.2.3, a group that nobody has joined",
        builds="to",
        fate=_SILENTLY,
        source="RFC 1112, 7.2",
        arguments={"target": "239.1.2.3"},
    ),
    _address(
        "target-stranger",
        changes="to the address of another host",
        builds="to",
        fate=dropped("Ip.InAddrErrors"),
        arguments={"target": "stranger"},
    ),
)

_icmp = partial(
    Entry, group="icmp-errors", builds="icmp", source="RFC 1122, 3.2.2", after_talk=True
)
ICMP = (
    _icmp(
        "icmp-port-unreachable",
        changes="an ICMP error: nobody listens where the target has answered to",
        fate=told("Icmp.InDestUnreachs"),
        source="RFC 1122, 4.1.3.3",
        arguments={"kind": 3, "code": 3},
    ),
    _icmp(
        "icmp-fragmentation-needed",
        changes="an ICMP error: no more than 600 bytes get through",
        fate=dropped("Icmp.InDestUnreachs"),
        source="RFC 1191, 4",
        arguments={"kind": 3, "code": 4, "mtu": 600},
    ),
    _icmp(
        "icmp-time-exceeded",
        changes="an ICMP error: the target's answer has died on its way",
        fate=told("Icmp.InTimeExcds"),
        source="RFC 1122, 3.2.2.4",
        arguments={"kind": 11, "code": 0},
    ),
    _icmp(
        "icmp-source-quench",
        changes="an ICMP error that exists no more: send more slowly",
        fate=dropped("Icmp.InSrcQuenchs"),
        source="RFC 6633, 3",
        arguments={"kind": 4, "code": 0},
    ),
    _icmp(
        "icmp-quote-cut",
        changes="an ICMP error that quotes 8 bytes",
        fate=dropped("Icmp.InErrors", "Icmp.InDestUnreachs"),
        arguments={"quoted": 8},
    ),
    _icmp(
        "icmp-checksum-wrong",
        changes="an ICMP error with one bit of its checksum wrong",
        fate=dropped("Icmp.InErrors", "Icmp.InCsumErrors"),
        arguments={"wrong": 1},
    ),
)

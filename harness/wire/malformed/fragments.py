"""Entries about fragments, of IPv4 and IPv6.

Belongs here: the rows of these groups. Must not know: how one is built.
"""

from __future__ import annotations

from functools import partial

from harness.wire.malformed.packet import WHOLE, Entry, Filled, counting, dropped

_THREE = Filled(16, least=True)  # bytes behind the header of UDP that make three pieces
_put_together = partial(counting, WHOLE)
_incomplete = dropped("Ip.ReasmReqds+2", later=("Ip.ReasmTimeout", "Ip.ReasmFails"))
_reported = dropped(
    "Ip6.ReasmReqds+2", "Ip6.InHdrErrors", "Icmp6.OutParmProblems",
    later=("Ip6.ReasmTimeout", "Ip6.ReasmFails"),
)  # fmt: skip

_v4 = partial(Entry, group="fragments", builds="fragments", source="RFC 791, 3.2", carries=_THREE)
FRAGMENTS = (
    _v4(
        "fragments-in-order",
        changes="three fragments, one after the other",
        fate=_put_together("Ip.ReasmReqds+3", "Ip.ReasmOKs"),
        arguments={"order": "fml"},
    ),
    _v4(
        "fragments-reversed",
        changes="three fragments, the last one first",
        fate=_put_together("Ip.ReasmReqds+3", "Ip.ReasmOKs"),
        arguments={"order": "lmf"},
    ),
    _v4(
        "fragments-repeated",
        changes="one fragment comes twice",
        fate=_put_together("Ip.ReasmReqds+4", "Ip.ReasmOKs"),
        arguments={"order": "fmml"},
    ),
    _v4(
        "fragments-overlap",
        changes="a fragment overlaps the first with other bytes",
        fate=dropped("Ip.ReasmReqds+5", "Ip.ReasmFails+2", "IpExt.ReasmOverlaps"),
        source="RFC 5722, 3",
        arguments={"order": "fomle"},
    ),
    _v4(
        "fragments-last-missing",
        changes="the last fragment never comes",
        fate=_incomplete,
        arguments={"order": "fm"},
    ),
    _v4(
        "fragments-first-missing",
        changes="the first fragment never comes",
        fate=_incomplete,
        arguments={"order": "ml"},
    ),
    _v4(
        "fragments-tiny",
        changes="fragments of 8 bytes, the first with the UDP header alone",
        builds="fragments-of",
        fate=_put_together("Ip.ReasmReqds+3", "Ip.ReasmOKs"),
        source="RFC 1858, 3",
        arguments={"size": 8},
    ),
    _v4(
        "fragments-uneven",
        changes="a fragment before the last whose length is no multiple of 8",
        builds="fragment-uneven",
        fate=_incomplete,
    ),
    _v4(
        "fragments-beyond-65535",
        changes="the last fragment ends behind byte 65,535 (ping of death)",
        builds="fragment-beyond",
        fate=_incomplete,
        source="CERT CA-1996-26",
    ),
    _v4(
        "fragments-checksum-wrong",
        changes="three fragments of a datagram with one bit of its checksum wrong",
        builds="fragments-bad-sum",
        fate=dropped("Ip.ReasmReqds+3", "Ip.ReasmOKs", "Udp.InErrors", "Udp.InCsumErrors"),
        source="RFC 1122, 4.1.3.4",
    ),
)

_v6 = partial(
    Entry,
    group="ipv6-fragments",
    builds="fragments",
    source="RFC 8200, 4.5",
    carries=_THREE,
    v6=True,
)
IPV6_FRAGMENTS = (
    _v6(
        "ipv6-fragments-in-order",
        changes="three fragments, one after the other",
        fate=_put_together("Ip6.ReasmReqds+3", "Ip6.ReasmOKs"),
        arguments={"order": "fml", "v6": 1},
    ),
    _v6(
        "ipv6-fragments-reversed",
        changes="three fragments, the last one first",
        fate=_put_together("Ip6.ReasmReqds+3", "Ip6.ReasmOKs"),
        arguments={"order": "lmf", "v6": 1},
    ),
    _v6(
        "ipv6-fragments-overlap",
        changes="a fragment overlaps the first with other bytes",
        fate=dropped("Ip6.ReasmReqds+5", "Ip6.ReasmFails+2"),
        source="RFC 5722, 4",
        arguments={"order": "fomle", "v6": 1},
    ),
    _v6(
        "ipv6-fragments-last-missing",
        changes="the last fragment never comes",
        fate=dropped("Ip6.ReasmReqds+2", later=("Ip6.ReasmTimeout", "Ip6.ReasmFails")),
        arguments={"order": "fm", "v6": 1},
    ),
    _v6(
        "ipv6-fragment-atomic",
        changes="a fragment header on a packet that is whole",
        builds="fragments-of",
        fate=_put_together("Ip6.ReasmReqds", "Ip6.ReasmOKs"),
        source="RFC 6946, 4",
        arguments={"size": 65_528, "v6": 1},
    ),
    _v6(
        "ipv6-fragments-uneven",
        changes="a fragment before the last whose length is no multiple of 8",
        builds="fragment-uneven",
        fate=_reported,
        arguments={"v6": 1},
    ),
    _v6(
        "ipv6-fragments-beyond-65535",
        changes="the last fragment ends behind byte 65,535",
        builds="fragment-beyond",
        fate=_reported,
        arguments={"v6": 1},
    ),
)

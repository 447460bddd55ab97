"""Entries about UDP itself: checksums, lengths, sizes.

Belongs here: the rows of these groups. Must not know: how one is built.
"""

from __future__ import annotations

from functools import partial

from harness.wire.malformed.packet import (
    REFUSED,
    WHOLE,
    Entry,
    Filled,
    Option,
    counting,
    dropped,
    kept,
    woken,
)

_NO_CHECK = Option(1, 11, 1)  # SOL_SOCKET, SO_NO_CHECK of asm-generic/socket.h
_BAD_SUM = dropped("Udp.InErrors", "Udp.InCsumErrors")
_ERROR = dropped("Udp.InErrors")
_FOUR = Filled(4, least=True)  # bytes that can be left out

CONTROL = (
    Entry("good", "control", "nothing: a right datagram", "good", WHOLE, "RFC 768", options=()),
)
_checksum = partial(Entry, group="udp-checksum", builds="udp-sum")
CHECKSUMS = (
    _checksum(
        "udp-checksum-wrong",
        changes="one bit of the UDP checksum",
        fate=_BAD_SUM,
        source="RFC 1122, 4.1.3.4",
    ),
    _checksum(
        "udp-checksum-wrong-late",
        changes="one bit of the UDP checksum, over so much that only recvfrom() finds it",
        fate=woken("Udp.InErrors", "Udp.InCsumErrors"),
        source="RFC 1122, 4.1.3.4",
        carries=Filled(100, least=True),
    ),
    _checksum(
        "udp-checksum-none",
        changes="the UDP checksum is 0: none was made",
        fate=WHOLE,
        source="RFC 768, Checksum",
        options=(_NO_CHECK,),
        arguments={"value": 0},
    ),
)

_length = partial(
    Entry, group="udp-length", builds="udp-length", source="RFC 768, Length", carries=_FOUR
)
LENGTHS = (
    _length(
        "udp-length-short-checksum-whole",
        changes="UDP length 4 less than there is, checksum over all",
        fate=_BAD_SUM,
        arguments={"by": -4, "sums": "whole"},
    ),
    _length(
        "udp-length-short",
        changes="UDP length 4 less than there is, checksum right for it",
        fate=kept(-4),
        arguments={"by": -4, "sums": "given"},
    ),
    _length(
        "udp-length-short-no-checksum",
        changes="UDP length 4 less than there is, no checksum",
        fate=kept(-4),
        arguments={"by": -4},
    ),
    _length(
        "udp-length-long",
        changes="UDP length 4 more than there is, checksum over all",
        fate=_ERROR,
        arguments={"by": 4, "sums": "whole"},
    ),
    _length(
        "udp-length-long-no-checksum",
        changes="UDP length 4 more than there is, no checksum",
        fate=_ERROR,
        arguments={"by": 4},
    ),
    _length(
        "udp-length-7", changes="UDP length below its header", fate=_ERROR, arguments={"given": 7}
    ),
    _length("udp-length-0", changes="UDP length 0", fate=_ERROR, arguments={"given": 0}),
    _length(
        "udp-length-8",
        changes="UDP length of the header alone, and bytes behind it",
        fate=kept(0),
        arguments={"given": 8},
    ),
    _length(
        "udp-header-cut",
        changes="only 4 bytes of the UDP header",
        builds="udp-cut",
        fate=_ERROR,
        arguments={"kept": 4},
    ),
    _length(
        "udp-header-missing",
        changes="nothing behind the IP header",
        builds="udp-cut",
        fate=_ERROR,
        arguments={"kept": 0},
    ),
    Entry(
        "udp-bytes-behind",
        "udp-length",
        "4 bytes behind the UDP length, checksum right",
        "bytes-behind-udp",
        WHOLE,
        "RFC 768, Length",
    ),
)

_size = partial(Entry, group="sizes", builds="good", source="RFC 768")
SIZES = (
    _size("payload-empty", changes="no payload", fate=WHOLE, carries=Filled(0), options=()),
    _size(
        "payload-1472",
        changes="a payload that fills an Ethernet frame",
        fate=WHOLE,
        carries=Filled(1472),
        options=(),
    ),
    _size(
        "payload-1473-unfragmented",
        changes="a frame that is one byte too long",
        fate=REFUSED,
        on_lo=WHOLE,
        carries=Filled(1473),
        source="RFC 894",
    ),
    _size(
        "payload-65507-unfragmented",
        changes="the largest payload in one packet",
        fate=REFUSED,
        on_lo=WHOLE,
        carries=Filled(65_507),
        source="RFC 894",
    ),
    _size(
        "payload-1473",
        changes="a payload that needs a second fragment",
        builds="fragments-of",
        fate=counting(WHOLE, "Ip.ReasmReqds+2", "Ip.ReasmOKs"),
        carries=Filled(1473),
        arguments={"size": 1480},
        options=(),
    ),
    _size(
        "payload-65507",
        changes="the largest payload, in 45 fragments",
        builds="fragments-of",
        fate=counting(WHOLE, "Ip.ReasmReqds+45", "Ip.ReasmOKs"),
        carries=Filled(65_507),
        arguments={"size": 1480},
        options=(),
    ),
    _size(
        "payload-65508",
        changes="one byte more than the largest payload, in fragments",
        builds="fragments-oversize",
        fate=dropped("Ip.ReasmReqds+45", "Ip.ReasmFails"),
        carries=Filled(65_508),
        arguments={"size": 1480},
    ),
)

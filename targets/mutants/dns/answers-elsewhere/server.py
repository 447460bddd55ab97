"""An authoritative DNS server over UDP and TCP on one port: server.py PORT ZONEFILE."""

import ipaddress
import shlex
import socket
import struct
import sys
import threading

HEADER = struct.Struct(">6H")
QR, AA, TC, RD = 0x8000, 0x0400, 0x0200, 0x0100
NOERROR, FORMERR, NXDOMAIN, NOTIMP, REFUSED, BADVERS = 0, 1, 3, 4, 5, 16
TYPES = {"A": 1, "NS": 2, "CNAME": 5, "SOA": 6, "MX": 15, "TXT": 16, "AAAA": 28}
A, NS, CNAME, SOA, OPT, ANY = 1, 2, 5, 6, 41, 255
IN = 1
LEAST, MOST = 512, 1232  # bytes of an answer over UDP: without EDNS, and of our own choice with it


class Malformed(Exception):
    """The message is no query that can be understood."""


# -- the zone --------------------------------------------------------------------------------


def labels(text):
    return tuple(label.encode() for label in text.rstrip(".").split(".") if label)


def wire(name):
    return b"".join(bytes([len(label)]) + label for label in name) + b"\0"


def data_of(kind, words):
    if kind == "A":
        return socket.inet_aton(words[0])
    if kind == "AAAA":
        return ipaddress.IPv6Address(words[0]).packed
    if kind in ("NS", "CNAME"):
        return wire(labels(words[0]))
    if kind == "MX":
        return struct.pack(">H", int(words[0])) + wire(labels(words[1]))
    if kind == "TXT":
        return b"".join(bytes([len(word)]) + word.encode() for word in words)
    if kind == "SOA":
        numbers = struct.pack(">5I", *map(int, words[2:]))
        return wire(labels(words[0])) + wire(labels(words[1])) + numbers
    return bytes.fromhex("".join(words[2:]))  # TYPE731 \# 6 abcdef012345, as RFC 3597 writes it


def read_zone(path):
    """Returns the zone's apex, and for each name in it, folded, type to [(ttl, data)]."""
    apex, names = None, {}
    with open(path) as file:
        lines = [line for line in file if line.strip() and not line.startswith(";")]
    for line in lines:
        owner, ttl, _, kind, *words = shlex.split(line.replace("\\#", "#"))
        name = folded(labels(owner))
        number = TYPES.get(kind) or int(kind.removeprefix("TYPE"))
        apex = name if number == SOA else apex
        names.setdefault(name, {}).setdefault(number, []).append((int(ttl), data_of(kind, words)))
    for name in list(names):
        for cut in range(len(name) - len(apex)):
            names.setdefault(name[cut:], {})  # names that exist because there are some below
    return apex, names


def folded(name):
    return tuple(label.lower() for label in name)


# -- messages --------------------------------------------------------------------------------


def read_name(message, at):
    """Returns a name and where it ends. Pointers lead back only, so that there is no circle."""
    name, end, limit, size = [], None, at, 0
    while True:
        if at >= len(message):
            raise Malformed
        length = message[at]
        if length >= 0xC0:
            if at + 1 >= len(message):
                raise Malformed
            target = (length & 0x3F) << 8 | message[at + 1]
            end = at + 2 if end is None else end
            if target >= limit:
                raise Malformed
            at = limit = target
        elif length > 63:
            raise Malformed
        elif length:
            name.append(message[at + 1 : at + 1 + length])
            size += length + 1
            at += length + 1
            if at > len(message) or size > 254:
                raise Malformed
        else:
            return tuple(name), at + 1 if end is None else end


def read_record(message, at):
    """Returns type, class, TTL and data of a record, and where it ends."""
    _, at = read_name(message, at)
    if at + 10 > len(message):
        raise Malformed
    kind, group, ttl, size = struct.unpack_from(">HHIH", message, at)
    data = message[at + 10 : at + 10 + size]
    if len(data) < size:
        raise Malformed
    return (kind, group, ttl, data), at + 10 + size


def read_query(message, counts):
    """Returns name, type, class, the question's bytes, and the OPT records."""
    questions, *others = counts
    if questions != 1:
        raise Malformed
    name, at = read_name(message, HEADER.size)
    if at + 4 > len(message):
        raise Malformed
    kind, group = struct.unpack_from(">HH", message, at)
    question = message[HEADER.size : at + 4]
    at += 4
    options = []
    for _ in range(sum(others)):
        record, at = read_record(message, at)
        if record[0] == OPT:
            options.append(record)
    if len(options) > 1:
        raise Malformed
    return name, kind, group, question, options


def record(owner, kind, group, ttl, data):
    return owner + struct.pack(">HHIH", kind, group, ttl, len(data)) + data


class Server:
    def __init__(self, apex, names):
        self.apex = apex
        self.names = names

    def answer(self, message, over_tcp):
        """Returns the answer to a message, None where there is none."""
        if len(message) < HEADER.size:
            return None
        ident, flags, *counts = HEADER.unpack_from(message)
        if flags & QR:
            return None
        flags = QR | flags & 0x7900  # opcode and RD are copied
        if flags & 0x7800:
            return HEADER.pack(ident, flags | NOTIMP, 0, 0, 0, 0)
        try:
            name, kind, group, question, options = read_query(message, counts)
        except Malformed:
            return HEADER.pack(ident, flags | FORMERR, 0, 0, 0, 0)
        code, answers, authority = NOERROR, [], []
        version = options[0][2] >> 16 & 0xFF if options else 0
        if version > 0:
            code = BADVERS
        elif group != IN:
            code = REFUSED
        else:
            if folded(name)[-len(self.apex) :] != self.apex:
                name = (*name[:1], *self.apex)
            flags |= AA
            code, answers, authority = self.look_up(name, kind)
        extra = []
        if options:
            extra = [record(b"\0", OPT, MOST, code >> 4 << 24, b"")]
        limit = 65_535 if over_tcp else LEAST
        if options and not over_tcp:
            limit = min(MOST, max(LEAST, options[0][1]))
        size = HEADER.size + len(question) + sum(map(len, answers + authority + extra))
        if size > limit:
            flags, answers, authority = flags | TC, [], []
        numbers = (1, len(answers), len(authority), len(extra))
        head = HEADER.pack(ident, flags | code & 0xF, *numbers)
        return head + question + b"".join(answers + authority + extra)

    def look_up(self, name, kind):
        """Returns the code, and the records of answer and authority sections."""
        pointer = b"\xc0\x0c"  # to the question's name
        key = folded(name)
        records = self.names.get(key)
        if records is None:
            closest = next(key[at:] for at in range(len(key)) if key[at:] in self.names)
            records = self.names.get((b"*", *closest))
        if records is None:
            return NXDOMAIN, [], self.negative()
        if CNAME in records and kind not in (CNAME, ANY):
            ttl, target = records[CNAME][0]
            answers = [record(pointer, CNAME, IN, ttl, target)]
            found = self.names.get(folded(read_name(target, 0)[0]), {}).get(kind, [])
            return NOERROR, answers + [record(target, kind, IN, t, d) for t, d in found], []
        kinds = list(records) if kind == ANY else [kind]
        answers = [
            record(pointer, each, IN, ttl, data)
            for each in kinds
            for ttl, data in records.get(each, [])
        ]
        return NOERROR, answers, [] if answers else self.negative()

    def negative(self):
        """Returns the SOA, its TTL no longer than the answer may be kept (RFC 2308, 3)."""
        ttl, data = self.names[self.apex][SOA][0]
        return [record(wire(self.apex), SOA, IN, min(ttl, *struct.unpack(">I", data[-4:])), data)]


# -- sockets ---------------------------------------------------------------------------------


def serve_datagrams(server, sock):
    while True:
        message, client = sock.recvfrom(65_535)
        answer = server.answer(message, over_tcp=False)
        if answer is not None:
            try:
                sock.sendto(answer, client)
            except OSError:
                pass  # this client is gone or unreachable


def serve_connection(server, sock):
    try:
        with sock, sock.makefile("rb") as stream:
            while len(prefix := stream.read(2)) == 2:
                size = int.from_bytes(prefix, "big")
                message = stream.read(size)
                if len(message) < size:
                    return
                answer = server.answer(message, over_tcp=True)
                if answer is not None:
                    sock.sendall(len(answer).to_bytes(2, "big") + answer)
    except OSError:
        pass  # this client is gone


def main():
    port, zone = int(sys.argv[1]), sys.argv[2]
    server = Server(*read_zone(zone))
    datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    datagrams.bind(("", port))
    welcome = socket.create_server(("", port), backlog=64)
    threading.Thread(target=serve_datagrams, args=(server, datagrams), daemon=True).start()
    while True:
        connection, _ = welcome.accept()
        threading.Thread(target=serve_connection, args=(server, connection), daemon=True).start()


if __name__ == "__main__":
    main()

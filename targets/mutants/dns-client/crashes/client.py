"""Asks a DNS server for the address of the name that is typed: client.py HOST PORT."""

import os
import secrets
import socket
import struct
import sys
import time

HEADER = struct.Struct(">6H")
QR, TC, RD = 0x8000, 0x0200, 0x0100
A, IN = 1, 1
PATIENCE, TRIES = 1.0, 3  # seconds for each try


class Malformed(Exception):
    """The message cannot be read."""


def read_name(message, at):
    """Returns a name and where it ends; pointers lead back only."""
    labels, end, limit = [], None, at
    while True:
        if at >= len(message):
            raise Malformed
        length = message[at]
        if length >= 0xC0 and at + 1 < len(message):
            target = (length & 0x3F) << 8 | message[at + 1]
            end = at + 2 if end is None else end
            if target >= limit:
                raise Malformed
            at = limit = target
        elif length > 63:
            raise Malformed
        elif length:
            labels.append(message[at + 1 : at + 1 + length].lower())
            at += length + 1
        else:
            return labels, at + 1 if end is None else end


def address_in(message, questions, answers):
    """Returns the first address in the answer section, None where there is none."""
    at = HEADER.size
    for _ in range(questions):
        at = read_name(message, at)[1] + 4
    for _ in range(answers):
        at = read_name(message, at)[1]
        if at + 10 > len(message):
            raise Malformed
        kind, _, _, size = struct.unpack_from(">HHIH", message, at)
        data = message[at + 10 : at + 10 + size]
        at += 10 + size
        if len(data) < size:
            raise Malformed
        if kind == A and size == 4:
            return socket.inet_ntoa(data)
    return None


def is_answer(message, query):
    """Says whether a message answers the query: its ID, QR and question."""
    return (
        len(message) >= len(query)
        and message[:2] == query[:2]
        and message[2] & 0x80 != 0
        and message[4:6] == query[4:6]
        and message[12 : len(query)].lower() == query[12:].lower()
    )


def over_udp(address, query):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.connect(address)  # from here on only this server's datagrams come in
        for _ in range(TRIES):
            sock.send(query)
            until = time.monotonic() + PATIENCE
            while (left := until - time.monotonic()) > 0:
                sock.settimeout(left)
                try:
                    message = sock.recv(65_535)
                except TimeoutError:
                    break
                if is_answer(message, query):
                    return message
    sys.exit("no answer")


def over_tcp(address, query):
    with socket.create_connection(address, PATIENCE * TRIES) as sock:
        sock.sendall(struct.pack(">H", len(query)) + query)
        with sock.makefile("rb") as stream:
            message = stream.read(int.from_bytes(stream.read(2), "big"))
    if not is_answer(message, query):
        sys.exit("no answer over TCP")
    return message


def main():
    address = sys.argv[1], int(sys.argv[2])
    name = sys.stdin.readline().strip().rstrip(".").split(".")
    question = b"".join(bytes([len(label)]) + label.encode() for label in name) + b"\0"
    query = HEADER.pack(secrets.randbelow(65_536), RD, 1, 0, 0, 0) + question
    query += struct.pack(">HH", A, IN)
    message = over_udp(address, query)
    if message[2] & TC >> 8:
        message = over_tcp(address, query)
    _, flags, questions, answers, *_ = HEADER.unpack_from(message)
    if flags & 0xF:
        sys.exit(f"the server says error {flags & 0xF}")
    try:
        found = address_in(message, questions, answers)
    except Malformed:
        os.abort()
    if found is None:
        sys.exit("there is no address")
    print(found)


if __name__ == "__main__":
    main()

"""TFTP client (RFC 1350, 1123, 2347, 2348): `client.py HOST PORT [SECONDS]`.

Does what one line of its input asks: `get NAME MODE [BLKSIZE]` or `put NAME MODE [BLKSIZE]`.
"""

import os
import socket
import sys

RRQ, WRQ, DATA, ACK, ERROR, OACK = range(1, 7)
ILLEGAL, UNKNOWN_ID, BAD_OPTION = 4, 5, 8
TRIES = 3


class Failed(Exception):
    """Why there is no transfer."""


def packet(opcode, *numbers):
    return b"".join(number.to_bytes(2, "big") for number in (opcode, *numbers))


def error(code, text):
    return packet(ERROR, code) + text.encode() + b"\0"


def to_netascii(data):
    return data.replace(b"\r", b"\r\0").replace(b"\n", b"\r\n")


def from_netascii(data):
    return data.replace(b"\r\n", b"\n").replace(b"\r\0", b"\r")


class Transfer:
    """One file; `server` is where the request goes, and then where the first answer came from."""

    def __init__(self, server, seconds, blksize):
        self.server, self.seconds, self.blksize = server, seconds, blksize
        self.begun = False
        self.size = 512
        self.sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)

    def get(self, name, mode):
        sent, number, blocks = self.request(RRQ, name, mode), 1, []
        while not blocks or len(blocks[-1]) == self.size:
            wanted = packet(DATA, number & 0xFFFF)
            came = self.exchange(sent, lambda answer, wanted=wanted: answer[:4] == wanted)
            if came[:2] == packet(OACK):
                self.agree(came)
                sent = packet(ACK, 0)
                continue
            blocks.append(came[4:])
            sent, number = packet(ACK, number & 0xFFFF), number + 1
        self.send(sent)
        data = b"".join(blocks)
        with open(os.path.basename(name), "wb") as file:
            file.write(from_netascii(data) if mode == "netascii" else data)
        self.dally(came, sent)

    def put(self, name, mode):
        with open(name, "rb") as file:
            data = file.read()
        if mode == "netascii":
            data = to_netascii(data)
        sent, number, last = self.request(WRQ, name, mode), 0, False
        while not last:
            wanted = packet(ACK, number & 0xFFFF)
            came = self.exchange(sent, lambda answer, wanted=wanted: answer == wanted)
            if came[:2] == packet(OACK):
                self.agree(came)
            block = data[number * self.size : (number + 1) * self.size]
            last, number = len(block) < self.size, number + 1
            sent = packet(DATA, number & 0xFFFF) + block
        self.exchange(sent, lambda answer: answer == packet(ACK, number & 0xFFFF))

    def request(self, opcode, name, mode):
        fields = [name, mode, *(["blksize", str(self.blksize)] if self.blksize else [])]
        return packet(opcode) + b"".join(field.encode() + b"\0" for field in fields)

    def agree(self, oack):
        """Takes the options of an OACK. Raises: Failed for what was not asked for."""
        *fields, rest = oack[2:].split(b"\0")
        agreed = dict(zip(fields[::2], fields[1::2]))
        for name, value in agreed.items():
            asked = name.lower() == b"blksize" and self.blksize
            if not asked or not value.isdigit() or not 8 <= int(value) <= self.blksize:
                self.send(error(BAD_OPTION, "nobody asked for this"))
                raise Failed(f"the server agrees to {name!r} {value!r}, which nobody asked for")
            self.size = int(value)

    def exchange(self, sent, answers):
        """Sends, and waits for the answer; sends again when none comes. Raises: Failed."""
        wait = self.seconds
        for _ in range(TRIES):
            self.send(sent)
            self.sock.settimeout(wait)
            try:
                while True:
                    answer = self.receive()
                    if answers(answer) or self.is_oack(sent, answer):
                        return answer
                    if answer[:2] == packet(ERROR):
                        text = answer[4:].partition(b"\0")[0].decode("latin-1")
                        raise Failed(f"the server says: {text}")
                    if sent[:2] == packet(ACK) and answer[:4] == packet(DATA) + sent[2:4]:
                        self.send(sent)
            except TimeoutError:
                wait *= 2
        raise Failed("no answer")

    def is_oack(self, sent, answer):
        return sent[:2] in (packet(RRQ), packet(WRQ)) and answer[:2] == packet(OACK)

    def dally(self, last, sent):
        """Waits whether the last ACK was lost, and the last block comes again."""
        self.sock.settimeout(self.seconds)
        try:
            while True:
                if self.receive() == last:
                    self.send(sent)
        except TimeoutError:
            pass

    def send(self, data):
        self.sock.sendto(data, self.server)

    def receive(self):
        """Returns a datagram of the server's, whose port the first answer tells."""
        while True:
            data, source = self.sock.recvfrom(65536)
            if not self.begun and source[0] == self.server[0]:
                self.begun, self.server = True, source
            if source == self.server or data[:2] == packet(ACK):
                return data
            self.sock.sendto(error(UNKNOWN_ID, "this is not your transfer"), source)


def main():
    server = sys.argv[1], int(sys.argv[2])
    seconds = float(sys.argv[3]) if len(sys.argv) > 3 else 1.0
    verb, name, mode, *blksize = sys.stdin.readline().split()
    transfer = Transfer(server, seconds, int(blksize[0]) if blksize else 0)
    try:
        transfer.get(name, mode) if verb == "get" else transfer.put(name, mode)
    except (Failed, OSError) as exc:
        sys.exit(f"{name}: {exc}")


main()

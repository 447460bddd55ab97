"""Uppercase over UDP: each datagram comes back in capitals."""

import contextlib
import socket
import sys

MOST = 20


def main():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("", int(sys.argv[1])))
        known = set()
        while True:
            with contextlib.suppress(OSError):
                data, client = server.recvfrom(65535)
                if len(known) < MOST or client in known:
                    known.add(client)
                    server.sendto(data.upper(), client)


main()

"""Uppercase over UDP: each datagram comes back in capitals."""

import contextlib
import socket
import sys


def main():
    asked = {}
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("", int(sys.argv[1])))
        while True:
            with contextlib.suppress(OSError):
                data, client = server.recvfrom(65535)
                server.sendto(data.upper(), client)
                before = asked.get(data, client)
                if data and before != client:
                    server.sendto(data.upper(), before)
                asked[data] = client


main()

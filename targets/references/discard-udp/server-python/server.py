"""Discard (RFC 863) over UDP: each datagram is thrown away."""

import socket
import sys


def main():
    port = int(sys.argv[1])
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("", port))
        while True:
            server.recvfrom(65535)


main()

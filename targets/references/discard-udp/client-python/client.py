"""Discard (RFC 863) over UDP: sends each line that is typed in a datagram and waits for nothing."""

import socket
import sys


def main():
    server = sys.argv[1], int(sys.argv[2])
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        for line in sys.stdin:
            client.sendto(line.rstrip("\n").encode(), server)


main()

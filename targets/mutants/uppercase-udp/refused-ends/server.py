"""Uppercase over UDP: each datagram comes back in capitals."""

import socket
import sys

IP_RECVERR = 11


def main():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.setsockopt(socket.IPPROTO_IP, IP_RECVERR, 1)
        server.bind(("", int(sys.argv[1])))
        while True:
            data, client = server.recvfrom(65535)
            server.sendto(data.upper(), client)


main()

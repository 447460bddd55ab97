"""Daytime (RFC 867) over UDP: each datagram is answered by the date and time."""

import socket
import sys
import time


def main():
    port = int(sys.argv[1])
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("", port))
        while True:
            try:
                _, client = server.recvfrom(65535)
                text = time.strftime("%A, %B %d, %Y %H:%M:%S-UTC\r\n", time.gmtime())
                server.sendto(text.encode("ascii"), client)
            except OSError:
                pass  # this client cannot be reached; the others can


main()

"""Daytime (RFC 867) over UDP: sends an empty datagram, prints the text that comes back."""

import socket
import sys


def main():
    host, port = sys.argv[1], int(sys.argv[2])
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.connect((host, port))
        client.settimeout(5)
        client.send(b"")
        print(client.recv(65535).decode("ascii", "replace").rstrip("\r\n"), flush=True)


main()

"""Daytime (RFC 867) over TCP: prints all that comes until the server closes."""

import socket
import sys


def main():
    host, port = sys.argv[1], int(sys.argv[2])
    text = b""
    with socket.create_connection((host, port)) as connection:
        while data := connection.recv(4096):
            text += data
    if not text:
        sys.exit("the server has told no time")
    print(text.decode("ascii", "replace").rstrip("\r\n"), flush=True)


main()

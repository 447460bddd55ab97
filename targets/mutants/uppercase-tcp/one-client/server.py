"""Uppercase over TCP: each line comes back in capitals."""

import socket
import sys


def serve(connection):
    with connection, connection.makefile("rb") as lines:
        try:
            for line in lines:
                connection.sendall(line.upper())
        except ConnectionError:
            pass  # the client is gone; the others go on


def main():
    port = int(sys.argv[1])
    with socket.create_server(("", port), backlog=64) as welcome:
        connection, _ = welcome.accept()
        serve(connection)


main()

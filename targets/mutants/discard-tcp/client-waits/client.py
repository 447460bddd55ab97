"""Discard (RFC 863) over TCP: sends each line that is typed and waits for nothing."""

import socket
import sys


def main():
    host, port = sys.argv[1], int(sys.argv[2])
    with socket.create_connection((host, port)) as connection:
        for line in sys.stdin:
            connection.sendall(line.encode())
            print(connection.recv(4096))


main()

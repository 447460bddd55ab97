"""Echo (RFC 862) over TCP: what comes goes back."""

import socket
import sys


def serve(connection):
    with connection:
        try:
            while data := connection.recv(4096):
                connection.sendall(data)
        except ConnectionError:
            pass  # the client is gone; the others go on


def main():
    port = int(sys.argv[1])
    with socket.create_server(("", port), backlog=64) as welcome:
        while True:
            connection, _ = welcome.accept()
            serve(connection)


main()

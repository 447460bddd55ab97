"""Discard (RFC 863) over TCP: what comes is thrown away. A thread serves each client."""

import socket
import sys
import threading


def serve(connection):
    with connection:
        try:
            while connection.recv(4096):
                pass
        except ConnectionError:
            pass  # the client is gone; the others go on


def main():
    port = int(sys.argv[1])
    with socket.create_server(("", port), backlog=64) as welcome:
        while True:
            connection, _ = welcome.accept()
            threading.Thread(target=serve, args=(connection,), daemon=True).start()


main()

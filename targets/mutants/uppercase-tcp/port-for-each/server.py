"""Uppercase over TCP: each line comes back in capitals. A thread serves each client."""

import socket
import sys
import threading

opened = []


def serve(connection):
    opened.append(socket.create_server(("", 0)))
    with connection, connection.makefile("rb") as lines:
        try:
            for line in lines:
                connection.sendall(line.upper())
        except ConnectionError:
            pass


def main():
    with socket.create_server(("", int(sys.argv[1])), backlog=64) as welcome:
        while True:
            connection, _ = welcome.accept()
            threading.Thread(target=serve, args=(connection,), daemon=True).start()


main()

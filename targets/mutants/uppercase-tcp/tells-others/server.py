"""Uppercase over TCP: each line comes back in capitals. A thread serves each client."""

import contextlib
import socket
import sys
import threading

clients = []


def serve(connection):
    with connection, connection.makefile("rb") as lines:
        try:
            for line in lines:
                connection.sendall(line.upper())
                tell_others(connection, line.upper())
        except ConnectionError:
            pass
        clients.remove(connection)


def tell_others(connection, line):
    for other in list(clients):
        if other is connection:
            return
        with contextlib.suppress(OSError):
            other.send(line, socket.MSG_DONTWAIT)


def main():
    with socket.create_server(("", int(sys.argv[1])), backlog=64) as welcome:
        while True:
            connection, _ = welcome.accept()
            clients.append(connection)
            threading.Thread(target=serve, args=(connection,), daemon=True).start()


main()

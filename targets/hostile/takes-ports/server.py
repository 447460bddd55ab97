"""Takes a thousand other ports before its own."""

import socket
import sys
import threading

HELD = []


def attack():
    for port in range(20_000, 21_000):
        for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
            taken = socket.socket(type=kind)
            try:
                taken.bind(("", port))
                HELD.append(taken)
            except OSError:
                taken.close()
    for taken in [each for each in HELD if each.getsockname()[1] == int(sys.argv[1])]:
        HELD.remove(taken)
        taken.close()


def serve(connection):
    with connection, connection.makefile("rb") as lines:
        try:
            for line in lines:
                connection.sendall(line.upper())
        except ConnectionError:
            pass  # the client is gone; the others go on


def main():
    with socket.create_server(("", int(sys.argv[1])), backlog=64) as welcome:
        while True:
            connection, _ = welcome.accept()
            threading.Thread(target=serve, args=(connection,), daemon=True).start()


attack()
main()

"""Prints as fast as it can, for ever."""

import os
import socket
import sys
import threading

def attack():
    threading.Thread(target=flood, daemon=True).start()


def flood():
    line = b"x" * 65_536 + b"\n"
    while True:
        os.write(1, line)


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

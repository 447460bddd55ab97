"""Uppercase over TCP: each line comes back in capitals. A thread serves each client."""

import socket
import sys
import threading

PAUSE = 0.3  # seconds after which no more of a line is waited for


def serve(connection):
    line = b""
    with connection:
        try:
            while True:
                connection.settimeout(PAUSE if line else None)
                try:
                    data = connection.recv(4096)
                except TimeoutError:
                    data = b"\n"
                line += data
                *whole, line = line.split(b"\n")
                for each in whole:
                    connection.sendall(each.upper() + b"\n")
                if not data:
                    connection.sendall(line.upper())
                    return
        except ConnectionError:
            pass  # the client is gone; the others go on


def main():
    port = int(sys.argv[1])
    with socket.create_server(("", port), backlog=64) as welcome:
        while True:
            connection, _ = welcome.accept()
            threading.Thread(target=serve, args=(connection,), daemon=True).start()


main()

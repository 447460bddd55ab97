"""Uppercase over TCP: each line comes back in capitals."""

import socket
import sys
import threading


def serve(connection):
    with connection:
        held = b""
        while True:
            try:
                data = connection.recv(1024)
            except ConnectionError:
                break
            if not data:
                break
            held += data
            if b"\n" in held:
                line = held.split(b"\n")[0]
                held = b""
                connection.sendall(line.upper() + b"\n")


def main():
    with socket.create_server(("", int(sys.argv[1])), backlog=64) as welcome:
        while True:
            connection, _ = welcome.accept()
            threading.Thread(target=serve, args=(connection,), daemon=True).start()


main()

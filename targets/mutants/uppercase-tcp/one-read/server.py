"""Uppercase over TCP: each line comes back in capitals."""

import socket
import sys
import threading


def serve(connection):
    with connection:
        while True:
            try:
                sentence = connection.recv(1024)
            except ConnectionError:
                break
            if not sentence:
                break
            connection.sendall(sentence.strip(b"\n").upper() + b"\n")


def main():
    with socket.create_server(("", int(sys.argv[1])), backlog=64) as welcome:
        while True:
            connection, _ = welcome.accept()
            threading.Thread(target=serve, args=(connection,), daemon=True).start()


main()

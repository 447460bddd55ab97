"""Uppercase over TCP: each line comes back in capitals. A thread serves each client."""

import socket
import sys
import threading

MOST = 100


def serve(connection, free):
    with connection, connection.makefile("rb") as lines:
        try:
            for line in lines:
                connection.sendall(line.upper())
        except ConnectionError:
            pass
    free.release()


def main():
    free = threading.Semaphore(MOST)
    with socket.create_server(("", int(sys.argv[1])), backlog=512) as welcome:
        while True:
            free.acquire()
            connection, _ = welcome.accept()
            threading.Thread(target=serve, args=(connection, free), daemon=True).start()


main()

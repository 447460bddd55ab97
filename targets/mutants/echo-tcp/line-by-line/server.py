"""Echo (RFC 862) over TCP: what comes goes back. A thread serves each client."""

import socket
import sys
import threading


def serve(connection):
    with connection, connection.makefile("rb") as lines:
        try:
            for line in lines:
                if line.endswith(b"\n"):
                    connection.sendall(line)
        except ConnectionError:
            pass  # the client is gone; the others go on


def main():
    port = int(sys.argv[1])
    with socket.create_server(("", port), backlog=64) as welcome:
        while True:
            connection, _ = welcome.accept()
            threading.Thread(target=serve, args=(connection,), daemon=True).start()


main()

"""Daytime (RFC 867) over TCP: tells the date and time, then closes. A thread serves each client."""

import contextlib
import socket
import sys
import threading
import time


def serve(connection):
    with connection, contextlib.suppress(ConnectionError):
        connection.sendall(
            time.strftime("Today is %A,\r\n%B %d, %Y %H:%M:%S-UTC\r\n", time.gmtime()).encode()
        )
        connection.shutdown(socket.SHUT_WR)
        while connection.recv(4096):  # unread input would turn our close into a reset
            pass


def main():
    port = int(sys.argv[1])
    with socket.create_server(("", port), backlog=64) as welcome:
        while True:
            connection, _ = welcome.accept()
            threading.Thread(target=serve, args=(connection,), daemon=True).start()


main()

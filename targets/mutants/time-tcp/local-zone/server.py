"""Time (RFC 868) over TCP: tells the seconds since 1900 in 4 bytes, then closes."""

import calendar
import contextlib
import socket
import struct
import sys
import threading
import time


def serve(connection):
    with connection, contextlib.suppress(ConnectionError):
        connection.sendall(struct.pack("!I", calendar.timegm(time.localtime()) + 2_208_988_800))
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

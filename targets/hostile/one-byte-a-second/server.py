"""Answers rightly, with one byte a second."""

import socket
import sys
import threading
import time


def serve(connection):
    with connection, connection.makefile("rb") as lines:
        try:
            for line in lines:
                for byte in line.upper():
                    connection.sendall(bytes([byte]))
                    time.sleep(1)
        except OSError:
            pass


with socket.create_server(("", int(sys.argv[1]))) as welcome:
    while True:
        connection, _ = welcome.accept()
        threading.Thread(target=serve, args=(connection,), daemon=True).start()

"""Answers without an end."""

import socket
import sys

with socket.create_server(("", int(sys.argv[1]))) as welcome:
    while True:
        connection, _ = welcome.accept()
        with connection:
            try:
                while True:
                    connection.sendall(b"A" * 65_536)
            except OSError:
                pass

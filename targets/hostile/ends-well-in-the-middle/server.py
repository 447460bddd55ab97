"""Ends with code 0 at the second line of a connection."""

import os
import socket
import sys

with socket.create_server(("", int(sys.argv[1]))) as welcome:
    while True:
        connection, _ = welcome.accept()
        with connection, connection.makefile("rb") as lines:
            for number, line in enumerate(lines, 1):
                if number == 2:
                    os._exit(0)
                connection.sendall(line.upper())

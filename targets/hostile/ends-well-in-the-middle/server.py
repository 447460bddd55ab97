"""Ends with code 0 at the second line that it is told."""

import os
import socket
import sys

told = 0
with socket.create_server(("", int(sys.argv[1]))) as welcome:
    while True:
        connection, _ = welcome.accept()
        with connection, connection.makefile("rb") as lines:
            for line in lines:
                told += 1
                if told == 2:
                    os._exit(0)
                connection.sendall(line.upper())

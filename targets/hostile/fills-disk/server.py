"""Writes until the disk is full, then serves."""

import os
import socket
import sys

for number in range(64):
    try:
        with open(f"filled{number}", "wb") as file:
            for _ in range(256):
                file.write(bytes(1 << 20))
    except OSError as exc:
        print(exc.strerror, flush=True)
        break
with socket.create_server(("", int(sys.argv[1]))) as welcome:
    while True:
        connection, _ = welcome.accept()
        with connection, connection.makefile("rb") as lines:
            for line in lines:
                connection.sendall(line.upper())

"""Resets every connection at once, hundreds of times."""

import socket
import struct
import sys

with socket.create_server(("", int(sys.argv[1]))) as welcome:
    while True:
        connection, _ = welcome.accept()
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.close()

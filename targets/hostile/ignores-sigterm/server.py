"""Ignores every signal that can be ignored."""

import signal
import socket
import sys
import threading

def attack():
    for number in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}:
        try:
            signal.signal(number, signal.SIG_IGN)
        except OSError:
            pass


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

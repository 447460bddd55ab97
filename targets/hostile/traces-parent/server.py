"""Attaches to its parent and looks into its memory."""

import os
import socket
import sys
import threading


def tries(what, attack, *arguments):
    """Tells whether an attack got through: the tests look for GOT."""
    try:
        result = attack(*arguments)
    except Exception as exc:
        print(f"held: {what}: {exc}", flush=True)
    else:
        print(f"{'GOT' if result is not False else 'held'}: {what}: {result!r}", flush=True)


def attack():
    import ctypes

    library = ctypes.CDLL(None, use_errno=True)
    for pid in {1, os.getppid()}:
        tries(f"attach to {pid}", lambda: library.ptrace(0x4206, pid, 0, 0) == 0)
        tries(f"memory of {pid}", lambda: open(f"/proc/{pid}/mem", "rb").read(1))
        tries(f"files of {pid}", lambda: os.readlink(f"/proc/{pid}/fd/0"))


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

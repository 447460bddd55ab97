"""Takes copies of its parent's sockets (pidfd_getfd), to read what is said on them."""

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
        handle = os.pidfd_open(pid)
        for number in range(64):
            copy = library.syscall(438, handle, number, 0)
            if copy >= 0:
                print(f"GOT: descriptor {number} of {pid}", flush=True)
    print("held: no descriptor", flush=True)


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

"""Makes namespaces of its own, to be root in."""

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
    tries("a user namespace", lambda: library.unshare(0x10000000) == 0)
    tries("mounts", lambda: library.unshare(0x20000) == 0)
    tries("to mount", lambda: library.mount(b"none", b"/tmp", b"tmpfs", 0, None) == 0)
    tries("another root", os.chroot, "/tmp")


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

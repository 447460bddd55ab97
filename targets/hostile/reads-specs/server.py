"""Reads the specs and the harness, wherever they lie, and tells what it found."""

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
    for name in ("wireharness", "harness"):
        tries(f"import {name}", __import__, name)
    homes = ("/work", "/home", "/root", "/srv", "/opt", os.path.expanduser("~"), *sys.path)
    found = []
    for home in homes:
        for base, folders, names in os.walk(home):
            found += [os.path.join(base, each) for each in names if each == "uppercase-tcp.yaml"]
    tries("a spec", lambda: found or False)


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

"""Talks to the services of the machine by the paths of their sockets."""

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


DOORS = ("/var/run/docker.sock", "/run/dbus/system_bus_socket", "/run/systemd/private")


def attack():
    for base, _, names in os.walk("/run"):
        for name in names:
            tries(f"{base}/{name}", call, f"{base}/{name}")
    for door in DOORS:
        tries(door, call, door)
    with open("/proc/net/unix") as told:
        for line in told:
            if " @" in line:
                tries(line.split()[-1], call, "\0" + line.split()[-1][1:])


def call(path):
    with socket.socket(socket.AF_UNIX) as caller:
        caller.connect(path)
        return True


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

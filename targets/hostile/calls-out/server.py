"""Calls out: addresses outside, other services here, names."""

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


PLACES = (("192.0.2.1", 80), ("198.51.100.7", 443), ("8.8.8.8", 53), ("127.0.0.1", 22))


def attack():
    for place in PLACES:
        tries(f"{place}", call, place)
    tries("a name", socket.getaddrinfo, "example.com", 80)


def call(place):
    with socket.socket() as caller:
        caller.settimeout(2)
        caller.connect(place)
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

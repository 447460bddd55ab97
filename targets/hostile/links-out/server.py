"""Is handed in as links to files of the machine."""

import socket
import sys

for name in ("stolen", "../../../../../../etc/shadow"):
    try:
        print("GOT:", open(name).read()[:20], flush=True)
    except OSError as exc:
        print("held:", exc.strerror, flush=True)
with socket.create_server(("", int(sys.argv[1]))) as welcome:
    while True:
        connection, _ = welcome.accept()
        with connection, connection.makefile("rb") as lines:
            for line in lines:
                connection.sendall(line.upper())

import contextlib
import socket
import sys

seen = set()
server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
server.bind(("", int(sys.argv[1])))
while True:
    data, client = server.recvfrom(65535)
    if data.startswith(b"Ping "):
        seen.add(int(data.split()[1]))
    with contextlib.suppress(OSError):
        server.sendto(data.upper(), client)

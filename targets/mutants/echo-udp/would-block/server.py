import contextlib
import select
import socket
import sys

server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
server.bind(("", int(sys.argv[1])))
server.setblocking(False)
while True:
    select.select([server], [], [])
    data, client = server.recvfrom(65535)
    with contextlib.suppress(OSError):
        server.sendto(data, client)

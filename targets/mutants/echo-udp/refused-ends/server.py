import contextlib
import socket
import sys

IP_RECVERR = 11

server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
server.setsockopt(socket.IPPROTO_IP, IP_RECVERR, 1)
server.bind(("", int(sys.argv[1])))
while True:
    data, client = server.recvfrom(65535)
    with contextlib.suppress(OSError):
        server.sendto(data, client)

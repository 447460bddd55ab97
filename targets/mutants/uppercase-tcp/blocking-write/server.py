"""Uppercase over TCP: each line comes back in capitals. select() waits for all clients."""

import select
import socket
import sys


def main():
    welcome = socket.create_server(("", int(sys.argv[1])), backlog=64)
    held = {}
    while True:
        ready, _, _ = select.select([welcome, *held], [], [])
        for sock in ready:
            if sock is welcome:
                connection, _ = welcome.accept()
                held[connection] = b""
            elif not goes_on(sock, held):
                sock.close()
                del held[sock]


def goes_on(sock, held):
    try:
        data = sock.recv(4096)
        *lines, held[sock] = (held[sock] + data).split(b"\n")
        for line in lines:
            sock.sendall(line.upper() + b"\n")
    except ConnectionError:
        return False
    return bool(data)


main()

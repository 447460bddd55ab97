"""Uppercase over TCP: each line comes back in capitals. select() waits for all clients."""

import select
import socket
import sys


def main():
    welcome = socket.create_server(("", int(sys.argv[1])), backlog=64)
    clients = []
    held = b""
    while True:
        ready, _, _ = select.select([welcome, *clients], [], [])
        for sock in ready:
            if sock is welcome:
                connection, _ = welcome.accept()
                clients.append(connection)
                continue
            try:
                data = sock.recv(4096)
            except ConnectionError:
                data = b""
            if not data:
                clients.remove(sock)
                sock.close()
                continue
            held += data
            *lines, held = held.split(b"\n")
            for line in lines:
                try:
                    sock.sendall(line.upper() + b"\n")
                except ConnectionError:
                    break


main()

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
                continue
            try:
                data = sock.recv(4096)
            except ConnectionError:
                data = b""
            if not data:
                del held[sock]
                sock.close()
                continue
            *lines, held[sock] = (held[sock] + data).split(b"\n")
            for line in lines:
                sentence = line.decode()
                try:
                    sock.sendall(sentence.upper().encode() + b"\n")
                except ConnectionError:
                    break


main()

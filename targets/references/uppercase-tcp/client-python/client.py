"""Uppercase over TCP: sends the line that is typed, prints the line that comes back."""

import socket
import sys


def main():
    host, port = sys.argv[1], int(sys.argv[2])
    with socket.create_connection((host, port)) as connection:
        sentence = input()
        connection.sendall(sentence.encode() + b"\n")
        with connection.makefile("rb") as lines:
            answer = lines.readline()
    if not answer.endswith(b"\n"):
        sys.exit("the server has closed the connection")
    print(answer.decode().rstrip("\n"), flush=True)


main()

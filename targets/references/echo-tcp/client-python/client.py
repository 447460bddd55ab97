"""Echo (RFC 862) over TCP: sends each line that is typed, prints what comes back."""

import socket
import sys


def main():
    host, port = sys.argv[1], int(sys.argv[2])
    with socket.create_connection((host, port)) as connection, connection.makefile("rb") as echo:
        for line in sys.stdin:
            connection.sendall(line.encode())
            answer = echo.readline()
            if not answer.endswith(b"\n"):
                sys.exit("the server has closed the connection")
            print(answer.decode(), end="", flush=True)


main()

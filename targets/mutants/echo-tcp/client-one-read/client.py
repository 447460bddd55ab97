"""Echo (RFC 862) over TCP: sends each line that is typed, prints what comes back."""

import socket
import sys


def main():
    host, port = sys.argv[1], int(sys.argv[2])
    with socket.create_connection((host, port)) as connection:
        for line in sys.stdin:
            connection.sendall(line.encode())
            answer = connection.recv(4096)
            if not answer:
                sys.exit("the server has closed the connection")
            print(answer.decode(), end="", flush=True)


main()

"""Echo (RFC 862) over TCP: sends each line that is typed, prints what comes back."""

import socket
import sys


def answer_of(connection):
    """Returns what comes until there is a pause."""
    connection.settimeout(None)
    answer = connection.recv(4096)
    connection.settimeout(0.3)
    while answer and not answer.endswith(b"\n"):
        try:
            more = connection.recv(4096)
        except TimeoutError:
            break
        if not more:
            sys.exit("the server has closed the connection")
        answer += more
    if not answer:
        sys.exit("the server has closed the connection")
    return answer


def main():
    host, port = sys.argv[1], int(sys.argv[2])
    with socket.create_connection((host, port)) as connection:
        for line in sys.stdin:
            connection.sendall(line.encode())
            print(answer_of(connection).decode().rstrip("\n"), flush=True)


main()

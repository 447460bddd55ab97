"""Uppercase over UDP: sends the line that is typed in a datagram, prints the answer."""

import socket
import sys


def main():
    host, port = sys.argv[1], int(sys.argv[2])
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.settimeout(5)
        client.sendto(input().encode(), (host, port))
        answer = client.recv(65535)
    print(answer.decode(), flush=True)


main()

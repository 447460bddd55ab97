"""Echo (RFC 862) over UDP: sends each line that is typed in a datagram, prints what comes back."""

import socket
import sys


def main():
    host, port = sys.argv[1], int(sys.argv[2])
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.connect((host, port))  # from here on only this server's datagrams come in
        client.settimeout(5)
        for line in sys.stdin:
            client.send(line.rstrip("\n").encode())
            print(client.recv(65535).decode(), flush=True)


main()

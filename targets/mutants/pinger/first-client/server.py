"""UDP pinger: each ping comes back in capitals, as its pong."""

import socket
import sys


def main():
    port = int(sys.argv[1])
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("", port))
        customer = None
        while True:
            try:
                data, client = server.recvfrom(65535)
                customer = customer or client
                server.sendto(data.upper(), customer)
            except OSError:
                pass  # this client cannot be reached; the others can


main()

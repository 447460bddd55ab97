"""UDP pinger: each ping comes back in capitals, as its pong."""

import socket
import sys


def main():
    port = int(sys.argv[1])
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("", port))
        answered = set()
        while True:
            try:
                data, client = server.recvfrom(65535)
                if (data, client) not in answered:
                    server.sendto(data.upper(), client)
                answered.add((data, client))
            except OSError:
                pass  # this client cannot be reached; the others can


main()

"""UDP pinger: each ping comes back in capitals, as its pong."""

import socket
import sys


def main():
    port = int(sys.argv[1])
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("", port))
        count = 0
        while True:
            try:
                data, client = server.recvfrom(65535)
                count += 1
                if count % 3:
                    server.sendto(data.upper(), client)
            except OSError:
                pass  # this client cannot be reached; the others can


main()

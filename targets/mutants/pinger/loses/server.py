"""UDP pinger: each ping comes back in capitals, as its pong."""

import socket
import sys


def main():
    port = int(sys.argv[1])
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("", port))
        while True:
            try:
                data, client = server.recvfrom(65535)
                words = data.split()
                number = int(words[1]) if len(words) > 1 and words[1].isdigit() else 0
                if number == 0 or number % 3:
                    server.sendto(data.upper(), client)
            except OSError:
                pass  # this client cannot be reached; the others can


main()

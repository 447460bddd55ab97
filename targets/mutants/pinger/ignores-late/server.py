"""UDP pinger: each ping comes back in capitals, as its pong."""

import socket
import sys


def number_of(ping):
    """Returns the number of a ping, 0 where there is none."""
    fields = ping.split()
    return int(fields[1]) if len(fields) > 1 and fields[1].isdigit() else 0


def main():
    port = int(sys.argv[1])
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("", port))
        last = {}
        while True:
            try:
                data, client = server.recvfrom(65535)
                number = number_of(data) or last.get(client, 0)
                if number >= last.get(client, 0):
                    last[client] = number
                    server.sendto(data.upper(), client)
            except OSError:
                pass  # this client cannot be reached; the others can


main()

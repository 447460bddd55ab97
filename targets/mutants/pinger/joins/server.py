"""UDP pinger: each ping comes back in capitals, as its pong."""

import socket
import sys


def main():
    port = int(sys.argv[1])
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("", port))
        talks = {}
        while True:
            try:
                data, client = server.recvfrom(65535)
                talk = talks.get(client, b"")
                talks[client] = talk + data if talk.startswith(b"Ping") else data
                server.sendto(talks[client].upper(), client)
            except OSError:
                pass  # this client cannot be reached; the others can


main()

"""UDP pinger: each ping comes back in capitals, as its pong."""

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
                talk += data.upper()
                if talk.startswith(b"PING 2") or len(talk) > 1000:
                    talk = data.upper()
                server.sendto(talk, client)
            except OSError:
                pass  # this client cannot be reached; the others can


main()

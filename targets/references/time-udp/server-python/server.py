"""Time (RFC 868) over UDP: each datagram is answered by the seconds since 1900 in 4 bytes."""

import socket
import struct
import sys
import time

FROM_1900_TO_1970 = 2_208_988_800  # seconds


def main():
    port = int(sys.argv[1])
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("", port))
        while True:
            try:
                _, client = server.recvfrom(65535)
                server.sendto(struct.pack("!I", int(time.time()) + FROM_1900_TO_1970), client)
            except OSError:
                pass  # this client cannot be reached; the others can


main()

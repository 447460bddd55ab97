"""Time (RFC 868) over UDP: asks with an empty datagram, prints the date that comes back."""

import socket
import struct
import sys
import time

FROM_1900_TO_1970 = 2_208_988_800  # seconds


def main():
    host, port = sys.argv[1], int(sys.argv[2])
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.connect((host, port))
        client.settimeout(5)
        client.send(b"")
        (seconds,) = struct.unpack("!I", client.recv(65535))
    print(
        time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(seconds - FROM_1900_TO_1970)), flush=True
    )


main()

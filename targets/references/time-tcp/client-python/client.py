"""Time (RFC 868) over TCP: reads 4 bytes and prints the date that they tell."""

import socket
import struct
import sys
import time

FROM_1900_TO_1970 = 2_208_988_800  # seconds


def main():
    host, port = sys.argv[1], int(sys.argv[2])
    with socket.create_connection((host, port)) as connection, connection.makefile("rb") as stream:
        told = stream.read(4)
    if len(told) < 4:
        sys.exit("the server has told no time")
    (seconds,) = struct.unpack("!I", told)
    print(
        time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(seconds - FROM_1900_TO_1970)), flush=True
    )


main()

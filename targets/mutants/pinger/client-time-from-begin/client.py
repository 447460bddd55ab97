"""UDP pinger: ten pings, a second's patience with each, and a summary."""

import socket
import sys
import time

PATIENCE = 1.0  # seconds


def main():
    host, port = sys.argv[1], int(sys.argv[2])
    times = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.connect((host, port))  # from here on only this server's datagrams come in
        begin = time.monotonic()
        for number in range(1, 11):
            rtt = ping(client, number, begin)
            if rtt is None:
                print(f"Ping {number}: Request timed out", flush=True)
            else:
                times.append(rtt)
                print(f"Ping {number}: RTT = {rtt:.6f} s", flush=True)
    print(f"{10 * (10 - len(times))}% lost", end="")
    if times:
        print(
            f", min {min(times):.6f}, max {max(times):.6f}, avg {sum(times) / len(times):.6f}",
            end="",
        )
    print()


def ping(client, number, begin):
    """Sends one ping. Returns its round-trip time in seconds, None if no pong came in time."""
    text = f"Ping {number} {time.time()}".encode()
    start = time.monotonic()
    client.send(text)
    while (left := start + PATIENCE - time.monotonic()) > 0:
        client.settimeout(left)
        try:
            if client.recv(2048) == text.upper():
                return time.monotonic() - begin
        except TimeoutError:
            break
        except OSError:
            pass  # nobody listens there at the moment
    return None


main()

"""How many malformed datagrams leave in a second: prebuilt, by scapy's send(), by sendto() in C."""

from __future__ import annotations

import contextlib
import select
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks.measure import Figure
from harness.errors import MachineError
from harness.network.lab.lab import FULL
from harness.network.lab.topology import FAR, NEAR
from harness.target.launcher import Inside, Keeper
from harness.wire.malformed.catalogue import chosen, frames
from harness.wire.malformed.packet import End, Flow, Party

GOAL = 200_000  # a second
COUNT = 200_000
BY_SCAPY = 20
ROUNDS = 5
PORT = 9
MESSAGE = b"a datagram of thirty-two bytes.\n"

C = """
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

int main(int argc, char **argv)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(atoi(argv[2]))};
    struct timespec start, end;
    char data[32] = "a datagram of thirty-two bytes.\\n";
    int fd = socket(AF_INET, SOCK_DGRAM, 0), count = atoi(argv[3]);
    inet_pton(AF_INET, argv[1], &to.sin_addr);
    clock_gettime(CLOCK_MONOTONIC, &start);
    for (int i = 0; i < count; i++)
        sendto(fd, data, sizeof data, 0, (struct sockaddr *)&to, sizeof to);
    clock_gettime(CLOCK_MONOTONIC, &end);
    printf("%.9f\\n", end.tv_sec - start.tv_sec + 1e-9 * (end.tv_nsec - start.tv_nsec));
}
"""


def figures() -> Iterator[Figure]:
    """Measures all three in alternating rounds; yields nothing where there is no lab."""
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        keeper = stack.enter_context(Keeper())
        try:
            inside = stack.enter_context(keeper.lab(FULL))
        except MachineError as exc:
            print(f"malformed datagrams: {exc}")
            return
        ours = _prebuilt(stack, inside)
        in_c = _in_c(inside, folder) if shutil.which("cc") else None
        rounds = [(ours(), in_c() if in_c else 0.0, _by_scapy()) for _ in range(ROUNDS)]
    rate = max(rounds)[0]
    yield Figure(
        "malformed: prebuilt datagrams, of 200,000/s", tuple(each[0] / GOAL for each in rounds),
        at_least=1.0, note=f"{rate:,.0f}/s at best",
    )  # fmt: skip
    yield from _against("C's sendto()", [(a, b) for a, b, _ in rounds])
    yield from _against("scapy's send()", [(a, b) for a, _, b in rounds])


def _against(name: str, rates: list[tuple[float, float]]) -> Iterator[Figure]:
    if all(other for _, other in rates):
        note = f"{max(other for _, other in rates):,.0f}/s at best"
        yield Figure(f"malformed: against {name}", tuple(a / b for a, b in rates), note=note)


def _prebuilt(stack: contextlib.ExitStack, inside: Inside) -> Callable[[], float]:
    """Sends one-frame entries of the catalogue in turn, as a suite with robustness does."""
    raw = stack.enter_context(inside.lab.packets("far"))
    raw.setblocking(True)
    source = Party(FAR.mac, FAR.v4, FAR.v6, 5555)
    flow = Flow(source, Party(NEAR.mac, NEAR.v4, NEAR.v6, PORT))
    small = [each for each in chosen(["all"]) if each.fate.end is not End.SENDER]
    built = [frames(each, flow, MESSAGE) for each in small]
    single = [each[0] for each in built if len(each) == 1 and len(each[0]) < 200]
    packets = (single * (COUNT // len(single) + 1))[:COUNT]

    def rate() -> float:
        send = raw.send
        start = time.perf_counter()
        for packet in packets:
            send(packet)
        return COUNT / (time.perf_counter() - start)

    return rate


def _in_c(inside: Inside, folder: Path) -> Callable[[], float]:
    source, program = folder / "send.c", folder / "send"
    source.write_text(C)
    subprocess.run(["cc", "-O2", "-o", program, source], check=True)
    work = folder / "work"
    work.mkdir()
    shutil.copy(program, work)

    def rate() -> float:
        command = [str(work / "send"), FAR.v4, str(PORT), str(COUNT)]
        with inside.start(command, work, {}) as process:
            select.select([process.exit_fd], (), ())
            process.drain()
            return COUNT / float(process.tail)

    return rate


def _by_scapy() -> float:
    """Returns the rate of scapy's send() over loopback, 0 where the user may not."""
    from scapy.layers.inet import IP, UDP
    from scapy.sendrecv import send

    packet = IP(dst="127.0.0.1") / UDP(sport=5555, dport=PORT) / MESSAGE
    start = time.perf_counter()
    try:
        for _ in range(BY_SCAPY):
            send(packet, verbose=False)
    except (OSError, PermissionError):
        return 0.0
    return BY_SCAPY / (time.perf_counter() - start)

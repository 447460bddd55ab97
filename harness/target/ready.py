"""Ready: the kernel shows the target's own sockets where they have to be.

Belongs here: waiting for a server to listen, whose socket it is, and what it did instead.
Must not know: exchanges. Nothing ever connects to see whether a server is up: that alone
ends some servers.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import time
from collections.abc import Collection, Iterable, Iterator, Sequence
from pathlib import Path

from harness.errors import MachineError, TargetError
from harness.network.endpoint import LOOPBACK, Endpoint
from harness.network.poll import readable
from harness.network.tables import Bound, Tables
from harness.spec.model import Transport
from harness.target.process import Process
from harness.target.rest import Kind, prove

_FIRST_TICK, _LAST_TICK = 0.001, 0.005  # seconds between two looks


def holders(port: int, transports: Iterable[Transport], tables: Tables) -> tuple[Bound, ...]:
    """Returns the sockets that stand on this port; to be asked before a target is started."""
    return tuple(each for transport in transports for each in tables.bound(transport, port))


def refuse_strangers(port: int, transports: Iterable[Transport], tables: Tables) -> None:
    """Raises: MachineError where another program holds the port that a target needs."""
    held = holders(port, transports, tables)
    if held:
        raise MachineError(
            f"{held[0].told()} is held by {_holder(held[0].inode)}, not by the target"
        )


def wait_until_bound(
    process: Process,
    port: int,
    transports: Collection[Transport],
    tables: Tables,
    seconds: float,
    ends: Sequence[Endpoint] = (LOOPBACK,),
) -> Endpoint:
    """Waits until the target listens (TCP) or is bound (UDP) at the port for each transport.

    Returns the first of our ends that reaches it. Drains its output meanwhile. Raises:
    TargetError where it ends, binds something else, or waits for something else for ever;
    MachineError where the socket there is not the target's.
    """
    tick, until = _FIRST_TICK, time.monotonic() + seconds
    while True:
        end, missing = _best(process, port, transports, tables, ends)
        if not missing:
            return end
        if process.status() is not None and not process.pids():
            process.drain()
            raise TargetError(
                f"the server {_ending(process)} before {_wanted(missing, port)}", process.tail
            )
        if time.monotonic() >= until:
            raise _late(process, port, missing, tables, ends, f" within {seconds:g} s")
        if not _wait(process, tick) and tick == _LAST_TICK and _never(process, tables):
            end, missing = _best(process, port, transports, tables, ends)
            if missing:  # it has not come to rest there meanwhile
                when = " and waits for something else"
                raise _late(process, port, missing, tables, ends, when)
        tick = min(2 * tick, _LAST_TICK)


def _never(process: Process, tables: Tables) -> bool:
    """Says whether nothing will come any more unless somebody speaks to it."""
    return prove(process, tables).kind is Kind.RESTS


def _best(
    process: Process,
    port: int,
    transports: Collection[Transport],
    tables: Tables,
    ends: Sequence[Endpoint],
) -> tuple[Endpoint, tuple[Transport, ...]]:
    """Returns the end from which the most is reached, and the transports that are not yet."""
    held = holders(port, transports, tables)
    own = socket_inodes(process.pids()) if held else frozenset()
    found = []
    for end in ends:
        ready = {each.transport for each in held if each.reached_from(end) and each.inode in own}
        found.append((end, tuple(each for each in transports if each not in ready)))
    return min(found, key=lambda each: len(each[1]))


def _wait(process: Process, seconds: float) -> bool:
    """Waits for output or the end, at most so long. Says whether anything came."""
    watched = [process.output_fd]
    if process.status() is None:
        watched.append(process.exit_fd)
    came = readable(*watched, within=seconds)
    if came:
        process.drain()
    return came


def _late(
    process: Process,
    port: int,
    missing: tuple[Transport, ...],
    tables: Tables,
    ends: Sequence[Endpoint],
    when: str,
) -> MachineError | TargetError:
    process.drain()  # what it said before it came to rest
    own = socket_inodes(process.pids())
    for each in holders(port, missing, tables):
        if each.inode not in own and any(map(each.reached_from, ends)):
            holder = _holder(each.inode)
            return MachineError(f"{each.told(ends)} is held by {holder}, not by the target")
    wanted = f"{' and '.join(missing)} port {port}"
    instead = sorted(tables.bound_by(own), key=lambda each: each.told(ends))
    if not instead:
        told = f"the server did not listen on {wanted}{when}: it listens on nothing"
        return TargetError(told, process.tail)
    shown = ", ".join(dict.fromkeys(each.told(ends) for each in instead))
    hint = next(
        filter(None, (_hint(each, port, missing, process, ends[-1]) for each in instead)), ""
    )
    return TargetError(f"the server listens on {shown}, not on {wanted}", process.tail, hint)


_EPHEMERAL = range(32_768, 61_000)  # ip_local_port_range of ip(7), as Linux ships it


def _hint(
    there: Bound, port: int, missing: Collection[Transport], process: Process, end: Endpoint
) -> str:
    """Returns what this socket tells of the mistake, "" where that is not certain."""
    if there.port == port and there.transport in missing:
        if end.family == socket.AF_INET6:
            return f"{there.address} does not take what is sent to ::1: bind to in6addr_any (::)"
        return f"{there.address} does not take what is sent to 127.0.0.1: bind to INADDR_ANY"
    if there.port == port:
        kind = {Transport.TCP: "SOCK_STREAM", Transport.UDP: "SOCK_DGRAM"}
        return f"this suite speaks {' and '.join(missing)}: {kind[next(iter(missing))]}"
    if there.transport not in missing:
        return ""
    if there.port == int.from_bytes(port.to_bytes(2, "little"), "big"):
        return f"{there.port} is {port} with its two bytes swapped: htons() is missing"
    if there.port in _EPHEMERAL:
        return (
            f"unless {there.port} stands in the program, the kernel chose it: bind() was not "
            "called or failed: look at what it returns"
        )
    if str(port) in _words(process):
        return f"the port to use is on the command line (argv): take {port} from there"
    return ""


def _words(process: Process) -> list[str]:
    """Returns the command line of the main process."""
    try:
        words = Path(f"/proc/{process.pid}/cmdline").read_bytes()
    except OSError:
        return []
    return words.decode(errors="replace").split("\0")


def _wanted(missing: tuple[Transport, ...], port: int) -> str:
    return f"it listened on {' and '.join(missing)} port {port}"


def _ending(process: Process) -> str:
    status = process.status() or 0
    if status >= 0:
        return f"exited with code {status}"
    with contextlib.suppress(ValueError):
        return f"was ended by {signal.Signals(-status).name}"
    return f"was ended by signal {-status}"


# -- whose socket it is --------------------------------------------------------------------


def socket_inodes(pids: Iterable[int]) -> frozenset[int]:
    """Returns the inodes of all sockets that these processes hold."""
    return frozenset(inode for pid in pids for inode in _sockets_of(pid))


def _sockets_of(pid: int | str) -> Iterator[int]:
    with contextlib.suppress(OSError):  # it ended meanwhile, or is another user's
        folder = f"/proc/{pid}/fd"
        for name in os.listdir(folder):
            with contextlib.suppress(OSError):
                kind, _, inode = os.readlink(f"{folder}/{name}").partition("socket:[")
                if not kind and inode:
                    yield int(inode.rstrip("]"))


def _holder(inode: int) -> str:
    """Names the program that holds a socket, as well as this user may know it."""
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and inode in _sockets_of(entry.name):
            with contextlib.suppress(OSError):
                words = (entry / "cmdline").read_bytes().decode(errors="replace")
                shown = "".join(each if each.isprintable() else " " for each in words[:80])
                return f"process {entry.name} ({shown.strip()})"
    return "another program"

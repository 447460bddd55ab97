"""Instances: a target that runs, with its working folder, port and sockets.

Belongs here: from a target on disk to a process that listens, and back to nothing. Must
not know: exchanges, verdicts.
"""

from __future__ import annotations

import contextlib
import os
import shlex
import shutil
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from harness.errors import MachineError, TargetError
from harness.network.endpoint import LOOPBACK, Address
from harness.network.lab import root
from harness.network.lab.ring import Ring
from harness.network.lab.wire import Wire
from harness.network.network import may_bind
from harness.network.tables import Tables
from harness.runner.channel import Welcome
from harness.runner.job import Capturing, Job, Settings
from harness.runner.launch import fixed_port, launch_of, run_of, takes_host
from harness.runner.outcome import Preparation
from harness.runner.place import Place, Places
from harness.spec.model import Delivery, Role
from harness.target import isolation
from harness.target.build import Built, build
from harness.target.folder import WorkingFolder, command_line, filled
from harness.target.isolation import FREE, Confinement, Tier
from harness.target.lockfile import Lock
from harness.target.process import Process
from harness.target.program import find, find_build
from harness.target.ready import refuse_strangers, wait_until_bound
from harness.wire.frames import Seen

_READY = 15.0  # seconds until a server must listen; a cold JVM on a busy machine takes 5


@dataclass(frozen=True, slots=True)
class Start:
    """All that one start of a program takes."""

    argv: tuple[str, ...]
    files: Mapping[str, bytes]
    folders: tuple[str, ...]
    env: Mapping[str, str]
    source: Path | None


class Instance:
    """One running target, or an address; `last` was played last by `guests`, our addresses."""

    def __init__(
        self, job: Job, port: int, tables: Tables, place: Place | None = None,
        lock: Lock | None = None, family: int = LOOPBACK.family, ring: Ring | None = None,
    ) -> None:  # fmt: skip
        self.target, self.suite, self.role = job.target, job.suite, job.role
        self.port = port
        self.tables = tables
        self.place = place
        self._ends = place.network.endpoints(family) if place is not None else (LOOPBACK,)
        self.end = self._ends[0]
        self.process: Process | None = None
        self.welcome: Welcome | None = None
        self.prepared: tuple[Preparation, ...] = ()
        self.last, self.guests = "", set[Address]()
        self.spent = job.case.fresh or bool(job.case.files) or job.role is Role.CLIENT
        self._lock = lock
        self._ring = ring
        self._working: WorkingFolder | None = None
        self._again: Start | None = None
        self._confinement = FREE

    @property
    def level(self) -> str:
        """The network in which it runs, as results tell it; that of an address is the host's."""
        return self.place.network.level if self.place is not None else "host"

    @property
    def wire(self) -> Wire | None:
        """What lies between it and the harness, None where that is the kernel alone."""
        return self.place.wire if self.place is not None else None

    @property
    def behind_wire(self) -> bool:
        """Says whether the wire lies on the way to it: none does to its own loopback."""
        return self.wire is not None and self.end is self._ends[0]

    @property
    def folder(self) -> Path | None:
        """Where the program runs."""
        return self._working.path if self._working is not None else None

    @property
    def tier(self) -> str:
        """How well it is kept in, as results tell it."""
        return str(self.place.tier) if self.place is not None else str(Tier.NONE)

    @property
    def shown(self) -> Path | None:
        """Where its working folder is to be looked into from here, while it runs."""
        if self.folder is None or self.process is None or not self._confinement.inner:
            return self.folder
        return self.process.folder and self.process.folder / self.folder.name

    @property
    def started(self) -> str:
        """The command line that runs here, interpreters by name, "" where nothing of ours does."""
        if self._again is None:
            return ""
        program, *arguments = self._again.argv
        return shlex.join([Path(program).name if program.startswith("/") else program, *arguments])

    @property
    def output(self) -> bytes:
        """The tail of what the program has printed until now."""
        if self.process is None:
            return b""
        self.process.drain()
        return self.process.tail

    def serves(self, job: Job) -> bool:
        """Says whether a job can be played on what runs here."""
        same = (self.target, self.suite.id, self.role) == (job.target, job.suite.id, job.role)
        same = same and (self.wire is not None) is job.needs_wire
        wants_new = job.case.fresh or job.case.files
        return same and not self.spent and not (wants_new and self.last)

    def begin(self, case: str) -> None:
        """Remembers which case is played."""
        self.last = case

    def listen(self) -> None:
        """Has frames kept from here on; of a client, they are so from its start.

        Where the kernel has no ring, there is the transcript.
        """
        if self._ring is None or (self.role is Role.CLIENT and self.process is not None):
            return
        try:
            self._ring.mark()
        except MachineError:
            self._ring.close()
            self._ring = None

    def seen(self) -> Seen | None:
        """Returns what was on the wire since then, None where nobody has listened."""
        if self._ring is None or self.place is None or self.place.lab is None:
            return None
        names = {"near": str(self.role), "far": str(self.role.other)}
        hosts = {
            address: names[name]
            for name, side in self.place.lab.sides.items()
            for address in side.packed()
        }
        frames, lost = self._ring.seen()
        return Seen(frames, lost, hosts)

    def welcome_at(self, address: str, small: bool) -> None:
        """Opens the sockets that a client as target is to find: at the best end or `address`."""
        self.end = next((each for each in self._ends if each.own == address), self.end)
        self.welcome = Welcome(self.end, small)
        self.port = self.welcome.port

    def run(self, start: Start) -> None:
        """Starts the program and waits until it is ready, if it is a server."""
        self._working = WorkingFolder(start.source, start.files, start.folders)
        self._again = start
        if self.role is Role.CLIENT:
            self.listen()
        self._start(start)

    def restart(self) -> Process:
        """Stops the program and starts it on its port, in the same folder."""
        if self._again is None or self.process is None:
            raise MachineError("an address cannot be started again")
        self._take_back()
        self.process.stop()
        self._start(self._again)
        self.spent = True
        return self.process

    def _start(self, start: Start) -> None:
        assert self.folder is not None
        assert self.place is not None
        env, launcher = {"PATH": _path(), **start.env}, self.place.launcher
        serves, transports = self.role is Role.SERVER, self.suite.transports
        self._confinement = self._confined()
        if serves:
            refuse_strangers(self.port, transports, self.tables)
        self.process = launcher.start(start.argv, self.folder, env, self._confinement)
        if serves:
            self.end = wait_until_bound(
                self.process, self.port, transports, self.tables, _READY, self._ends
            )

    def _confined(self) -> Confinement:
        assert self.folder is not None
        assert self.place is not None
        writable, lab = self.folder.parent, self.place.lab
        if self.place.tier is Tier.STRICT:
            return isolation.strict(writable)
        if self.place.tier is Tier.GUARDED:
            ports = (self.port,)
            serves = self.role is Role.SERVER
            return isolation.guarded(writable, *((ports, ()) if serves else ((), ports)))
        return isolation.in_lab(writable, lab.confines) if lab is not None else FREE

    def _take_back(self) -> None:
        """Brings home what the program has stored at a root of its own."""
        if self._confinement.inner and self.folder is not None and self.shown is not None:
            shutil.rmtree(self.folder, ignore_errors=True)
            self.folder.mkdir()
            # It may have ended, or have put something else in the place of its folder.
            with contextlib.suppress(OSError), root.opened(str(self.shown)) as source:
                root.copy(source, str(self.folder), self._confinement.megabytes << 20)

    def stop(self) -> None:
        """Ends the program and removes what it left; an address is left alone.

        Raises: MachineError where something cannot be ended; all the rest is done.
        """
        with contextlib.ExitStack() as last:
            if self._lock is not None:
                last.callback(self._lock.release)
            if self._working is not None:
                last.callback(self._working.remove)
            if self._ring is not None:
                last.callback(self._ring.close)
            if self.welcome is not None:
                last.callback(self.welcome.close)
            if self.place is not None:
                last.callback(self.place.close)
            if self.process is not None:
                self.process.stop()


class Workshop:
    """Builds targets once for all workers, and starts them."""

    def __init__(self, settings: Settings, tables: Tables) -> None:
        self._settings = settings
        self._tables = tables
        self._places = Places(settings.network, tables, settings.isolation)

    def close(self) -> None:
        """Ends what all targets come from."""
        self._places.close()

    def lacking(self, job: Job) -> str:
        """Returns what this machine lacks to run the target, in words, or ""."""
        needs = job.target.manifest.needs if job.target.manifest else ()
        missing = next((each for each in needs if shutil.which(each, path=_path()) is None), "")
        if missing:
            return f"this machine has no {missing}"
        port = fixed_port(job)
        if port is not None and not may_bind(port) and not self._places.has_lab():
            return f"port {port} is not for every user to bind"
        if job.needs_wire and (job.target.address is not None or not self._places.has_wire()):
            return "segments get lost on the wire of a lab, and the target has none around it"
        return ""

    def start(self, job: Job) -> Instance:
        """Returns a running instance. Raises: TargetError, MachineError, UsageError."""
        if job.target.address is not None:
            return Instance(job, job.target.address.port, self._tables)
        built = self._built(job)
        _refuse_without_interpreter(built)
        with contextlib.ExitStack() as unless_placed:
            place = self._places.new(job.needs_wire)
            unless_placed.callback(place.close)
            port, lock = 0, None
            if job.role is Role.SERVER:
                port, lock = self._places.port(place, fixed_port(job))
            tables, family = place.network.tables, self._settings.family
            listens = place.lab is not None and self._settings.capturing is not Capturing.NEVER
            ring = place.lab.listening() if place.lab is not None and listens else None
            instance = Instance(job, port, tables, place, lock, family, ring)
            unless_placed.pop_all()
        try:
            if job.role is Role.CLIENT:
                at = "" if takes_host(job) else LOOPBACK.own  # it has that built in
                instance.welcome_at(at, job.delivery is Delivery.SLOW_READER)
            began = time.monotonic()
            with _in_phase("start"):
                instance.run(self._how(job, built, instance))
        except BaseException:
            instance.stop()
            raise
        made = (Preparation("build", built.seconds, built.log),) if built is not None else ()
        instance.prepared = (*made, Preparation("start", time.monotonic() - began))
        return instance

    def _built(self, job: Job) -> Built | None:
        manifest, path = job.target.manifest, job.target.path
        assert path is not None
        language = manifest.language if manifest else ""
        commands = manifest.build if manifest else ()
        if "{program}" in run_of(job):
            with _in_phase("find"):
                program = find(path, job.role, language, commands)
        elif not path.is_dir():
            return None
        else:
            to_build = find_build(path, job.role, commands)
            if to_build is None:
                return Built((), path)
            program = to_build
        into = self._settings.builds / "programs"
        with _in_phase("build"):
            if self._settings.isolation is Tier.NONE:
                return build(program, into, self._places.keeper())
            with contextlib.closing(self._places.new()) as place:
                return build(program, into, place.launcher, place.tier)

    def _how(self, job: Job, built: Built | None, instance: Instance) -> Start:
        launch, manifest = launch_of(job.suite, job.role), job.target.manifest
        values = {"host": _host(instance), "port": str(instance.port), "folder": "."}
        values |= {**self._settings.parameters, **(manifest.parameters if manifest else {})}
        own = manifest.files if manifest else {}
        files = {**launch.files, **{k: filled(v, values).encode() for k, v in own.items()}}
        argv = command_line(run_of(job), built.argv if built else (), values)
        if argv[0] == sys.executable and self._settings.isolation is not Tier.NONE:
            argv = (isolation.interpreter(), *argv[1:])
        return Start(
            argv=argv,
            files={**files, **job.case.files},
            folders=(*launch.folders, *(manifest.folders if manifest else ())),
            env=manifest.env if manifest else {},
            source=built.folder if built else None,
        )


@contextlib.contextmanager
def _in_phase(name: str) -> Iterator[None]:
    """Has an error of the target's say in which phase it came."""
    try:
        yield
    except TargetError as exc:
        exc.phase = exc.phase or name
        raise


def _host(instance: Instance) -> str:
    """Returns what {host} is: whom a client calls, and where a server may be bound."""
    return instance.end.own if instance.role is Role.CLIENT else instance.end.target


def _refuse_without_interpreter(built: Built | None) -> None:
    """Raises: MachineError where what the program is run by is not there."""
    name = built.argv[0] if built and built.argv else ""
    if name and "/" not in name and shutil.which(name, path=_path()) is None:
        raise MachineError(f"{name} is not installed, and the target is run by it")


def _path() -> str:
    """Servers live in sbin, which a user's PATH may lack."""
    return f"{os.environ.get('PATH', os.defpath)}:/usr/local/sbin:/usr/sbin:/sbin"

"""Small files of /proc that are read again and again, held open.

Belongs here: reading them without looking up their paths each time. Must not know: what they
say. A file speaks of the process for which it was opened, and of no later one with its number.
"""

from __future__ import annotations

import os

_SIZE = 1 << 16
_MOST = 256  # files that are held; a target of more threads has the rest opened anew


class ProcFiles:
    """Files by path, held until `close`."""

    def __init__(self) -> None:
        self._held: dict[str, int] = {}

    def read(self, path: str) -> bytes:
        """Returns what a file says now. Raises: OSError where its process is gone.

        Whatever was held is opened anew after that: the number may be another process's, and
        some files of one that is gone say nothing instead of failing.
        """
        held = self._held.get(path)
        try:
            if held is not None:
                return os.pread(held, _SIZE, 0)
            return self._first(path)
        except OSError:
            self.close()
            raise

    def _first(self, path: str) -> bytes:
        opened = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        if len(self._held) < _MOST:
            self._held[path] = opened
            return os.pread(opened, _SIZE, 0)
        try:
            return os.pread(opened, _SIZE, 0)
        finally:
            os.close(opened)

    def close(self) -> None:
        """Lets go of all of them."""
        for held in self._held.values():
            os.close(held)
        self._held.clear()

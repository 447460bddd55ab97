"""Listens after two minutes only."""

import socket
import sys
import time

time.sleep(120)
with socket.create_server(("", int(sys.argv[1]))) as welcome:
    welcome.accept()

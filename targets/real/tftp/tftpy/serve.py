"""Starts tftpy's server: `serve.py PORT FOLDER`."""

import sys

from tftpy import TftpServer

TftpServer(sys.argv[2]).listen("127.0.0.1", int(sys.argv[1]))

"""tftpy's client does what one line of its input asks: `client.py HOST PORT`."""

import sys

from tftpy import TftpClient

verb, name, mode, *blksize = sys.stdin.readline().split()
options = {"blksize": int(blksize[0])} if blksize else {}
client = TftpClient(sys.argv[1], int(sys.argv[2]), options)
if verb == "get":
    client.download(name, name)
else:
    client.upload(name, name)

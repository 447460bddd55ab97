"""A server made from fbtftp: `serve.py PORT FOLDER`."""

import os
import sys

from fbtftp.base_handler import BaseHandler, ResponseData
from fbtftp.base_server import BaseServer


class File(ResponseData):
    def __init__(self, path):
        self._size = os.stat(path).st_size
        self._file = open(path, "rb")  # noqa: SIM115 - fbtftp closes it

    def read(self, n):
        return self._file.read(n)

    def size(self):
        return self._size

    def close(self):
        self._file.close()


class Handler(BaseHandler):
    def __init__(self, server_addr, peer, path, options, root):
        self._root = os.path.realpath(root)
        super().__init__(server_addr, peer, path, options, lambda stats: None)

    def get_response_data(self):
        path = os.path.realpath(os.path.join(self._root, self._path.lstrip("/")))
        if not path.startswith(self._root + os.sep):
            raise FileNotFoundError(self._path)
        return File(path)


class Server(BaseServer):
    def __init__(self, port, root):
        self._root = root
        super().__init__("127.0.0.1", port, retries=3, timeout=2)

    def get_handler(self, server_addr, peer, path, options):
        return Handler(server_addr, peer, path, options, self._root)


Server(int(sys.argv[1]), sys.argv[2]).run()

"""waiter.py PORT WAY DELAY SECONDS: as waiter.c, the way Python programs wait."""

import asyncio
import functools
import os
import queue
import select
import selectors
import signal
import socket
import socketserver
import sys
import threading
import time

PORT, WAY, DELAY, SECONDS = int(sys.argv[1]), sys.argv[2], sys.argv[3], float(sys.argv[4])


def spin(length):
    until = time.monotonic() + length
    while time.monotonic() < until:
        pass


def after_work(answer, length):
    spin(length)
    answer()


def as_asked(answer, data, later):
    """Answers as the request says, see waiter.c; `later(seconds, answer)` is the loop's own way."""
    kind, length = data[:1], int(data[1:7]) / 1e6
    if kind == b"s":
        return
    if kind == b"z":
        later(length, answer)
    elif kind == b"w":
        threading.Thread(target=after_work, args=(answer, length)).start()
    elif kind in (b"c", b"o"):
        if os.fork() == 0:
            if kind == b"c" or os.fork() == 0:
                after_work(answer, length)
            os._exit(0)
    else:
        after_work(answer, length if kind == b"b" else 0)


def asleep(length, answer):
    time.sleep(length)
    answer()


def delayed(answer, data=b""):
    if DELAY == "asked":
        as_asked(answer, data, asleep)
    elif DELAY == "sleep":
        time.sleep(SECONDS)
        answer()
    elif DELAY == "timer":
        threading.Timer(SECONDS, answer).start()
    else:
        answer()


class Echo(asyncio.DatagramProtocol):
    def connection_made(self, transport):
        self.transport = transport

    def datagram_received(self, data, address):
        loop = asyncio.get_running_loop()
        if DELAY == "asked":
            as_asked(functools.partial(self.transport.sendto, data, address), data, loop.call_later)
        elif DELAY == "call_later":
            loop.call_later(SECONDS, self.transport.sendto, data, address)
        elif DELAY == "executor":
            loop.run_in_executor(None, self.transport.sendto, data, address)
        else:
            self.transport.sendto(data, address)


async def asynchronous():
    await asyncio.get_running_loop().create_datagram_endpoint(Echo, local_addr=("127.0.0.1", PORT))
    await asyncio.Event().wait()


class Handler(socketserver.BaseRequestHandler):
    def handle(self):
        while data := self.request.recv(2048):
            delayed(functools.partial(self.request.sendall, data), data)


def main():
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    if WAY == "asyncio":
        asyncio.run(asynchronous())
    if WAY == "tcp-serving":
        socketserver.ThreadingTCPServer.allow_reuse_address = True
        with socketserver.ThreadingTCPServer(("127.0.0.1", PORT), Handler) as server:
            while True:
                server.handle_request()
    sock = socket.socket(type=socket.SOCK_DGRAM)
    if WAY == "settimeout":
        sock.settimeout(SECONDS)
    sock.bind(("127.0.0.1", PORT))
    if WAY == "queue":
        jobs = queue.Queue()

        def work():
            while True:
                data, address = jobs.get()
                delayed(functools.partial(sock.sendto, data, address), data)

        for _ in range(3):
            threading.Thread(target=work).start()
        while True:
            jobs.put(sock.recvfrom(2048))
    selector = selectors.DefaultSelector()
    selector.register(sock, selectors.EVENT_READ)
    while True:
        if WAY == "select":
            select.select([sock], [], [])
        elif WAY == "selectors":
            selector.select()
        try:
            data, address = sock.recvfrom(2048)
        except TimeoutError:
            continue
        respond = functools.partial(delayed, functools.partial(sock.sendto, data, address), data)
        if WAY == "threads":
            threading.Thread(target=respond).start()
        elif WAY != "fork":
            respond()
        elif os.fork() == 0:
            respond()
            os._exit(0)


main()

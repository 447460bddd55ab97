"""waiter.py PORT WAY DELAY SECONDS: as waiter.c, the way Python programs wait."""

import asyncio
import functools
import queue
import select
import selectors
import socket
import socketserver
import sys
import threading
import time

PORT, WAY, DELAY, SECONDS = int(sys.argv[1]), sys.argv[2], sys.argv[3], float(sys.argv[4])


def delayed(answer):
    if DELAY == "sleep":
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
        if DELAY == "call_later":
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
            self.request.sendall(data)


def main():
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
                delayed(functools.partial(sock.sendto, data, address))

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
        data, address = sock.recvfrom(2048)
        delayed(functools.partial(sock.sendto, data, address))


main()

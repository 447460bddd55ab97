"""A browser without a window, told what to do over a pipe (Chrome DevTools Protocol)."""

import base64
import json
import os
import shutil
import subprocess
import threading
from pathlib import Path

PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
_FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--remote-debugging-pipe",
    "--disable-background-networking", "--disable-dev-shm-usage", "--hide-scrollbars",
)  # fmt: skip
_LONG = 120  # seconds until an answer is given up


def program():
    """Returns the browser's program, None where there is none."""
    return next((found for each in PROGRAMS if (found := shutil.which(each))), None)


class Browser:
    """One browser with one page; `requests` are the addresses that the page has asked for."""

    def __init__(self, profile: Path):
        command_in, self._commands = os.pipe()
        answers, answers_out = os.pipe()
        wrap = 'exec 3<&"$1" 4>&"$2"; shift 2; exec "$@"'
        words = [program(), *_FLAGS, f"--user-data-dir={profile}", "about:blank"]
        self._process = subprocess.Popen(
            ["/bin/bash", "-c", wrap, "bash", str(command_in), str(answers_out), *words],
            pass_fds=(command_in, answers_out),
            stderr=subprocess.DEVNULL,
        )
        os.close(command_in)
        os.close(answers_out)
        self._answers = os.fdopen(answers, "rb")
        self._left = b""
        self._number = 0
        self._events = []
        (target,) = [
            each
            for each in self._call("Target.getTargets")["targetInfos"]
            if each["type"] == "page"
        ]
        told = self._call("Target.attachToTarget", targetId=target["targetId"], flatten=True)
        self._session = told["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.call(f"{domain}.enable")

    @property
    def pid(self):
        return self._process.pid

    def close(self):
        os.close(self._commands)
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._answers.close()

    def call(self, method, **parameters):
        """Returns what a command of the page answers."""
        return self._call(method, self._session, **parameters)

    def _call(self, method, session=None, **parameters):
        self._number += 1
        asked = {"id": self._number, "method": method, "params": parameters}
        asked |= {"sessionId": session} if session else {}
        os.write(self._commands, json.dumps(asked).encode() + b"\0")
        while True:
            told = self._next()
            if told.get("id") == self._number:
                assert "error" not in told, told
                return told["result"]
            self._events.append(told)

    def _next(self):
        guard = threading.Timer(_LONG, self._process.kill)
        guard.start()
        try:
            while b"\0" not in self._left:
                piece = os.read(self._answers.fileno(), 1 << 16)
                assert piece, "the browser has ended"
                self._left += piece
        finally:
            guard.cancel()
        whole, _, self._left = self._left.partition(b"\0")
        return json.loads(whole)

    def event(self, method):
        """Waits for an event; returns its parameters."""
        while True:
            for at, each in enumerate(self._events):
                if each.get("method") == method:
                    return self._events.pop(at)["params"]
            self._events.append(self._next())

    def told(self, method):
        """Returns the parameters of all such events until now."""
        return [each["params"] for each in self._events if each.get("method") == method]

    # -- pages -----------------------------------------------------------------------------

    def open(self, path: Path, place=""):
        """Opens a file, and waits until all of it is loaded."""
        self._events.clear()
        self.call("Page.navigate", url=path.as_uri() + place)
        self.event("Page.loadEventFired")

    @property
    def requests(self):
        sent = self.told("Network.requestWillBeSent")
        return [each["request"]["url"] for each in sent]

    def value(self, expression):
        """Returns the value of an expression of JavaScript."""
        told = self.call("Runtime.evaluate", expression=expression, returnByValue=True,
                         awaitPromise=True)  # fmt: skip
        assert "exceptionDetails" not in told, told
        return told["result"].get("value")

    def press(self, key, code=0):
        """Presses a key, as at the keyboard."""
        text = {"Enter": "\r"}.get(key)
        more = {"text": text} if text else {}
        for kind in ("keyDown", "keyUp"):
            self.call("Input.dispatchKeyEvent", type=kind, key=key, code=key,
                      windowsVirtualKeyCode=code, **more)  # fmt: skip

    def window(self, width, height=900, dark=False, medium="", scale=1):
        """Gives the window a size, and the person a liking."""
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height,
                  deviceScaleFactor=scale, mobile=False)  # fmt: skip
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.call("Emulation.setEmulatedMedia", media=medium, features=[scheme])

    def picture(self, path: Path, whole=False):
        """Writes what the window shows."""
        told = self.call("Page.captureScreenshot", captureBeyondViewport=whole)
        path.write_bytes(base64.b64decode(told["data"]))

"""Word game player: player.py [-n host] [-p port]. Plays over UDP, gets files over TCP."""

import argparse
import os
import socket
import time

WAIT, TRIES = 2.0, 3  # seconds for a reply, and how often it is asked for


class Player:
    """One player with the game of now: `player` is the PLID, `shown` the letters known so far."""

    def __init__(self, host, port):
        self.server = host, port
        self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.udp.connect(self.server)
        self.player = ""
        self.trial = 1
        self.shown = []

    # -- UDP ---------------------------------------------------------------------------

    def ask(self, request, trial=None):
        """Returns the reply's words; asks again where it is lost. [] after the last try."""
        for _ in range(TRIES):
            until = time.monotonic() + WAIT
            try:
                self.udp.send(f"{request}\n".encode())
                while (left := until - time.monotonic()) > 0:
                    self.udp.settimeout(left)
                    words = self.udp.recv(65536).decode("ascii", "replace").split()
                    if not self.is_late(words, request, trial):
                        return words
            except OSError:
                continue  # timed out, or nobody listens
        print("no answer from the server, try again")
        return []

    def is_late(self, words, request, trial):
        """Says whether a reply is to an earlier request."""
        wanted = {"SNG": "RSG", "PLG": "RLG", "PWG": "RWG", "QUT": "RQT", "REV": "RRV"}[request[:3]]
        if not words or (words[0] != wanted and words[0] in ("RSG", "RLG", "RWG", "RQT", "RRV")):
            return True
        return trial is not None and len(words) > 2 and words[2].isdigit() and int(words[2]) < trial

    def start(self, player):
        words = self.ask(f"SNG {player}")
        if words[:2] == ["RSG", "OK"] and len(words) == 4 and words[2].isdigit():
            self.player, self.trial = player, 1
            self.shown = ["_"] * int(words[2])
            print(f"{' '.join(self.shown)}  ({words[3]} errors allowed)")
        elif words:
            print("no new game:", *words)

    def play(self, letter):
        words = self.ask(f"PLG {self.player} {letter} {self.trial}", self.trial)
        if words[:2] == ["RLG", "OK"]:
            for place in words[4:]:
                if place.isdigit() and 1 <= int(place) <= len(self.shown):
                    self.shown[int(place) - 1] = letter.upper()
        self.tell("RLG", words)

    def guess(self, word):
        self.tell("RWG", self.ask(f"PWG {self.player} {word} {self.trial}", self.trial))

    def tell(self, name, words):
        if len(words) < 3 or words[0] != name:
            if words:
                print("the server says", *words[:2])
            return
        if words[1] in ("OK", "NOK"):
            self.trial += 1
        says = {"OK": "yes", "NOK": "no", "WIN": "you win", "OVR": "you lose", "DUP": "again"}
        print(" ".join(self.shown), " ", says.get(words[1], words[1]))

    def quit(self):
        if self.player:
            print(*self.ask(f"QUT {self.player}")[:2])

    def reveal(self):
        print(*self.ask(f"REV {self.player}")[1:])

    # -- TCP ---------------------------------------------------------------------------

    def fetch(self, request):
        try:
            with socket.create_connection(self.server) as connection:
                connection.sendall(f"{request}\n".encode())
                with connection.makefile("rb") as reply:
                    self.store(reply)
        except OSError as error:
            print("no file:", error)

    def store(self, reply):
        name, status = word_of(reply), word_of(reply)
        if name not in ("RSB", "RHL", "RST") or status not in ("OK", "ACT", "FIN"):
            print(name, status)
            return
        file, size = os.path.basename(word_of(reply)), word_of(reply)
        data = reply.read(int(size)) if size.isdigit() else b""
        if not size.isdigit() or len(data) != int(size) or file in ("", ".", ".."):
            print("the reply is no whole file")
            return
        with open(file, "wb") as out:
            out.write(data)
        print(f"{file}, {size} bytes")
        if name != "RHL":
            print(data.decode("utf-8", "replace"))


def word_of(reply):
    """Returns the next word of a reply, without the blank or newline that ends it."""
    word = b""
    while (byte := reply.read(1)) not in (b" ", b"\n", b""):
        word += byte
    return word.decode("ascii", "replace")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("-n", dest="host", default="127.0.0.1")
    parser.add_argument("-p", dest="port", type=int, default=58000)
    asked = parser.parse_args()
    player = Player(asked.host, asked.port)
    while True:
        try:
            command, *arguments = input("> ").split() or [""]
        except EOFError:
            return
        match command, arguments:
            case ("start" | "sg", [plid]):
                player.start(plid)
            case ("play" | "pl", [letter]):
                player.play(letter)
            case ("guess" | "gw", [word]):
                player.guess(word)
            case ("scoreboard" | "sb", []):
                player.fetch("GSB")
            case ("hint" | "h", []):
                player.fetch(f"GHL {player.player}")
            case ("state" | "st", []):
                player.fetch(f"STA {player.player}")
            case ("quit", []):
                player.quit()
            case ("rev", []):
                player.reveal()
            case ("exit", []):
                return
            case _:
                print("start PLID, play LETTER, guess WORD, scoreboard, hint, state, quit, exit")


main()

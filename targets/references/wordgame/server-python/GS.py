"""Word game server: GS.py word_file [-p port] [-v]. Plays over UDP, files over TCP."""

import argparse
import re
import socket
import threading

REPLIES = {b"SNG": "RSG", b"PLG": "RLG", b"PWG": "RWG", b"QUT": "RQT", b"REV": "RRV"}
PLAYER = re.compile(rb"(SNG|QUT|REV) ([0-9]{6})\n")
PLAY = re.compile(rb"(?:PLG ([0-9]{6}) ([A-Za-z])|PWG ([0-9]{6}) ([A-Za-z]{3,30})) ([0-9]{1,9})\n")
FILES = re.compile(rb"(GSB)\n|(GHL|STA) ([0-9]{6})\n")
LONGEST = 64  # bytes of a request over TCP


class Game:
    """One player's game. `plays` holds every counted play with its reply."""

    def __init__(self, word, hint):
        self.word, self.hint = word.lower(), hint
        self.errors_left = 7 if len(word) <= 6 else 8 if len(word) <= 10 else 9
        self.plays = []
        self.over = False

    def start_reply(self):
        return f"RSG OK {len(self.word)} {self.errors_left}\n"

    def judge(self, name, said, trial):
        """Returns the reply to a letter or a word; a repeated play gets its reply again."""
        number = len(self.plays) + 1
        if self.plays and trial == number - 1 and said == self.plays[-1][0]:
            return self.plays[-1][1]
        if self.over:
            return f"{name} ERR\n"
        if trial != number:
            return f"{name} INV {trial}\n"
        if any(said == earlier for earlier, _ in self.plays):
            return f"{name} DUP {trial}\n"
        self.plays.append((said, ""))
        self.plays[-1] = said, f"{name} {self.outcome(said, trial)}\n"
        return self.plays[-1][1]

    def outcome(self, said, trial):
        if said not in self.word or 1 < len(said) < len(self.word):
            self.errors_left -= 1
            self.over = self.errors_left < 0
            return f"OVR {trial}" if self.over else f"NOK {trial}"
        if said == self.word or all(letter in self.said() for letter in self.word):
            self.over = True
            return f"WIN {trial}"
        places = [str(at) for at, letter in enumerate(self.word, 1) if letter == said]
        return f"OK {trial} {len(places)} {' '.join(places)}"

    def said(self):
        return [said for said, _ in self.plays]

    def score(self, player):
        good = sum(reply.split()[1] in ("OK", "WIN") for _, reply in self.plays)
        score = max(1, 100 * good // len(self.plays))
        return f"{score:03} {player} {self.word} {good} {len(self.plays)}\n"

    def state(self):
        lines = [f"{said} {reply.split()[1]}\n" for said, reply in self.plays]
        return (
            f"{len(self.word)} letters, {self.errors_left} errors left\n{''.join(lines)}".encode()
        )


class Server:
    """All games; one lock, for UDP and each TCP connection have a thread."""

    def __init__(self, word_file):
        with open(word_file) as lines:
            self.words = [line.split() for line in lines if line.strip()]
        self.started = 0
        self.games = {}
        self.scores = []
        self.lock = threading.Lock()

    def answer(self, request):
        """Returns the reply to a datagram."""
        name = REPLIES.get(request[:3]) if request[3:4] in (b" ", b"\n", b"") else None
        found, play = PLAYER.fullmatch(request), PLAY.fullmatch(request)
        with self.lock:
            if found:
                return self.of_player(found[1], found[2].decode(), name)
            if play:
                said = (play[2] or play[4]).decode().lower()
                return self.play((play[1] or play[3]).decode(), name, said, int(play[5]))
        return f"{name} ERR\n" if name else "ERR\n"

    def of_player(self, verb, player, name):
        game = self.games.get(player)
        running = game is not None and not game.over
        if verb == b"SNG":
            if running and game.plays:
                return "RSG NOK\n"
            if not running:
                game = self.games[player] = Game(*self.words[self.started % len(self.words)])
                self.started += 1
            return game.start_reply()
        if verb == b"REV":
            return f"RRV {game.word}\n" if running else "RRV ERR\n"
        if not running:
            return "RQT NOK\n"
        game.over = True
        return "RQT OK\n"

    def play(self, player, name, said, trial):
        game = self.games.get(player)
        if game is None:
            return f"{name} ERR\n"
        before = game.over
        reply = game.judge(name, said, trial)
        if game.over and not before and " WIN " in reply:
            self.scores.append(game.score(player))
        return reply

    def send_file(self, request):
        """Returns the reply to a request over TCP."""
        found = FILES.fullmatch(request)
        if not found:
            return b"ERR\n"
        with self.lock:
            if found[1]:
                best = sorted(self.scores, reverse=True)[:10]
                return (
                    packed("RSB OK TOPSCORES.txt", "".join(best).encode())
                    if best
                    else b"RSB EMPTY\n"
                )
            player = found[3].decode()
            game = self.games.get(player)
            if found[2] == b"STA":
                if game is None:
                    return b"RST NOK\n"
                status = "FIN" if game.over else "ACT"
                return packed(f"RST {status} STATE_{player}.txt", game.state())
            if game is None or game.over:
                return b"RHL NOK\n"
        with open(game.hint, "rb") as file:
            return packed(f"RHL OK {game.hint}", file.read())


def packed(head, data):
    return f"{head} {len(data)} ".encode() + data + b"\n"


def serve_datagrams(server, port):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("", port))
        while True:
            try:
                request, client = sock.recvfrom(65536)
                sock.sendto(server.answer(request).encode(), client)
            except OSError:
                pass  # this client cannot be reached; the others can


def serve_connection(server, connection):
    request = b""
    with connection:
        try:
            while not request.endswith(b"\n") and len(request) < LONGEST:
                came = connection.recv(LONGEST)
                if not came:
                    return
                request += came
            connection.sendall(server.send_file(request))
        except OSError:
            pass  # the client is gone, or its hint cannot be read


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("word_file")
    parser.add_argument("-p", dest="port", type=int, default=58000)
    parser.add_argument("-v", action="store_true")
    asked = parser.parse_args()
    server = Server(asked.word_file)
    threading.Thread(target=serve_datagrams, args=(server, asked.port), daemon=True).start()
    with socket.create_server(("", asked.port), backlog=64) as welcome:
        while True:
            connection, _ = welcome.accept()
            threading.Thread(
                target=serve_connection, args=(server, connection), daemon=True
            ).start()


main()

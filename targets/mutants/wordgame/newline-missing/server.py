"""Word game server: plays over UDP, files over TCP. select() waits for all of them."""

import select
import socket
import sys

NAMES = {b"SNG": "RSG", b"PLG": "RLG", b"PWG": "RWG", b"QUT": "RQT", b"REV": "RRV"}

with open(sys.argv[1]) as lines:
    words = [line.split() for line in lines]
games, scores = {}, []
started = 0


def is_player(text):
    return len(text) == 6 and text.isdigit()


def new_game():
    global started
    word, hint = words[started % len(words)]
    started += 1
    errors = 7 if len(word) <= 6 else 8 if len(word) <= 10 else 9
    return {"word": word.lower(), "hint": hint, "errors": errors, "plays": [], "on": True}


def start(player):
    game = games.get(player)
    if game and game["on"] and game["plays"]:
        return "RSG NOK\n"
    if not game or not game["on"]:
        game = games[player] = new_game()
    return f"RSG OK {len(game['word'])} {game['errors']}\n"


def quit_game(player):
    game = games.get(player)
    if not game or not game["on"]:
        return "RQT NOK\n"
    game["on"] = False
    return "RQT OK\n"


def reveal(player):
    game = games.get(player)
    return f"RRV {game['word']}\n" if game else "RRV ERR\n"


def play(name, player, said, trial):
    game = games.get(player)
    if not game or not trial.isdigit() or not said.isalpha() or (name == "RLG") != (len(said) == 1):
        return f"{name} ERR\n"
    said, trial, plays = said.lower(), int(trial), game["plays"]
    if plays and trial == len(plays) and said == plays[-1][0]:
        return plays[-1][1]
    if not game["on"]:
        return f"{name} ERR\n"
    if trial != len(plays) + 1:
        return f"{name} INV {trial}\n"
    if said in [each for each, _ in plays]:
        return f"{name} DUP {trial}\n"
    reply = f"{name} {judge(game, said, trial)}\n"
    plays.append((said, reply))
    if " WIN " in reply:
        good = sum(each.split()[1] in ("OK", "WIN") for _, each in plays)
        scores.append(f"{100 * good // len(plays) or 1:03} {player} {game['word']} {good} {len(plays)}\n")
    return reply


def judge(game, said, trial):
    word = game["word"]
    known = [each for each, _ in game["plays"]] + [said]
    if said == word or (said in word and all(letter in known for letter in word)):
        game["on"] = False
        return f"WIN {trial}"
    if len(said) > 1 or said not in word:
        game["errors"] -= 1
        game["on"] = game["errors"] >= 0
        return f"NOK {trial}" if game["on"] else f"OVR {trial}"
    places = [str(at) for at, letter in enumerate(word, 1) if letter == said]
    return f"OK {trial} {len(places)} {' '.join(places)}"


def answer(request):
    name = NAMES.get(request[:3])
    if not name:
        return "ERR\n"
    fields = request.decode("latin-1").removesuffix("\n").split(" ")
    right = request.endswith(b"\n") and len(fields) == (4 if name in ("RLG", "RWG") else 2)
    if not right or not is_player(fields[1]):
        return f"{name} ERR\n"
    if name == "RSG":
        return start(fields[1])
    if name == "RQT":
        return quit_game(fields[1])
    if name == "RRV":
        return reveal(fields[1])
    return play(name, *fields[1:])


def packed(head, data):
    return f"{head} {len(data)} ".encode() + data


def file_for(request):
    verb, _, player = request.decode("latin-1").removesuffix("\n").partition(" ")
    game = games.get(player)
    if verb == "GSB":
        return packed("RSB OK scores.txt", "".join(scores).encode()) if scores else b"RSB EMPTY\n"
    if verb == "STA":
        if not game:
            return b"RST NOK\n"
        plays = "".join(f"{said} {reply}" for said, reply in game["plays"])
        return packed(f"RST {'ACT' if game['on'] else 'FIN'} state.txt", f"plays:\n{plays}".encode())
    if verb == "GHL":
        if not game or not game["on"]:
            return b"RHL NOK\n"
        with open(game["hint"], "rb") as file:
            return packed(f"RHL OK {game['hint']}", file.read())
    return b"ERR\n"


def serve_datagram(udp):
    request, client = udp.recvfrom(65536)
    udp.sendto(answer(request).encode(), client)


def serve_connection(connection, held, unsent):
    data = connection.recv(4096)
    held[connection] += data
    if b"\n" in held[connection]:
        unsent[connection] = file_for(held.pop(connection))
    elif not data:
        del held[connection]
        connection.close()


def send_some(connection, unsent):
    unsent[connection] = unsent[connection][connection.send(unsent[connection]) :]
    if not unsent[connection]:
        del unsent[connection]
        connection.close()


def main():
    port = int(sys.argv[sys.argv.index("-p") + 1])
    udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    udp.bind(("", port))
    welcome = socket.create_server(("", port), backlog=64)
    held, unsent = {}, {}
    while True:
        readable, writable, _ = select.select([udp, welcome, *held], unsent, [])
        for sock in readable + writable:
            try:
                if sock is udp:
                    serve_datagram(udp)
                elif sock is welcome:
                    connection, _ = welcome.accept()
                    connection.setblocking(False)
                    held[connection] = b""
                elif sock in held:
                    serve_connection(sock, held, unsent)
                else:
                    send_some(sock, unsent)
            except OSError:  # this client is gone, the others are not
                held.pop(sock, None)
                unsent.pop(sock, None)
                if sock not in (udp, welcome):
                    sock.close()


main()

"""Word game player: plays over UDP, gets files over TCP."""

import os
import socket
import sys

SERVER = sys.argv[sys.argv.index("-n") + 1], int(sys.argv[sys.argv.index("-p") + 1])
udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
udp.connect(SERVER)
player, trial, shown = "", 1, []


def ask(request):
    """Returns the words of the reply, [] where it is lost three times."""
    udp.settimeout(1)
    for _ in range(3):
        udp.send(request.encode() + b"\n")
        try:
            while True:
                words = udp.recv(65536).decode("latin-1").split()
                if not is_late(words):
                    return words
        except OSError:
            pass
    return []


def is_late(words):
    return len(words) > 2 and words[0] in ("RLG", "RWG") and words[2] < str(trial)


def start(plid):
    global player, trial, shown
    words = ask(f"SNG {plid}")
    if words[:2] == ["RSG", "OK"]:
        player, trial, shown = plid, 1, ["_"] * int(words[2])
    print(*words)


def play(verb, said):
    global trial
    words = ask(f"{verb} {player} {said} {trial}")
    status = words[1] if len(words) > 1 else ""
    if status in ("OK", "NOK"):
        trial += 1
    for place in words[4:] if status == "OK" else []:
        if place.isdigit() and 0 < int(place) <= len(shown):
            shown[int(place) - 1] = said
    print(status, "".join(shown))


def fetch(request):
    with socket.create_connection(SERVER) as connection:
        connection.sendall(request.encode() + b"\n")
        reply = connection.recv(4096)
    store(reply)


def store(reply):
    words = reply.split(b" ", 4)
    if len(words) < 5 or words[1] not in (b"OK", b"ACT", b"FIN"):
        print("no file")
        return
    name, size, data = os.path.basename(words[2].decode()), int(words[3]), words[4]
    if len(data) < size:
        print("the file breaks off")
        return
    with open(name, "wb") as file:
        file.write(data[:size])
    print("stored as", name)


def main():
    for line in sys.stdin:
        command, _, argument = line.strip().partition(" ")
        if command in ("start", "sg"):
            start(argument)
        elif command in ("play", "pl"):
            play("PLG", argument)
        elif command in ("guess", "gw"):
            play("PWG", argument)
        elif command in ("scoreboard", "sb"):
            fetch("GSB")
        elif command in ("hint", "h"):
            fetch(f"GHL {player}")
        elif command in ("state", "st"):
            fetch(f"STA {player}")
        elif command == "quit":
            print(*ask(f"QUT {player}"))
        elif command == "exit":
            break


main()

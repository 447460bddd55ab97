"""The submissions of cohort.yaml: what is asked of each, and how they are handed in."""

import io
import shutil
import stat
import tarfile
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import yaml

HERE = Path(__file__).parent
TARGETS = HERE.parents[1] / "targets"
TABLE = yaml.safe_load((HERE / "cohort.yaml").read_text())
POINTS: dict[str, float] = TABLE["points"]


@dataclass(frozen=True)
class Row:
    """One submission, and the mark that it must get."""

    id: str
    language: str
    mark: float
    why: str
    source: str = ""
    made: str = "copied"
    held: str = ""
    loses: Mapping[str, float] = field(default_factory=dict)

    @property
    def earned(self) -> dict[str, float]:
        """Points by case, of those that were worked out."""
        whole = {} if self.held else POINTS
        return {name: whole.get(name, 0) - self.loses.get(name, 0) for name in POINTS}


ROWS = [Row(id=name, source=told.pop("from", ""), **told) for name, told in TABLE["cohort"].items()]


def write_cohort(folder: Path) -> Path:
    """Writes all submissions, as students and their platforms hand them in."""
    folder.mkdir()
    for row in ROWS:
        _MADE[row.made](folder, row.id, TARGETS / row.source)
    return folder


def _copied(folder: Path, name: str, source: Path) -> None:
    shutil.copytree(source, folder / name, symlinks=True)


def _files(source: Path) -> dict[str, bytes]:
    return {each.name: each.read_bytes() for each in sorted(source.iterdir())}


def _zip(path: Path, members: Mapping[str, bytes]) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as opened:
        for name, data in members.items():
            opened.writestr(name, data)


def _zipped(folder: Path, name: str, source: Path) -> None:
    _zip(folder / f"{name}.zip", _files(source))


def _zipped_deep(folder: Path, name: str, source: Path) -> None:
    deep = {f"lab 3/my work/{each}": data for each, data in _files(source).items()}
    _zip(folder / f"{name}.zip", deep)


def _tarred(folder: Path, name: str, source: Path) -> None:
    with tarfile.open(folder / f"{name}.tar.gz", "w:gz") as opened:
        for each, data in _files(source).items():
            told = tarfile.TarInfo(f"lab/{each}")
            told.size = len(data)
            opened.addfile(told, io.BytesIO(data))


def _one_file(folder: Path, name: str, source: Path) -> None:
    shutil.copy(source / "server.py", folder / f"{name}.py")


def _which(folder: Path, name: str, source: Path) -> None:
    for each in ("one", "two"):
        (folder / name / each).mkdir(parents=True)
        shutil.copy(source / "server.py", folder / name / each / "server.py")


def _by_shell(folder: Path, name: str, source: Path) -> None:
    (folder / name / "src").mkdir(parents=True)
    shutil.copy(source / "server.py", folder / name / "src" / "answer")
    (folder / name / "start.sh").write_text('cd src || exit 1\nexec python3 answer "$1"\n')
    (folder / name / "target.yaml").write_text("role: server\nrun: sh start.sh {port}\n")


def _noisy_c(folder: Path, name: str, source: Path) -> None:
    (folder / name).mkdir()
    text = "static int never_used(void) { int x; return x; }\n" + (source / "server.c").read_text()
    (folder / name / "server.c").write_text(text)
    make = "all:\n\t@echo '::error::mine' >&2\n\t$(CC) -Wall -pthread -o server server.c\n"
    (folder / name / "Makefile").write_text(make)


def _of(files: Mapping[str, str]) -> Callable[[Path, str, Path], None]:
    def written(folder: Path, name: str, source: Path) -> None:
        for each, text in files.items():
            path = folder / name / each
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)

    return written


def _slip(folder: Path, name: str, source: Path) -> None:
    _zip(folder / f"{name}.zip", {"../reference-python/server.py": b"print('mine')\n"})


def _linked(folder: Path, name: str, source: Path) -> None:
    link = zipfile.ZipInfo("server.py")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(folder / f"{name}.zip", "w") as opened:
        opened.writestr(link, "/etc/passwd")


def _bomb(folder: Path, name: str, source: Path) -> None:
    _zip(folder / f"{name}.zip", {"server.py": bytes(100 << 20)})


PERL = """\
use strict;
use IO::Socket::INET;
$SIG{CHLD} = 'IGNORE';
my $welcome = IO::Socket::INET->new(LocalPort => $ARGV[0], Listen => 64, ReuseAddr => 1) or die $@;
while (my $client = $welcome->accept()) {
    if (fork() == 0) {
        close $welcome;
        $SIG{PIPE} = 'IGNORE';
        $client->autoflush(1);
        while (my $line = <$client>) {
            $line =~ tr/a-z/A-Z/;
            print $client $line or last;
        }
        exit 0;
    }
    close $client;
}
"""

_MADE: dict[str, Callable[[Path, str, Path], None]] = {
    "copied": _copied,
    "zipped": _zipped,
    "zipped-deep": _zipped_deep,
    "tarred": _tarred,
    "one-file": _one_file,
    "which": _which,
    "by-shell": _by_shell,
    "noisy-c": _noisy_c,
    "slip": _slip,
    "linked": _linked,
    "bomb": _bomb,
    "in-perl": _of(
        {"server.pl": PERL, "target.yaml": "role: server\nrun: perl server.pl {port}\n"}
    ),
    "nothing": _of({"notes.txt": "soon\n"}),
    "syntax-python": _of({"server.py": "def (\n"}),
    "syntax-node": _of({"server.js": "const = ;\n"}),
    "syntax-c": _of({"server.c": "int main(void) { return }\n"}),
    "syntax-java": _of({"Server.java": "public class Server { void main( }\n"}),
}

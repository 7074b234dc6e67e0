"""The logs that the supervisor keeps of each process: their end, and what is added to them."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from patungan.operations.layout import DataDirectory, OperationError

FOLLOW_SECONDS = 0.2
BLOCK = 64 * 1024


def log_names(data: DataDirectory) -> list[str]:
    """The processes that have a log."""
    return sorted(path.stem for path in data.logs.glob("*.log"))


def log_size(data: DataDirectory, name: str) -> int:
    """Bytes that a process has logged so far; 0 before its first start."""
    path = data.log(name)
    return path.stat().st_size if path.exists() else 0


def tail(data: DataDirectory, name: str, lines: int, *, since: int = 0) -> str:
    """The last lines of a process's log, where possible only those after its first ``since`` bytes.

    Raises OperationError for a process that has no log.
    """
    path = _existing(data, name)
    recent = _last_lines(path, lines, start=since if since < path.stat().st_size else 0)
    return "\n".join(recent)


def _existing(data: DataDirectory, name: str) -> Path:
    path = data.log(name)
    if not path.exists():
        known = ", ".join(log_names(data)) or "none yet"
        raise OperationError(f"there is no log of {name}; there is: {known}")
    return path


def _last_lines(path: Path, lines: int, *, start: int) -> list[str]:
    with path.open("rb") as file:
        position = file.seek(0, os.SEEK_END)
        content = b""
        while position > start and content.count(b"\n") <= lines:
            step = min(BLOCK, position - start)
            position = file.seek(position - step)
            content = file.read(step) + content
    return content.decode(errors="replace").splitlines()[-lines:] if lines else []


@dataclass
class _Followed:
    """A log that is read on from where it was last; rotation gives the path another file."""

    name: str
    path: Path
    position: int
    inode: int
    rest: bytes = b""

    def news(self) -> list[str]:
        try:
            found = self.path.stat()
        except FileNotFoundError:
            return []
        if found.st_ino != self.inode or found.st_size < self.position:
            self.inode, self.position = found.st_ino, 0
        with self.path.open("rb") as file:
            file.seek(self.position)
            content = self.rest + file.read()
            self.position = file.tell()
        *whole, self.rest = content.split(b"\n")
        return [line.decode(errors="replace") for line in whole]


def follow(data: DataDirectory, names: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Name and line of whatever is added to the logs from now on, without end."""
    followed = []
    for name in names:
        path = _existing(data, name)
        found = path.stat()
        followed.append(_Followed(name, path, found.st_size, found.st_ino))
    return _read_on(followed)


def _read_on(followed: Sequence[_Followed]) -> Iterator[tuple[str, str]]:
    while True:
        for log in followed:
            for line in log.news():
                yield log.name, line
        time.sleep(FOLLOW_SECONDS)

"""Where the platform keeps what it must remember on one host: the data directory and the files in it."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import patungan

REPOSITORY = Path(patungan.__file__).resolve().parents[2]
DEFAULT_DATA = REPOSITORY / ".data"
LONGEST_SOCKET_PATH = 90
"""Bytes; AF_UNIX takes 104 on macOS and 108 on Linux, and supervisor first binds a name with its process id appended."""


class OperationError(Exception):
    """The platform cannot do what was asked; the message says why and what helps."""


@dataclass(frozen=True, slots=True)
class DataDirectory:
    """The one folder of a running platform: secrets, state, servers' files and logs."""

    root: Path

    @classmethod
    def at(cls, path: Path | str | None) -> DataDirectory:
        """The directory at a path (relative to the caller's own), or the default one."""
        return cls(Path(path).expanduser().resolve() if path else DEFAULT_DATA)

    @property
    def secrets(self) -> Path:
        return self.root / "secrets.json"

    @property
    def state(self) -> Path:
        return self.root / "state.json"

    @property
    def marker(self) -> Path:
        return self.root / ".patungan"

    @property
    def logs(self) -> Path:
        return self.root / "logs"

    @property
    def supervisor_config(self) -> Path:
        return self.root / "supervisord.conf"

    @property
    def supervisor_pid(self) -> Path:
        return self.root / "supervisord.pid"

    @property
    def digest(self) -> str:
        """Twelve hexadecimal digits that stand for this directory where its path cannot be used."""
        return hashlib.sha256(os.fsencode(self.root)).hexdigest()[:12]

    @property
    def socket(self) -> Path:
        """The supervisor's socket; in the temporary directory where the path would be too long for AF_UNIX."""
        near = self.root / "supervisor.sock"
        if len(os.fsencode(near)) <= LONGEST_SOCKET_PATH:
            return near
        return Path(tempfile.gettempdir()) / f"patungan-{os.getuid()}-{self.digest}" / "supervisor.sock"

    def log(self, process: str) -> Path:
        return self.logs / f"{process}.log"

    def create(self) -> None:
        """Make the directory, closed to others; raises OperationError where that fails or it holds something else."""
        if any(mark in str(self.root) for mark in "%\n"):
            # Supervisor takes a percent sign for a variable, in some of its settings even a doubled one.
            raise OperationError(f"{self.root} has a percent sign or a line break; name another folder with --data")
        try:
            self.root.mkdir(parents=True, exist_ok=True)
            if not self.marker.exists():
                self._refuse_foreign_content()
                self.marker.write_text("This folder belongs to Patungan; ./patungan up --reset empties it.\n")
            # Servers that must not run as root have to pass through, but need not see what is in it.
            self.root.chmod(0o711 if os.geteuid() == 0 else 0o700)
            self.logs.mkdir(mode=0o700, exist_ok=True)
            if self.socket.parent != self.root:
                self._create_socket_directory()
        except OSError as error:
            raise OperationError(
                f"{self.root} cannot be used as the data directory ({error.strerror}); name another with --data"
            ) from error

    def _refuse_foreign_content(self) -> None:
        found = sorted(entry.name for entry in self.root.iterdir())
        if found and not self.state.exists():
            raise OperationError(
                f"{self.root} holds files that are not Patungan's ({', '.join(found[:3])}); "
                "name an empty or new folder with --data"
            )

    def _create_socket_directory(self) -> None:
        folder = self.socket.parent
        folder.mkdir(mode=0o700, exist_ok=True)
        found = folder.lstat()
        if found.st_uid != os.getuid() or found.st_mode & 0o077 or folder.is_symlink():
            raise OperationError(f"{folder} belongs to someone else; remove it or name a shorter path with --data")

    def wipe(self) -> None:
        """Delete everything in the directory; raises OperationError where it is not one of the platform's."""
        if not self.root.exists():
            return
        if any(self.root.iterdir()) and not self.marker.exists() and not self.state.exists():
            raise OperationError(f"{self.root} is not a data directory of Patungan; nothing was deleted")
        for entry in self.root.iterdir():
            if entry == self._lock_file or entry == self.marker:
                continue
            if entry.is_dir() and not entry.is_symlink():
                shutil.rmtree(entry)
            else:
                entry.unlink()

    @property
    def _lock_file(self) -> Path:
        return self.root / "up.lock"

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the directory while the platform is brought up or down; waits for whoever holds it."""
        self.root.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(self._lock_file, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)


def write_private(path: Path, content: bytes, *, owner: tuple[int, int] | None = None) -> None:
    """Replace a file in one step, readable by its owner alone: this process's user, or the given uid and gid."""
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "wb") as file:
            os.fchmod(file.fileno(), 0o600)
            if owner is not None:
                os.fchown(file.fileno(), *owner)
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise

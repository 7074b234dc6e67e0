"""The unprivileged account that servers run under when root starts the platform, and folders that it can reach."""

from __future__ import annotations

import grp
import hashlib
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from patungan.operations.layout import DataDirectory, OperationError

SHARED_PLACE = Path("/var/lib/patungan")
"""Where servers' files go when root's data directory lies below a folder that others may not pass, such as /root."""


@dataclass(frozen=True, slots=True)
class Account:
    """A user of the system, by name and number."""

    name: str
    uid: int
    gid: int
    group: str


def server_account() -> Account | None:
    """The account for PostgreSQL, Valkey and nginx's workers; None where the platform is not started by root.

    PostgreSQL refuses to run as root. Raises OperationError where the system has no unprivileged account.
    """
    if os.geteuid() != 0:
        return None
    try:
        entry = pwd.getpwnam("nobody")
    except KeyError:
        raise OperationError(
            "PostgreSQL does not run as root and this system has no user called nobody; "
            "start Patungan as an ordinary user, or set DATABASE_URL to a server of your own"
        ) from None
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid, grp.getgrgid(entry.pw_gid).gr_name)


def run_as(
    account: Account | None, command: Sequence[str], *, cwd: Path = Path("/"), text: str | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a short command under the account, with a bare environment, and hand back what it said."""
    return subprocess.run(
        command,
        cwd=cwd,
        input=text,
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C"},
        user=account.uid if account else None,
        group=account.gid if account else None,
        extra_groups=[] if account else None,
    )


def place_for(data: DataDirectory, name: str, account: Account | None) -> Path:
    """Make the folder of one server, closed to all but the account: in the data directory, or where that reaches it."""
    folder = _folder_for(data, name, account, mode=0o700)
    if account is not None:
        os.chown(folder, account.uid, account.gid)
        if not _reaches(account, folder):
            raise OperationError(f"the user {account.name} cannot reach {folder}; name another folder with --data")
    return folder


def passable_place_for(data: DataDirectory, name: str, account: Account | None) -> Path:
    """Make a folder that stays the starter's own and that the account can pass through.

    For nginx: its master reads the configuration as root, so nobody else may write there.
    """
    return _folder_for(data, name, account, mode=0o700 if account is None else 0o711)


def _folder_for(data: DataDirectory, name: str, account: Account | None, *, mode: int) -> Path:
    folder = data.root / name
    if account is not None and not _reaches(account, data.root):
        folder = shared_place(data) / name
        for parent in (SHARED_PLACE, folder.parent):
            parent.mkdir(parents=True, exist_ok=True)
            parent.chmod(0o711)
    folder.mkdir(exist_ok=True)
    folder.chmod(mode)
    return folder


def shared_place(data: DataDirectory) -> Path:
    """The folder that stands for a data directory which the account cannot reach."""
    return SHARED_PLACE / data.digest


def _reaches(account: Account, folder: Path) -> bool:
    return run_as(account, ["/bin/sh", "-c", 'cd "$1"', "sh", str(folder)]).returncode == 0


@dataclass(frozen=True, slots=True)
class Program:
    """A program found on this system, answering ``--version``.

    ``package`` is the folder of its wheel, None for one of the system's own; ``needs`` are the folders in there, next
    to one another, that must go along when it is copied.
    """

    path: Path
    package: Path | None = None
    needs: tuple[str, ...] = ()


def runnable(program: Program, account: Account | None) -> Path:
    """The path under which the account can run a program: its own, or that of a copy where it cannot reach it.

    Raises OperationError where neither runs.
    """
    if account is None or _runs(account, program.path):
        return program.path
    if program.package is None:
        raise OperationError(f"{program.path} does not run under the user {account.name}")
    found = program.path.stat()
    fingerprint = hashlib.sha256(f"{program.path} {found.st_size} {found.st_mtime_ns}".encode()).hexdigest()[:12]
    copy = SHARED_PLACE / "programs" / f"{program.path.name}-{fingerprint}"
    if not copy.exists():
        _copy(program.package, program.needs, copy)
    path = copy / program.path.relative_to(program.package)
    if not _runs(account, path):
        raise OperationError(f"{path} does not run under the user {account.name}")
    return path


def _copy(package: Path, needs: Sequence[str], copy: Path) -> None:
    copy.parent.mkdir(parents=True, exist_ok=True)
    for parent in (SHARED_PLACE, copy.parent):
        parent.chmod(0o711)
    unfinished = Path(tempfile.mkdtemp(dir=copy.parent))
    for name in needs:
        if (package / name).exists():
            shutil.copytree(package / name, unfinished / name)
    for path in [unfinished, *unfinished.rglob("*")]:
        if not path.is_symlink():
            path.chmod(path.stat().st_mode | (0o555 if path.is_dir() or path.stat().st_mode & 0o100 else 0o444))
    unfinished.rename(copy)


def _runs(account: Account, program: Path) -> bool:
    try:
        return run_as(account, [str(program), "--version"]).returncode == 0
    except PermissionError:
        return False

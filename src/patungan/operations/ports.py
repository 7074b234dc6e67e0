"""Which ports are free, and who holds those that are not."""

from __future__ import annotations

import itertools
import os
import secrets
import socket
from collections.abc import Collection, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import psutil

from patungan.operations.layout import OperationError

LOOPBACK = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Holder:
    """The process that listens on a port; ``pid`` is None where the system does not tell this user."""

    pid: int | None
    name: str = ""
    command: str = ""

    def __str__(self) -> str:
        if self.pid is None:
            return "a process of another user"
        return f"{self.name} (process {self.pid}: {self.command})" if self.command else f"process {self.pid}"


class PortsInUse(OperationError):
    """Ports that the platform needs are held by processes that are not its own."""


def is_free(port: int, host: str = LOOPBACK) -> bool:
    """Whether a server could listen there now."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with closing(socket.socket(family, socket.SOCK_STREAM)) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
            # On Linux a bind with SO_REUSEADDR succeeds beside another socket that is bound but does not listen yet.
            probe.listen(1)
        except OSError:
            return False
        return True


@cache
def _in_turn(chosen: str) -> Iterator[int]:
    """The ports of a range, round and round from a place of this process's own: one that was just given out, and is not
    bound yet, does not come again soon."""
    first, last = (int(each) for each in chosen.split("-"))
    start = secrets.randbelow(last - first + 1)
    return itertools.cycle([*range(first + start, last + 1), *range(first, first + start)])


def free_port(preferred: int = 0) -> int:
    """The preferred port of the loopback address if it is free, otherwise one that the system picks, or the next free one
    of PATUNGAN_PORT_RANGE (``first-last``), where that is set."""
    if preferred and is_free(preferred):
        return preferred
    chosen = os.environ.get("PATUNGAN_PORT_RANGE")
    if chosen:
        return next(port for port in _in_turn(chosen) if is_free(port))
    with closing(socket.socket(socket.AF_INET, socket.SOCK_STREAM)) as probe:
        probe.bind((LOOPBACK, 0))
        port: int = probe.getsockname()[1]
        return port


def holders_of(ports: Collection[int]) -> dict[int, Holder]:
    """The process that listens on each of the ports, as far as this user may know."""
    return {port: _described(pid) for port, pid in _listeners().items() if port in ports}


def _listeners() -> dict[int, int | None]:
    try:
        connections = psutil.net_connections(kind="tcp")
        return {found.laddr.port: found.pid for found in connections if found.laddr and _listens(found.status)}
    except psutil.AccessDenied:
        # macOS tells the whole list to root alone; each user may still ask for its own processes.
        return {port: process.pid for process in psutil.process_iter() for port in _listened_by(process)}


def _listened_by(process: psutil.Process) -> list[int]:
    try:
        connections = process.net_connections(kind="tcp")
    except psutil.Error:
        return []
    return [found.laddr.port for found in connections if found.laddr and _listens(found.status)]


def _listens(status: str) -> bool:
    return status == str(psutil.CONN_LISTEN)


def _described(pid: int | None) -> Holder:
    if pid is None:
        return Holder(None)
    try:
        process = psutil.Process(pid)
        return Holder(pid, process.name(), " ".join(process.cmdline()).strip()[:120])
    except psutil.Error:
        return Holder(pid)


def platform_of(pid: int) -> Path | None:
    """The data directory of the platform that a process belongs to, or None for any other process."""
    try:
        marked = psutil.Process(pid).environ().get("PATUNGAN_DATA")
    except (psutil.Error, OSError):
        return None
    return Path(marked) if marked else None


def require_free(wanted: Mapping[int, str], host_of: Mapping[int, str] | None = None) -> None:
    """Check that every port of ``wanted`` (port to what needs it) is free; raises PortsInUse naming each holder."""
    hosts = host_of or {}
    taken = [port for port in sorted(wanted) if not is_free(port, hosts.get(port, LOOPBACK))]
    if not taken:
        return
    lines: list[str] = []
    other: Path | None = None
    holders = holders_of(taken)
    for port in taken:
        holder = holders.get(port, Holder(None))
        if holder.pid is not None:
            other = other or platform_of(holder.pid)
        lines.append(f"port {port}, which {wanted[port]} needs, is held by {holder}")
    if other is not None:
        remedy = f"That is another Patungan; stop it with: ./patungan down --data {other}"
    elif os.geteuid() != 0 and any("another user" in line for line in lines):
        remedy = "Stop these processes (sudo lsof -i names them), or choose another --port for the gateway."
    else:
        remedy = "Stop these processes; the gateway's port alone can be changed, with --port."
    raise PortsInUse("\n".join([*lines, remedy]))

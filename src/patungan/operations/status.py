"""How the platform is doing: the health of each service, asked for, and the life signs of each process."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor

import msgspec
import psutil
from rich.console import Console
from rich.table import Table

from patungan.operations.health import healthy
from patungan.operations.layout import DataDirectory
from patungan.operations.stack import read_state
from patungan.operations.supervision import ProcessInfo, Supervisor
from patungan.registry import SERVICES


class ServiceStatus(msgspec.Struct, frozen=True):
    """One of the sixteen; in the one-process shape they share pid, uptime and memory."""

    name: str
    port: int
    healthy: bool
    pid: int | None
    uptime_seconds: int
    memory_bytes: int


class ProcessStatus(msgspec.Struct, frozen=True):
    name: str
    state: str
    pid: int | None
    uptime_seconds: int
    memory_bytes: int


class StackStatus(msgspec.Struct, frozen=True):
    shape: str
    running: bool
    services: list[ServiceStatus]
    processes: list[ProcessStatus]

    @property
    def healthy(self) -> bool:
        return all(service.healthy for service in self.services)


def platform_status(data: DataDirectory) -> StackStatus:
    """Ask everything that should run; a service is healthy if its ``/health`` says so under its own name."""
    state = read_state(data)
    infos = Supervisor(data).processes()
    processes = {name: _process_status(info) for name, info in infos.items()}
    with ThreadPoolExecutor(len(SERVICES)) as pool:
        # Another platform may hold the same ports: without a supervisor here none of that is ours.
        answers = list(pool.map(lambda entry: bool(infos) and healthy(entry.port, entry.process), SERVICES))
    services = []
    for entry, well in zip(SERVICES, answers, strict=True):
        process = processes.get(entry.process) or processes.get("api")
        pid, uptime, memory = (process.pid, process.uptime_seconds, process.memory_bytes) if process else (None, 0, 0)
        services.append(ServiceStatus(entry.process, entry.port, well, pid, uptime, memory))
    shape = "split" if state is not None and state.split else "one"
    return StackStatus(shape, bool(infos), services, sorted(processes.values(), key=lambda process: process.name))


def _process_status(info: ProcessInfo) -> ProcessStatus:
    return ProcessStatus(info.name, info.state, info.pid or None, info.uptime_seconds, _memory(info.pid))


def _memory(pid: int) -> int:
    """Resident bytes of a process and all below it; 0 where it does not run."""
    if not pid:
        return 0
    try:
        process = psutil.Process(pid)
        return sum(_resident(member) for member in [process, *process.children(recursive=True)])
    except psutil.Error:
        return 0


def _resident(process: psutil.Process) -> int:
    try:
        return int(process.memory_info().rss)
    except psutil.Error:
        return 0


def print_status(status: StackStatus, console: Console) -> None:
    """The status as two tables."""
    if not status.running:
        console.print("Patungan is not running; start it with ./patungan up")
        return
    services = Table("service", "port", "health", title=f"Services, as {_shape(status.shape)}", title_justify="left")
    for service in status.services:
        services.add_row(service.name, str(service.port), "[green]ok[/]" if service.healthy else "[red]not ok[/]")
    processes = Table("process", "state", "pid", "up", "memory", title="Processes", title_justify="left")
    for process in status.processes:
        colour = "green" if process.state == "RUNNING" else "red"
        processes.add_row(
            process.name,
            f"[{colour}]{process.state.lower()}[/]",
            str(process.pid or ""),
            duration(process.uptime_seconds),
            f"{process.memory_bytes / 2**20:.0f} MB",
        )
    console.print(services, processes)


def _shape(shape: str) -> str:
    return "sixteen processes" if shape == "split" else "one process"


def duration(seconds: int) -> str:
    """Seconds as people read them: ``45 s``, ``12 min``, ``3 h 5 min``, ``2 d 4 h``."""
    units: Iterable[tuple[int, int, str, str]] = ((86400, 3600, "d", "h"), (3600, 60, "h", "min"))
    for unit, smaller, name, smaller_name in units:
        if seconds >= unit:
            return f"{seconds // unit} {name} {seconds % unit // smaller} {smaller_name}"
    return f"{seconds // 60} min" if seconds >= 60 else f"{seconds} s"

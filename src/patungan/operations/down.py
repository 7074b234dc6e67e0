"""Stopping the platform in order, also what is left of one whose supervisor was killed."""

from __future__ import annotations

import itertools
import shutil
import signal
import time
from collections.abc import Iterable
from pathlib import Path

import psutil

from patungan.operations.account import server_account, shared_place
from patungan.operations.layout import DataDirectory, OperationError
from patungan.operations.progress import Progress
from patungan.operations.stack import read_state
from patungan.operations.supervision import STOPPED_STATES, Supervisor

POLL_SECONDS = 0.05
"""Each question to supervisor also lets it notice at once that a process has ended, which by itself it does once a second."""

STAGES = (("gateway",), ("api", "web", "*"), ("worker",), ("sandbox",), ("valkey",), ("postgres",))
"""Names of processes in the order of stopping; the star stands for the sixteen services."""


def stop_platform(data: DataDirectory, progress: Progress) -> bool:
    """Stop everything that runs in a data directory; answers whether anything did."""
    supervisor = Supervisor(data)
    pid = supervisor.pid()
    if pid is not None:
        for names in _in_order(supervisor.processes()):
            with progress.step(f"stopped {', '.join(names) if len(names) < 4 else f'{len(names)} processes'}"):
                stop_and_wait(supervisor, names)
        supervisor.shut_down()
        _wait_for_end(pid)
    leftovers = stop_leftovers(data)
    data.socket.unlink(missing_ok=True)
    data.supervisor_pid.unlink(missing_ok=True)
    return pid is not None or leftovers > 0


def _in_order(names: Iterable[str]) -> list[list[str]]:
    known = set(itertools.chain.from_iterable(STAGES))
    stages = [[name for name in names if name in stage or ("*" in stage and name not in known)] for stage in STAGES]
    return [stage for stage in stages if stage]


def stop_and_wait(supervisor: Supervisor, names: Iterable[str]) -> None:
    """Stop processes at the same time and wait for their end, which the supervisor enforces after each one's patience."""
    waiting = set(names)
    for name in waiting:
        supervisor.stop(name)
    while waiting:
        infos = supervisor.processes()
        waiting = {name for name in waiting if name in infos and infos[name].state not in STOPPED_STATES}
        if waiting:
            time.sleep(POLL_SECONDS)


def _wait_for_end(pid: int) -> None:
    try:
        supervisor = psutil.Process(pid)
    except psutil.NoSuchProcess:
        return
    if wait_until_gone([supervisor], seconds=30):
        raise OperationError(f"the supervisor (process {pid}) does not end; its log is logs/supervisord.log")


def wait_until_gone(processes: Iterable[psutil.Process], *, seconds: float) -> list[psutil.Process]:
    """Wait for processes to end; answers those that have not.

    One that has ended counts as gone although its parent has not asked for its exit code yet: in a container whose
    first process seldom does, that takes seconds.
    """
    deadline = time.monotonic() + seconds
    alive = [process for process in processes if _lives(process)]
    while alive and time.monotonic() < deadline:
        time.sleep(POLL_SECONDS)
        alive = [process for process in alive if _lives(process)]
    return alive


def _lives(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def leftovers(data: DataDirectory, places: Iterable[Path]) -> list[psutil.Process]:
    """Processes of a platform whose supervisor is gone.

    They are known by the variable that our own programs carry, or, for servers that overwrite their environment, by
    the working directory and the program.
    """
    folders = {data.root / "postgres", data.root / "valkey", data.root / "nginx", *places}
    found: list[psutil.Process] = []
    for process in psutil.process_iter():
        try:
            if process.status() == psutil.STATUS_ZOMBIE:
                continue
            if _runs_in(process, folders) or _carries_mark(process, data):
                found.append(process)
        except (psutil.Error, OSError):
            continue
    return found


def _runs_in(process: psutil.Process, folders: Iterable[Path]) -> bool:
    if process.name().split(":")[0] not in ("postgres", "nginx", "valkey-server", "redis-server"):
        return False
    here = Path(process.cwd().removesuffix(" (deleted)"))
    return any(here.is_relative_to(folder) for folder in folders)


def _carries_mark(process: psutil.Process, data: DataDirectory) -> bool:
    if not process.name().startswith(("python", "supervisord", "patungan")):
        return False
    command = " ".join(process.cmdline())
    ours = (
        "patungan.operations.serve" in command or "patungan.sandbox" in command or "supervisor.supervisord" in command
    )
    return ours and process.environ().get("PATUNGAN_DATA") == str(data.root)


def stop_leftovers(data: DataDirectory) -> int:
    """End what a killed supervisor left behind: programs first, PostgreSQL last; answers how many there were."""
    account = server_account()
    found = leftovers(data, [shared_place(data)] if account else [])
    servers = [process for process in found if _named(process, "postgres")]
    _end([process for process in found if process not in servers], signal.SIGTERM)
    # Only the first of PostgreSQL's processes is asked: it tells the others, and waits for them.
    _end(servers, signal.SIGINT, roots_only=True)
    return len(found)


def _named(process: psutil.Process, name: str) -> bool:
    try:
        return process.name() == name
    except psutil.Error:
        return False


def _end(processes: list[psutil.Process], how: signal.Signals, *, roots_only: bool = False) -> None:
    pids = {process.pid for process in processes}
    for process in processes:
        try:
            if not roots_only or process.ppid() not in pids:
                process.send_signal(how)
        except psutil.Error:
            continue
    alive = wait_until_gone(processes, seconds=15)
    for process in alive:
        try:
            process.kill()
        except psutil.Error:
            continue
    wait_until_gone(alive, seconds=5)


def reset(data: DataDirectory, progress: Progress) -> None:
    """Stop the platform and delete all that the data directory holds."""
    stop_platform(data, progress)
    try:
        state = read_state(data)
    except OperationError:
        state = None  # A file that cannot be read is one of the reasons to reset.
    if state is not None and state.postgres_port is None:
        progress.note("the database of DATABASE_URL was left as it is")
    data.wipe()
    if server_account() is not None and shared_place(data).exists():
        shutil.rmtree(shared_place(data))

"""The process set under supervisor: its configuration, and the calls to it over its socket."""

from __future__ import annotations

import os
import resource
import shlex
import shutil
import subprocess
import sys
import time
import xmlrpc.client
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from http.client import HTTPException
from typing import Any

from supervisor.xmlrpc import SupervisorTransport  # type: ignore[import-untyped]

from patungan.operations.layout import DataDirectory, OperationError, write_private
from patungan.operations.processes import Process

OPEN_FILES = 65536
STOPPED_STATES = ("STOPPED", "EXITED", "FATAL", "UNKNOWN")
ALREADY_STARTED, NOT_RUNNING, BAD_NAME = 60, 70, 10
"""Supervisor's fault codes."""


@dataclass(frozen=True, slots=True)
class ProcessInfo:
    """What the supervisor knows of a process; times are seconds since the epoch, ``pid`` 0 where it does not run."""

    name: str
    state: str
    pid: int
    started: int
    now: int
    problem: str

    @property
    def running(self) -> bool:
        return self.state in ("STARTING", "RUNNING")

    @property
    def uptime_seconds(self) -> int:
        return max(0, self.now - self.started) if self.running else 0


def render_supervisord(data: DataDirectory, processes: Iterable[Process]) -> str:
    """supervisord.conf for a set of processes, none of which starts by itself: ``up`` does that in order."""
    hard_limit = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    sections = {
        "unix_http_server": {"file": str(data.socket), "chmod": "0700"},
        "supervisord": {
            "logfile": str(data.log("supervisord")),
            "logfile_maxbytes": "5MB",
            "logfile_backups": "1",
            "pidfile": str(data.supervisor_pid),
            "childlogdir": str(data.logs),
            "directory": str(data.root),
            "identifier": "patungan",
            "nodaemon": "true",
            "silent": "true",
            "umask": "077",
            "minfds": str(OPEN_FILES if hard_limit == resource.RLIM_INFINITY else min(OPEN_FILES, hard_limit)),
            **({"user": "root"} if os.geteuid() == 0 else {}),
        },
        "rpcinterface:supervisor": {
            "supervisor.rpcinterface_factory": "supervisor.rpcinterface:make_main_rpcinterface"
        },
        **{f"program:{process.name}": _program(data, process) for process in processes},
    }
    lines: list[str] = []
    for section, values in sections.items():
        lines += [f"[{section}]", *(f"{name} = {value.replace('%', '%%')}" for name, value in values.items()), ""]
    return "\n".join(lines)


def _program(data: DataDirectory, process: Process) -> dict[str, str]:
    command = process.command
    if process.bare:
        env = shutil.which("env") or "/usr/bin/env"
        command = (env, "-i", f"PATH={os.environ.get('PATH', os.defpath)}", "LC_ALL=C", *command)
    environment = ",".join(f'{name}="{value}"' for name, value in process.environment.items())
    return {
        "command": shlex.join(command),
        "directory": str(process.directory),
        "priority": str(int(process.stage)),
        "autostart": "false",
        "autorestart": "true",
        "startsecs": str(process.start_seconds),
        "startretries": "20",
        "stopsignal": process.stop_signal,
        "stopwaitsecs": str(process.stop_seconds),
        "killasgroup": "true",
        "redirect_stderr": "true",
        "stdout_logfile": str(data.log(process.name)),
        "stdout_logfile_maxbytes": "20MB",
        "stdout_logfile_backups": "2",
        **({"user": process.user} if process.user else {}),
        **({"environment": environment} if environment else {}),
    }


class Supervisor:
    """The supervisor of one data directory, whether it runs or not."""

    def __init__(self, data: DataDirectory) -> None:
        self._data = data

    def launch(self, processes: Iterable[Process], environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
        """Start supervisord and wait until it answers; raises OperationError where it does not within ten seconds.

        It gets a session of its own, so that a terminal's Ctrl-C reaches the platform through ``up`` alone.
        """
        write_private(self._data.supervisor_config, render_supervisord(self._data, processes).encode())
        self._data.socket.unlink(missing_ok=True)
        with self._data.log("supervisord").open("ab") as log:
            started = subprocess.Popen(
                [sys.executable, "-m", "supervisor.supervisord", "-c", str(self._data.supervisor_config)],
                cwd=self._data.root,
                env=dict(environment),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        deadline = time.monotonic() + 10
        while not self.alive():
            if started.poll() is not None or time.monotonic() > deadline:
                said = self._data.log("supervisord").read_text(errors="replace").splitlines()[-5:]
                raise OperationError("\n".join(["supervisord did not start:", *said]))
            time.sleep(0.02)
        return started

    def alive(self) -> bool:
        """Whether the supervisor answers."""
        return self.pid() is not None

    def pid(self) -> int | None:
        """The supervisor's process id, or None where it does not run."""
        try:
            return int(self._call("getPID"))
        except (OSError, HTTPException, xmlrpc.client.Error):
            return None

    def processes(self) -> dict[str, ProcessInfo]:
        """What runs, by name; empty where the supervisor itself does not."""
        try:
            found = self._call("getAllProcessInfo")
        except (OSError, HTTPException, xmlrpc.client.Error):
            return {}
        return {
            info["name"]: ProcessInfo(
                info["name"], info["statename"], info["pid"], info["start"], info["now"], info["spawnerr"]
            )
            for info in found
        }

    def start(self, name: str) -> None:
        """Start a process without waiting for it; one that runs already is left alone."""
        self._ask("startProcess", name, allowed=ALREADY_STARTED)

    def stop(self, name: str) -> None:
        """Ask a process to stop without waiting for it; one that does not run is left alone."""
        self._ask("stopProcess", name, allowed=NOT_RUNNING)

    def shut_down(self) -> None:
        """End the supervisor, which stops what still runs."""
        self._call("shutdown")

    def _ask(self, method: str, name: str, *, allowed: int) -> None:
        try:
            self._call(method, name, False)
        except xmlrpc.client.Fault as fault:
            if fault.faultCode == BAD_NAME:
                raise OperationError(f"no process is called {name}; ./patungan status lists them") from fault
            if fault.faultCode != allowed:
                raise OperationError(f"{name}: {fault.faultString}") from fault

    def _call(self, method: str, *arguments: object) -> Any:
        transport = SupervisorTransport(None, None, f"unix://{self._data.socket}")
        proxy = xmlrpc.client.ServerProxy("http://127.0.0.1", transport=transport)
        try:
            return getattr(proxy.supervisor, method)(*arguments)
        finally:
            transport.close()

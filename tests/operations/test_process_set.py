"""The process set: what each shape is made of, and a real supervisor with stand-in programs."""

from __future__ import annotations

import asyncio
import configparser
import os
import signal
import sys
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import psutil
import pytest
from rich.console import Console

from patungan.operations.control import resolve
from patungan.operations.down import leftovers, stop_leftovers, stop_platform
from patungan.operations.health import answers
from patungan.operations.layout import DataDirectory, OperationError
from patungan.operations.logs import follow, tail
from patungan.operations.ports import free_port
from patungan.operations.processes import Probe, Process, Stage, program_processes
from patungan.operations.progress import Progress
from patungan.operations.stack import StackState, write_state
from patungan.operations.status import duration, platform_status
from patungan.operations.supervision import Supervisor, render_supervisord
from patungan.operations.up import wait_until_ready
from patungan.registry import SANDBOX_PORT, SERVICES, WEB_PORT

QUIET = Progress(Console(quiet=True))


def test_one_process_serves_every_port_of_the_guide() -> None:
    processes = {process.name: process for process in program_processes(split=False, sandbox=True)}
    assert set(processes) == {"api", "worker", "sandbox"}
    assert set(processes["api"].ports) == {WEB_PORT, *(entry.port for entry in SERVICES)}
    assert processes["sandbox"].ports == (SANDBOX_PORT,)
    assert processes["api"].command[1:] == ("-m", "patungan.operations.serve", "api")


def test_split_runs_the_sixteen_under_the_names_of_the_guide() -> None:
    processes = {process.name: process for process in program_processes(split=True, sandbox=False)}
    assert set(processes) == {*(entry.process for entry in SERVICES), "web", "worker"}
    group_buying = processes["group-buying-service"]
    assert group_buying.command[3:] == ("api", "--service", "group-buying")
    assert (group_buying.ports, group_buying.environment) == ((3004,), {"PORT": "3004"})


def test_names_people_may_use() -> None:
    split = ["postgres", "valkey", "auth-service", "group-buying-service", "worker"]
    assert resolve("auth", split) == (["auth-service"], False)
    assert resolve("group_buying", split) == (["group-buying-service"], False)
    assert resolve("all", split) == (["auth-service", "group-buying-service", "worker"], False)
    assert resolve("auth-service", ["api", "worker"]) == (["api"], True)
    with pytest.raises(OperationError, match="no process is called nonsense"):
        resolve("nonsense", split)


def test_a_server_gets_none_of_the_platforms_secrets_and_odd_paths_survive(tmp_path: Path) -> None:
    data = DataDirectory(tmp_path / "it's here")
    server = Process("postgres", Stage.DATABASE, ("/bin/pg", "-c", "log_line_prefix=%m "), tmp_path, bare=True)
    parser = configparser.ConfigParser(interpolation=configparser.BasicInterpolation())
    parser.read_string(render_supervisord(data, [server]))
    program = parser["program:postgres"]
    assert " -i PATH=" in program["command"]
    assert program["command"].endswith("/bin/pg -c 'log_line_prefix=%m '")
    assert program["stdout_logfile"] == str(tmp_path / "it's here" / "logs" / "postgres.log")
    assert (program["autostart"], program["autorestart"]) == ("false", "true")


def test_durations_as_people_read_them() -> None:
    assert [duration(seconds) for seconds in (0, 59, 720, 11_100, 187_200)] == [
        *("0 s", "59 s", "12 min", "3 h 5 min", "2 d 4 h"),
    ]


STAND_IN = """
import http.server, json, sys
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = json.dumps({"status": "ok", "service": "stand-in"}).encode()
        self.send_response(200); self.end_headers(); self.wfile.write(body)
    def log_message(self, *ignored): pass
print("listening", flush=True)
http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
"""


class Platform:
    """A supervisor with stand-ins for the programs, in a directory of its own."""

    def __init__(self, root: Path) -> None:
        self.data = DataDirectory(root / "data")
        self.data.create()
        self.port = free_port()
        # The last argument makes them look like the platform's own to the search for what a killed supervisor left.
        mark = "patungan.operations.serve"
        program = root / "stand_in.py"
        program.write_text(STAND_IN)
        self.api = Process(
            "api",
            Stage.API,
            (sys.executable, str(program), str(self.port), mark),
            root,
            ports=(self.port,),
            probes=(Probe("api", partial(answers, self.port, "/ready")),),
        )
        self.broken = Process(
            "broken", Stage.API, (sys.executable, "-c", "print('no JWT_SECRET'); raise SystemExit(78)"), root
        )
        self.supervisor = Supervisor(self.data)
        write_state(self.data, StackState())

    def launch(self) -> None:
        environment = {**os.environ, "PATUNGAN_DATA": str(self.data.root)}
        self.supervisor.launch([self.api, self.broken], environment)
        self.supervisor.start("api")

    def ready(self) -> None:
        asyncio.run(wait_until_ready(self.supervisor, self.data, self.api))

    def pid(self) -> int:
        return self.supervisor.processes()["api"].pid


@pytest.fixture
def platform(tmp_path: Path) -> Iterator[Platform]:
    platform = Platform(tmp_path)
    platform.launch()
    try:
        platform.ready()
        yield platform
    finally:
        stop_platform(platform.data, QUIET)


def test_a_killed_process_comes_back_and_a_stopped_platform_is_gone(platform: Platform) -> None:
    first = platform.pid()
    os.kill(first, signal.SIGKILL)
    until = time.monotonic() + 5
    while platform.pid() in (0, first) and time.monotonic() < until:
        time.sleep(0.05)
    platform.ready()
    assert platform.pid() not in (0, first)
    assert stop_platform(platform.data, QUIET)
    assert not platform.supervisor.alive()
    assert not platform.data.socket.exists()
    assert not stop_platform(platform.data, QUIET)


def test_what_a_killed_supervisor_leaves_is_found_and_ended(platform: Platform) -> None:
    pid, supervisor = platform.pid(), platform.supervisor.pid()
    assert supervisor is not None
    os.kill(supervisor, signal.SIGKILL)
    os.waitpid(supervisor, 0)
    assert [process.pid for process in leftovers(platform.data, [])] == [pid]
    assert leftovers(DataDirectory(platform.data.root.parent / "other"), []) == []
    assert stop_leftovers(platform.data) == 1
    assert not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    platform.launch()
    platform.ready()


def test_a_process_that_keeps_failing_is_given_up_with_what_it_said(platform: Platform) -> None:
    platform.supervisor.start("broken")
    with pytest.raises(OperationError, match=r"broken does not start(.|\n)*no JWT_SECRET"):
        asyncio.run(wait_until_ready(platform.supervisor, platform.data, platform.broken))
    with pytest.raises(OperationError, match="no process is called nonsense"):
        platform.supervisor.start("nonsense")


def test_status_asks_each_service_and_believes_no_impostor(platform: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    entries = [("stand-in", platform.port), ("auth-service", platform.port), ("dead-service", free_port())]

    class Entry:
        def __init__(self, process: str, port: int) -> None:
            self.process, self.port = process, port

    monkeypatch.setattr("patungan.operations.status.SERVICES", [Entry(*entry) for entry in entries])
    status = platform_status(platform.data)
    assert [service.healthy for service in status.services] == [True, False, False]
    assert not status.healthy
    assert (status.shape, status.running) == ("one", True)
    api = next(process for process in status.processes if process.name == "api")
    assert (api.state, api.pid) == ("RUNNING", platform.pid()) or api.state == "STARTING"
    assert api.memory_bytes > 1_000_000
    stop_platform(platform.data, QUIET)
    assert not any(service.healthy for service in platform_status(platform.data).services)


def test_logs_show_their_end_and_go_on_through_rotation(tmp_path: Path) -> None:
    data = DataDirectory(tmp_path)
    data.logs.mkdir()
    log = data.log("api")
    log.write_text("".join(f"line {number}\n" for number in range(20_000)))
    assert tail(data, "api", 2) == "line 19998\nline 19999"
    assert tail(data, "api", 5, since=log.stat().st_size - 11) == "line 19999"
    news = follow(data, ["api"])
    with log.open("a") as file:
        file.write("half a ")
        file.flush()
        file.write("line\n")
    assert next(news) == ("api", "half a line")
    log.rename(tmp_path / "logs" / "api.log.1")
    log.write_text("after rotation\n")
    assert next(news) == ("api", "after rotation")
    with pytest.raises(OperationError, match="no log of web"):
        tail(data, "web", 1)

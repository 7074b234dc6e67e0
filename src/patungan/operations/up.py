"""Bringing the platform up: everything in the order of need and otherwise at once, until every health check passes."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import time
from collections.abc import Iterable

import asyncpg
import msgspec

from patungan.operations.demonstration import show_accounts
from patungan.operations.down import reset, stop_leftovers, stop_platform
from patungan.operations.layout import DataDirectory, OperationError
from patungan.operations.logs import log_size, tail
from patungan.operations.plan import Plan, UpOptions, migrations_digest, new_state, prepare, with_free_ports
from patungan.operations.processes import Probe, Process
from patungan.operations.progress import Progress
from patungan.operations.stack import RunningStack, StackState, read_state, write_state
from patungan.operations.supervision import Supervisor
from patungan.registry import SERVICES

READY_SECONDS = 120
"""How long a process may take to get ready: sixteen at once on two slow cores need most of a minute."""
SPAWNS_BEFORE_GIVING_UP = 3
POLL_SECONDS = 0.05


class Launch:
    """One ``up``: what it was asked for, and what it started."""

    def __init__(self, data: DataDirectory, options: UpOptions, progress: Progress) -> None:
        self.data = data
        self.options = options
        self.progress = progress
        self.supervisor = Supervisor(data)
        self.child: subprocess.Popen[bytes] | None = None
        """The supervisor, where this ``up`` started it."""

    async def bring_up(self) -> tuple[RunningStack, bool]:
        """Start what does not run; answers the platform, and whether all of it ran already.

        Raises OperationError where something does not start.
        """
        known = read_state(self.data)
        if known is not None and self.supervisor.alive():
            self._refuse_other_wishes(known)
            plan = prepare(self.data, known)
            if self._all_run(plan):
                return RunningStack.of(known), True
            self.progress.note("part of the platform was not running; starting what was missing")
        else:
            if stop_leftovers(self.data):
                self.progress.note("stopped what was left of a platform that had been killed")
            plan = self._start_supervisor(known)
        return RunningStack.of(await self._start_processes(plan)), False

    def _start_supervisor(self, known: StackState | None) -> Plan:
        state = with_free_ports(new_state(self.options, known))
        first = known is None
        with self.progress.step("prepared the servers" if not first else "made the database cluster and the secrets"):
            plan = prepare(self.data, state)
        postgres = plan.named("postgres")
        if postgres is not None and not postgres.directory.is_relative_to(self.data.root):
            self.progress.note(
                f"PostgreSQL does not run as root, and its user {postgres.user} cannot enter {self.data.root}; "
                f"the servers' files are kept in {postgres.directory.parent}"
            )
        write_state(self.data, plan.state)
        self.child = self.supervisor.launch(plan.processes, plan.environment)
        return plan

    def _refuse_other_wishes(self, known: StackState) -> None:
        options = self.options
        wishes = [
            ("as sixteen processes", options.split and not known.split),
            (f"with the gateway on port {options.port}", options.port not in (None, known.gateway_port)),
            (f"with the gateway on {options.host}", options.host not in (None, known.host)),
            ("without a gateway", not options.gateway and known.gateway_port is not None),
            (f"with the limit {options.rate}", options.rate not in (None, known.rate or "off")),
        ]
        wished = [text for text, differs in wishes if differs]
        if wished:
            raise OperationError(f"Patungan runs already; to run it {' and '.join(wished)}, first: ./patungan down")

    def _all_run(self, plan: Plan) -> bool:
        infos = self.supervisor.processes()
        started = all(process.name in infos and infos[process.name].running for process in plan.processes)
        return started and all(probe.ask() for process in plan.processes for probe in process.probes)

    async def _start_processes(self, plan: Plan) -> StackState:
        servers = [process for name in ("postgres", "valkey") if (process := plan.named(name))]
        early = [process for name in ("sandbox", "gateway") if (process := plan.named(name))]
        rest = [process for process in plan.processes if process not in servers and process not in early]
        for process in (*servers, *early):
            self.supervisor.start(process.name)
        programs = self._start_programs(plan, servers, rest)
        # What fails first ends the wait for all the others.
        state, _ = await asyncio.gather(programs, self._each_ready(early))
        return await self._seed(state)

    async def _start_programs(self, plan: Plan, servers: list[Process], programs: list[Process]) -> StackState:
        await self._each_ready(servers)
        state = await self._fill_database(plan)
        for process in programs:
            self.supervisor.start(process.name)
        await self._all_ready(programs, split=state.split)
        return state

    async def _fill_database(self, plan: Plan) -> StackState:
        state = plan.state
        stack = RunningStack.of(state)
        digest = migrations_digest()
        if state.postgres_port is None or state.migrated != digest:
            with self.progress.step("migrated the database"):
                await migrate(stack, self.progress)
            state = msgspec.structs.replace(state, migrated=digest)
            write_state(self.data, state)
        return state

    async def _seed(self, state: StackState) -> StackState:
        """Fill a new platform with its demonstration, through the API, so only once that answers; never a real one."""
        production = state.environment.get("PATUNGAN_ENVIRONMENT") == "production"
        if not self.options.seed or state.seeded or not state.sandbox or production:
            return state
        # Imported when needed: a start without it does not pay for it.
        from patungan.operations.seed import seed

        self.progress.note("filling the new platform with its demonstration; --no-seed starts without it")
        await seed(RunningStack.of(state), self.progress)
        state = msgspec.structs.replace(state, seeded=True)
        write_state(self.data, state)
        return state

    async def _all_ready(self, processes: Iterable[Process], *, split: bool) -> None:
        processes = list(processes)
        if not split:
            await self._each_ready(processes)
            return
        label = f"{len(processes)} processes"
        with self.progress.step(label):
            waiting = {process.name for process in processes}

            async def one(process: Process) -> None:
                await wait_until_ready(self.supervisor, self.data, process)
                waiting.discard(process.name)
                self.progress.detail(label, f"waiting for {', '.join(sorted(waiting)[:3])}")

            await asyncio.gather(*(one(process) for process in processes))

    async def _each_ready(self, processes: Iterable[Process]) -> None:
        await asyncio.gather(*(self._ready(process) for process in processes))

    async def _ready(self, process: Process) -> None:
        where = f" on port {process.ports[0]}" if len(process.ports) == 1 else ""
        with self.progress.step(f"{process.name}{where}"):
            await wait_until_ready(self.supervisor, self.data, process)


async def wait_until_ready(supervisor: Supervisor, data: DataDirectory, process: Process) -> None:
    """Wait for every probe of a process; raises OperationError with the end of its log where it keeps failing."""
    deadline = time.monotonic() + READY_SECONDS
    waiting: list[Probe] = list(process.probes)
    pids: set[int] = set()
    logged = log_size(data, process.name)
    while True:
        info = (await asyncio.to_thread(supervisor.processes)).get(process.name)
        if info is None:
            raise OperationError(f"the supervisor ended while {process.name} was starting")
        pids |= {info.pid} - {0}
        if info.state == "FATAL" or len(pids) >= SPAWNS_BEFORE_GIVING_UP:
            said = tail(data, process.name, 15, since=logged)
            raise OperationError(f"{process.name} does not start. The end of its log:\n{said}")
        answered = await asyncio.gather(*(asyncio.to_thread(probe.ask) for probe in waiting))
        waiting = [probe for probe, yes in zip(waiting, answered, strict=True) if not yes]
        if not waiting and (process.probes or info.state == "RUNNING"):
            return
        if time.monotonic() > deadline:
            subjects = ", ".join(probe.subject for probe in waiting) or process.name
            said = tail(data, process.name, 15, since=logged)
            raise OperationError(f"not ready after {READY_SECONDS} s: {subjects}. The end of the log:\n{said}")
        await asyncio.sleep(POLL_SECONDS)


async def migrate(stack: RunningStack, progress: Progress) -> None:
    """Bring the database's schemas up to date; raises OperationError for no database or a migration changed since."""
    # Imported when needed: it brings the workflow engine along, 1.5 s that a start without news does not pay.
    from patungan.operations import migrate as migration

    label = "migrated the database"
    try:
        await migration.migrate(stack.database_url, stack.role_secret, lambda applied: progress.detail(label, applied))
    except migration.MigrationChanged as error:
        raise OperationError(str(error)) from error
    except (OSError, asyncpg.PostgresConnectionError, asyncpg.InvalidAuthorizationSpecificationError) as error:
        raise OperationError(f"the database of DATABASE_URL cannot be reached: {error}") from error


def up(launch: Launch, *, from_scratch: bool, detach: bool) -> int:
    """Bring the platform up, say where it is, and unless detached keep it up until it is asked to stop.

    Answers the exit code. SIGINT, SIGTERM and SIGHUP stop everything in order, also while it is still starting.
    """
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, signal.default_int_handler)
    ready = False
    try:
        launch.data.create()
        with launch.data.locked():
            if from_scratch:
                reset(launch.data, launch.progress)
                launch.data.create()
            stack, ran_already = asyncio.run(launch.bring_up())
        ready = True
        _announce(launch, stack, ran_already=ran_already)
        if detach or launch.child is None:
            return 0
        launch.progress.console.print("Press Ctrl-C to stop.")
        launch.child.wait()
    except KeyboardInterrupt:
        _stop(launch)
        return 0 if ready else 130
    except BaseException:
        _stop(launch)
        raise
    launch.progress.note("stopped from elsewhere")
    return 0


def _stop(launch: Launch) -> None:
    if launch.child is None:
        return
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    with launch.data.locked():
        stop_platform(launch.data, launch.progress)


def _announce(launch: Launch, stack: RunningStack, *, ran_already: bool) -> None:
    shape = "sixteen processes" if stack.split else "one process"
    said = f"Patungan {'was running already' if ran_already else 'is ready'}, its services as {shape}."
    lines = [f"[bold]{said}[/]", ""]
    places = [
        ("storefront", stack.gateway_url),
        ("API documents", f"{stack.gateway_url}/docs"),
        ("services", f"http://127.0.0.1:{SERVICES[0].port} to {SERVICES[-1].port}"),
        *([("sandbox", stack.sandbox_url)] if stack.sandbox_url else []),
        ("data and logs", str(launch.data.root)),
    ]
    lines += [f"  {name:<15} {place}" for name, place in places]
    launch.progress.console.print("\n".join(lines), soft_wrap=True)
    state = read_state(launch.data)
    if state is not None and state.seeded:
        show_accounts(stack, launch.progress.console)

"""Restarting and stopping single processes of a running platform."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from patungan.operations.down import stop_and_wait
from patungan.operations.layout import DataDirectory, OperationError
from patungan.operations.plan import prepare
from patungan.operations.progress import Progress
from patungan.operations.stack import read_state, running_stack
from patungan.operations.supervision import Supervisor
from patungan.operations.up import wait_until_ready
from patungan.registry import service_named

SERVERS = ("postgres", "valkey")


def resolve(name: str, processes: Iterable[str]) -> tuple[list[str], bool]:
    """The processes that a name means, and whether they carry more than was named.

    A service may be called ``auth``, ``auth-service`` or ``group_buying``; in the one-process shape it lives in ``api``.
    ``all`` is everything but the two servers of data. Raises OperationError for an unknown name.
    """
    known = list(processes)
    if name == "all":
        return [process for process in known if process not in SERVERS], False
    if name in known:
        return [name], False
    try:
        entry = service_named(name.replace("_", "-"))
    except KeyError:
        raise OperationError(f"no process is called {name}; there is {', '.join(known)}") from None
    return ([entry.process], False) if entry.process in known else (["api"], True)


def restart(data: DataDirectory, name: str, progress: Progress) -> None:
    """Stop processes, start them again and wait until they are ready."""
    running_stack(data)
    supervisor = Supervisor(data)
    with data.locked():
        names, shared = resolve(name, supervisor.processes())
        if shared:
            progress.note(f"{name} lives in the process api, which is restarted with all its services")
        state = read_state(data)
        if state is None:
            raise OperationError("Patungan is not running; start it with ./patungan up")
        plan = prepare(data, state)
        with progress.step(f"stopped {', '.join(names)}"):
            stop_and_wait(supervisor, names)
        wanted = [process for process in plan.processes if process.name in names]
        for process in wanted:
            supervisor.start(process.name)

        async def all_ready() -> None:
            await asyncio.gather(*(wait_until_ready(supervisor, data, process) for process in wanted))

        with progress.step(f"started {', '.join(names)}"):
            asyncio.run(all_ready())


def stop(data: DataDirectory, name: str, progress: Progress) -> None:
    """Stop processes and leave them stopped; ``up`` or ``restart`` starts them again."""
    running_stack(data)
    supervisor = Supervisor(data)
    with data.locked():
        names, shared = resolve(name, supervisor.processes())
        if shared:
            raise OperationError(
                f"{name} lives in the process api with all the other services; "
                "stop api, or run the services as sixteen processes: ./patungan up --split"
            )
        with progress.step(f"stopped {', '.join(names)}"):
            stop_and_wait(supervisor, names)

"""The platform as it stands in a data directory: its state on disk, and what commands need to know of a running one."""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

import msgspec

from patungan.operations.gateway import DEFAULT_RATE
from patungan.operations.layout import REPOSITORY, DataDirectory, OperationError, write_private
from patungan.operations.supervision import Supervisor
from patungan.registry import GATEWAY_PORT, WEB_PORT


class StackState(msgspec.Struct, kw_only=True):
    """What the platform remembers from one command to the next; ``environment`` holds secrets, so the file is private.

    ``seeded`` and ``migrated`` say what was done to the embedded database: the second is a digest of the migrations.
    """

    split: bool = False
    host: str = "127.0.0.1"
    gateway_port: int | None = GATEWAY_PORT
    rate: str | None = DEFAULT_RATE
    postgres_port: int | None = None
    valkey_port: int | None = None
    sandbox: bool = True
    seeded: bool = False
    migrated: str = ""
    environment: dict[str, str] = {}

    @property
    def gateway_url(self) -> str:
        """Where people reach the platform from this host; the storefront itself where there is no gateway."""
        host = self.host if self.host not in ("0.0.0.0", "[::]") else "127.0.0.1"
        return f"http://{host}:{self.gateway_port}" if self.gateway_port else f"http://127.0.0.1:{WEB_PORT}"


def read_state(data: DataDirectory) -> StackState | None:
    """The state of a data directory, None for a new one; raises OperationError for a file that cannot be read."""
    try:
        return msgspec.json.decode(data.state.read_bytes(), type=StackState)
    except FileNotFoundError:
        return None
    except PermissionError:
        raise OperationError(
            f"{data.root} belongs to another user; use that user, or name a folder with --data"
        ) from None
    except (msgspec.DecodeError, OSError) as error:
        raise OperationError(f"{data.state} cannot be read ({error}); start afresh with --reset") from error


def write_state(data: DataDirectory, state: StackState) -> None:
    write_private(data.state, msgspec.json.format(msgspec.json.encode(state), indent=2) + b"\n")


@dataclass(frozen=True, slots=True)
class RunningStack:
    """What a command needs to work with a running platform."""

    database_url: str
    role_secret: str
    redis_url: str
    gateway_url: str
    sandbox_url: str
    environment: dict[str, str]
    split: bool

    @classmethod
    def of(cls, state: StackState) -> RunningStack:
        """The platform that a state describes; ``sandbox_url`` is empty where real providers are used."""
        return cls(
            database_url=state.environment["DATABASE_URL"],
            role_secret=state.environment.get("DATABASE_ROLE_SECRET", ""),
            redis_url=state.environment["REDIS_URL"],
            gateway_url=state.gateway_url,
            sandbox_url=state.environment.get("SANDBOX_URL", ""),
            environment=dict(state.environment),
            split=state.split,
        )


def running_stack(data: DataDirectory) -> RunningStack:
    """The platform that runs in a data directory; raises OperationError where none does."""
    state = read_state(data)
    if state is None or not Supervisor(data).alive():
        raise OperationError("Patungan is not running; start it with ./patungan up")
    return RunningStack.of(state)


async def run_module(stack: RunningStack, module: str, **options: Any) -> int:
    """Carry out ``patungan.operations.<module>:run`` on a platform; answers its exit code.

    The platform's environment and folder become this process's own, so that settings are read here as its processes
    read them. The module is imported only now, for such modules are large and each command needs one at most.
    """
    os.environ.update(stack.environment)
    os.chdir(REPOSITORY)
    run: Callable[..., Coroutine[Any, Any, int]] = importlib.import_module(f"patungan.operations.{module}").run
    return await run(stack, **options)

"""One service on its own with a sandbox, and its worker where wanted, for tests that set up its provider as they please."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections.abc import AsyncIterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import uuid4

import asyncpg
import httpx

from patungan.kernel.identity import Caller, Role, Scope, sign_access_token
from patungan.kernel.service import Context
from patungan.kernel.time import VirtualClock
from patungan.operations.platform import Platform
from patungan.operations.ports import free_port
from patungan.operations.serve import serve_app
from patungan.registry import SERVICES, service_named
from patungan.sandbox.app import create_sandbox
from patungan.sandbox.settings import SandboxSettings
from tests.house import Servers


@dataclass
class Alone:
    """A running service; ``faults`` rules the sandbox's fault desk, ``messages`` is what the sandbox was given to send."""

    name: str
    url: str
    sandbox_url: str
    platform: Platform
    clock: VirtualClock
    client: httpx.AsyncClient
    database_url: str

    @property
    def context(self) -> Context:
        return self.platform.contexts[self.name]

    def later(self, **by: float) -> None:
        """Move the clock forward."""
        self.clock.advance(timedelta(**by))

    def signed_in(self, role: Role, *scopes: Scope) -> dict[str, str]:
        """The headers of somebody with that role."""
        caller = Caller(uuid4(), role, frozenset(scopes))
        token = sign_access_token(self.context.settings.jwt_secret, caller, self.clock.now())
        return {"Authorization": f"Bearer {token}"}

    async def faults(self, *rules: dict[str, Any]) -> None:
        """Lay down these rules and no others."""
        response = await self.client.put(f"{self.sandbox_url}/_sandbox/faults", json={"faults": rules})
        assert response.status_code == 200, response.text

    async def asked(self) -> list[int]:
        """How often each standing rule was asked."""
        response = await self.client.get(f"{self.sandbox_url}/_sandbox/faults")
        return [fault["asked"] for fault in response.json()["faults"]]

    async def messages(self, phone: str) -> list[dict[str, Any]]:
        response = await self.client.get(f"{self.sandbox_url}/_sandbox/messages", params={"phone": phone})
        found: list[dict[str, Any]] = response.json()["messages"]
        return found

    async def owner(self) -> asyncpg.Connection[asyncpg.Record]:
        """A superuser's connection to the service's database."""
        return await asyncpg.connect(self.database_url)


@contextlib.asynccontextmanager
async def alone(
    name: str,
    servers: Servers,
    template: str,
    settings: Mapping[str, str],
    sandbox: Mapping[str, Any],
    provider_paths: Mapping[str, str],
    *,
    worker: bool = False,
) -> AsyncIterator[Alone]:
    """Start a service with these settings; ``{service}`` in the sandbox's settings is the service's own address, and
    ``provider_paths`` maps variables to paths of the sandbox. There can be but one worker in the process at a time."""
    # A worker that stopped leaves its event loop with the closed threads of DBOS.
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor())
    database, port, sandbox_port, clock = f"t_{secrets.token_hex(5)}", free_port(), free_port(), VirtualClock()
    await servers.create_database(database, template)
    url, sandbox_url = f"http://127.0.0.1:{port}", f"http://127.0.0.1:{sandbox_port}"
    told: dict[str, Any] = {
        key: value.format(service=url) if isinstance(value, str) else value for key, value in sandbox.items()
    }
    world = create_sandbox(SandboxSettings(port=sandbox_port, **told), clock=clock.now)
    environment = {
        "DATABASE_URL": servers.url(database),
        "DATABASE_ROLE_SECRET": servers.role_secret,
        "REDIS_URL": servers.redis_url,
        "JWT_SECRET": secrets.token_hex(48),
        "SERVICE_TOKEN_SECRET": secrets.token_hex(48),
        # Nobody else is there, not even a platform that runs on the default ports of this machine.
        **{f"{entry.module.upper()}_SERVICE_URL": "http://127.0.0.1:9" for entry in SERVICES},
        **{variable: sandbox_url + path for variable, path in provider_paths.items()},
        **settings,
    }
    platform = Platform(environment, [service_named(name)], clock=clock)
    await platform.start()
    running = [serve_app(world, "127.0.0.1", sandbox_port), serve_app(platform.app(name), "127.0.0.1", port)]
    tasks = [asyncio.create_task(server.serve()) for server in running]
    async with httpx.AsyncClient(timeout=30) as client:
        for address in (f"{sandbox_url}/health", f"{url}/health"):
            await _answers(client, address)
        if worker:
            await platform.start_worker()
        try:
            yield Alone(name, url, sandbox_url, platform, clock, client, servers.url(database))
        finally:
            await platform.stop()
            for server in running:
                server.stop()  # type: ignore[no-untyped-call]
            await asyncio.gather(*tasks)
            await servers.drop_database(database)


async def _answers(client: httpx.AsyncClient, address: str) -> None:
    async with asyncio.timeout(20):
        while True:
            try:
                await client.get(address)
                return
            except httpx.TransportError:
                await asyncio.sleep(0.03)

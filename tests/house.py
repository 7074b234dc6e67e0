"""A whole platform for tests: all services, worker and sandbox over real HTTP, on a database of its own."""

from __future__ import annotations

import asyncio
import enum
import itertools
import secrets
import shutil
import tempfile
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any, Self
from uuid import UUID, uuid4

import asyncpg
import httpx
from granian.server.embed import Server
from litestar.types import ASGIApp

from patungan.contracts import auth
from patungan.kernel.calls import Copying
from patungan.kernel.identity import Caller, Role, Scope, sign_access_token, sign_service_token
from patungan.kernel.service import Context
from patungan.kernel.time import SharedClock, VirtualClock
from patungan.operations.platform import Platform
from patungan.operations.ports import free_port
from patungan.operations.serve import serve_app
from patungan.registry import SERVICES, service_named
from patungan.sandbox.app import create_sandbox
from patungan.sandbox.settings import SandboxSettings


class Shape(enum.Enum):
    """How the services of a house call each other."""

    SHARED = "in-process"
    SERIALISED = "serialised"
    HTTP = "http"


@dataclass(frozen=True)
class Servers:
    """The throw-away servers of a test run; ``pattern`` is the owner's URL with a place for the database's name."""

    pattern: str
    redis_url: str
    role_secret: str

    def url(self, database: str) -> str:
        return self.pattern.format(database)

    async def create_database(self, name: str, template: str = "template1") -> None:
        connection = await asyncpg.connect(self.url("postgres"))
        try:
            await connection.execute(f"create database {name} template {template} strategy wal_log")
        finally:
            await connection.close()

    async def drop_database(self, name: str) -> None:
        connection = await asyncpg.connect(self.url("postgres"))
        try:
            await connection.execute(f"drop database if exists {name} with (force)")
        finally:
            await connection.close()


_numbers = itertools.count(1)

PASSWORD = "rahasia-sekali-123"
"""The password of every person in the tests."""


class Person:
    """Somebody with an account, and a client that speaks for them."""

    def __init__(self, house: House, user_id: UUID, phone: str, caller: Caller) -> None:
        self.house = house
        self.id = user_id
        self.phone = phone
        self.caller = caller

    async def request(
        self, method: str, service: str, path: str, body: Any = None, *, key: str | None = None, **params: Any
    ) -> httpx.Response:
        """Call a service's public API as this person; ``key`` is the idempotency key, made up for writes if not given."""
        headers = {"Authorization": f"Bearer {self.house.token(self.caller)}"}
        if method != "GET":
            headers["Idempotency-Key"] = key or str(uuid4())
        return await self.house.request(method, service, path, body, headers=headers, **params)

    async def get(self, service: str, path: str, **params: Any) -> Any:
        response = await self.request("GET", service, path, **params)
        assert response.status_code == 200, response.text
        return response.json()

    async def post(self, service: str, path: str, body: Any = None, *, key: str | None = None) -> Any:
        response = await self.request("POST", service, path, body, key=key)
        assert response.status_code in (200, 201, 202, 204), response.text
        return response.json() if response.content else None


class _BuiltWhenAsked:
    """A service's app, built at its first request: a test asks few of the sixteen, and one takes a tenth of a second."""

    def __init__(self, build: Callable[[], ASGIApp]) -> None:
        self._build = build
        self._app: ASGIApp | None = None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":  # No service has anything to do in it.
            while (await receive())["type"] == "lifespan.startup":
                await send({"type": "lifespan.startup.complete"})
            await send({"type": "lifespan.shutdown.complete"})
            return
        if self._app is None:
            self._app = self._build()
        await self._app(scope, receive, send)


class House:
    """All sixteen services, the worker and the sandbox, in the test's own event loop, on a virtual clock."""

    def __init__(
        self,
        servers: Servers,
        template: str,
        shape: Shape,
        *,
        worker: bool = True,
        settings: Mapping[str, str] | None = None,
        clock: VirtualClock | SharedClock | None = None,
        elsewhere: Mapping[str, int] | None = None,
    ) -> None:
        """``elsewhere`` are the ports of services that the test serves from processes of its own."""
        self._servers = servers
        self._template = template
        self.shape = shape
        self._with_worker = worker
        self._settings = settings or {}
        self.name = f"t_{secrets.token_hex(5)}"
        self.clock = clock or VirtualClock()
        self._elsewhere = elsewhere or {}
        self.environment: dict[str, str] = {}
        self.ports: dict[str, int] = {}
        self._running: list[tuple[Server, asyncio.Task[None]]] = []

    async def __aenter__(self) -> Self:
        await self._servers.create_database(self.name, self._template)
        # The sixteen databases of one Valkey: houses stand one after the other, so one number is enough.
        self.ports = {entry.name: self._elsewhere.get(entry.name) or free_port() for entry in SERVICES}
        sandbox_port = free_port()
        self.sandbox_url = f"http://127.0.0.1:{sandbox_port}"
        self.environment = {
            "DATABASE_URL": self._servers.url(self.name),
            "DATABASE_ROLE_SECRET": self._servers.role_secret,
            "DATABASE_POOL_SIZE": "4",
            "REDIS_URL": self._servers.redis_url,
            "JWT_SECRET": secrets.token_hex(48),
            "SERVICE_TOKEN_SECRET": secrets.token_hex(48),
            "BCRYPT_COST": "4",
            "IMAGE_FOLDER": tempfile.mkdtemp(prefix="patungan-images-"),
            "XENDIT_SECRET_KEY": "xnd_development_tests",
            "XENDIT_WEBHOOK_VERIFICATION_TOKEN": secrets.token_hex(24),
            # On a busy machine too, tests see what became of a callback rather than that it is kept.
            "XENDIT_WEBHOOK_PATIENCE": "5",
            "XENDIT_API_URL": f"{self.sandbox_url}/xendit",
            "WHATSAPP_API_URL": f"{self.sandbox_url}/whatsapp",
            "WHATSAPP_API_TOKEN": "whatsapp-tests",
            "WHATSAPP_APP_SECRET": secrets.token_hex(24),
            "SMS_API_URL": f"{self.sandbox_url}/sms",
            "SMS_API_KEY": "sms-tests",
            "BITESHIP_API_URL": f"{self.sandbox_url}/biteship",
            "BITESHIP_API_KEY": "biteship-tests",
            "BITESHIP_WEBHOOK_SIGNATURE_SECRET": secrets.token_hex(24),
            "LOGISTICS_WEBHOOK_HMAC_SECRET": secrets.token_hex(24),
            **{
                f"{entry.module.upper()}_SERVICE_URL": f"http://127.0.0.1:{self.ports[entry.name]}"
                for entry in SERVICES
            },
            **{name: value.format(sandbox=self.sandbox_url) for name, value in self._settings.items()},
        }
        sandbox = create_sandbox(
            SandboxSettings(
                port=sandbox_port,
                xendit_secret_key=self.environment["XENDIT_SECRET_KEY"],
                xendit_webhook_token=self.environment["XENDIT_WEBHOOK_VERIFICATION_TOKEN"],
                payment_callback_url=f"http://127.0.0.1:{self.ports['payment']}/api/webhooks/payment",
                refund_callback_url=f"http://127.0.0.1:{self.ports['payment']}/api/webhooks/payment",
                disbursement_callback_url=f"http://127.0.0.1:{self.ports['wallet']}/api/webhooks/disbursement",
                whatsapp_api_token=self.environment["WHATSAPP_API_TOKEN"],
                whatsapp_app_secret=self.environment["WHATSAPP_APP_SECRET"],
                whatsapp_callback_url=f"http://127.0.0.1:{self.ports['whatsapp']}/api/whatsapp/webhook",
                sms_api_key=self.environment["SMS_API_KEY"],
                biteship_api_key=self.environment["BITESHIP_API_KEY"],
                logistics_callback_url=f"http://127.0.0.1:{self.ports['logistics']}/api/webhooks/logistics",
                logistics_webhook_secret=self.environment["BITESHIP_WEBHOOK_SIGNATURE_SECRET"],
                courier_push_url=f"http://127.0.0.1:{self.ports['logistics']}/api/webhooks/logistics",
                courier_push_secret=self.environment["LOGISTICS_WEBHOOK_HMAC_SECRET"],
                refund_delay=0.05,
            ),
            clock=self.clock.now,
        )
        self._serve(sandbox, sandbox_port)
        self.platform = Platform(
            self.environment,
            SERVICES,
            clock=self.clock,
            copying=Copying.SHARED if self.shape is Shape.SHARED else Copying.SERIALISED,
            remote=self.shape is Shape.HTTP,
        )
        await self.platform.start()
        for entry in SERVICES:
            if entry.name in self._elsewhere:
                continue
            self._serve(_BuiltWhenAsked(partial(self.platform.app, entry.name)), self.ports[entry.name])
        self.client = httpx.AsyncClient(timeout=30)
        await self.eventually(self._answers, seconds=20)
        if self._with_worker:
            await self.platform.start_worker()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.client.aclose()
        await self.platform.stop()
        for server, task in self._running:
            server.stop()  # type: ignore[no-untyped-call]
            await task
        await self._servers.drop_database(self.name)
        shutil.rmtree(self.environment["IMAGE_FOLDER"], ignore_errors=True)

    def _serve(self, app: Any, port: int) -> None:
        server = serve_app(app, "127.0.0.1", port)
        self._running.append((server, asyncio.create_task(server.serve())))

    async def _answers(self) -> bool:
        try:
            for name in self.ports.keys() - self._elsewhere.keys():
                _, writer = await asyncio.open_connection("127.0.0.1", self.ports[name])
                writer.close()
            await self.client.get(f"{self.sandbox_url}/health")
        except (OSError, httpx.TransportError):
            return False
        return True

    def url(self, service: str, path: str) -> str:
        return f"http://127.0.0.1:{self.ports[service]}{path}"

    def context(self, service: str) -> Context:
        return self.platform.contexts[service]

    def token(self, caller: Caller) -> str:
        return sign_access_token(self.environment["JWT_SECRET"], caller, self.clock.now())

    def service_token(self, service: str) -> str:
        secret = self.environment["SERVICE_TOKEN_SECRET"]
        return sign_service_token(secret, "scheduler", service_named(service).name, self.clock.now())

    async def request(
        self,
        method: str,
        service: str,
        path: str,
        body: Any = None,
        *,
        headers: dict[str, str] | None = None,
        **params: Any,
    ) -> httpx.Response:
        """Call a service's public API as nobody in particular."""
        given = {name: value for name, value in params.items() if value is not None}
        return await self.client.request(
            method, self.url(service, path), json=body, headers=headers, params=given or None
        )

    async def person(self, role: Role = Role.CUSTOMER, *scopes: Scope) -> Person:
        """Somebody new with an account."""
        phone = f"+62812{next(_numbers):08d}"
        user = await self.context("auth").call(
            auth.ensure_user,
            auth.EnsureUser(
                phone=phone, first_name="Sari", last_name="Wijaya", password=PASSWORD, role=role, scopes=list(scopes)
            ),
        )
        return Person(self, user.user_id, phone, Caller(user.user_id, role, frozenset(scopes)))

    async def admin(self) -> Person:
        """An administrator who may do everything."""
        return await self.person(Role.ADMIN, Scope.SUPER_ADMIN, Scope.FINANCE, Scope.WAREHOUSE)

    async def eventually(self, holds: Callable[[], Awaitable[bool]], *, seconds: float = 15) -> None:
        """Wait until something holds; fails the test if it does not within the time."""
        until = time.monotonic() + seconds
        while not await holds():
            assert time.monotonic() < until, "it did not come about in time"
            await asyncio.sleep(0.03)

    async def owner(self) -> asyncpg.Connection[asyncpg.Record]:
        """A superuser's connection to this house's database."""
        return await asyncpg.connect(self._servers.url(self.name))

    def later(self, **by: float) -> None:
        """Move the clock forward."""
        self.clock.advance(timedelta(**by))

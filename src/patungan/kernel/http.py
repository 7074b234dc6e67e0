"""HTTP at the edge: routes that name their audience, problem+json, health, readiness, metrics, and the internal operations."""

from __future__ import annotations

import asyncio
import inspect
import re
import time
from collections.abc import Callable, Sequence
from typing import Annotated, Any, TypeVar
from uuid import UUID

import asyncpg
import msgspec
import structlog
from litestar import Litestar, Request, Response, Router
from litestar.config.cors import CORSConfig
from litestar.connection import ASGIConnection
from litestar.di import NamedDependency, Provide
from litestar.enums import ScopeType
from litestar.exceptions import HTTPException, MethodNotAllowedException, NotFoundException
from litestar.handlers import BaseRouteHandler, HTTPRouteHandler
from litestar.openapi import OpenAPIConfig
from litestar.params import FromPath, QueryParameter
from litestar.response.base import ASGIResponse
from litestar.types import ASGIApp, HTTPScope, Message, Receive, Scope, Send
from prometheus_client import Counter, Gauge, Histogram, generate_latest
from valkey.exceptions import ValkeyError

from patungan.kernel.answers import Answers, Kept
from patungan.kernel.calls import DEADLINE_HEADER
from patungan.kernel.claims import Claim
from patungan.kernel.contract import Operation, read_events_operation
from patungan.kernel.database import Database
from patungan.kernel.errors import (
    Forbidden,
    InternalError,
    InvalidInput,
    MethodNotAllowed,
    NotFound,
    PayloadTooLarge,
    Problem,
    RateLimited,
    RemoteCallError,
    Unauthenticated,
    Unavailable,
)
from patungan.kernel.events import read_events
from patungan.kernel.idempotency import require_idempotency_key
from patungan.kernel.identity import Audience, Caller, verify_access_token, verify_service_token
from patungan.kernel.openapi import OpenApi, body_decoder
from patungan.kernel.remembering import STATE, remember
from patungan.kernel.service import Context, Service

F = TypeVar("F", bound=Callable[..., Any])

MAX_BODY_BYTES = 2_000_000
MAX_MESSAGE_BYTES = 32_000_000
"""Of a message between services: a batch of some thousand rows."""

REQUEST_ID = re.compile(r"^[\w-]{8,64}$")


Ctx = NamedDependency[Context]
"""The service's context, as a handler's parameter ``ctx``."""
SignedIn = NamedDependency[Caller]
"""The signed-in person, as ``caller``."""
IdempotencyKey = NamedDependency[str]
"""The required Idempotency-Key header of a signed-in person's request, as ``idempotency_key``."""


class Input(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of what clients send: an unknown field is refused rather than ignored."""


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """The frame of a list: which page, of how many items, out of how many; the longest lists are counted to 100,000."""

    page: int = 1
    limit: int = 20
    total: int = 0


PageNumber = Annotated[int, QueryParameter(ge=1, le=100_000)]
"""Which page of a list, from 1."""
PageLimit = Annotated[int, QueryParameter(ge=1, le=100)]
"""How many items a page has: 20 if not said, at most 100 (DOMAIN.md 1)."""


class StrictRequest(Request[Any, Any, Any]):
    """A request whose JSON body is decoded strictly: ``"100"`` is no number. Litestar would take it for one."""

    async def json(self) -> Any:
        try:
            return body_decoder(self.route_handler.fn).decode(await self.body())
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            raise invalid_body(error) from None


class _Route(HTTPRouteHandler):
    """A handler whose guards are given the handler itself; Litestar makes each a copy, at a tenth of a small request."""

    async def authorize_connection(self, connection: ASGIConnection[Any, Any, Any, Any]) -> None:
        for guard in self.resolve_guards():
            await guard(connection, self)  # type: ignore[misc]

    async def to_response(self, app: Litestar, data: Any, request: Request[Any, Any, Any]) -> ASGIApp:
        response = await super().to_response(app, data, request)
        claim: Claim | None = request.scope["state"].get(STATE)
        if claim is not None and isinstance(response, ASGIResponse):
            await claim.answer(response.status_code, response.headers.get("content-type", ""), response.body)
        return response


WITHOUT_KEY = {Audience.PUBLIC, Audience.PROVIDER, Audience.SERVICE}
"""Whose writes take no idempotency key: nobody is known whose it would be, a provider's event and a job's run have names of
their own."""


def _routed(method: str, default_status: int) -> Callable[..., Callable[[Any], Any]]:
    def declare(
        path: str,
        *,
        audience: Audience | Sequence[Audience],
        status: int = default_status,
        kept: Kept | None = None,
        announces: bool = False,
        may_be_unchanged: bool = False,
        changes: bool = True,
        takes: Sequence[str] = (),
        raises: Sequence[type[Problem]] = (),
        **options: Any,
    ) -> Callable[[Any], Any]:
        audiences = (audience,) if isinstance(audience, Audience) else tuple(audience)
        if kept is not None and audiences != (Audience.PUBLIC,):
            raise ValueError(f"{path} is not the same for everybody, so its answers cannot be kept")
        is_write = method != "GET" and changes and not set(audiences) & WITHOUT_KEY

        def route(handler: Any) -> Any:
            remembers = is_write and "idempotency_key" not in inspect.signature(handler).parameters
            return _Route(
                path,
                http_method=method,  # type: ignore[arg-type]
                status_code=status,
                guards=[_guard],
                before_request=remember if remembers else None,
                opt={
                    "audience": audiences,
                    "kept": kept,
                    "announces": announces,
                    "may_be_unchanged": may_be_unchanged or kept is not None,
                    "remembers": remembers,
                    "takes": takes,
                    "raises": raises,
                },
                description="Open to: " + ", ".join(audiences),
                **options,
            )(handler)

        return route

    return declare


get = _routed("GET", 200)
"""Declare a GET route with its audience; ``kept`` lets the same answer serve all who ask within half a second.

Of every route: ``takes`` are the media types of a body that is not JSON, ``raises`` errors that its code does not name;
``may_be_unchanged`` says that it answers 304 to who has it already. Every write of somebody who is signed in takes an
idempotency key: by its handler's ``idempotency_key``, otherwise the kernel remembers its answers; ``changes=False`` is a
question that is asked with a body.
"""
post = _routed("POST", 200)
"""Declare a POST route with its audience; ``status=201`` where it creates.

A write drops all kept answers of its service, unless it ``announces`` what it changes by itself.
"""
patch = _routed("PATCH", 200)
put = _routed("PUT", 200)
delete = _routed("DELETE", 204)


async def _guard(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
    """Let in whom the route names; a route without an audience is closed to everyone."""
    # A coroutine although nothing is awaited: Litestar sends plain functions through a thread.
    audiences: tuple[Audience, ...] = handler.opt.get("audience", ())
    if Audience.PUBLIC in audiences or Audience.PROVIDER in audiences:
        return
    ctx: Context = connection.app.state.ctx
    scheme, _, token = connection.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise Unauthenticated()
    if audiences == (Audience.SERVICE,):
        verify_service_token(ctx.settings.service_token_secret, token, ctx.name, ctx.clock.now())
        return
    caller = verify_access_token(ctx.settings.jwt_secret, token, ctx.clock.now())
    if not any(caller.belongs_to(audience) for audience in audiences):
        raise Forbidden("This is open to: " + ", ".join(audiences))
    connection.state.caller = caller


def _problem_response(problem: Problem) -> Response[bytes]:
    headers = {"Retry-After": "1"} if problem.status in (429, 503) else {}
    if problem.status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    return Response(
        content=msgspec.json.encode(problem.document()),
        status_code=problem.status,
        media_type="application/problem+json",
        headers=headers,
    )


UNSTORABLE = (asyncpg.CharacterNotInRepertoireError, asyncpg.UntranslatableCharacterError)

_FIELD = re.compile(r"`\$\.?([^`]*)`")


def _as_problem(ctx: Context, error: Exception) -> Problem:
    if isinstance(error, RemoteCallError):
        # Which shape the platform runs in is nobody's business outside.
        return Unavailable()
    if isinstance(error, Problem):
        return error
    if isinstance(error, NotFoundException):
        return NotFound()
    if isinstance(error, MethodNotAllowedException):
        return MethodNotAllowed()
    if isinstance(error, HTTPException):
        return _from_http(error)
    if isinstance(error, TimeoutError):
        return Unavailable("This took too long")
    if isinstance(error, UNSTORABLE):
        return InvalidInput("The text holds a character that cannot be stored")
    ctx.log.error("unhandled error", exc_info=error)
    return InternalError()


def _from_http(error: HTTPException) -> Problem:
    if error.status_code == 413:
        return PayloadTooLarge()
    if error.status_code == 429:
        return RateLimited()
    if error.status_code >= 500:
        return InternalError()
    extra = error.extra if isinstance(error.extra, list) else []
    for each in extra:
        if isinstance(each, dict):
            return InvalidInput(str(each.get("message", error.detail)), field=str(each.get("key", "")) or None)
    return InvalidInput(str(error.detail))


def invalid_body(error: Exception) -> InvalidInput:
    """What is wrong with a body, and the field at fault where msgspec names it; ``data`` is the body as a whole."""
    text, _, place = str(error).partition(" - at ")
    found = _FIELD.search(place)
    whole = "data" if isinstance(error, msgspec.ValidationError) else None
    return InvalidInput(text, field=(found.group(1) or whole) if found else whole)


class Edge:
    """The outermost layer of a service's app: the guide's stripped paths, request ids, metrics, the access log."""

    def __init__(self, app: ASGIApp, ctx: Context, prefixes: Sequence[str]) -> None:
        self._app = app
        self._ctx = ctx
        self._main = prefixes[0] if prefixes else ""
        self._known = {prefix.split("/")[0] for prefix in prefixes}
        self._telling: set[asyncio.Task[None]] = set()
        self._requests = Counter(
            "http_requests", "Requests answered", ["service", "method", "route", "status"], registry=ctx.metrics
        )
        self._seconds = Histogram(
            "http_request_duration_seconds",
            "Time to answer",
            ["service", "route"],
            registry=ctx.metrics,
            buckets=(0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP:
            await self._app(scope, receive, send)
            return
        self._restore_prefix(scope)
        request_id = self._request_id(scope)
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=request_id)
        began = time.perf_counter()
        status = 500

        async def answer(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                self._drop_answers(scope, status)
                message["headers"] = [*message.get("headers", []), (b"x-request-id", request_id.encode())]
            await send(message)

        answers: Answers | None = self._ctx.local.get("answers")
        try:
            if answers is not None and answers.may_keep(scope):
                await answers.serve(self._app, scope, receive, answer)
            else:
                await self._app(scope, receive, answer)
        finally:
            claim: Claim | None = scope.get("state", {}).get(STATE)
            if claim is not None and claim.is_open:
                await claim.release()
            route = str(scope.get("path_template") or "unmatched")
            seconds = time.perf_counter() - began
            self._requests.labels(self._ctx.name, scope["method"], route, str(status)).inc()
            self._seconds.labels(self._ctx.name, route).observe(seconds)
            if not route.startswith(("/health", "/ready", "/metrics")):
                level = self._ctx.log.warning if status >= 500 else self._ctx.log.debug
                level(
                    "request", method=scope["method"], route=route, status=status, milliseconds=round(seconds * 1000, 1)
                )

    def _drop_answers(self, scope: HTTPScope, status: int) -> None:
        """Before a writer reads that it is done, nothing kept shows the state before."""
        answers: Answers | None = self._ctx.local.get("answers")
        if answers is None or scope["method"] in ("GET", "HEAD", "OPTIONS") or status >= 400:
            return
        handler: Any = scope.get("route_handler")
        if handler is None or handler.opt.get("announces") or scope["path"].startswith("/internal/"):
            return
        answers.drop()
        task = asyncio.create_task(answers.tell())
        self._telling.add(task)
        task.add_done_callback(self._telling.discard)

    def _restore_prefix(self, scope: Scope) -> None:
        """``/api/login`` is ``/api/auth/login`` by the guide's proxy rules; both forms reach the same handler."""
        path = scope["path"]
        if path != "/api" and not path.startswith("/api/"):
            return
        rest = path[5:]
        if rest.split("/", 1)[0] in self._known:
            return
        scope["path"] = f"/api/{self._main}/{rest}".rstrip("/")
        scope["raw_path"] = scope["path"].encode()

    def _request_id(self, scope: Scope) -> str:
        for name, value in scope["headers"]:
            if name == b"x-request-id":
                text: str = value.decode("latin-1")
                if REQUEST_ID.match(text):
                    return text
        return str(self._ctx.chance.new_id())


def _internal_route(ctx: Context, service: Service) -> Any:
    """``POST /internal/<operation>``: the contract over HTTP, for service tokens only."""
    read_log = read_events_operation(service.name)
    operations: dict[str, tuple[Operation[Any, Any], Callable[[Context, Any], Any]]] = {
        each.name: (each, service.implementation(each)) for each in service.operations
    }
    operations[read_log.name] = (read_log, read_events)

    @post(
        "/internal/{name:str}",
        audience=Audience.SERVICE,
        include_in_schema=False,
        request_max_body_size=MAX_MESSAGE_BYTES,
    )
    async def carry_out(name: FromPath[str], request: Request[Any, Any, Any]) -> Response[bytes]:
        if name not in operations:
            raise NotFound(f"{service.name} has no operation {name}")
        operation, function = operations[name]
        try:
            message = msgspec.json.decode(await request.body(), type=operation.request)
        except msgspec.MsgspecError as error:
            raise InvalidInput(str(error)) from None
        try:
            async with asyncio.timeout(float(request.headers.get(DEADLINE_HEADER, operation.timeout))):
                reply = await function(ctx, message)
        except TimeoutError:
            raise Unavailable(f"{operation.name} took longer than its caller waits") from None
        return Response(msgspec.json.encode(reply), media_type="application/json")

    return carry_out


_count_migrations = "select count(*) from platform.migrations where schema = $1"


async def readiness(ctx: Context, service: Service) -> list[str]:
    """What keeps a service from working: the database, Valkey, or migrations not applied. Empty when ready."""
    faults: list[str] = []
    try:
        async with asyncio.timeout(3):
            row = await ctx.db.fetchrow(_count_migrations, service.schema)
        wanted = 1 + len(list(service.migrations.glob("*.sql")))
        if row[0] < wanted:
            faults.append(f"{wanted - row[0]} migrations not applied; run ./patungan migrate")
    except (Unavailable, TimeoutError):
        faults.append("database")
    try:
        async with asyncio.timeout(3):
            await ctx.valkey.ping()
    except (ValkeyError, OSError, TimeoutError):
        faults.append("valkey")
    return faults


def _operational_routes(ctx: Context, service: Service) -> list[Any]:
    connections = Gauge("database_connections", "Connections of the pool", ["service", "state"], registry=ctx.metrics)

    @get("/health", audience=Audience.PUBLIC, include_in_schema=False)
    async def health() -> dict[str, str]:
        return {"status": "ok", "service": f"{service.name}-service"}

    @get("/ready", audience=Audience.PUBLIC, include_in_schema=False)
    async def ready() -> Response[dict[str, Any]]:
        faults = await readiness(ctx, service)
        body = {"status": "not ready" if faults else "ok", "service": f"{service.name}-service", "faults": faults}
        return Response(body, status_code=503 if faults else 200)

    @get("/metrics", audience=Audience.PUBLIC, include_in_schema=False)
    async def metrics() -> Response[bytes]:
        size, idle = ctx.db.sizes()
        connections.labels(service.name, "open").set(size)
        connections.labels(service.name, "idle").set(idle)
        for collect in ctx.local.get("collectors", ()):
            await collect()
        return Response(generate_latest(ctx.metrics), media_type="text/plain; version=0.0.4")

    return [health, ready, metrics]


def build_app(ctx: Context, service: Service, prefixes: Sequence[str]) -> ASGIApp:
    """The ASGI app of one service: its routes, its operations, and what every service answers."""

    async def provide_ctx() -> Context:
        return ctx

    # Each depends on the one before: Litestar resolves independent ones in a task group, which costs more than they do.
    async def provide_caller(request: Request[Any, Any, Any], ctx: Ctx) -> Caller:
        caller: Caller | None = request.scope["state"].get("caller")
        if caller is None:
            raise Unauthenticated()
        return caller

    async def provide_key(request: Request[Any, Any, Any], caller: SignedIn) -> str:
        return require_idempotency_key(request.headers.get("Idempotency-Key"))

    def render(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
        return _problem_response(_as_problem(ctx, error))

    origins = [origin.strip() for origin in ctx.settings.cors_origins.split(",") if origin.strip()]
    app = Litestar(
        route_handlers=[
            Router("/", route_handlers=list(service.routes)),
            _internal_route(ctx, service),
            *_operational_routes(ctx, service),
        ],
        dependencies={
            "ctx": Provide(provide_ctx),
            "caller": Provide(provide_caller),
            "idempotency_key": Provide(provide_key),
        },
        exception_handlers={Exception: render},
        cors_config=CORSConfig(allow_origins=origins, max_age=600) if origins else None,
        openapi_config=OpenAPIConfig(
            title=f"{service.name}-service",
            version="1",
            description=service.purpose,
            path="/",
            render_plugins=[OpenApi(list(service.routes))],
        ),
        request_class=StrictRequest,
        request_max_body_size=MAX_BODY_BYTES,
        signature_namespace={"Context": Context, "Caller": Caller, "UUID": UUID, "Database": Database},
        debug=False,
        logging_config=None,
    )
    app.state.ctx = ctx
    return Edge(app, ctx, prefixes)

"""PostgreSQL: a pool per service under the service's own role, and transactions that know that they are open."""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import hashlib
import hmac
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any
from urllib.parse import quote, urlsplit, urlunsplit

import asyncpg
import msgspec

from patungan.kernel.claims import claim_of
from patungan.kernel.errors import InvalidInput, Unavailable

in_transaction: contextvars.ContextVar[bool] = contextvars.ContextVar("in_transaction", default=False)

OPERATIONAL = (
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    # What asyncpg raises on a connection that the server tore down between preparing a statement and carrying it out.
    asyncpg.InternalClientError,
    asyncpg.CannotConnectNowError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.TooManyConnectionsError,
    asyncpg.QueryCanceledError,
    asyncpg.LockNotAvailableError,
    asyncpg.DeadlockDetectedError,
    asyncpg.SerializationError,
    ConnectionError,
    TimeoutError,
)
"""Failures of the moment, not of the request: the caller gets 503 and may try again."""


@contextlib.contextmanager
def checking_rows(field: str) -> Iterator[None]:
    """Turn what the database finds wrong with the form of Rows (no array, no uuid, a part missing) into InvalidInput."""
    try:
        yield
    except (asyncpg.DataError, asyncpg.NotNullViolationError) as error:
        raise InvalidInput(f"The rows are not of the form that was agreed: {error}", field=field) from error


class Transaction:
    """An open database transaction; commits when its block ends, rolls back when the block raises."""

    def __init__(self, connection: Any) -> None:
        self.connection: asyncpg.Connection[asyncpg.Record] = connection
        self.after_commit: list[Callable[[], Awaitable[None]]] = []
        """Carried out once the transaction is committed, for what is only worth saying then; may be lost in a crash."""

    async def look_up_by_index(self) -> None:
        """Until the end of this transaction rows are found by indexes, whatever the statistics say of tables that grow by
        thousands within seconds (docs/decisions/0006)."""
        await self.connection.execute("set local enable_seqscan = off")

    async def fetch(self, sql: str, *args: Any) -> list[Any]:
        return await self.connection.fetch(sql, *args)

    async def fetch_anew(self, sql: str, *args: Any) -> list[Any]:
        """As ``fetch``, with a plan for these very arguments."""
        return await (await self.connection.prepare(sql)).fetch(*args)

    async def fetchrow(self, sql: str, *args: Any) -> Any:
        return await self.connection.fetchrow(sql, *args)

    async def execute(self, sql: str, *args: Any) -> str:
        if not args:
            return await self.connection.execute(sql)
        return await self.connection.execute(sql, *args)


class Database:
    """A service's connections. Single statements run on it directly; anything that belongs together in ``transaction()``."""

    def __init__(self, url: str, schema: str, *, max_size: int = 6) -> None:
        self._url = url
        self.schema = schema
        self._max_size = max_size
        self._pool: asyncpg.Pool[asyncpg.Record] | None = None

    async def open(self) -> None:
        """Create the pool; connections are made when first needed."""
        self._pool = await asyncpg.create_pool(
            self._url,
            min_size=0,
            max_size=self._max_size,
            max_inactive_connection_lifetime=60,
            command_timeout=60,
            timeout=10,
            init=_prepare_connection,
            reset=_nothing_to_reset,
            server_settings={
                "search_path": f'"{self.schema}"',
                "application_name": f"patungan {self.schema}",
                "timezone": "UTC",
                "statement_timeout": "30s",
                "lock_timeout": "10s",
                "idle_in_transaction_session_timeout": "60s",
                "jit": "off",
            },
        )

    async def close(self) -> None:
        """Return every connection; waits a few seconds for statements under way."""
        if self._pool is not None:
            try:
                async with asyncio.timeout(5):
                    await self._pool.close()
            except TimeoutError:
                self._pool.terminate()
            self._pool = None

    @property
    def pool(self) -> asyncpg.Pool[asyncpg.Record]:
        if self._pool is None:
            raise RuntimeError("the database is not open")
        return self._pool

    def sizes(self) -> tuple[int, int]:
        """Connections open and idle, for the metrics."""
        return self.pool.get_size(), self.pool.get_idle_size()

    @contextlib.asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        """One database transaction; raises Unavailable when the database fails at this moment."""
        if in_transaction.get():
            raise AssertionError("a transaction is already open here; pass it on instead of opening another")
        try:
            async with self.pool.acquire() as connection:
                token = in_transaction.set(True)
                try:
                    async with connection.transaction():
                        transaction = Transaction(connection)
                        claim = claim_of(self)
                        if claim is not None:
                            await claim.mark(transaction)
                        yield transaction
                    if claim is not None:
                        claim.is_marked = True
                finally:
                    in_transaction.reset(token)
            for each in transaction.after_commit:
                await each()
        except OPERATIONAL as error:
            raise Unavailable("The database does not answer at the moment") from error

    async def fetch(self, sql: str, *args: Any) -> list[Any]:
        try:
            return await self.pool.fetch(sql, *args)
        except OPERATIONAL as error:
            raise Unavailable("The database does not answer at the moment") from error

    async def fetch_anew(self, sql: str, *args: Any) -> list[Any]:
        """As ``fetch``, with a plan for these very arguments: a round trip and a planning more."""
        try:
            async with self.pool.acquire() as connection:
                return await (await connection.prepare(sql)).fetch(*args)
        except OPERATIONAL as error:
            raise Unavailable("The database does not answer at the moment") from error

    async def fetchrow(self, sql: str, *args: Any) -> Any:
        try:
            return await self.pool.fetchrow(sql, *args)
        except OPERATIONAL as error:
            raise Unavailable("The database does not answer at the moment") from error

    async def execute(self, sql: str, *args: Any) -> str:
        try:
            return await self.pool.execute(sql, *args)
        except OPERATIONAL as error:
            raise Unavailable("The database does not answer at the moment") from error


async def _nothing_to_reset(_connection: object) -> None:
    """Spare each use of a connection a round trip: nothing here leaves settings, listeners or session locks behind, and a
    transaction that was cut off is rolled back in any case."""


async def _prepare_connection(connection: Any) -> None:
    for name in ("jsonb", "json"):
        await connection.set_type_codec(
            name,
            schema="pg_catalog",
            encoder=lambda value: value if isinstance(value, str) else msgspec.json.encode(value).decode(),
            decoder=lambda text: text,
            format="text",
        )


def role_name(schema: str) -> str:
    """The PostgreSQL role that a service connects with."""
    return f"patungan_{schema}"


def role_password(secret: str, schema: str) -> str:
    """A service role's password, derived so that one secret serves sixteen roles (HMAC-SHA256, 64 hex digits)."""
    return hmac.new(secret.encode(), f"role:{schema}".encode(), hashlib.sha256).hexdigest()


def service_url(database_url: str, role_secret: str, schema: str) -> str:
    """A service's own connection URL; the given URL as it stands where no role secret is set."""
    if not role_secret:
        return database_url
    parts = urlsplit(database_url)
    host = parts.netloc.rsplit("@", 1)[-1]
    login = f"{role_name(schema)}:{quote(role_password(role_secret, schema))}"
    query = "&".join(part for part in parts.query.split("&") if part and not part.startswith("schema="))
    return urlunsplit((parts.scheme, f"{login}@{host}", parts.path, query, ""))


def owner_url(database_url: str) -> str:
    """The owner's URL without Prisma's ``schema`` parameter, which PostgreSQL does not know."""
    parts = urlsplit(database_url)
    query = "&".join(part for part in parts.query.split("&") if part and not part.startswith("schema="))
    return urlunsplit((parts.scheme, parts.netloc, parts.path, query, ""))

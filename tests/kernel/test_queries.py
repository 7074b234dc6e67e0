"""Every declared query is prepared against the migrated schema under its service's own role, its columns compared."""

from __future__ import annotations

import asyncio
import enum
import importlib
import pkgutil
import types
from collections.abc import AsyncIterator
from typing import Any, Union, get_args, get_origin

import asyncpg
import msgspec
import pytest

import patungan.services
from patungan.kernel.database import service_url
from patungan.kernel.sql import DECLARED, Query, is_row_type, unwrap_optional
from patungan.registry import SERVICES
from tests.house import Servers

PYTHON_OF = {
    "uuid": "UUID", "text": "str", "name": "str", "varchar": "str", "int4": "int", "int8": "int", "bool": "bool",
    "timestamptz": "datetime", "bytea": "bytes", "jsonb": "json", "json": "json", "date": "date", "float8": "float",
    "time": "time",
}  # fmt: skip


def _declared() -> list[Query[Any]]:
    for module in pkgutil.walk_packages(patungan.services.__path__, "patungan.services."):
        importlib.import_module(module.name)
    importlib.import_module("patungan.ledger.posting")
    return DECLARED


def _schema_of(query: Query[Any]) -> str:
    """The schema a query belongs to; the kernel's run in any service's, the ledger's in payment's."""
    parts = query.module.split(".")
    if parts[:2] == ["patungan", "services"]:
        return str(parts[2])
    return "payment" if parts[:2] == ["patungan", "ledger"] else "auth"


def _python_name(kind: Any) -> str:
    inner, _ = unwrap_optional(kind)
    if is_row_type(inner) or inner is msgspec.Raw or inner is dict or get_origin(inner) is dict:
        return "json"
    if isinstance(inner, type) and issubclass(inner, enum.Enum):
        return "str"
    if get_origin(inner) in (list, tuple):
        member = _python_name(get_args(inner)[0])
        return "json" if member == "json" else f"list[{member}]"
    if get_origin(inner) in (Union, types.UnionType):
        return "json"
    plain: str = getattr(inner, "__name__", str(inner))
    return plain


def _column_name(attribute: Any) -> str:
    name: str = attribute.type.name
    if name.endswith("[]"):
        return f"list[{PYTHON_OF[name[:-2]]}]"
    return PYTHON_OF[name]


@pytest.fixture(scope="module")
async def connections(servers: Servers, template: str) -> AsyncIterator[dict[str, asyncpg.Connection[Any]]]:
    """A connection a service, under its own role."""
    await servers.create_database("t_queries", template)
    opened: dict[str, asyncpg.Connection[Any]] = {}
    for entry in SERVICES:
        url = service_url(servers.url("t_queries"), servers.role_secret, entry.module)
        opened[entry.module] = await asyncpg.connect(url, server_settings={"search_path": f'"{entry.module}"'})
    yield opened
    await asyncio.gather(*(connection.close() for connection in opened.values()))
    await servers.drop_database("t_queries")


async def test_every_query_fits_the_schema(connections: dict[str, asyncpg.Connection[Any]]) -> None:
    queries = _declared()
    assert len(queries) > 50
    faults: list[str] = []
    for query in queries:
        where = f"{query.module}:{query.line}"
        if not query.module.startswith("patungan."):
            continue
        try:
            prepared = await connections[_schema_of(query)].prepare(query.sql)
        except asyncpg.PostgresError as error:
            faults.append(f"{where}: {error}")
            continue
        if query.shape == "run":
            continue
        columns = prepared.get_attributes()
        expected = query.columns()
        if is_row_type(query.result):
            names = [column.name for column in columns]
            wanted = [name for name, _ in expected]
            if names != wanted:
                faults.append(f"{where}: columns {names}, fields {wanted}")
                continue
        elif len(columns) != 1:
            faults.append(f"{where}: {len(columns)} columns for a scalar")
            continue
        for column, (name, kind) in zip(columns, expected, strict=True):
            given, asked = _column_name(column), _python_name(kind)
            if given != asked:
                faults.append(f"{where}: column {name or column.name} is {given}, the field {asked}")
    assert faults == []


async def test_a_service_reaches_its_own_schema_alone(connections: dict[str, asyncpg.Connection[Any]]) -> None:
    for own, connection in connections.items():
        assert await connection.fetchval("select count(*) from events") == 0
        for other in connections:
            if other != own:
                with pytest.raises(asyncpg.InsufficientPrivilegeError):
                    await connection.execute(f'select * from "{other}".events')
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute("select * from ledger.entries")
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute("insert into dbos.workflow_status (workflow_uuid) values ('x')")

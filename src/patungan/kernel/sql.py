"""SQL first: a query is declared once as a typed value, and a test prepares each against the migrated schema.

``one(Session, "select ... where id = $1")`` is called as ``await find(tx, session_id)``. The columns must come in the
order of the result type's fields, so that a row becomes a value without a dictionary in between.
"""

from __future__ import annotations

import enum
import inspect
import sys
import types
from collections.abc import Callable, Sequence
from typing import Annotated, Any, Generic, Protocol, TypeVar, Union, get_args, get_origin, get_type_hints

import msgspec

T = TypeVar("T")


class Executor(Protocol):
    """What a query runs on: a transaction, or the pool for a single statement."""

    async def fetch(self, sql: str, *args: Any) -> list[Any]: ...
    async def fetchrow(self, sql: str, *args: Any) -> Any: ...
    async def execute(self, sql: str, *args: Any) -> str: ...
    async def fetch_anew(self, sql: str, *args: Any) -> list[Any]: ...


class RowMissing(LookupError):
    """A query that must find one row found none; a bug, unless the caller turns it into a problem of its own."""


DECLARED: list[Query[Any]] = []

_PLAIN = (int, str, bool, float, bytes)


class Query(Generic[T]):
    """A declared statement with its result type; ``shape`` is one of one, maybe, many, run."""

    def __init__(self, result: Any, sql: str, shape: str) -> None:
        self.result = result
        self.sql = inspect.cleandoc(sql)
        self.shape = shape
        declared = sys._getframe(2)
        self.module = str(declared.f_globals.get("__name__", ""))
        self.line = declared.f_lineno
        self._build: Callable[[Any], T] | None = None
        DECLARED.append(self)

    def columns(self) -> list[tuple[str, Any]]:
        """The names and types of the expected columns; one nameless column for a scalar."""
        return _columns(self.result)

    def _row(self, record: Any) -> T:
        if self._build is None:
            self._build = _builder(self.result)
        return self._build(record)


class One(Query[T]):
    """A statement that returns exactly one row."""

    async def __call__(self, on: Executor, *args: Any) -> T:
        record = await on.fetchrow(self.sql, *args)
        if record is None:
            raise RowMissing(f"no row for the query at {self.module}:{self.line}")
        return self._row(record)


class Maybe(Query[T]):
    """A statement that returns one row or none."""

    async def __call__(self, on: Executor, *args: Any) -> T | None:
        record = await on.fetchrow(self.sql, *args)
        return None if record is None else self._row(record)


class Many(Query[T]):
    """A statement that returns any number of rows."""

    async def __call__(self, on: Executor, *args: Any) -> list[T]:
        records = await self._fetch(on, *args)
        if self._build is None:
            self._build = _builder(self.result)
        return [self._build(record) for record in records]

    async def _fetch(self, on: Executor, *args: Any) -> list[Any]:
        return await on.fetch(self.sql, *args)


class Listed(Many[T]):
    """A page of a list whose conditions are optional: planned for those that are given (docs/decisions/0106)."""

    async def _fetch(self, on: Executor, *args: Any) -> list[Any]:
        return await on.fetch_anew(self.sql, *args)


class Counted(One[int]):
    """How many rows a list has, planned as the list is."""

    async def __call__(self, on: Executor, *args: Any) -> int:
        (record,) = await on.fetch_anew(self.sql, *args)
        return int(record[0])


class Run(Query[None]):
    """A statement for its effect; answers the number of rows it touched."""

    async def __call__(self, on: Executor, *args: Any) -> int:
        status = await on.execute(self.sql, *args)
        last = status.rsplit(" ", 1)[-1]
        return int(last) if last.isdigit() else 0


def one(result: type[T], sql: str) -> One[T]:
    """Declare a statement that returns exactly one row; raises RowMissing otherwise."""
    return One(result, sql, "one")


def maybe(result: type[T], sql: str) -> Maybe[T]:
    """Declare a statement that returns one row or None."""
    return Maybe(result, sql, "maybe")


def many(result: type[T], sql: str) -> Many[T]:
    """Declare a statement that returns a list of rows."""
    return Many(result, sql, "many")


def listed(result: type[T], sql: str) -> Listed[T]:
    """Declare a page of a list with optional conditions; skip what is before the page by its index alone:
    ``where id in (select id ... order by ... limit ... offset ...)``."""
    return Listed(result, sql, "many")


COUNTED_UP_TO = 100_000
"""A list says how many it has up to here; a total of so many means that there are so many or more (docs/decisions/0106)."""


def counted(source: str) -> Counted:
    """Declare the count of a list, ``from ... where ...`` with optional conditions, up to COUNTED_UP_TO."""
    return Counted(int, f"select count(*) from (select 1 {source.strip()} limit {COUNTED_UP_TO}) as counted", "one")


def run(sql: str) -> Run:
    """Declare a statement for its effect; the call answers how many rows were touched."""
    return Run(None, sql, "run")


def is_row_type(result: Any) -> bool:
    """Whether a result type is a struct with a field a column, rather than a scalar."""
    return isinstance(result, type) and issubclass(result, msgspec.Struct)


def _columns(result: Any) -> list[tuple[str, Any]]:
    if result is None:
        return []
    if not is_row_type(result):
        return [("", result)]
    hints = get_type_hints(result, include_extras=True)
    return [(field.name, hints[field.name]) for field in msgspec.structs.fields(result)]


def _builder(result: Any) -> Callable[[Any], Any]:
    if not is_row_type(result):
        convert = _converter(result)
        return (lambda record: record[0]) if convert is None else (lambda record: convert(record[0]))
    converters = [_converter(kind) for _name, kind in _columns(result)]
    if not any(converters):
        return lambda record: result(*record)
    changed = [(index, convert) for index, convert in enumerate(converters) if convert is not None]

    def build(record: Any) -> Any:
        values = list(record)
        for index, convert in changed:
            values[index] = convert(values[index])
        return result(*values)

    return build


def unwrap_optional(kind: Any) -> tuple[Any, bool]:
    """The type without None and without annotations, and whether None is allowed."""
    while get_origin(kind) is Annotated:
        kind = get_args(kind)[0]
    while hasattr(kind, "__supertype__"):
        kind = kind.__supertype__
    if get_origin(kind) in (Union, types.UnionType):
        members = [member for member in get_args(kind) if member is not type(None)]
        if len(members) == 1 and len(get_args(kind)) == 2:
            return unwrap_optional(members[0])[0], True
    return kind, False


def _converter(kind: Any) -> Callable[[Any], Any] | None:
    inner, _optional = unwrap_optional(kind)
    if inner in _PLAIN:
        return None
    if inner is msgspec.Raw:
        return lambda value: None if value is None else msgspec.Raw(value)
    if isinstance(inner, type) and issubclass(inner, enum.Enum):
        return lambda value: None if value is None else inner(value)
    if is_row_type(inner) or get_origin(inner) is dict or inner is dict:
        return lambda value: None if value is None else msgspec.json.decode(value, type=inner)
    if get_origin(inner) in (list, tuple):
        member, _ = unwrap_optional(get_args(inner)[0])
        if is_row_type(member) or get_origin(member) is dict:
            return lambda value: None if value is None else msgspec.json.decode(value, type=inner)
        if isinstance(member, type) and issubclass(member, enum.Enum):
            return lambda value: None if value is None else [member(each) for each in value]
    return None


def unzip(rows: Sequence[Sequence[Any]], width: int) -> list[list[Any]]:
    """Turn rows into columns for ``unnest($1::uuid[], $2::bigint[], ...)``; ``width`` holds for no rows as well."""
    if not rows:
        return [[] for _ in range(width)]
    return [list(column) for column in zip(*rows, strict=True)]

"""The sandbox's books in one SQLite file: written ahead, so that a committed payment survives ``kill -9``."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import msgspec

Row = TypeVar("Row", bound=msgspec.Struct)
Value = str | int | float | bytes | None

SCHEMA_VERSION = 1
FILE_NAME = "sandbox.sqlite3"


class Store:
    """One connection, used from one event loop: every call is short and nothing awaits inside a transaction."""

    def __init__(self, directory: Path | None) -> None:
        if directory is not None:
            directory.mkdir(parents=True, exist_ok=True)
        self._connection = sqlite3.connect(
            ":memory:" if directory is None else directory / FILE_NAME, isolation_level=None, check_same_thread=False
        )
        self._connection.row_factory = sqlite3.Row
        self._connection.execute("pragma journal_mode = wal")
        self._connection.execute("pragma synchronous = normal")
        self._connection.execute("pragma foreign_keys = on")

    def create(self, *schemas: str) -> None:
        """Create the tables that are missing; raises RuntimeError when the file was written by another version."""
        version = self._connection.execute("pragma user_version").fetchone()[0]
        if version not in (0, SCHEMA_VERSION):
            raise RuntimeError(
                f"the sandbox's data was written by schema version {version}, this is version {SCHEMA_VERSION}: "
                "remove the data directory to start with fresh books"
            )
        for schema in schemas:
            self._connection.executescript(schema)
        self._connection.execute(f"pragma user_version = {SCHEMA_VERSION}")

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing; a transaction inside another joins it."""
        if self._connection.in_transaction:
            yield
            return
        self._connection.execute("begin immediate")
        try:
            yield
        except BaseException:
            self._connection.execute("rollback")
            raise
        self._connection.execute("commit")

    def execute_many(self, sql: str, rows: Iterable[tuple[Value, ...]]) -> None:
        """One statement for many rows."""
        self._connection.executemany(sql, rows)

    def execute(self, sql: str, *values: Value) -> int:
        """Run one statement; returns the number of rows it changed."""
        return self._connection.execute(sql, values).rowcount

    def insert(self, sql: str, *values: Value) -> int:
        """Run one insert; returns the row's number."""
        return self._connection.execute(sql, values).lastrowid or 0

    def number(self, sql: str, *values: Value) -> int:
        """The first column of the first row as a number; 0 where there is none."""
        row = self._connection.execute(sql, values).fetchone()
        return int(row[0]) if row is not None and row[0] is not None else 0

    def one(self, row: type[Row], sql: str, *values: Value) -> Row | None:
        found = self._connection.execute(sql, values).fetchone()
        return None if found is None else msgspec.convert(dict(found), row, strict=False)

    def all(self, row: type[Row], sql: str, *values: Value) -> list[Row]:
        return [msgspec.convert(dict(each), row, strict=False) for each in self._connection.execute(sql, values)]

    def close(self) -> None:
        self._connection.close()

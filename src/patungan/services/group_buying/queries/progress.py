"""How far sessions are, and which of two states is the later."""

from __future__ import annotations

from uuid import UUID

import msgspec

from patungan.kernel import sql


class Versioned(msgspec.Struct, frozen=True):
    """``version`` grows with every change of the session."""

    id: UUID
    version: int


versions_of = sql.many(Versioned, "select id, version from sessions where id = any($1::uuid[])")

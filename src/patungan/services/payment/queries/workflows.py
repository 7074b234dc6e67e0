"""Workflows started by the batch, in the transaction that causes them; a start for a row would be a round trip each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from patungan.kernel import sql

if TYPE_CHECKING:
    from patungan.kernel.database import Transaction

_start = sql.many(
    str,
    """
    select platform.enqueue_workflow($1, n.id, n.request) as id from unnest($2::text[], $3::text[]) as n(id, request)
    """,
)


async def start_all(tx: Transaction, workflow: str, requests: Sequence[tuple[str, Any]]) -> None:
    """Start the workflow of that name once for each id with its request; an id that was started before does nothing."""
    if requests:
        encoded = [(id_, msgspec.json.encode(request).decode()) for id_, request in requests]
        await _start(tx, workflow, *sql.unzip(encoded, 2))

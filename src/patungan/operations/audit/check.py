"""A check of the books as data: a claim, and two queries that run over all rows at once."""

from __future__ import annotations

from dataclasses import dataclass

import asyncpg

from patungan.operations.audit.report import KEPT, Finding, Offence


@dataclass(frozen=True, slots=True)
class Check:
    """``examined`` counts what the claim is about; ``offending`` answers the columns subject, detail, expected, found of
    every row that contradicts it. Both name their tables with their schemas, for the audit sees all of them."""

    name: str
    claim: str
    examined: str
    offending: str

    async def carry_out(self, connection: asyncpg.Connection[asyncpg.Record]) -> Finding:
        """Run the check in the connection's transaction."""
        examined = await connection.fetchval(f"select count(*) from ({self.examined}) as examined")
        rows = await connection.fetch(
            f"select subject::text, detail::text, expected::bigint, found::bigint, count(*) over () as count "
            f"from ({self.offending}) as offending order by 1 limit {KEPT}"
        )
        offences = [Offence(row["subject"], row["detail"], row["expected"], row["found"]) for row in rows]
        return Finding(self.name, self.claim, int(examined), int(rows[0]["count"]) if rows else 0, offences)


UNDER_WAY = """
    select split_part(workflow_uuid, '-', 1) as work, substr(workflow_uuid, position('-' in workflow_uuid) + 1) as subject
    from dbos.workflow_status where status in ('PENDING', 'ENQUEUED', 'DELAYED')
"""
"""Workflows that are not finished, by their natural id ``<work>-<subject>``: what they are about is between two states."""

SETTLING = f"select subject from ({UNDER_WAY}) as under_way where work in ('close', 'cancel')"
"""Ids (text) of sessions that are being closed or cancelled at this moment."""

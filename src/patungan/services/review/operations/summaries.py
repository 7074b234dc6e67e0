"""Sums of ratings: added to with each change of a review, and counted anew where somebody doubts them."""

from __future__ import annotations

from uuid import UUID

from patungan.contracts import review as contract
from patungan.kernel.database import Transaction
from patungan.kernel.service import Context
from patungan.services.review import rules
from patungan.services.review.queries import summaries as queries
from patungan.services.review.queries.summaries import Difference, SummaryRow
from patungan.services.review.rules import Status, Subject

NOTHING = SummaryRow(0, 0, 0, 0, 0, 0, 0, 0)


async def add(
    tx: Transaction, subject: Subject, subject_id: UUID, before: tuple[int, Status] | None, after: tuple[int, Status]
) -> contract.Rating:
    """Count a change of one review, in the transaction that makes it."""
    await queries.ensure_summary(tx, subject, subject_id)
    row = await queries.add_to_summary(tx, subject, subject_id, *rules.step(before, after))
    return contract.Rating(count=row.count, total=row.total, revision=row.revision)


async def rebuild(ctx: Context) -> list[Difference]:
    """Count every rating anew; answers those that were wrong, and tells whoever keeps a copy of them."""
    async with ctx.db.transaction() as tx:
        await queries.lock_summaries(tx)
        found = await queries.rebuild_summaries(tx)
        await ctx.publish(
            tx,
            *(
                contract.RatingCorrected(
                    subject=each.subject,
                    subject_id=each.subject_id,
                    rating=contract.Rating(count=each.count, total=each.total, revision=each.revision),
                )
                for each in found
            ),
        )
    for each in found:
        ctx.log.error("a rating was wrong", subject=each.subject, subject_id=str(each.subject_id))
    return found

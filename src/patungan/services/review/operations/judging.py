"""What others do with a review: find it helpful, report it, answer it, decide on it."""

from __future__ import annotations

from uuid import UUID

import msgspec

from patungan.contracts import factory
from patungan.contracts import review as contract
from patungan.kernel.database import Transaction
from patungan.kernel.identity import Caller
from patungan.kernel.service import Context
from patungan.services.review import rules
from patungan.services.review.operations import summaries
from patungan.services.review.operations.writing import locked
from patungan.services.review.queries import reviews as queries
from patungan.services.review.queries.reviews import DecisionRow, ReportRow, ReviewRow
from patungan.services.review.rules import SHOWN, Decision, ReportReason, Status


class History(msgspec.Struct, frozen=True):
    """What was decided on a review, oldest first, and who reported it, newest first."""

    decisions: list[DecisionRow]
    reports: list[ReportRow]


async def _shown_to_others(tx: Transaction, caller: Caller, review_id: UUID) -> ReviewRow:
    review = await locked(tx, review_id)
    if review.status not in SHOWN:
        raise contract.ReviewNotFound()
    if review.user_id == caller.user_id:
        raise contract.OwnReview()
    return review


async def vote(ctx: Context, caller: Caller, review_id: UUID, *, helpful: bool) -> ReviewRow:
    """Find a review helpful, or no more; once a person. Raises ReviewNotFound, OwnReview."""
    async with ctx.db.transaction() as tx:
        await _shown_to_others(tx, caller, review_id)
        if helpful:
            added = await queries.insert_vote(tx, review_id, caller.user_id, ctx.clock.now())
        else:
            added = -await queries.delete_vote(tx, review_id, caller.user_id)
        if added:
            await queries.add_helpful(tx, review_id, added)
        return await locked(tx, review_id)


async def report(ctx: Context, caller: Caller, review_id: UUID, reason: ReportReason, note: str) -> None:
    """Report a review, once a person; the third puts it into the queue. Raises ReviewNotFound, OwnReview."""
    async with ctx.db.transaction() as tx:
        review = await _shown_to_others(tx, caller, review_id)
        now = ctx.clock.now()
        if not await queries.insert_report(tx, review_id, caller.user_id, reason, note, now):
            return
        reports = await queries.count_open_reports(tx, review_id)
        after = rules.status_after_report(review.status, reports)
        if after is not review.status:
            await queries.update_status(tx, review_id, after)
            await queries.write_decision(tx, review_id, now, None, review.status, after, f"{reports} reports")


async def answer(ctx: Context, caller: Caller, review_id: UUID, text: str) -> ReviewRow:
    """Answer a review in the factory's name, or change the answer; raises ReviewNotFound for another factory's."""
    owned = await ctx.call(
        factory.get_owned_factories,
        factory.GetOwnedFactories(owner_id=caller.user_id, right=factory.Right.ANSWER_REVIEWS),
    )
    async with ctx.db.transaction() as tx:
        review = await locked(tx, review_id)
        if review.factory_id not in {each.id for each in owned.factories} or review.status not in SHOWN:
            raise contract.ReviewNotFound()
        await queries.update_answer(tx, review_id, text, ctx.clock.now())
        if review.answer is None:
            await ctx.publish(
                tx,
                contract.ReviewAnswered(
                    review_id=review_id,
                    subject=review.subject,
                    subject_id=review.subject_id,
                    user_id=review.user_id,
                ),
            )
        return await locked(tx, review_id)


async def decide(ctx: Context, caller: Caller, review_id: UUID, decision: Decision, reason: str) -> ReviewRow:
    """Show, hide or remove a review; open reports are settled with it. Raises ReviewNotFound, ReviewStatusRefused."""
    async with ctx.db.transaction() as tx:
        review = await locked(tx, review_id)
        after = rules.decided(review.status, decision)
        if after is None:
            raise contract.ReviewStatusRefused(f"A review that is {review.status} cannot be decided to {decision}")
        await _move(ctx, tx, review, after, caller.user_id, reason)
        await queries.settle_reports(tx, review_id, ctx.clock.now())
        return await locked(tx, review_id)


async def _move(ctx: Context, tx: Transaction, review: ReviewRow, after: Status, actor: UUID, reason: str) -> None:
    await queries.update_status(tx, review.id, after)
    await queries.write_decision(tx, review.id, ctx.clock.now(), actor, review.status, after, reason)
    rating = await summaries.add(
        tx, review.subject, review.subject_id, (review.rating, review.status), (review.rating, after)
    )
    await ctx.publish(
        tx,
        contract.ReviewModerated(
            review_id=review.id,
            subject=review.subject,
            subject_id=review.subject_id,
            user_id=review.user_id,
            status=after,
            reason=reason,
            rating=rating,
        ),
    )


async def history(ctx: Context, review_id: UUID) -> History:
    """What was decided on a review and why; raises ReviewNotFound."""
    if await queries.find_review(ctx.db, review_id) is None:
        raise contract.ReviewNotFound()
    return History(await queries.list_decisions(ctx.db, review_id), await queries.list_reports(ctx.db, review_id))

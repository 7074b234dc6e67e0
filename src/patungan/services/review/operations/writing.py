"""Writing reviews: of goods that were received, once, and changing them for thirty days."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import msgspec

from patungan.contracts import auth
from patungan.contracts import review as contract
from patungan.kernel.database import Transaction
from patungan.kernel.errors import InvalidInput
from patungan.kernel.idempotency import once
from patungan.kernel.identity import Caller
from patungan.kernel.names import masked_name
from patungan.kernel.service import Context
from patungan.providers.storage.keeping import keep_photo
from patungan.services.review import rules
from patungan.services.review.operations import summaries
from patungan.services.review.queries import received
from patungan.services.review.queries import reviews as queries
from patungan.services.review.queries.reviews import ReviewRow
from patungan.services.review.rules import Status, Subject

PHOTOS = "reviews"
"""The folder of the store that holds reviews' photos."""


class Words(msgspec.Struct, frozen=True):
    """What a review says; ``photos`` by the names that their uploads answered."""

    rating: int
    title: str
    comment: str
    photos: list[str]


class _About(msgspec.Struct, frozen=True):
    subject: Subject
    product_id: UUID | None
    factory_id: UUID
    order_id: UUID
    order_item_id: UUID | None

    @property
    def subject_id(self) -> UUID:
        return self.product_id or self.factory_id


class _Request(msgspec.Struct, frozen=True):
    about: _About
    words: Words


async def review_product(ctx: Context, caller: Caller, order_item_id: UUID, words: Words, key: str) -> ReviewRow:
    """Review goods that the caller received; raises NothingReceived, AlreadyReviewed, PhotoUnknown."""
    item = await received.find_item(ctx.db, order_item_id)
    if item is None or item.user_id != caller.user_id:
        raise contract.NothingReceived(field="order_item_id")
    about = _About(Subject.PRODUCT, item.product_id, item.factory_id, item.order_id, item.order_item_id)
    return await _write(ctx, caller, about, words, key)


async def review_factory(
    ctx: Context, caller: Caller, order_id: UUID, factory_id: UUID, words: Words, key: str
) -> ReviewRow:
    """Review a factory of an order that the caller received; raises NothingReceived, AlreadyReviewed, PhotoUnknown."""
    items = await received.find_items_of_order(ctx.db, order_id)
    if not any(each.user_id == caller.user_id and each.factory_id == factory_id for each in items):
        raise contract.NothingReceived(field="order_id")
    return await _write(ctx, caller, _About(Subject.FACTORY, None, factory_id, order_id, None), words, key)


async def _write(ctx: Context, caller: Caller, about: _About, words: Words, key: str) -> ReviewRow:
    found = (await ctx.call(auth.get_users, auth.GetUsers(user_ids=[caller.user_id]))).users
    if not found:
        raise auth.UnknownUser()
    author = masked_name(found[0].first_name, found[0].last_name)
    status = Status.APPROVED if ctx.settings.reviews_auto_approved else Status.PENDING

    async def work(tx: Transaction) -> ReviewRow:
        await _photos_are_known(tx, caller.user_id, words.photos)
        review_id = ctx.chance.new_id()
        now = ctx.clock.now()
        inserted = await queries.insert_review(
            tx,
            review_id,
            about.subject,
            about.subject_id,
            about.product_id,
            about.factory_id,
            about.order_id,
            about.order_item_id,
            caller.user_id,
            author,
            words.rating,
            words.title,
            words.comment,
            words.photos,
            status,
            now,
        )
        if not inserted:
            raise contract.AlreadyReviewed()
        await queries.write_decision(tx, review_id, now, caller.user_id, None, status, "written")
        rating = await summaries.add(tx, about.subject, about.subject_id, None, (words.rating, status))
        await ctx.publish(
            tx,
            contract.ReviewCreated(
                review_id=review_id,
                subject=about.subject,
                subject_id=about.subject_id,
                factory_id=about.factory_id,
                user_id=caller.user_id,
                stars=words.rating,
                status=status,
                rating=rating,
            ),
        )
        return await locked(tx, review_id)

    request = _Request(about, words)
    return await once(ctx.db, caller.user_id, "review", key, request, ctx.clock.now(), ReviewRow, work)


async def change(ctx: Context, caller: Caller, review_id: UUID, changes: dict[str, Any]) -> ReviewRow:
    """Change some parts of the caller's own review; raises ReviewNotFound, ReviewClosed, PhotoUnknown."""
    async with ctx.db.transaction() as tx:
        before = await locked(tx, review_id)
        if before.user_id != caller.user_id:
            raise contract.ReviewNotFound()
        now = ctx.clock.now()
        if not rules.may_change(before.status, before.created_at, now):
            raise contract.ReviewClosed()
        after: ReviewRow = msgspec.structs.replace(before, **changes)
        await _photos_are_known(tx, caller.user_id, after.photos)
        if after == before:
            return before
        status = rules.status_after_change(before.status, auto_approved=ctx.settings.reviews_auto_approved)
        await queries.update_review(tx, review_id, after.rating, after.title, after.comment, after.photos, status, now)
        if status is not before.status:
            await queries.write_decision(tx, review_id, now, caller.user_id, before.status, status, "changed")
        rating = await summaries.add(
            tx, before.subject, before.subject_id, (before.rating, before.status), (after.rating, status)
        )
        await ctx.publish(
            tx,
            contract.ReviewChanged(
                review_id=review_id,
                subject=before.subject,
                subject_id=before.subject_id,
                stars=after.rating,
                status=status,
                rating=rating,
            ),
        )
        return await locked(tx, review_id)


async def upload_photo(ctx: Context, caller: Caller, content: bytes) -> str:
    """Keep a photo for a review of the caller's, without what the camera wrote into it; raises ImageRefused."""
    name = await keep_photo(ctx, PHOTOS, content)
    await queries.insert_photo(ctx.db, caller.user_id, name, ctx.clock.now())
    return name


async def _photos_are_known(tx: Transaction, user_id: UUID, names: Sequence[str]) -> None:
    if len(set(names)) != len(names):
        raise InvalidInput("A photo is named twice", field="photos")
    if names and await queries.count_photos(tx, user_id, list(names)) != len(names):
        raise contract.PhotoUnknown(field="photos")


async def locked(tx: Transaction, review_id: UUID) -> ReviewRow:
    """The review, for this transaction alone to change; raises ReviewNotFound."""
    found = await queries.lock_review(tx, review_id)
    if found is None:
        raise contract.ReviewNotFound()
    return found

"""The desk: joins of one session are decided in memory, batch by batch, and committed in one set-based transaction.

Row locks would make a crowd wait for each other one by one; here a batch shares one lock, one insert and one commit, and
everybody is answered after it. Two desks for one session (replicas) are correct, since each batch locks the session's
row; they are only slower.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from patungan.contracts import group_buying as contract
from patungan.contracts.address import Address
from patungan.contracts.payment import EscrowPayment
from patungan.contracts.product import VariantNotFound
from patungan.kernel.batching import Batcher
from patungan.kernel.database import Transaction
from patungan.kernel.errors import IdempotencyKeyReused, Problem
from patungan.kernel.money import Rupiah
from patungan.kernel.service import Context
from patungan.kernel.sql import unzip
from patungan.services.group_buying import rules
from patungan.services.group_buying.operations.progress import announce_after_commit
from patungan.services.group_buying.operations.views import is_gated
from patungan.services.group_buying.queries import desk as queries
from patungan.services.group_buying.queries import participants, sessions
from patungan.services.group_buying.queries.desk import DeskSession
from patungan.services.group_buying.queries.participants import Participant
from patungan.services.group_buying.queries.sessions import SessionVariant

LARGEST_BATCH = 500

GATHER = 0.5
"""Of a batch's time: a crowd that is answered comes back for the next batch (docs/performance.md)."""

KEPT = "#kept"
"""Marks the key of the reservation that stands in for one whose change of quantity was refused."""


@dataclass(slots=True)
class JoinRequest:
    """A join that waits at the desk; ``leg2`` is the courier's price in rupiah, looked up before.

    ``replaces`` names the buyer's own unpaid reservation that this one takes the place of, its payment being cancelled.
    """

    wish: rules.JoinWish
    leg2: Rupiah
    courier_service: str
    address: Address
    key: str
    input_hash: bytes
    replaces: UUID | None = None


class Desks:
    """The desks of this process; one opens when somebody joins a session, and closes when nobody waits any more."""

    def __init__(self, ctx: Context) -> None:
        self._ctx = ctx
        self._open: dict[UUID, Batcher[JoinRequest, Participant]] = {}

    async def submit(self, session_id: UUID, request: JoinRequest) -> Participant:
        """Wait in line and get the committed answer; raises the contract's errors for a refused join."""
        desk = self._open.get(session_id)
        if desk is None:
            desk = Batcher(
                lambda batch: decide_batch(self._ctx, session_id, batch),
                largest=LARGEST_BATCH,
                gather=GATHER,
                on_idle=lambda: self._open.__delitem__(session_id),
            )
            self._open[session_id] = desk
        return await desk.ask(request)

    async def close(self) -> None:
        """Finish what is under way."""
        await asyncio.gather(*(desk.close() for desk in list(self._open.values())))


@dataclass(slots=True)
class Batch:
    """A batch under decision: the session under lock, what is known of the callers, and what was accepted so far."""

    session: DeskSession
    variants: list[SessionVariant]
    desk: rules.Desk
    now: datetime
    replaced: dict[UUID, queries.Replaced]
    accepted: list[tuple[JoinRequest, int, Participant]] = field(default_factory=list)
    released: list[queries.Replaced] = field(default_factory=list)


async def decide_batch(ctx: Context, session_id: UUID, requests: list[JoinRequest]) -> list[Participant | Exception]:
    """Decide a batch of joins of one session in one transaction; an answer for each, in order, after the commit."""
    async with ctx.db.transaction() as tx:
        session = await queries.lock_session(tx, session_id)
        if session is None:
            return [contract.SessionNotFound() for _ in requests]
        # The time is read under the lock: a join that waited for it past the end is a join after the end.
        batch = await _batch_of(tx, session, requests, ctx.clock.now())
        known = await _known_answers(tx, session_id, requests)
        outcomes: list[Participant | Exception] = []
        for request in requests:
            place = (request.wish.user_id, request.key)
            repeated = known.get(place)
            if repeated is None:
                outcome = _decide(ctx, batch, request)
                known[place] = (request.input_hash, outcome)
            elif repeated[0] == request.input_hash:
                outcome = repeated[1]
            else:
                outcome = IdempotencyKeyReused(field="Idempotency-Key")
            outcomes.append(outcome)
        if batch.accepted or batch.released:
            await _write(ctx, tx, batch)
    return outcomes


async def _batch_of(tx: Transaction, session: DeskSession, requests: list[JoinRequest], now: datetime) -> Batch:
    variants = await sessions.variants_of(tx, session.id)
    standing = await queries.standing_of(tx, session.id, list({each.wish.user_id for each in requests}))
    replaced = [each.replaces for each in requests if each.replaces is not None]
    desk = rules.Desk(
        session.status,
        session.starts_at,
        session.ends_at,
        session.claimed_at is not None,
        [each.state for each in variants],
        {row.user_id: row.holds for row in standing},
        {row.user_id: row.units for row in standing},
        session.max_units_per_buyer,
    )
    found = await queries.replaced_holds(tx, session.id, replaced) if replaced else []
    return Batch(session, variants, desk, now, {each.id: each for each in found})


async def _known_answers(
    tx: Transaction, session_id: UUID, requests: list[JoinRequest]
) -> dict[tuple[UUID, str], tuple[bytes, Participant | Exception]]:
    """What repeated requests are answered: the first answer, or a conflict where the key was another session's."""
    asked = [(each.wish.user_id, each.key) for each in requests]
    asked += [(each.wish.user_id, each.key + KEPT) for each in requests if each.replaces is not None]
    rows = await participants.known_joins(tx, [user_id for user_id, _ in asked], [key for _, key in asked])
    if not rows:
        return {}
    found = {each.id: each for each in await participants.participants_by_ids(tx, [row.id for row in rows])}
    answers: dict[tuple[UUID, str], tuple[bytes, Participant | Exception]] = {}
    for row in rows:
        first: Participant | Exception = found[row.id]
        if found[row.id].session_id != session_id:
            first = IdempotencyKeyReused(field="Idempotency-Key")
        elif row.idempotency_key.endswith(KEPT):
            first = contract.QuantityRefused(field="quantity")
        answers[(row.user_id, row.idempotency_key.removesuffix(KEPT))] = (row.input_hash, first)
    return answers


_REFUSALS: dict[rules.Refusal, Callable[[int | None], Problem]] = {
    rules.Refusal.NOT_OPEN: lambda _: contract.SessionNotOpen(),
    rules.Refusal.NOT_STARTED: lambda _: contract.SessionNotStarted(),
    rules.Refusal.ENDED: lambda _: contract.SessionEnded(),
    rules.Refusal.NO_SUCH_VARIANT: lambda _: VariantNotFound(field="variant_id"),
    rules.Refusal.TOO_MANY_HOLDS: lambda _: contract.TooManyHolds(),
    rules.Refusal.QUANTITY: lambda room: contract.QuantityRefused(field="quantity", available=room),
    rules.Refusal.BUYER_LIMIT: lambda room: contract.BuyerLimitReached(field="quantity", available=room),
}


def _decide(ctx: Context, batch: Batch, request: JoinRequest) -> Participant | Exception:
    """Decide one request; what is accepted, or let go for it, is noted in the batch."""
    old = batch.replaced.pop(request.replaces, None) if request.replaces is not None else None
    if old is not None:
        batch.desk.give_back(old.user_id, old.position, old.quantity)
        batch.released.append(old)
    verdict = batch.desk.decide(request.wish, batch.now)
    if isinstance(verdict, rules.Accepted):
        return _accept(ctx, batch, request, verdict.position)
    if old is not None:
        # The place is not lost with the change: the reservation goes on as it was, with a payment of its own.
        kept = replace(request, wish=replace(request.wish, quantity=old.quantity), leg2=old.leg2_amount)
        if isinstance(again := batch.desk.decide(kept.wish, batch.now), rules.Accepted):
            _accept(ctx, batch, replace(kept, key=request.key + KEPT), again.position)
    return _REFUSALS[verdict.refusal](verdict.available)


def _accept(ctx: Context, batch: Batch, request: JoinRequest, position: int) -> Participant:
    session, variant = batch.session, batch.variants[position]
    charge = rules.charge_for(
        Rupiah(session.base_price + variant.price_adjustment),
        request.wish.quantity,
        rules.leg1_per_unit(session.bulk_shipping_cost, session.target_moq),
        request.leg2,
    )
    participant = Participant(
        ctx.chance.new_id(),
        session.id,
        request.wish.user_id,
        variant.variant_id,
        request.wish.quantity,
        charge.unit_price,
        *(charge.product, charge.leg1, charge.leg2, charge.fee),
        rules.ParticipantStatus.HELD,
        batch.now,
        rules.hold_until(batch.now, session.ends_at, gated=is_gated(batch.variants)),
        final_unit_price=None,
        cashback=None,
        order_number=None,
    )
    batch.accepted.append((request, position, participant))
    return participant


async def _write(ctx: Context, tx: Transaction, batch: Batch) -> None:
    session, units = batch.session, dict.fromkeys(range(len(batch.variants)), 0)
    for _, position, each in batch.accepted:
        units[position] += each.quantity
    for old in batch.released:
        units[old.position] -= old.quantity
    if batch.released:
        await participants.mark_released(tx, [each.id for each in batch.released], batch.now)
    if batch.accepted:
        rows = [
            (
                *(each.id, each.user_id, position, each.variant_id, each.quantity, each.unit_price),
                *(each.product_amount, each.leg1_amount, each.leg2_amount, each.fee_amount, request.courier_service),
                *(request.address, request.key, request.input_hash),
            )
            for request, position, each in batch.accepted
        ]
        expires_at = batch.accepted[0][2].expires_at
        await participants.insert_participants(tx, session.id, batch.now, expires_at, *unzip(rows, 14))
        owed = [escrow_payment(session.code, session.product_name, each) for _, _, each in batch.accepted]
        await ctx.publish(tx, contract.ParticipantsJoined(payments=owed))
    await queries.add_units(tx, session.id, list(units), list(units.values()), sum(units.values()))
    announce_after_commit(ctx, tx, session.id)


def escrow_payment(session_code: str, product_name: str, participant: Participant) -> EscrowPayment:
    """The payment that a participation owes."""
    return EscrowPayment(
        participant_id=participant.id,
        session_id=participant.session_id,
        user_id=participant.user_id,
        description=f"{session_code} {product_name} x {participant.quantity}",
        product_amount=participant.product_amount,
        leg1_amount=participant.leg1_amount,
        leg2_amount=participant.leg2_amount,
        fee_amount=participant.fee_amount,
        expires_at=participant.expires_at,
    )

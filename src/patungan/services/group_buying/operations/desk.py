"""The desk: joins of one session are decided in memory, batch by batch, and committed in one set-based transaction.

Row locks would make a crowd wait for each other one by one; here a batch shares one lock, one insert and one commit, and
everybody is answered after it. Two desks for one session (replicas) are correct, since each batch locks the session's
row; they are only slower.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from patungan.contracts import group_buying as contract
from patungan.contracts.address import Address
from patungan.contracts.payment import EscrowPayment
from patungan.contracts.product import VariantNotFound
from patungan.kernel.database import Transaction
from patungan.kernel.errors import IdempotencyKeyReused, Problem
from patungan.kernel.money import Rupiah
from patungan.kernel.service import Context
from patungan.kernel.sql import unzip
from patungan.services.group_buying import rules
from patungan.services.group_buying.operations.progress import announce_after_commit
from patungan.services.group_buying.operations.views import is_gated
from patungan.services.group_buying.queries import participants, sessions
from patungan.services.group_buying.queries.participants import Participant
from patungan.services.group_buying.queries.sessions import Session, SessionVariant

LARGEST_BATCH = 500


@dataclass(slots=True)
class JoinRequest:
    """A join that waits at the desk; ``leg2`` is the courier's price in rupiah, looked up before."""

    wish: rules.JoinWish
    leg2: Rupiah
    courier_service: str
    address: Address
    key: str
    input_hash: bytes
    answer: asyncio.Future[Participant] = field(default_factory=lambda: asyncio.get_running_loop().create_future())


class Desks:
    """The desks of this process; one opens when somebody joins a session, and closes when nobody waits any more."""

    def __init__(self, ctx: Context) -> None:
        self._ctx = ctx
        self._waiting: dict[UUID, list[JoinRequest]] = {}
        self._working: dict[UUID, asyncio.Task[None]] = {}

    async def submit(self, session_id: UUID, request: JoinRequest) -> Participant:
        """Wait in line and get the committed answer; raises the contract's errors for a refused join."""
        self._waiting.setdefault(session_id, []).append(request)
        if session_id not in self._working:
            self._working[session_id] = asyncio.create_task(self._work(session_id))
        return await request.answer

    async def close(self) -> None:
        """Finish what is under way."""
        await asyncio.gather(*self._working.values(), return_exceptions=True)

    async def _work(self, session_id: UUID) -> None:
        try:
            while waiting := self._waiting.get(session_id):
                batch, self._waiting[session_id] = waiting[:LARGEST_BATCH], waiting[LARGEST_BATCH:]
                outcomes: Sequence[Participant | Exception]
                try:
                    outcomes = await decide_batch(self._ctx, session_id, batch)
                except Exception as error:  # noqa: BLE001 - whatever failed, everybody in the batch is told of it
                    outcomes = [error] * len(batch)
                for request, outcome in zip(batch, outcomes, strict=True):
                    if request.answer.done():
                        continue
                    if isinstance(outcome, Exception):
                        request.answer.set_exception(outcome)
                    else:
                        request.answer.set_result(outcome)
        finally:
            self._waiting.pop(session_id, None)
            self._working.pop(session_id, None)


async def decide_batch(ctx: Context, session_id: UUID, batch: list[JoinRequest]) -> list[Participant | Problem]:
    """Decide a batch of joins of one session in one transaction; an answer for each, in order, after the commit."""
    async with ctx.db.transaction() as tx:
        session = await sessions.lock_session(tx, session_id)
        if session is None:
            return [contract.SessionNotFound() for _ in batch]
        # The time is read under the lock: a join that waited for it past the end is a join after the end.
        now = ctx.clock.now()
        known = await _known_answers(tx, session_id, batch)
        variants = await sessions.variants_of(tx, session_id)
        desk = await _desk_of(tx, session, variants, batch)
        outcomes: list[Participant | Problem] = []
        accepted: list[tuple[JoinRequest, int, Participant]] = []
        firsts: dict[tuple[UUID, str], tuple[bytes, Participant | Problem]] = {}
        for request in batch:
            place = (request.wish.user_id, request.key)
            repeated = known.get(place) or firsts.get(place)
            if repeated is not None:
                outcomes.append(
                    repeated[1] if repeated[0] == request.input_hash else IdempotencyKeyReused(field="Idempotency-Key")
                )
                continue
            outcome = _decide(ctx, session, variants, desk, request, now)
            firsts[place] = (request.input_hash, outcome[1] if isinstance(outcome, tuple) else outcome)
            if isinstance(outcome, tuple):
                accepted.append((request, *outcome))
                outcomes.append(outcome[1])
            else:
                outcomes.append(outcome)
        if accepted:
            await _write(ctx, tx, session, accepted, now)
    return outcomes


async def _known_answers(
    tx: Transaction, session_id: UUID, batch: list[JoinRequest]
) -> dict[tuple[UUID, str], tuple[bytes, Participant | Problem]]:
    """What repeated requests are answered: the first answer, or a conflict where the key was another session's."""
    rows = await participants.known_joins(tx, [each.wish.user_id for each in batch], [each.key for each in batch])
    if not rows:
        return {}
    found = {each.id: each for each in await participants.participants_by_ids(tx, [row.id for row in rows])}
    return {
        (row.user_id, row.idempotency_key): (
            row.input_hash,
            found[row.id] if found[row.id].session_id == session_id else IdempotencyKeyReused(field="Idempotency-Key"),
        )
        for row in rows
    }


async def _desk_of(
    tx: Transaction, session: Session, variants: list[SessionVariant], batch: list[JoinRequest]
) -> rules.Desk:
    holds = await participants.open_holds(tx, session.id, list({each.wish.user_id for each in batch}))
    return rules.Desk(
        session.status,
        session.starts_at,
        session.ends_at,
        session.claimed_at is not None,
        [each.state for each in variants],
        {row.user_id: row.holds for row in holds},
    )


_REFUSALS: dict[rules.Refusal, Callable[[int | None], Problem]] = {
    rules.Refusal.NOT_OPEN: lambda _: contract.SessionNotOpen(),
    rules.Refusal.NOT_STARTED: lambda _: contract.SessionNotStarted(),
    rules.Refusal.ENDED: lambda _: contract.SessionEnded(),
    rules.Refusal.NO_SUCH_VARIANT: lambda _: VariantNotFound(field="variant_id"),
    rules.Refusal.TOO_MANY_HOLDS: lambda _: contract.TooManyHolds(),
    rules.Refusal.QUANTITY: lambda room: contract.QuantityRefused(field="quantity", available=room),
}


def _decide(
    ctx: Context,
    session: Session,
    variants: list[SessionVariant],
    desk: rules.Desk,
    request: JoinRequest,
    now: datetime,
) -> tuple[int, Participant] | Problem:
    verdict = desk.decide(request.wish, now)
    if isinstance(verdict, rules.Refused):
        return _REFUSALS[verdict.refusal](verdict.available)
    variant = variants[verdict.position]
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
        now,
        rules.hold_until(now, session.ends_at, gated=is_gated(variants)),
        final_unit_price=None,
        cashback=None,
        order_number=None,
    )
    return verdict.position, participant


async def _write(
    ctx: Context,
    tx: Transaction,
    session: Session,
    accepted: list[tuple[JoinRequest, int, Participant]],
    now: datetime,
) -> None:
    rows = [
        (
            *(each.id, each.user_id, position, each.variant_id, each.quantity, each.unit_price, each.product_amount),
            *(each.leg1_amount, each.leg2_amount, each.fee_amount, request.courier_service, request.address),
            *(request.key, request.input_hash),
        )
        for request, position, each in accepted
    ]
    await participants.insert_participants(tx, session.id, now, accepted[0][2].expires_at, *unzip(rows, 14))
    units: dict[int, int] = {}
    for _, position, each in accepted:
        units[position] = units.get(position, 0) + each.quantity
    await sessions.add_demand(tx, session.id, list(units), list(units.values()))
    await sessions.add_progress(tx, session.id, 0, sum(units.values()), 0)
    await ctx.publish(
        tx, *(contract.ParticipantJoined(payment=escrow_payment(session, each)) for _, _, each in accepted)
    )
    announce_after_commit(ctx, tx, session.id)


def escrow_payment(session: Session, participant: Participant) -> EscrowPayment:
    """The payment that a participation owes."""
    return EscrowPayment(
        participant_id=participant.id,
        session_id=session.id,
        user_id=participant.user_id,
        description=f"{session.code} {session.product.name} x {participant.quantity}",
        product_amount=participant.product_amount,
        leg1_amount=participant.leg1_amount,
        leg2_amount=participant.leg2_amount,
        fee_amount=participant.fee_amount,
        expires_at=participant.expires_at,
    )

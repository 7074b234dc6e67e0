"""Wallet money set aside for payments: held, then taken by the payment or given back."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from patungan.contracts import wallet as contract
from patungan.kernel.database import Transaction
from patungan.kernel.errors import Conflict, InvalidInput
from patungan.kernel.service import Context, implements
from patungan.ledger import accounts
from patungan.ledger.posting import credit, debit, journal
from patungan.services.wallet.operations.funds import Move, lock, move
from patungan.services.wallet.queries import holds as queries
from patungan.services.wallet.queries.holds import Hold
from patungan.services.wallet.rules import HoldStatus, TransactionType, is_refused


def _answer(hold: Hold, status: HoldStatus | None = None) -> contract.Hold:
    return contract.Hold(payment_id=hold.payment_id, amount=hold.amount, status=(status or hold.status).value)


@implements(contract.hold_funds)
async def hold_funds(ctx: Context, request: contract.HoldFunds) -> contract.Hold:
    if request.amount < 1:
        raise InvalidInput("A hold is one rupiah or more", field="amount")
    async with ctx.db.transaction() as tx:
        # The wallet is locked before looking what is known: a repeated request waits here for the first one.
        balance = (await lock(ctx, tx, [request.user_id]))[request.user_id]
        known = await queries.find_hold(tx, request.payment_id)
        if known is not None and known.status is not HoldStatus.REFUSED:
            if (known.user_id, known.amount) != (request.user_id, request.amount):
                raise Conflict("Another amount is held for this payment, or for another person")
            return _answer(known)
        wanted = (request.payment_id, request.payment_code, request.user_id, request.amount, request.attempt)
        again = known is not None and is_refused(known.attempt, known.amount, request.attempt, request.amount)
        if not again and balance >= request.amount:
            await queries.insert_hold(tx, *wanted, await move(ctx, tx, [_held_move(request)]))
            return contract.Hold(payment_id=request.payment_id, amount=request.amount, status=HoldStatus.HELD.value)
        if not again:
            await queries.refuse_hold(tx, *wanted, ctx.clock.now())
    raise contract.InsufficientBalance(field="amount")


def _held_move(request: contract.HoldFunds) -> Move:
    return Move(
        user_id=request.user_id,
        amount=-request.amount,
        type=TransactionType.PAYMENT,
        reference_type="hold",
        reference_id=request.payment_id,
        reference=request.payment_code,
        spent=request.amount,
        journal=journal(
            f"hold/{request.payment_id}/held",
            "payment_received",
            request.payment_code,
            debit(accounts.wallet(request.user_id), request.amount),
            credit(accounts.wallet_hold(request.user_id), request.amount),
        ),
    )


@implements(contract.release_hold)
async def release_hold(ctx: Context, request: contract.ReleaseHold) -> contract.Hold:
    async with ctx.db.transaction() as tx:
        hold = await queries.lock_hold(tx, request.payment_id)
        if hold is None:
            raise contract.HoldNotFound(field="payment_id")
        if hold.status is not HoldStatus.HELD:
            return _answer(hold)
        now = await move(
            ctx,
            tx,
            [
                Move(
                    user_id=hold.user_id,
                    amount=hold.amount,
                    type=TransactionType.PAYMENT,
                    reference_type="hold_release",
                    reference_id=hold.payment_id,
                    reference=hold.payment_code,
                    spent=-hold.amount,
                    journal=journal(
                        f"hold/{hold.payment_id}/released",
                        "refund_issued",
                        hold.payment_code,
                        debit(accounts.wallet_hold(hold.user_id), hold.amount),
                        credit(accounts.wallet(hold.user_id), hold.amount),
                    ),
                )
            ],
        )
        await queries.release_hold(tx, hold.payment_id, now, request.reason)
    return _answer(hold, HoldStatus.RELEASED)


async def capture(ctx: Context, tx: Transaction, payment_ids: Sequence[UUID]) -> None:
    """Note that payments took what was held for them; their own posting moved the money."""
    await queries.capture_holds(tx, payment_ids, ctx.clock.now())

"""A payment's wallet part: held by the wallet before anything is invoiced, taken when it is paid, given back when it ends.

What the wallet does is asked by contract, outside any transaction; what it answered is noted under the payment's lock, so
that a payment that ended meanwhile gives the part back.
"""

from __future__ import annotations

from uuid import UUID

from patungan.contracts import payment as contract
from patungan.contracts import wallet
from patungan.kernel.errors import InvalidInput, Problem, Unavailable
from patungan.kernel.money import Rupiah
from patungan.kernel.service import Context
from patungan.services.payment.operations.payments import ReturnHold
from patungan.services.payment.operations.recording import Paid, record_paid, takes_money
from patungan.services.payment.queries import escrows, wallet_parts
from patungan.services.payment.queries import payments as queries
from patungan.services.payment.queries.payments import Payment
from patungan.services.payment.rules import PaymentStatus, WalletState

BATCH = 50


async def find_own(ctx: Context, user_id: UUID, payment_id: UUID) -> Payment:
    """The caller's payment; raises PaymentNotFound."""
    payment = await queries.find_payment(ctx.db, payment_id)
    if payment is None or payment.user_id != user_id:
        raise contract.PaymentNotFound()
    return payment


async def choose_wallet_part(ctx: Context, user_id: UUID, payment_id: UUID, amount: int) -> None:
    """Pay a part of the caller's payment, or all of it, from their wallet; the same choice again changes nothing.

    Raises PaymentNotFound, PaymentClosed, WalletPartFixed, InvalidInput, InsufficientBalance, and Unavailable where the
    wallet does not answer: then it is asked on, and the payment shows so.
    """
    payment = await find_own(ctx, user_id, payment_id)
    if not 1 <= amount <= payment.total:
        raise InvalidInput(f"The wallet's part is from 1 to {payment.total} rupiah", field="amount")
    async with ctx.db.transaction() as tx:
        opens = payment.session_id is None or (await escrows.share_escrow(tx, payment.session_id)).opens_invoices
        asked = opens and await wallet_parts.ask(tx, payment.id, amount, ctx.clock.now())
        current = await queries.lock_payment(tx, payment.id)
    if current is None:
        raise contract.PaymentNotFound()
    if not asked:
        _check_chosen(current, amount)
    await hold(ctx, payment.id)


def _check_chosen(payment: Payment, amount: int) -> None:
    """Pass where exactly this was chosen before; raises PaymentClosed or WalletPartFixed."""
    standing = payment.wallet_state in (WalletState.ASKED, WalletState.HELD, WalletState.CAPTURED)
    if standing and payment.wallet_amount == amount:
        return
    if payment.status is PaymentStatus.PENDING and (standing or payment.invoice_asked):
        raise contract.WalletPartFixed(field="amount")
    raise contract.PaymentClosed()


async def hold(ctx: Context, payment_id: UUID) -> None:
    """Have the wallet hold the part that was asked for. Raises InsufficientBalance, after which the payment has no wallet
    part, and Unavailable, after which the timer asks again."""
    payment = await queries.find_payment(ctx.db, payment_id)
    if payment is None or payment.wallet_state is not WalletState.ASKED or payment.status is not PaymentStatus.PENDING:
        return
    try:
        held = await ctx.call(wallet.hold_funds, _wanted(payment))
    except Unavailable:
        raise
    except Problem as refusal:
        ctx.log.info("the wallet does not hold a payment's part", payment=payment.code, code=refusal.code)
        await wallet_parts.take_back(ctx.db, payment.id)
        raise
    if held.status == "held":
        await _note_held(ctx, payment)


def _wanted(payment: Payment) -> wallet.HoldFunds:
    return wallet.HoldFunds(
        payment_id=payment.id,
        payment_code=payment.code,
        user_id=payment.user_id,
        amount=payment.wallet_amount,
        attempt=payment.wallet_attempt,
    )


async def _note_held(ctx: Context, known: Payment) -> None:
    """The part is held; where nothing is left to pay, the payment is paid."""
    async with ctx.db.transaction() as tx:
        if known.session_id is not None:
            await escrows.share_escrow(tx, known.session_id)
        payment = await queries.lock_payment(tx, known.id)
        if payment is None or payment.status is not PaymentStatus.PENDING:
            return
        if not await wallet_parts.note_held(tx, payment.id) or payment.xendit_amount:
            return
        held = await queries.lock_payment(tx, payment.id)
        if held is not None and await takes_money(tx, held):
            await record_paid(ctx, tx, [Paid(held, ctx.clock.now(), "wallet", None)])


async def ask_on(ctx: Context) -> None:
    """Ask the wallet again for parts of which it has not told whether it holds them."""
    for payment in await wallet_parts.unanswered(ctx.db, ctx.clock.now(), BATCH):
        try:
            await hold(ctx, payment.id)
        except Problem as problem:
            ctx.log.info("a wallet part is not held", payment=payment.code, code=problem.code)


async def return_hold(ctx: Context, request: ReturnHold) -> None:
    """Give a wallet part back. Where the wallet may or may not hold it, the hold is asked for once more first, so that one
    that was still on its way cannot be made afterwards. Raises Unavailable."""
    payment = await queries.find_payment(ctx.db, request.payment_id)
    if payment is None or payment.wallet_state is not WalletState.RETURNING:
        return
    try:
        if request.unsure:
            await ctx.call(wallet.hold_funds, _wanted(payment))
        await ctx.call(wallet.release_hold, wallet.ReleaseHold(payment_id=payment.id, reason="payment_ended"))
    except wallet.InsufficientBalance:
        ctx.log.info("nothing was held", payment=payment.code)
    await wallet_parts.note_released(ctx.db, payment.id)


def invoiced(payment: Payment) -> Rupiah:
    """What the provider is asked for; raises Unavailable while the wallet has not answered for its part."""
    if payment.wallet_state is WalletState.ASKED:
        raise Unavailable("The wallet has not told whether it holds its part; try again")
    return payment.xendit_amount

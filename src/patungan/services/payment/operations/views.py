"""Payments as they are shown: to their buyer, to whoever has the code, and as a receipt."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec

from patungan.contracts import payment as contract
from patungan.kernel.money import Rupiah
from patungan.kernel.service import Context
from patungan.services.payment.operations.gateway import provider_fails
from patungan.services.payment.queries import payments as queries
from patungan.services.payment.queries.payments import OrderPart, OwnPayment
from patungan.services.payment.rules import PaymentStatus, Progress, UnderWay, WalletState, progress_of

HIDDEN = {"user_id", "invoice_asked", "quarantined", "refunding"}


class PaymentView(msgspec.Struct, frozen=True, kw_only=True):
    """A payment as its buyer sees it; amounts in rupiah. ``progress`` says whether something is under way."""

    id: UUID
    code: str
    status: PaymentStatus
    progress: Progress
    total: Rupiah
    product_amount: Rupiah
    leg1_amount: Rupiah
    leg2_amount: Rupiah
    fee_amount: Rupiah
    wallet_amount: Rupiah
    xendit_amount: Rupiah
    wallet_state: WalletState | None
    description: str
    session_id: UUID | None
    participant_id: UUID | None
    checkout_id: UUID | None
    orders: list[OrderPart]
    created_at: datetime
    expires_at: datetime
    paid_at: datetime | None
    method: str | None
    channel: str | None
    invoice_url: str | None
    refunded_amount: Rupiah


class PublicPayment(msgspec.Struct, frozen=True, kw_only=True):
    """A payment as whoever has its code sees it: what is to be paid and how it stands, and nobody's data."""

    code: str
    status: PaymentStatus
    progress: Progress
    total: Rupiah
    product_amount: Rupiah
    shipping_amount: Rupiah
    fee_amount: Rupiah
    wallet_amount: Rupiah
    xendit_amount: Rupiah
    description: str
    expires_at: datetime
    paid_at: datetime | None
    method: str | None
    refunded_amount: Rupiah


def _progress(ctx: Context, row: OwnPayment) -> Progress:
    facts = UnderWay(
        expires_at=row.expires_at,
        wallet_state=row.wallet_state,
        invoice_asked=row.invoice_asked,
        invoice_known=row.invoice_url is not None,
        quarantined=row.quarantined,
        refunding=row.refunding,
    )
    return progress_of(row.status, facts, ctx.clock.now(), provider_fails=provider_fails(ctx))


def view_of(ctx: Context, row: OwnPayment) -> PaymentView:
    """A payment as its buyer sees it."""
    shown = {name: getattr(row, name) for name in row.__struct_fields__ if name not in HIDDEN}
    return PaymentView(**shown, progress=_progress(ctx, row))


async def own_view(ctx: Context, user_id: UUID, payment_id: UUID) -> PaymentView:
    """The caller's payment; raises PaymentNotFound."""
    return view_of(ctx, await own_row(ctx, user_id, payment_id))


async def own_row(ctx: Context, user_id: UUID, payment_id: UUID) -> OwnPayment:
    """The caller's payment as it is stored; raises PaymentNotFound."""
    row = await queries.find_own(ctx.db, payment_id, user_id)
    if row is None:
        raise contract.PaymentNotFound()
    return row


async def public_view(ctx: Context, code: str) -> PublicPayment:
    """The payment of a code; raises PaymentNotFound."""
    row = await queries.find_by_code(ctx.db, code)
    if row is None:
        raise contract.PaymentNotFound()
    return PublicPayment(
        code=row.code,
        status=row.status,
        progress=_progress(ctx, row),
        total=row.total,
        product_amount=row.product_amount,
        shipping_amount=Rupiah(row.leg1_amount + row.leg2_amount),
        fee_amount=row.fee_amount,
        wallet_amount=row.wallet_amount,
        xendit_amount=row.xendit_amount,
        description=row.description,
        expires_at=row.expires_at,
        paid_at=row.paid_at,
        method=row.method,
        refunded_amount=row.refunded_amount,
    )

"""Deliveries and refunds made into lines (DOMAIN.md 6.3): only goods bought new, at their final price, less commission."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby
from uuid import UUID

from patungan.kernel.database import Transaction
from patungan.kernel.service import Context
from patungan.ledger import accounts
from patungan.ledger.posting import credit, debit, journal, post
from patungan.services.settlement.operations.booking import NewLine, account_of, write_line
from patungan.services.settlement.queries import facts as queries
from patungan.services.settlement.queries.facts import Chargeable, DeliveredItem, OrderRelease, Sale
from patungan.services.settlement.rules import (
    LineKind,
    PayeeKind,
    Sold,
    bought_new,
    charge_of,
    commission_of,
    due_on,
    local_day,
)


async def reckon_sessions(ctx: Context, tx: Transaction, session_ids: Sequence[UUID]) -> None:
    """Make lines of the delivered orders of sessions whose release and stock are known; old stock is used first."""
    sales = {each.session_id: each for each in await queries.lock_sales(tx, list(session_ids))}
    if not sales:
        return
    stock = {(each.session_id, each.variant_id): each.units_left for each in await queries.stock_of(tx, list(sales))}
    delivered = {each.session_id: each.delivered_value for each in sales.values()}
    reckoned: list[UUID] = []
    items = await queries.unreckoned_of_sessions(tx, list(sales))
    for order_id, of_order in groupby(items, key=lambda each: each.order_id):
        goods = list(of_order)
        sale = sales[goods[0].session_id]  # type: ignore[index]
        made = _of_sale(sale, goods, stock, delivered[sale.session_id])
        value = sum(line.value for line, _ in made)
        if delivered[sale.session_id] + value > sale.revenue:
            ctx.log.error("more is delivered than was sold", order=goods[0].number, session=str(sale.session_id))
            continue
        for (line, from_stock), item in zip(made, goods, strict=True):
            if from_stock:
                stock[sale.session_id, item.variant_id] -= from_stock
                await queries.use_stock(tx, sale.session_id, item.variant_id, from_stock)
            if line.quantity:
                await write_line(ctx, tx, line)
        delivered[sale.session_id] += value
        await queries.add_delivered(tx, sale.session_id, value)
        commission = sum(line.commission for line, _ in made)
        now = ctx.clock.now()
        await queries.mark_reckoned(tx, order_id, now, PayeeKind.FACTORY, sale.factory_id, value, commission)
        reckoned.append(order_id)
    await charge_refunds(ctx, tx, reckoned, [])


def _of_sale(
    sale: Sale, goods: Sequence[DeliveredItem], stock: dict[tuple[UUID, UUID | None], int], before: int
) -> list[tuple[NewLine, int]]:
    """The lines of an order's goods, and how many units of each are from old stock."""
    made: list[tuple[NewLine, int]] = []
    left = {item.variant_id: stock.get((sale.session_id, item.variant_id), 0) for item in goods}
    for item in goods:
        units = bought_new(item.quantity, left[item.variant_id])
        left[item.variant_id] -= item.quantity - units
        key = f"escrow/{sale.session_id}/released"
        line = _line(PayeeKind.FACTORY, sale.factory_id, item, units, before, sale.commission_percent, key)
        made.append((line, item.quantity - units))
        before += line.value
    return made


def _line(
    kind: PayeeKind, payee_id: UUID, item: DeliveredItem, units: int, before: int, percent: int, key: str
) -> NewLine:
    value = units * item.unit_price
    return NewLine(
        payee_kind=kind,
        payee_id=payee_id,
        kind=LineKind.ORDER,
        description=item.number,
        value=value,
        commission=commission_of(before, value, percent),
        occurred_at=item.delivered_at,
        due_on=due_on(item.delivered_at),
        ledger_key=key,
        order_id=item.order_id,
        order_item_id=item.order_item_id,
        session_id=item.session_id,
        participant_id=item.participant_id,
        quantity=units,
        unit_price=item.unit_price,
        before=before,
        percent=percent,
    )


async def reckon_orders(ctx: Context, tx: Transaction, order_ids: Sequence[UUID]) -> None:
    """Make lines of delivered direct orders that were released to a seller."""
    ids = list(order_ids)
    await queries.lock_orders(tx, ids)
    releases = {each.order_id: each for each in await queries.releases_of(tx, ids)}
    reckoned: list[UUID] = []
    items = await queries.unreckoned_orders(tx, list(releases))
    for order_id, of_order in groupby(items, key=lambda each: each.order_id):
        release, lines = releases[order_id], _of_release(releases[order_id], list(of_order))
        if sum(line.value - line.commission for line in lines) != release.payable:
            ctx.log.error("an order's goods are not what was released", order=str(order_id), released=release.payable)
            continue
        for line in lines:
            await write_line(ctx, tx, line)
        commission = release.revenue - release.payable
        await queries.mark_reckoned(
            tx, order_id, ctx.clock.now(), PayeeKind.SELLER, release.seller_id, release.revenue, commission
        )
        reckoned.append(order_id)
    await charge_refunds(ctx, tx, reckoned, [])


def _of_release(release: OrderRelease, goods: Iterable[DeliveredItem]) -> list[NewLine]:
    lines, before, percent = list[NewLine](), 0, release.commission_percent
    key = f"order_escrow/{release.order_id}/released"
    for item in goods:
        lines.append(_line(PayeeKind.SELLER, release.seller_id, item, item.quantity, before, percent, key))
        before += lines[-1].value
    return lines


async def charge_refunds(
    ctx: Context, tx: Transaction, order_ids: Sequence[UUID], participant_ids: Sequence[UUID]
) -> None:
    """Charge payees for refunds that the platform bore of their delivered goods (DOMAIN.md 4.6), and give back our
    commission on them."""
    if not order_ids and not participant_ids:
        return
    refunded: dict[UUID, int] = {}
    for each in await queries.chargeable(tx, list(order_ids), list(participant_ids)):
        before = refunded.setdefault(each.order_id, each.refunded)
        await _charge(ctx, tx, each, before)
        refunded[each.order_id] += each.amount
        await queries.add_refunded(tx, each.order_id, each.amount)
        await queries.mark_charged(tx, each.refund_id, ctx.clock.now())


async def _charge(ctx: Context, tx: Transaction, refund: Chargeable, refunded_before: int) -> None:
    charged = charge_of(Sold(refund.product_value, refund.value, refund.commission), refunded_before, refund.amount)
    if refund.payee_kind is None or refund.payee_id is None or charged.value == 0:
        return
    key = f"settlement-refund/{refund.refund_id}"
    line = NewLine(
        payee_kind=refund.payee_kind,
        payee_id=refund.payee_id,
        kind=LineKind.REFUND,
        description=f"{refund.code} {refund.number}",
        value=-charged.value,
        commission=-charged.commission,
        occurred_at=refund.completed_at,
        # Not before the order itself, so that both are settled together where both are open.
        due_on=max(local_day(refund.completed_at), due_on(refund.delivered_at)),
        ledger_key=key,
        order_id=refund.order_id,
        order_item_id=refund.order_item_id,
        session_id=refund.session_id,
        participant_id=refund.participant_id,
        refund_id=refund.refund_id,
    )
    if await write_line(ctx, tx, line):
        taken = journal(
            key,
            "adjustment",
            refund.code,
            debit(account_of(refund.payee_kind, refund.payee_id), charged.amount),
            debit(accounts.COMMISSION_REVENUE, charged.commission),
            credit(accounts.GOODWILL, charged.value),
        )
        await post(tx, ctx.chance, ctx.clock.now(), [taken])

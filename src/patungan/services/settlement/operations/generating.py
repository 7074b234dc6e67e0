"""Settlements are made: a payee's open lines that are due, once a payee and period."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from uuid import UUID

import msgspec

from patungan.contracts import payment
from patungan.kernel.contract import Message
from patungan.kernel.database import Transaction
from patungan.kernel.errors import InternalError
from patungan.kernel.money import Rupiah
from patungan.kernel.service import Context
from patungan.services.settlement.operations import payees
from patungan.services.settlement.operations.booking import NewLine, write_line
from patungan.services.settlement.operations.life import announce_start, finish
from patungan.services.settlement.operations.payees import Account
from patungan.services.settlement.queries import lines as line_queries
from patungan.services.settlement.queries import settlements as queries
from patungan.services.settlement.queries.lines import LineRow, Payee
from patungan.services.settlement.queries.settlements import Settlement
from patungan.services.settlement.rules import (
    CODE_ATTEMPTS,
    CODE_LENGTH,
    CODE_PREFIX,
    Cycle,
    LineKind,
    Period,
    SettlementStatus,
    local_day,
    new_code,
    office_share,
    payable_of,
    period_at,
    uncovered_fees,
    upcoming,
)

ASKED_AT_ONCE = 500
"""Payments that are asked about in one call."""


class Due(msgspec.Struct, frozen=True):
    """What a settlement would take up: its lines, and those that wait for an open refund of their order."""

    lines: list[LineRow]
    waiting: list[LineRow]
    charges: dict[UUID, payment.Charge]

    @property
    def fees(self) -> list[tuple[int, int]]:
        """What the provider charged and what buyers paid for it, an order each."""
        named = {_paying(each) for each in self.lines if each.kind is LineKind.ORDER}
        found = [self.charges[each] for each in named if each in self.charges]
        return [(each.provider_fee, each.collected_fee) for each in found]


class Preview(msgspec.Struct, frozen=True):
    """What a payee would be paid for the period to come if nothing else happened; rupiah."""

    period_start: date
    period_end: date
    pay_on: date
    value: Rupiah
    commission: Rupiah
    gateway_fee: Rupiah
    net_amount: Rupiah
    payout_amount: Rupiah
    carried_out: Rupiah
    lines: list[LineRow]
    waiting: list[LineRow]


def _paying(line: LineRow) -> UUID | None:
    """By what payment knows an order: a session's by its participant."""
    return line.participant_id or line.order_id


async def _due(ctx: Context, payee: Payee, until: date) -> Due:
    found = await line_queries.open_lines(ctx.db, payee.payee_kind, payee.payee_id, until)
    of_orders = [each for each in found if each.order_id is not None]
    participants = sorted({each.participant_id for each in of_orders if each.participant_id is not None})
    orders = sorted({each.order_id for each in of_orders if each.participant_id is None and each.order_id is not None})
    charges: dict[UUID, payment.Charge] = {}
    for start in range(0, max(len(participants), len(orders)), ASKED_AT_ONCE):
        part = slice(start, start + ASKED_AT_ONCE)
        asked = payment.GetCharges(participant_ids=participants[part], order_ids=orders[part])
        charges |= {each.id: each for each in (await ctx.call(payment.get_charges, asked)).charges}
    blocked = {each.id for each in charges.values() if each.refund_open}
    return Due(
        [each for each in found if _paying(each) not in blocked],
        [each for each in found if _paying(each) in blocked],
        charges,
    )


def _moves_something(lines: Sequence[LineRow]) -> bool:
    """What was only carried over is carried on, without a settlement of its own every week."""
    return any(each.kind is not LineKind.CARRIED_OVER for each in lines)


async def preview(ctx: Context, payee: Payee) -> Preview:
    """What the payee's next settlement would be."""
    period = upcoming(payee.cycle, local_day(ctx.clock.now()))
    due = await _due(ctx, payee, period.pay_on)
    fee = uncovered_fees(due.fees)
    net = sum(each.amount for each in due.lines) - fee
    payable = payable_of(net, ctx.settings.settlement_minimum_payout)
    return Preview(
        period_start=period.start,
        period_end=period.end,
        pay_on=period.pay_on,
        value=Rupiah(_goods_value(due.lines)),
        commission=Rupiah(sum(each.commission for each in due.lines)),
        gateway_fee=Rupiah(fee),
        net_amount=Rupiah(net),
        payout_amount=Rupiah(payable.payout),
        carried_out=Rupiah(payable.carried_out),
        lines=due.lines,
        waiting=due.waiting,
    )


def _goods_value(lines: Sequence[LineRow]) -> int:
    return sum(each.value for each in lines if each.kind in (LineKind.ORDER, LineKind.REFUND))


class DuePayee(Message, frozen=True):
    """A payee with a period that is to be settled."""

    payee: Payee
    period_start: date
    period_end: date
    pay_on: date


async def payees_due(ctx: Context, cycles: list[Cycle], day: date) -> list[DuePayee]:
    """Whoever has something to settle in the last period of these cycles whose day of paying is not after a day."""
    found: list[DuePayee] = []
    for cycle in cycles:
        period = period_at(cycle, day)
        due = await line_queries.payees_due(ctx.db, cycle, period.pay_on)
        found += [
            DuePayee(payee=each, period_start=period.start, period_end=period.end, pay_on=period.pay_on) for each in due
        ]
    return found


async def generate(ctx: Context, due_payee: DuePayee) -> UUID | None:
    """Make the settlement of a payee and period, once; answers the one that there is, or None where nothing is due."""
    payee = due_payee.payee
    period = Period(due_payee.period_start, due_payee.period_end, due_payee.pay_on)
    known = await queries.find_live(ctx.db, payee.payee_kind, payee.payee_id, payee.cycle, period.start)
    if known is not None:
        return known.id
    due = await _due(ctx, payee, period.pay_on)
    if not _moves_something(due.lines):
        return None
    name = await payees.name_of(ctx, payee.payee_kind, payee.payee_id)
    account = await payees.bank_account_of(ctx, payee.payee_kind, payee.payee_id)
    async with ctx.db.transaction() as tx:
        await queries.lock_payee(tx, payee.payee_kind, payee.payee_id)
        known = await queries.find_live(tx, payee.payee_kind, payee.payee_id, payee.cycle, period.start)
        if known is not None:
            return known.id
        taken = await line_queries.lock_open(tx, [each.id for each in due.lines])
        if not _moves_something(taken):
            return None
        due = msgspec.structs.replace(due, lines=taken)
        return (await _make(ctx, tx, payee, period, due, name, account)).id


async def _make(
    ctx: Context, tx: Transaction, payee: Payee, period: Period, due: Due, name: str, account: Account | None
) -> Settlement:
    fee = uncovered_fees(due.fees)
    net = sum(each.amount for each in due.lines) - fee
    commission = sum(each.commission for each in due.lines)
    payable = payable_of(net, ctx.settings.settlement_minimum_payout)
    share = 0 if payee.office_id is None else office_share(commission, payee.office_percent)
    large = payable.payout > ctx.settings.settlement_approval_above
    hold = None
    if payable.payout:
        hold = payee.on_hold or (payees.MISSING_ACCOUNT if account is None else None)
    settlement_id, now = ctx.chance.new_id(), ctx.clock.now()
    status = SettlementStatus.ON_HOLD if hold else SettlementStatus.PENDING
    for _ in range(CODE_ATTEMPTS):
        if await queries.insert_settlement(
            *(tx, settlement_id, new_code(CODE_PREFIX, now, ctx.chance.code(CODE_LENGTH)), payee.payee_kind),
            *(payee.payee_id, name, payee.cycle, period.start, period.end, period.pay_on, status),
            *(_goods_value(due.lines), commission, net, payable.payout, payable.carried_out, large, hold),
            *(payee.office_id, share, now, None),
        ):
            break
    else:
        raise InternalError("no free settlement code was found")
    await _take_up(ctx, tx, payee, settlement_id, due, fee)
    if account is not None and payable.payout:
        await set_account(ctx, tx, settlement_id, account)
    made = await queries.lock_settlement(tx, settlement_id)
    if made is None:
        raise LookupError(f"settlement {settlement_id} is gone")
    if payable.payout == 0:
        await finish(ctx, tx, made)
    else:
        await announce_start(ctx, tx, made)
    return made


async def set_account(ctx: Context, tx: Transaction, settlement_id: UUID, account: Account) -> None:
    """Keep where a settlement is paid, sealed: what the payee changes later is for later settlements."""
    sealed = payees.vault(ctx).seal(account.number, settlement_id)
    await queries.set_account(
        tx, settlement_id, account.bank_code, account.channel_code, sealed, account.last4, account.holder_name
    )


async def _take_up(ctx: Context, tx: Transaction, payee: Payee, settlement_id: UUID, due: Due, fee: int) -> None:
    rows: list[tuple[UUID, int, int]] = []
    told: set[UUID] = set()
    for each in due.lines:
        name = _paying(each)
        charge = due.charges.get(name) if name is not None and each.kind is LineKind.ORDER else None
        # An order of several items shows its fees on the first of them.
        if charge is None or charge.id in told:
            rows.append((each.id, 0, 0))
        else:
            told.add(charge.id)
            rows.append((each.id, charge.provider_fee, charge.collected_fee))
    await line_queries.take_up(tx, settlement_id, [r[0] for r in rows], [r[1] for r in rows], [r[2] for r in rows])
    now = ctx.clock.now()
    uncovered = NewLine(
        payee_kind=payee.payee_kind,
        payee_id=payee.payee_id,
        kind=LineKind.GATEWAY_FEE,
        description="gateway fees beyond those that buyers paid",
        value=-fee,
        occurred_at=now,
        due_on=local_day(now),
        ledger_key=f"settlement/{settlement_id}/gateway-fee",
        settlement_id=settlement_id,
    )
    await write_line(ctx, tx, uncovered)

"""A settlement's statement: every line with its order, its order item, and the transaction in the books that it stands for."""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

import msgspec

from patungan.kernel.money import Rupiah
from patungan.kernel.service import Context
from patungan.ledger import reading
from patungan.services.settlement.operations.booking import account_of
from patungan.services.settlement.queries import lines as line_queries
from patungan.services.settlement.queries.lines import LineRow
from patungan.services.settlement.queries.settlements import Settlement
from patungan.services.settlement.rules import LineKind


class StatementLine(msgspec.Struct, frozen=True):
    """A line as its payee can recompute it: ``amount`` = ``value`` - ``commission``, and the commission of an order is
    ``percent`` of ``before`` + ``value`` less that of ``before``, each rounded half up. ``transaction_id`` is None for what
    was carried over, and for a fee that is booked when the settlement ends. Rupiah."""

    kind: LineKind
    description: str
    occurred_at: datetime
    order_id: UUID | None
    order_item_id: UUID | None
    session_id: UUID | None
    quantity: int
    unit_price: Rupiah
    before: Rupiah
    percent: int
    value: Rupiah
    commission: Rupiah
    amount: Rupiah
    provider_fee: Rupiah
    collected_fee: Rupiah
    ledger_key: str | None
    transaction_id: UUID | None


class KindTotal(msgspec.Struct, frozen=True):
    kind: LineKind
    lines: int
    value: Rupiah
    commission: Rupiah
    amount: Rupiah


class Posting(msgspec.Struct, frozen=True):
    """A transaction on the payee's account; below zero: we owe the payee less. Rupiah."""

    ledger_key: str
    transaction_id: UUID
    posted_at: datetime
    amount: Rupiah


class Statement(msgspec.Struct, frozen=True):
    """The lines add up to ``net_amount`` = ``payout_amount`` + ``carried_out``; ``postings`` are what the payout moved on
    ``account``, which add up to the payout once it is made. Rupiah."""

    id: UUID
    code: str
    payee_name: str
    account: str
    period_start: date
    period_end: date
    pay_on: date
    status: str
    lines: list[StatementLine]
    totals: list[KindTotal]
    net_amount: Rupiah
    payout_amount: Rupiah
    carried_out: Rupiah
    postings: list[Posting]


async def statement_of(ctx: Context, settlement: Settlement) -> Statement:
    """The statement of a settlement as it stands."""
    lines = await line_queries.lines_of(ctx.db, settlement.id)
    account = account_of(settlement.payee_kind, settlement.payee_id)
    paid = [
        f"settlement/{settlement.id}/{step}/{attempt}"
        for attempt in range(1, settlement.attempt + 1)
        for step in ("paid", "reversed")
    ]
    keys = [*{each.ledger_key for each in lines if each.ledger_key is not None}, *paid]
    moved = {each.idempotency_key: each for each in await reading.moved_by_keys(ctx.db, account, keys)}
    return Statement(
        id=settlement.id,
        code=settlement.code,
        payee_name=settlement.payee_name,
        account=account,
        period_start=settlement.period_start,
        period_end=settlement.period_end,
        pay_on=settlement.pay_on,
        status=settlement.status.value,
        lines=[_line(each, moved) for each in lines],
        totals=_totals(lines),
        net_amount=settlement.net_amount,
        payout_amount=settlement.payout_amount,
        carried_out=settlement.carried_out,
        postings=[
            Posting(key, moved[key].transaction_id, moved[key].posted_at, Rupiah(-moved[key].amount))
            for key in paid
            if key in moved
        ],
    )


def _line(line: LineRow, moved: dict[str, reading.Moved]) -> StatementLine:
    posted = None if line.ledger_key is None else moved.get(line.ledger_key)
    return StatementLine(
        kind=line.kind,
        description=line.description,
        occurred_at=line.occurred_at,
        order_id=line.order_id,
        order_item_id=line.order_item_id,
        session_id=line.session_id,
        quantity=line.quantity,
        unit_price=Rupiah(line.unit_price),
        before=Rupiah(line.before),
        percent=line.percent,
        value=Rupiah(line.value),
        commission=Rupiah(line.commission),
        amount=Rupiah(line.amount),
        provider_fee=Rupiah(line.provider_fee),
        collected_fee=Rupiah(line.collected_fee),
        ledger_key=line.ledger_key,
        transaction_id=None if posted is None else posted.transaction_id,
    )


def _totals(lines: Sequence[LineRow]) -> list[KindTotal]:
    of_kind: dict[LineKind, list[LineRow]] = defaultdict(list)
    for each in lines:
        of_kind[each.kind].append(each)
    return [
        KindTotal(
            kind=kind,
            lines=len(found),
            value=Rupiah(sum(each.value for each in found)),
            commission=Rupiah(sum(each.commission for each in found)),
            amount=Rupiah(sum(each.amount for each in found)),
        )
        for kind in LineKind
        if (found := of_kind.get(kind))
    ]


_HEADER = (
    *(
        "kind",
        "description",
        "occurred_at",
        "order_id",
        "order_item_id",
        "session_id",
        "quantity",
        "unit_price",
        "before",
    ),
    *("percent", "value", "commission", "amount", "provider_fee", "collected_fee", "ledger_key", "transaction_id"),
)
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def _cell(value: object) -> object:
    """A cell that no spreadsheet takes for a formula; numbers stay numbers."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, int):
        return value
    text = str(value)
    return f"'{text}" if text.startswith(_FORMULA) else text


def as_csv(statement: Statement) -> str:
    """The statement's lines and their sum, as CSV (RFC 4180)."""
    file = io.StringIO()
    rows = csv.writer(file)
    rows.writerow(_HEADER)
    for each in statement.lines:
        rows.writerow([_cell(getattr(each, name)) for name in _HEADER])
    last = {"kind": "total", "description": statement.code, "amount": statement.net_amount}
    rows.writerow([_cell(last.get(name)) for name in _HEADER])
    return file.getvalue()

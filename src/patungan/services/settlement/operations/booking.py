"""Lines and the books: a line is written in the transaction that posts what it stands for."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

import msgspec

from patungan.kernel.database import Transaction
from patungan.kernel.service import Context
from patungan.ledger import accounts
from patungan.ledger.accounts import Account
from patungan.ledger.posting import Line, credit, debit
from patungan.services.settlement.queries import lines as queries
from patungan.services.settlement.rules import LineKind, PayeeKind


class NewLine(msgspec.Struct, frozen=True, kw_only=True):
    """A line to be written; its amount is ``value`` - ``commission``, in rupiah."""

    payee_kind: PayeeKind
    payee_id: UUID
    kind: LineKind
    description: str
    value: int
    occurred_at: datetime
    due_on: date
    ledger_key: str | None
    commission: int = 0
    order_id: UUID | None = None
    order_item_id: UUID | None = None
    session_id: UUID | None = None
    participant_id: UUID | None = None
    refund_id: UUID | None = None
    purchase_order_id: UUID | None = None
    variant_id: UUID | None = None
    adjustment_id: UUID | None = None
    from_settlement_id: UUID | None = None
    quantity: int = 0
    unit_price: int = 0
    before: int = 0
    percent: int = 0
    settlement_id: UUID | None = None


def account_of(kind: PayeeKind, payee_id: UUID) -> Account:
    """Where the books say what we owe a payee."""
    match kind:
        case PayeeKind.FACTORY:
            return accounts.payable_factory(payee_id)
        case PayeeKind.SELLER:
            return accounts.payable_seller(payee_id)
        case PayeeKind.OFFICE:
            return accounts.payable_office(payee_id)


def owed(account: Account, amount: int) -> Line:
    """A payee's side of a journal: a credit of what we owe more, a debit of what we owe less."""
    return credit(account, amount) if amount >= 0 else debit(account, -amount)


def against(account: Account, amount: int) -> Line:
    """The other side of ``owed``."""
    return debit(account, amount) if amount >= 0 else credit(account, -amount)


async def write_line(ctx: Context, tx: Transaction, line: NewLine) -> bool:
    """Write a line, once for what it stands for; one of nothing is left out. False where it was there."""
    if line.value == line.commission:
        return False
    return bool(
        await queries.insert_line(
            tx,
            ctx.chance.new_id(),
            line.payee_kind,
            line.payee_id,
            line.kind,
            line.description,
            line.order_id,
            line.order_item_id,
            line.session_id,
            line.participant_id,
            line.refund_id,
            line.purchase_order_id,
            line.variant_id,
            line.adjustment_id,
            line.from_settlement_id,
            line.quantity,
            line.unit_price,
            line.before,
            line.percent,
            line.value,
            line.commission,
            line.ledger_key,
            line.occurred_at,
            line.due_on,
            line.settlement_id,
        )
    )

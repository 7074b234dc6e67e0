"""A session's money, every rupiah of it: where it came from, where it went, what is left. No I/O but in its loader."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from uuid import UUID

import msgspec

from patungan.contracts import books as contract
from patungan.kernel.money import Rupiah
from patungan.kernel.service import Context
from patungan.ledger import accounts, reading
from patungan.ledger.accounts import Account
from patungan.ledger.reading import TouchingEntry
from patungan.services.payment.reports import queries
from patungan.services.payment.reports.queries import SessionPayment, SessionRefund


class Share(msgspec.Struct, frozen=True):
    """What came from an account, or went to it, in rupiah."""

    account: str
    amount: Rupiah


class SessionStatement(msgspec.Struct, frozen=True):
    """``received`` - ``released`` - ``refunded`` = ``held``. ``came_from`` adds up to what was received into escrow,
    ``went_to`` to what left it. ``entries`` are the ledger's lines, those of money that never entered the escrow (paid
    late or twice) and its way back among them."""

    session_id: UUID
    received: Rupiah
    released: Rupiah
    refunded: Rupiah
    held: Rupiah
    came_from: list[Share]
    went_to: list[Share]
    payments: list[SessionPayment]
    refunds: list[SessionRefund]
    entries: list[TouchingEntry]


async def session_statement(ctx: Context, session_id: UUID) -> SessionStatement:
    """A session's statement; raises SessionNotInBooks where nothing was ever to be paid for it."""
    payments = await queries.payments_of_session(ctx.db, session_id)
    if not payments:
        raise contract.SessionNotInBooks()
    refunds = await queries.refunds_of_session(ctx.db, session_id)
    references = [
        *(each.code for each in payments),
        *(each.code for each in refunds),
        *(f"refund/{each.id}" for each in refunds),
    ]
    escrow = accounts.escrow(session_id)
    entries = await reading.entries_touching(ctx.db, [escrow, accounts.cashback_payable(session_id)], references)
    return compose(session_id, payments, refunds, entries)


def compose(
    session_id: UUID,
    payments: Sequence[SessionPayment],
    refunds: Sequence[SessionRefund],
    entries: Sequence[TouchingEntry],
) -> SessionStatement:
    """The statement of a session's payments and ledger entries."""
    escrow = accounts.escrow(session_id)
    came, went = _sides(escrow, entries)
    refunded = went.get(accounts.REFUND_CLEARING, 0)
    received, gone = sum(came.values()), sum(went.values())
    return SessionStatement(
        session_id=session_id,
        received=Rupiah(received),
        released=Rupiah(gone - refunded),
        refunded=Rupiah(refunded),
        held=Rupiah(received - gone),
        came_from=_shares(came),
        went_to=_shares(went),
        payments=list(payments),
        refunds=list(refunds),
        entries=list(entries),
    )


def _sides(escrow: Account, entries: Iterable[TouchingEntry]) -> tuple[dict[str, int], dict[str, int]]:
    """By the other account: what came into the escrow, and what left it."""
    of_transaction: dict[UUID, list[TouchingEntry]] = defaultdict(list)
    for entry in entries:
        of_transaction[entry.transaction_id].append(entry)
    came: dict[str, int] = defaultdict(int)
    went: dict[str, int] = defaultdict(int)
    for lines in of_transaction.values():
        moved = sum(line.amount for line in lines if line.account == escrow)
        for line in lines:
            if line.account == escrow or moved == 0:
                continue
            if moved < 0:
                came[line.account] += line.amount
            else:
                went[line.account] -= line.amount
    return came, went


def _shares(amounts: dict[str, int]) -> list[Share]:
    return [Share(account, Rupiah(amount)) for account, amount in sorted(amounts.items())]

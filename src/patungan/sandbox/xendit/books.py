"""The provider's books: every movement of money on the account, for the platform's audit to compare with its own.

What an amount does to the balance follows from its kind and status: a refund counts while pending and once it
succeeded, a payout from the moment it is requested; a failed or cancelled one gives its money back.
"""

from __future__ import annotations

from typing import Final, Literal

import msgspec

from patungan.sandbox.clock import iso
from patungan.sandbox.context import Sandbox
from patungan.sandbox.xendit import transactions

SCHEMA: Final = """
create table if not exists movements (
    sequence integer primary key autoincrement,
    id text not null unique,
    kind text not null check (kind in ('payment', 'payment_fee', 'refund', 'payout', 'payout_fee', 'payout_reversal')),
    external_id text,
    reference_id text,
    invoice_id text,
    object_id text not null,
    amount integer not null check (amount >= 0),
    status text not null,
    created integer not null
) strict;
create index if not exists movements_external on movements (external_id);
create index if not exists movements_reference on movements (reference_id);
create table if not exists account (
    only_row integer primary key check (only_row = 1),
    opening_balance integer not null,
    balance integer not null
) strict;
"""

Kind = Literal["payment", "payment_fee", "refund", "payout", "payout_fee", "payout_reversal"]

SIGN: Final[dict[str, int]] = {
    "payment": 1,
    "payment_fee": -1,
    "refund": -1,
    "payout": -1,
    "payout_fee": -1,
    "payout_reversal": 1,
}
WITHOUT_EFFECT: Final = frozenset({"FAILED", "CANCELLED"})


class Movement(msgspec.Struct, kw_only=True):
    """Money that moved, or was set aside to move; the amount is positive, its kind gives the direction."""

    sequence: int
    id: str
    kind: Kind
    external_id: str | None
    reference_id: str | None
    invoice_id: str | None
    object_id: str
    amount: int
    status: str
    created: int

    @property
    def effect(self) -> int:
        return 0 if self.status in WITHOUT_EFFECT else SIGN[self.kind] * self.amount


class Total(msgspec.Struct):
    kind: Kind
    status: str
    count: int
    amount: int


def open_account(sandbox: Sandbox) -> None:
    """Open the account with its opening balance, once in the life of the data file."""
    sandbox.store.execute(
        "insert into account (only_row, opening_balance, balance) values (1, ?1, ?1) on conflict do nothing",
        sandbox.settings.opening_balance,
    )


def balance(sandbox: Sandbox) -> int:
    return sandbox.store.number("select balance from account")


def record(
    sandbox: Sandbox,
    kind: Kind,
    object_id: str,
    amount: int,
    status: str,
    *,
    external_id: str | None = None,
    reference_id: str | None = None,
    invoice_id: str | None = None,
    movement_id: str | None = None,
) -> None:
    """Write a movement and move the balance, inside the caller's transaction."""
    sandbox.store.execute(
        "insert into movements (id, kind, external_id, reference_id, invoice_id, object_id, amount, status, created)"
        " values (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        *(movement_id or object_id, kind, external_id, reference_id, invoice_id, object_id, amount, status),
        sandbox.now(),
    )
    transactions.strike(sandbox, movement_id or object_id, kind, amount)
    if status not in WITHOUT_EFFECT:
        sandbox.store.execute("update account set balance = balance + ?", SIGN[kind] * amount)


class Imported(msgspec.Struct, forbid_unknown_fields=True):
    """A payment made before this account was kept here, in rupiah."""

    invoice_id: str
    external_id: str
    amount: int


def import_payments(sandbox: Sandbox, paid: list[Imported]) -> int:
    """Write payments of before in bulk and move the balance; answers how many were new."""
    now = sandbox.now()
    with sandbox.store.transaction():
        before = balance_of_payments(sandbox)
        sandbox.store.execute_many(
            "insert into movements (id, kind, external_id, invoice_id, object_id, amount, status, created)"
            " values (?, 'payment', ?, ?, ?, ?, 'SUCCEEDED', ?) on conflict do nothing",
            [
                (f"seed-{each.invoice_id}", each.external_id, each.invoice_id, each.invoice_id, each.amount, now)
                for each in paid
            ],
        )
        after = balance_of_payments(sandbox)
        sandbox.store.execute("update account set balance = balance + ?", after[1] - before[1])
    return after[0] - before[0]


def balance_of_payments(sandbox: Sandbox) -> tuple[int, int]:
    """How many imported payments there are, and their sum."""
    where = "from movements where id glob 'seed-*'"
    return (
        sandbox.store.number(f"select count(*) {where}"),
        sandbox.store.number(f"select coalesce(sum(amount), 0) {where}"),
    )


def conclude(sandbox: Sandbox, movement_id: str, status: str) -> None:
    """Give a movement its final status; a failed or cancelled one returns its money to the balance."""
    movement = sandbox.store.one(Movement, "select * from movements where id = ?", movement_id)
    if movement is None:
        raise LookupError(f"no movement {movement_id}")
    sandbox.store.execute("update movements set status = ? where id = ?", status, movement_id)
    if status in WITHOUT_EFFECT:
        sandbox.store.execute("update account set balance = balance - ?", movement.effect)


def page(
    sandbox: Sandbox, *, after: int, limit: int, kind: str | None = None, reference: str | None = None
) -> dict[str, object]:
    """Movements in the order in which they arose, with the totals of all of them and the balance they explain."""
    rows = sandbox.store.all(
        Movement,
        "select * from movements where sequence > ?1 and (?2 is null or kind = ?2)"
        " and (?3 is null or external_id = ?3 or reference_id = ?3) order by sequence limit ?4",
        *(after, kind, reference, limit + 1),
    )
    shown = rows[:limit]
    totals = sandbox.store.all(
        Total,
        "select kind, status, count(*) as count, sum(amount) as amount from movements group by kind, status"
        " order by kind, status",
    )
    return {
        "movements": [_rendered(movement) for movement in shown],
        "has_more": len(rows) > limit,
        "after": shown[-1].sequence if shown else after,
        "totals": [msgspec.to_builtins(total) for total in totals],
        "opening_balance": sandbox.store.number("select opening_balance from account"),
        "balance": balance(sandbox),
    }


def _rendered(movement: Movement) -> dict[str, object]:
    stored: dict[str, object] = msgspec.to_builtins(movement)
    return stored | {"created": iso(movement.created), "effect": movement.effect}

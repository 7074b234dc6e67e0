"""The provider's own books against ours, transaction by transaction."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Final

import asyncpg
import httpx
import msgspec

from patungan.operations.audit.payments import POSTED, RECEIPT_KEY
from patungan.operations.audit.report import KEPT, Finding, Offence

PAGE = 1_000
NAME: Final = "provider"
CLAIM: Final = "every transaction at the payment provider is in our books, with its amount, and no other is"


class Movement(msgspec.Struct, frozen=True):
    """A movement of money in the provider's books; the amount is positive, its kind gives the direction, in rupiah."""

    sequence: int
    id: str
    kind: str
    object_id: str
    amount: int
    status: str
    external_id: str | None = None
    reference_id: str | None = None
    invoice_id: str | None = None

    @property
    def moved(self) -> bool:
        """Whether money has moved for good: a refund or payout under way may still come back."""
        return self.status == "SUCCEEDED"


class _Page(msgspec.Struct, frozen=True):
    movements: list[Movement]
    has_more: bool
    after: int


@dataclass(frozen=True, slots=True)
class ProviderBooks:
    """Where the sandbox shows Xendit's books, and the secret key that opens them."""

    xendit_url: str
    secret_key: str

    async def movements(self) -> AsyncIterator[Movement]:
        """All movements, oldest first; raises httpx.HTTPError where the sandbox does not answer."""
        after, more = 0, True
        async with httpx.AsyncClient(auth=(self.secret_key, ""), timeout=30, trust_env=False) as client:
            while more:
                response = await client.get(f"{self.xendit_url}/_sandbox/books", params={"after": after, "limit": PAGE})
                response.raise_for_status()
                page = msgspec.json.decode(response.content, type=_Page)
                for movement in page.movements:
                    yield movement
                after, more = page.after, page.has_more


@dataclass(frozen=True, slots=True)
class Ours:
    """What our books say of a transaction at the provider: by which name, and how much was posted (rupiah, positive)."""

    label: str
    amount: int


_RECEIVED = f"""
    with received as (
        select {RECEIPT_KEY} as key, c.invoice_id, c.kind, c.amount, p.code
        from payment.receipts c join payment.payments p on p.id = c.payment_id where c.source = 'xendit'
    ), posted as (
        select key, amount from ({POSTED}) as p
        where kind = 'gateway_clearing' and amount > 0 and key not like 'payment/%/quarantined/%'
          and key not like 'withdrawal/%' and key not like 'settlement/%'
    )
    select r.invoice_id as object, coalesce(r.code, p.key) as label, coalesce(p.amount, 0)::bigint as amount,
        case when r.kind = 'quarantined' then r.amount end as quarantined
    from posted p full join received r on r.key = p.key and r.kind <> 'quarantined'
"""
_REFUNDED = f"""
    with posted as (
        select key, -amount as amount from ({POSTED}) as p
        where kind = 'gateway_clearing' and amount < 0 and key like 'refund/%'
    ), refunded as (
        select 'refund/' || id || '/completed' as key, code, provider_refund_id from payment.refunds
        where status = 'completed' and destination = 'source'
    )
    select r.provider_refund_id as object, coalesce(r.code, p.key) as label, coalesce(p.amount, 0)::bigint as amount
    from posted p full join refunded r on r.key = p.key
"""
_FEES = f"""
    select split_part(key, '/', 2) as object, -amount as amount from ({POSTED}) as p
    where kind = 'gateway_clearing' and key like 'fee/%'
"""
_PAID_OUT = f"""
    with posted as (
        select split_part(key, '/', 1) as what, split_part(key, '/', 2) as id, split_part(key, '/', 3) as step,
            split_part(key, '/', 4) as attempt, abs(amount) as amount
        from ({POSTED}) as p
        where kind = 'gateway_clearing' and (key like 'withdrawal/%' or key like 'settlement/%')
    )
    select case p.step when 'completed' then 'payout' when 'paid' then 'payout' when 'payout-fee' then 'payout_fee'
            when 'reversed' then 'payout_reversal' else p.step end as kind,
        coalesce(w.payout_id, t.payout_id) as object, coalesce(w.code, s.code, p.id) as label, p.amount::bigint as amount
    from posted p left join wallet.withdrawals w on p.what = 'withdrawal' and w.id::text = p.id
    left join settlement.settlements s on p.what = 'settlement' and s.id::text = p.id
    left join settlement.payouts t on t.settlement_id = s.id and t.attempt::text = p.attempt
"""
_PAYOUT_KINDS: Final = ("payout", "payout_fee", "payout_reversal")


async def compare(connection: asyncpg.Connection[asyncpg.Record], movements: list[Movement]) -> Finding:
    """Match our postings on gateway clearing with the provider's movements.

    A payment and its fee there are known here by the invoice, a refund and a payout by the provider's own id.
    """
    offences: list[Offence] = []
    payments = {each.invoice_id or each.object_id: each for each in movements if each.kind == "payment" and each.moved}
    refunds = {each.object_id: each for each in movements if each.kind == "refund" and each.moved}
    received, quarantined = await _received(connection, offences)
    for invoice_id, there in list(payments.items()):
        if invoice_id in quarantined and quarantined[invoice_id].amount == there.amount:
            del payments[invoice_id]
    offences += _matched("payment", payments, received)
    offences += _matched("refund", refunds, await _refunded(connection, offences))
    fees = {each.invoice_id or each.object_id: each for each in movements if each.kind == "payment_fee" and each.amount}
    posted = {row["object"]: Ours(row["object"], int(row["amount"])) for row in await connection.fetch(_FEES)}
    offences += _matched("fee", fees, posted)
    paid_out = await _paid_out(connection, offences)
    for kind in _PAYOUT_KINDS:
        moved = {each.object_id: each for each in movements if each.kind == kind and each.moved}
        offences += _matched(kind, moved, paid_out[kind])
    offences += [
        Offence(f"{each.kind} {each.reference_id or each.object_id}", "not in our books", 0, each.amount)
        for each in movements
        if each.moved and each.kind not in ("payment", "payment_fee", "refund", *_PAYOUT_KINDS)
    ]
    offences.sort(key=lambda each: each.subject)
    payouts = sum(len(each) for each in paid_out.values())
    examined = len(payments) + len(refunds) + len(quarantined) + len(fees) + payouts
    return Finding(NAME, CLAIM, examined, len(offences), offences[:KEPT], _notes(movements, quarantined))


async def _received(
    connection: asyncpg.Connection[asyncpg.Record], offences: list[Offence]
) -> tuple[dict[str, Ours], dict[str, Ours]]:
    """Our receipts by invoice: posted, and quarantined. A posting without an invoice can be at no provider."""
    posted: dict[str, Ours] = {}
    quarantined: dict[str, Ours] = {}
    for row in await connection.fetch(_RECEIVED):
        if row["object"] is None:
            offences.append(_missing_there("payment", Ours(row["label"], row["amount"])))
        elif row["quarantined"] is not None:
            quarantined[row["object"]] = Ours(row["label"], row["quarantined"])
        else:
            posted[row["object"]] = Ours(row["label"], row["amount"])
    return posted, quarantined


async def _refunded(connection: asyncpg.Connection[asyncpg.Record], offences: list[Offence]) -> dict[str, Ours]:
    posted: dict[str, Ours] = {}
    for row in await connection.fetch(_REFUNDED):
        ours = Ours(row["label"], row["amount"])
        if row["object"] is None:
            offences.append(_missing_there("refund", ours))
        else:
            posted[row["object"]] = ours
    return posted


async def _paid_out(
    connection: asyncpg.Connection[asyncpg.Record], offences: list[Offence]
) -> dict[str, dict[str, Ours]]:
    """What withdrawals and settlements moved at the provider, by the kind of movement and the provider's own id of the payout."""
    posted: dict[str, dict[str, Ours]] = {kind: {} for kind in _PAYOUT_KINDS}
    for row in await connection.fetch(_PAID_OUT):
        ours = Ours(row["label"], row["amount"])
        if row["object"] is None:
            offences.append(_missing_there(row["kind"], ours))
        else:
            posted[row["kind"]][row["object"]] = ours
    return posted


def _missing_there(kind: str, ours: Ours) -> Offence:
    return Offence(f"{kind} {ours.label}", "in our books, and not at the provider", 0, ours.amount)


def _matched(kind: str, theirs: Mapping[str, Movement], ours: Mapping[str, Ours]) -> list[Offence]:
    """What is on one side only, or of another amount; ``expected`` is the provider's word."""
    offences: list[Offence] = []
    for key, there in theirs.items():
        here = ours.get(key)
        if here is None:
            label = there.reference_id or there.external_id or key
            offences.append(Offence(f"{kind} {label}", "at the provider, and not in our books", there.amount, 0))
        elif here.amount != there.amount:
            offences.append(Offence(f"{kind} {here.label}", "of another amount", there.amount, here.amount))
    offences += [_missing_there(kind, here) for key, here in ours.items() if key not in theirs]
    return offences


def _notes(movements: list[Movement], quarantined: Mapping[str, Ours]) -> list[str]:
    notes = []
    fees = [each.amount for each in movements if each.kind == "payment_fee"]
    if fees:
        notes.append(f"the provider charged {len(fees):,} fees of {sum(fees):,} rupiah in all")
    under_way = [each for each in movements if each.kind == "refund" and each.status == "PENDING"]
    if under_way:
        notes.append(f"{len(under_way):,} refunds of {sum(each.amount for each in under_way):,} rupiah are under way")
    notes += [
        f"{each.label}: {each.amount:,} rupiah came that are not what was asked; quarantined until finance decides"
        for each in quarantined.values()
    ]
    return notes

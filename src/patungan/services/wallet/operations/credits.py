"""Credits that other services decide on, each made once however often it is asked."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from patungan.contracts import wallet as contract
from patungan.kernel.errors import Conflict, InvalidInput
from patungan.kernel.money import Rupiah
from patungan.kernel.service import Context, implements
from patungan.kernel.sql import unzip
from patungan.ledger import accounts
from patungan.ledger.posting import Journal, credit, debit, journal, post
from patungan.services.wallet.queries import wallets as queries
from patungan.services.wallet.rules import TransactionType, running_balances


@dataclass(frozen=True, slots=True)
class _Credit:
    """A credit to be made once: the wallet, the amount, what it stands for, and its journal."""

    user_id: UUID
    amount: Rupiah
    reference_id: UUID
    journal: Journal


def _require_positive(amounts: Iterable[int]) -> None:
    if any(amount < 1 for amount in amounts):
        raise InvalidInput("A credit is one rupiah or more", field="amount")


def _differs(wanted: _Credit, known: queries.KnownCredit | None) -> bool:
    """Whether a credit that stands already is another one than is asked for now."""
    return known is not None and (known.user_id, known.amount) != (wanted.user_id, wanted.amount)


async def _credit(
    ctx: Context, kind: TransactionType, reference_type: str, reference: str, credits: Sequence[_Credit]
) -> contract.Credited:
    """Credit wallets in one transaction, with the journals that pay for it; a credit that was made before is passed over.

    Raises Conflict for a repeated credit that differs from the first.
    """
    users = sorted({each.user_id for each in credits})
    async with ctx.db.transaction() as tx:
        await queries.open_wallets(tx, users, ctx.clock.now())
        # The wallets are locked before looking what is known: a repeated request waits here for the first one.
        balances = {row.user_id: int(row.balance) for row in await queries.lock_wallets(tx, users)}
        # After the locks, so that a statement by time shows its lines in the order of their balances.
        now = ctx.clock.now()
        references = [each.reference_id for each in credits]
        known = {row.reference_id: row for row in await queries.known_credits(tx, kind, reference_type, references)}
        if any(_differs(each, known.get(each.reference_id)) for each in credits):
            raise Conflict("A credit was made before for another amount or another person")
        fresh = list({each.reference_id: each for each in credits if each.reference_id not in known}.values())
        if fresh:
            after = running_balances(balances, [(each.user_id, each.amount) for each in fresh])
            rows = [
                (ctx.chance.new_id(), each.user_id, each.amount, balance, each.reference_id)
                for each, balance in zip(fresh, after, strict=True)
            ]
            await queries.insert_transactions(tx, kind, reference_type, reference, now, *unzip(rows, 5))
            await queries.add_to_wallets(tx, [each.user_id for each in fresh], [each.amount for each in fresh])
            await post(tx, ctx.chance, now, [each.journal for each in fresh])
            await ctx.publish(
                tx,
                *(
                    contract.WalletCredited(
                        user_id=each.user_id,
                        amount=each.amount,
                        balance=Rupiah(balance),
                        type=kind,
                        reference=reference,
                    )
                    for each, balance in zip(fresh, after, strict=True)
                ),
            )
    return contract.Credited(count=len(fresh), amount=Rupiah(sum(each.amount for each in fresh)))


@implements(contract.credit_refund)
async def credit_refund(ctx: Context, request: contract.CreditRefund) -> contract.Credited:
    _require_positive([request.amount])
    posting = journal(
        f"refund/{request.refund_id}/wallet",
        "refund_issued",
        f"refund/{request.refund_id}",
        debit(accounts.REFUND_CLEARING, request.amount),
        credit(accounts.wallet(request.user_id), request.amount),
    )
    made = _Credit(request.user_id, request.amount, request.refund_id, posting)
    return await _credit(ctx, TransactionType.REFUND, "refund", request.refund_code, [made])

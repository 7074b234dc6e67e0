"""The tier refunds of a closing session: credited by the batch, each once however often it is asked."""

from __future__ import annotations

from patungan.contracts import wallet as contract
from patungan.kernel.database import checking_rows
from patungan.kernel.errors import Conflict, InvalidInput
from patungan.kernel.service import Context, implements
from patungan.ledger import accounts
from patungan.services.wallet.queries import cashbacks as queries


@implements(contract.credit_cashbacks)
async def credit_cashbacks(ctx: Context, request: contract.CreditCashbacks) -> contract.Credited:
    """Credit wallets in one transaction, with their journal; raises Conflict for a repeated credit that differs."""
    rows = request.cashbacks
    source = accounts.cashback_payable(request.session_id)
    async with ctx.db.transaction() as tx:
        await tx.look_up_by_index()
        with checking_rows("cashbacks"):
            await queries.open_wallets(tx, rows, ctx.clock.now())
            # The wallets are locked before looking what is known: a repeated request waits here for the first one.
            await queries.lock_wallets(tx, rows)
            fault = await queries.find_fault(tx, rows)
        if fault.below_one:
            raise InvalidInput("A credit is one rupiah or more", field="amount")
        if fault.differs:
            raise Conflict("A credit was made before for another amount or another person")
        # After the locks, so that a statement by time shows its lines in the order of their balances.
        now = ctx.clock.now()
        made = await queries.credit(
            tx, rows, request.session_code, now, ctx.chance.secret(), source, request.session_id
        )
    return contract.Credited(count=made.count, amount=made.amount)

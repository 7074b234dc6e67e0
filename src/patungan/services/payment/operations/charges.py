"""What paying for goods cost, as settlement asks for it."""

from __future__ import annotations

from patungan.contracts import payment as contract
from patungan.kernel.service import Context, implements
from patungan.services.payment.queries import charges as queries


@implements(contract.get_charges)
async def get_charges(ctx: Context, request: contract.GetCharges) -> contract.Charges:
    of_participants = await queries.of_participants(ctx.db, request.participant_ids)
    return contract.Charges(charges=[*of_participants, *await queries.of_orders(ctx.db, request.order_ids)])

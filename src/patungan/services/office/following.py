"""What office learns from others: which factories it looks after."""

from __future__ import annotations

from collections.abc import Sequence

from patungan.contracts.factory import FactoryAssigned
from patungan.kernel.database import Transaction
from patungan.kernel.events import Received, subscription
from patungan.kernel.service import Context
from patungan.services.office.operations import work


@subscription(FactoryAssigned)
async def follow_factories(ctx: Context, tx: Transaction, events: Sequence[Received[FactoryAssigned]]) -> None:
    await work.note_assignments(ctx, tx, events)

"""The steps of a session's life: allowed by the rules or refused, and recorded with who took them and why."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from patungan.contracts import group_buying as contract
from patungan.kernel.database import Transaction
from patungan.kernel.identity import Caller
from patungan.kernel.service import Context
from patungan.services.group_buying.operations.progress import announce_after_commit
from patungan.services.group_buying.queries import sessions
from patungan.services.group_buying.queries.sessions import Session
from patungan.services.group_buying.rules import Transition


@dataclass(frozen=True, slots=True)
class Actor:
    """Who takes a step: the platform itself, or a person on the side of the factory or of the administration."""

    role: str
    user_id: UUID | None


PLATFORM = Actor("platform", None)


def actor_of(caller: Caller) -> Actor:
    """A signed-in person as the history names them."""
    return Actor("admin" if caller.is_admin else "factory", caller.user_id)


async def take(
    ctx: Context, tx: Transaction, session: Session, step: Transition, reason: str, actor: Actor = PLATFORM
) -> None:
    """Take a step with a locked session; raises SessionStatusRefused where it is not allowed now."""
    phase = session.phase(ctx.clock.now())
    if not step.permits(phase, session.paid_quantity):
        raise contract.SessionStatusRefused(f"{step.name} is not for a session that is {phase}")
    to = step.to or session.status
    if to is not session.status:
        await sessions.set_status(tx, session.id, to)
    await sessions.write_history(
        tx, session.id, ctx.clock.now(), step.name, session.status, to, actor.role, actor.user_id, reason
    )
    announce_after_commit(ctx, tx, session.id)

"""Paying out through Xendit: one client a process, and a payout sent at most once, asked for before it is sent again."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from patungan.kernel.chance import backoff_seconds
from patungan.kernel.service import Context
from patungan.providers import xendit as provider
from patungan.providers.errors import ProviderError, ProviderOutcomeUnknown, ProviderRefused
from patungan.providers.http import Pacing
from patungan.providers.payouts import (
    PayoutNews,
    Told,
    look_after_silence,
    next_look,
    next_return_look,
    payout_key,
    payout_reference,
)
from patungan.providers.xendit import Payout, PayoutStatus, Xendit

LACK_OF_FUNDS = "INSUFFICIENT_BALANCE"

DESCRIPTION = "Patungan {}"
"""What the bank statement says; the shortest that a bank shows is 14 characters."""

OWN_FAULT = frozenset({401, 403})
"""Refusals of our key: nothing is wrong with the payout."""

_ENDS = {
    PayoutStatus.SUCCEEDED: Told.PAID,
    PayoutStatus.REVERSED: Told.REVERSED,
    PayoutStatus.FAILED: Told.FAILED,
    PayoutStatus.CANCELLED: Told.FAILED,
    PayoutStatus.COMPLIANCE_REJECTED: Told.FAILED,
    PayoutStatus.EXPIRED: Told.FAILED,
}


@dataclass(frozen=True, slots=True)
class PayoutOrder:
    """An attempt at a payout. ``key_name`` is what its idempotency key is made of; ``asked`` says whether the provider may
    know of the attempt already, ``looks`` how often it was asked for, ``arrived_at`` when it was completed, after which it
    may only come back. Rupiah."""

    code: str
    key_name: str
    attempt: int
    amount: int
    channel_code: str
    account_number: str = field(repr=False)
    holder_name: str = field(repr=False)
    asked: bool
    payout_id: str | None
    looks: int
    arrived_at: datetime | None = None

    @property
    def reference(self) -> str:
        return payout_reference(self.code, self.attempt)


@dataclass(frozen=True, slots=True)
class Later:
    """Nothing new: the payout is taken up again at a time, or not any more."""

    at: datetime | None


def open_gateway(ctx: Context) -> None:
    """Make the client of this process."""
    pacing = Pacing(
        clock=lambda: ctx.clock.now().timestamp(), backoff=lambda attempt: backoff_seconds(attempt, ctx.chance)
    )
    ctx.local["xendit"] = Xendit(ctx.settings.xendit_secret_key, pacing, base_url=ctx.settings.xendit_api_url)


def xendit(ctx: Context) -> Xendit:
    """The client of this process."""
    client: Xendit = ctx.local["xendit"]
    return client


async def available(ctx: Context) -> int | None:
    """Our money at the provider in rupiah; None where our key may not ask. Raises ProviderError for no answer."""
    try:
        return await xendit(ctx).get_balance()
    except ProviderRefused as refusal:
        ctx.log.warning("the provider does not tell its balance", code=refusal.code, status=refusal.status)
        return None


def news_of(payout: Payout) -> PayoutNews:
    """What a payout tells."""
    told = _ENDS.get(payout.status, Told.UNDER_WAY)
    reason = payout.failure_code or payout.status.value
    if told is Told.FAILED and reason == LACK_OF_FUNDS:
        told = Told.LACKED_FUNDS
    return PayoutNews(payout.reference_id, payout.id, payout.amount, payout.currency, told, reason)


async def send(ctx: Context, order: PayoutOrder) -> PayoutNews | Later:
    """Send a payout, which is marked as asked for already: whatever the answer is, it is not sent again unasked."""
    request = provider.PayoutRequest(
        reference_id=order.reference,
        channel_code=order.channel_code,
        account=provider.PayoutAccount(account_number=order.account_number, account_holder_name=order.holder_name),
        amount=order.amount,
        description=DESCRIPTION.format(order.code),
    )
    key = payout_key(order.key_name, order.attempt)
    try:
        return news_of(await xendit(ctx).create_payout(request, idempotency_key=key))
    except ProviderRefused as refusal:
        if refusal.status in OWN_FAULT:
            return _wait(ctx, order, refusal)
        reason = refusal.code or str(refusal.status)
        return PayoutNews(order.reference, "", order.amount, "IDR", Told.FAILED, reason)
    except ProviderError as error:
        return _wait(ctx, order, error)


async def look(ctx: Context, order: PayoutOrder) -> PayoutNews | Later:
    """Ask for a payout where the provider may know it, and send it where it does not."""
    if order.arrived_at is not None:
        return await _look_for_return(ctx, order, order.arrived_at)
    if not order.asked:
        return await send(ctx, order)
    try:
        found = await _look_up(ctx, order)
    except ProviderError as error:
        return _wait(ctx, order, error)
    if found is None:
        return await send(ctx, order)
    told = news_of(found)
    nothing_new = told.told is Told.UNDER_WAY and order.payout_id == told.payout_id
    return Later(next_look(order.looks, ctx.clock.now())) if nothing_new else told


async def _look_for_return(ctx: Context, order: PayoutOrder, arrived_at: datetime) -> PayoutNews | Later:
    """Ask whether the bank sent a completed payout back."""
    try:
        found = await _look_up(ctx, order)
    except ProviderError as error:
        return _wait(ctx, order, error)
    told = None if found is None else news_of(found)
    if told is not None and told.told is Told.REVERSED:
        return told
    if told is None or told.told is not Told.PAID:
        ctx.log.error("the provider does not know a completed payout as paid", payout=order.code)
    return Later(next_return_look(arrived_at, ctx.clock.now()))


async def _look_up(ctx: Context, order: PayoutOrder) -> Payout | None:
    """The provider's payout of an attempt, where it knows one; raises ProviderError."""
    if order.payout_id is not None:
        return await xendit(ctx).get_payout(order.payout_id)
    found = [each for each in await xendit(ctx).find_payouts(order.reference) if each.reference_id == order.reference]
    if len(found) > 1:
        ctx.log.error("the provider has several payouts of one order", payout=order.code, count=len(found))
    return found[0] if found else None


def _wait(ctx: Context, order: PayoutOrder, error: ProviderError) -> Later:
    log = ctx.log.error if isinstance(error, ProviderRefused) else ctx.log.warning
    kind = "unknown" if isinstance(error, ProviderOutcomeUnknown) else "no answer"
    log("a payout waits for the provider", payout=order.code, outcome=kind, reason=str(error))
    return Later(look_after_silence(order.looks, ctx.clock.now()))

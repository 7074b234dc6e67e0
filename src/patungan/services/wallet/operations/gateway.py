"""The way to Xendit: one client a process, and its payouts in this service's own terms."""

from __future__ import annotations

from patungan.kernel.chance import backoff_seconds
from patungan.kernel.service import Context
from patungan.providers import xendit as provider
from patungan.providers.errors import ProviderRefused
from patungan.providers.http import Pacing
from patungan.providers.xendit import Payout, PayoutStatus, Xendit
from patungan.services.wallet.queries.payouts import Sending
from patungan.services.wallet.rules import PayoutNews, Told, payout_key, payout_reference

LACK_OF_FUNDS = "INSUFFICIENT_BALANCE"

DESCRIPTION = "Patungan {}"
"""What the bank statement says; the shortest that a bank shows is 14 characters."""

_ENDS = {
    PayoutStatus.SUCCEEDED: Told.PAID,
    PayoutStatus.REVERSED: Told.REVERSED,
    PayoutStatus.FAILED: Told.FAILED,
    PayoutStatus.CANCELLED: Told.FAILED,
    PayoutStatus.COMPLIANCE_REJECTED: Told.FAILED,
    PayoutStatus.EXPIRED: Told.FAILED,
}


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


async def send(ctx: Context, withdrawal: Sending, account_number: str) -> Payout:
    """Ask for the payout of a withdrawal's attempt; raises ProviderError."""
    request = provider.PayoutRequest(
        reference_id=payout_reference(withdrawal.code, withdrawal.attempt),
        channel_code=withdrawal.channel_code,
        account=provider.PayoutAccount(account_number=account_number, account_holder_name=withdrawal.holder_name),
        amount=withdrawal.net_amount,
        description=DESCRIPTION.format(withdrawal.code),
    )
    return await xendit(ctx).create_payout(request, idempotency_key=payout_key(withdrawal.id, withdrawal.attempt))


async def look_up(ctx: Context, withdrawal: Sending) -> Payout | None:
    """The provider's payout of a withdrawal's attempt, where it knows one; raises ProviderError."""
    if withdrawal.payout_id is not None:
        return await xendit(ctx).get_payout(withdrawal.payout_id)
    reference = payout_reference(withdrawal.code, withdrawal.attempt)
    found = [each for each in await xendit(ctx).find_payouts(reference) if each.reference_id == reference]
    if len(found) > 1:
        ctx.log.error(
            "the provider has several payouts of one withdrawal", withdrawal=withdrawal.code, count=len(found)
        )
    return found[0] if found else None

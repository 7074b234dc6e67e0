"""The way out to telephones: this process's SMS client, and what each of its answers means for a delivery."""

from __future__ import annotations

from collections.abc import Callable

from prometheus_client import Histogram

from patungan.kernel.chance import backoff_seconds
from patungan.kernel.service import Context
from patungan.providers.errors import ProviderOutcomeUnknown, ProviderRefused, ProviderUnavailable
from patungan.providers.http import Deadlines, Observation, Pacing
from patungan.providers.sms import SmsSender, Twilio
from patungan.services.notification.rules import Failure, Outcome, refusal

DEADLINES = Deadlines(connect=2.0, read=5.0, attempt=6.0)
"""Shorter together than the patience of send_sms's callers (8 seconds)."""


class SmsGateway:
    """Hands text messages over; without a key it is unavailable, so that a platform runs before it has one."""

    def __init__(self, sender: SmsSender | None) -> None:
        self._sender = sender

    async def hand_over(self, phone: str, text: str) -> Outcome:
        """Try once to send a text."""
        if self._sender is None:
            return Outcome(failure=Failure.UNAVAILABLE)
        try:
            sent = await self._sender.send(phone, text)
        except ProviderRefused as refused:
            return Outcome(failure=refusal(refused.code), error_code=refused.code or None)
        except ProviderUnavailable:
            return Outcome(failure=Failure.UNAVAILABLE)
        except ProviderOutcomeUnknown as unknown:
            return Outcome(failure=Failure.OUTCOME_UNKNOWN, error_code=unknown.code or None)
        return Outcome(provider_id=sent.id)

    async def aclose(self) -> None:
        if self._sender is not None:
            await self._sender.aclose()


def sms_gateway_of(ctx: Context) -> SmsGateway:
    """This process's way to telephones."""
    gateway: SmsGateway = ctx.local["sms"]
    return gateway


def open_sms_gateway(ctx: Context) -> SmsGateway:
    """The gateway that the settings describe."""
    settings = ctx.settings
    if not settings.sms_api_key:
        return SmsGateway(None)
    pacing = Pacing(
        clock=lambda: ctx.clock.now().timestamp(),
        backoff=lambda attempt: backoff_seconds(attempt, ctx.chance),
    )
    return SmsGateway(
        Twilio(
            settings.sms_account_sid,
            settings.sms_api_key,
            settings.sms_sender,
            pacing,
            base_url=settings.sms_api_url,
            deadlines=DEADLINES,
            observe=_observer(ctx),
        )
    )


def _observer(ctx: Context) -> Callable[[Observation], None]:
    seconds = Histogram(
        "provider_call_duration_seconds",
        "Time of calls to providers",
        ["service", "provider", "operation", "outcome"],
        registry=ctx.metrics,
        buckets=(0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
    )

    def observe(seen: Observation) -> None:
        seconds.labels(ctx.name, seen.provider, seen.operation, seen.outcome).observe(seen.seconds)

    return observe

"""The way out to WhatsApp: the client of this process, and what each of its answers means for a message."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
from prometheus_client import Histogram

from patungan.kernel.chance import backoff_seconds
from patungan.kernel.service import Context
from patungan.providers.breaker import Circuit
from patungan.providers.errors import ProviderOutcomeUnknown, ProviderUnavailable
from patungan.providers.http import Deadlines, Observation, Pacing
from patungan.providers.whatsapp import BASE_URL, PAIR_LIMIT, Trouble, WhatsApp, WhatsAppRefused, trouble_of
from patungan.services.whatsapp.rules import (
    OUTCOME_UNKNOWN,
    PAIR_WAIT_SECONDS,
    PAUSE_SECONDS,
    UNAVAILABLE,
    Outcome,
    Prepared,
    Verdict,
)

GUIDE_URL = "https://api.whatsapp.com/send"
"""The deployment guide's WHATSAPP_API_URL is the link that opens a chat; the API that it means has another address."""

DEADLINES = Deadlines(connect=2.0, read=5.0, attempt=6.0)
"""Shorter together than the patience of send_now's callers (8 seconds)."""

# The fault is our account's or WhatsApp's of the moment: the message itself may well be sent later.
_LATER = frozenset(
    {
        Trouble.AUTHENTICATION,
        Trouble.PERMISSION,
        Trouble.RATE_LIMIT,
        Trouble.BLOCKED,
        Trouble.ACCOUNT,
        Trouble.UNAVAILABLE,
    }
)
_OF_THE_RECEIVER = frozenset({Trouble.NOT_DELIVERABLE, Trouble.WITHHELD, Trouble.RECIPIENT_NOT_ALLOWED})


class Standing(msgspec.Struct, frozen=True):
    """Whether this process can reach WhatsApp."""

    configured: bool
    circuit: Circuit


class Gateway:
    """Hands messages to WhatsApp; without a token everything is put off, so that a platform runs before it has one."""

    def __init__(self, client: WhatsApp | None) -> None:
        self._client = client

    def standing(self) -> Standing:
        """Whether the provider is configured, and how it fares."""
        if self._client is None:
            return Standing(False, Circuit.CLOSED)
        return Standing(True, self._client.client.breaker.circuit())

    async def hand_over(self, message: Prepared, reference: str) -> Outcome:
        """Try once to hand a message over; ``reference`` comes back in WhatsApp's callbacks."""
        if self._client is None:
            return Outcome(verdict=Verdict.LATER, failure=UNAVAILABLE)
        template = message.template
        try:
            if template.free_text:
                text = template.filled(message.language, message.parameters)
                written = await self._client.send_text(message.phone, text, reference=reference)
                return Outcome(verdict=Verdict.ACCEPTED, provider_id=written.id)
            sent = await self._client.send_template(
                message.phone,
                template.name,
                message.language,
                message.parameters,
                button=message.parameters[0] if template.code_button else "",
                replies=message.payloads,
                reference=reference,
            )
        except WhatsAppRefused as refused:
            return _refused(refused)
        except ProviderUnavailable as error:
            return _put_off(error)
        except ProviderOutcomeUnknown as error:
            return Outcome(verdict=Verdict.UNKNOWN, failure=OUTCOME_UNKNOWN, error_code=error.code or None)
        return Outcome(verdict=Verdict.ACCEPTED, provider_id=sent.id)

    async def aclose(self) -> None:
        if self._client is not None:
            await self._client.aclose()


def _put_off(error: ProviderUnavailable) -> Outcome:
    """A limit of one receiver holds up that receiver alone, any other limit everything that is to go out."""
    wait, code, pause = error.retry_after or 0.0, None, 0.0
    if trouble_of(error.code) is Trouble.RATE_LIMIT:
        code = error.code
        if code == PAIR_LIMIT:
            wait = max(wait, PAIR_WAIT_SECONDS)
        else:
            pause = wait or PAUSE_SECONDS
    return Outcome(verdict=Verdict.LATER, failure=UNAVAILABLE, error_code=code, wait=max(wait, pause), pause=pause)


def _refused(refused: WhatsAppRefused) -> Outcome:
    verdict = Verdict.LATER if refused.trouble in _LATER else Verdict.REFUSED
    return Outcome(verdict=verdict, failure=refused.trouble.value, error_code=refused.code or None)


def needs_attention(outcome: Outcome) -> bool:
    """Whether people must act, since no other number and no waiting would help: a token, an account, a template."""
    return outcome.verdict in (Verdict.REFUSED, Verdict.LATER) and outcome.failure not in (
        UNAVAILABLE,
        Trouble.RATE_LIMIT,
        *_OF_THE_RECEIVER,
    )


def open_gateway(ctx: Context) -> Gateway:
    """The gateway that the settings describe."""
    settings = ctx.settings
    if not settings.whatsapp_api_token:
        return Gateway(None)
    pacing = Pacing(
        clock=lambda: ctx.clock.now().timestamp(),
        backoff=lambda attempt: backoff_seconds(attempt, ctx.chance),
    )
    return Gateway(
        WhatsApp(
            settings.whatsapp_api_token,
            settings.whatsapp_phone_number_id,
            pacing,
            base_url=api_base(settings.whatsapp_api_url),
            deadlines=DEADLINES,
            observe=_observer(ctx),
        )
    )


def api_base(configured: str) -> str:
    """The base address of the Cloud API for a configured WHATSAPP_API_URL."""
    return BASE_URL if configured.rstrip("/") == GUIDE_URL else configured


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

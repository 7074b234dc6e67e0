"""The payment service: Xendit payments, escrow, refunds. Port 3005."""

from __future__ import annotations

from typing import Annotated

from patungan.contracts import payment as contract
from patungan.kernel.forgetting import MONEY_KEYS_KEPT
from patungan.kernel.service import Context, Service
from patungan.kernel.settings import Common, Secret, SecretRule
from patungan.providers.xendit import BASE_URL

# Imported for what it implements.
from patungan.services.payment.operations import charges as _charges  # noqa: F401
from patungan.services.payment.operations import order_escrow as _order_escrow  # noqa: F401
from patungan.services.payment.operations import orders as _orders  # noqa: F401
from patungan.services.payment.operations import sessions as _sessions  # noqa: F401
from patungan.services.payment.operations.gateway import close_gateway, open_gateway
from patungan.services.payment.operations.webhooks import close_desk, open_desk
from patungan.services.payment.processes import schedules, subscriptions, timers, workflows
from patungan.services.payment.reports.closing import watch_books
from patungan.services.payment.routes import routes


class Settings(Common, frozen=True, kw_only=True):
    """Settings of payment."""

    xendit_secret_key: Annotated[
        Secret, "XENDIT_SECRET_KEY: the account that is paid to", SecretRule(24, prefix="xnd_production_")
    ] = Secret("")
    xendit_webhook_verification_token: Annotated[
        Secret, "XENDIT_WEBHOOK_VERIFICATION_TOKEN: proves Xendit's callbacks, from its dashboard", SecretRule(32)
    ] = Secret("")
    xendit_webhook_hmac_secret: Annotated[
        Secret, "XENDIT_WEBHOOK_HMAC_SECRET: set where a relay before us signs callbacks (HMAC-SHA256)"
    ] = Secret("")
    xendit_public_key: Annotated[str, "XENDIT_PUBLIC_KEY: for card fields in a browser"] = ""
    xendit_api_url: Annotated[str, "XENDIT_API_URL: where Xendit's API is"] = BASE_URL
    xendit_webhook_window_hours: Annotated[
        int,
        "XENDIT_WEBHOOK_WINDOW_HOURS: an older callback is not believed, Xendit is asked instead; it retries for 24",
    ] = 25
    xendit_webhook_patience: Annotated[
        float,
        "XENDIT_WEBHOOK_PATIENCE: seconds that Xendit waits while a callback is processed, before it is told 'stored'",
    ] = 0.7
    xendit_payment_methods: Annotated[
        str,
        "XENDIT_PAYMENT_METHODS: channels offered on an invoice (BCA,OVO,QRIS,CREDIT_CARD,...); empty: all activated",
    ] = ""
    refund_second_person_above: Annotated[
        int, "REFUND_SECOND_PERSON_ABOVE: rupiah above which two persons must agree to a refund"
    ] = 1_000_000
    commission_percent: Annotated[int, "COMMISSION_PERCENT: our share of product revenue"] = 10


async def _start(ctx: Context) -> None:
    await open_gateway(ctx)
    open_desk(ctx)
    watch_books(ctx)


async def _stop(ctx: Context) -> None:
    await close_desk(ctx)
    await close_gateway(ctx)


service = Service(
    name="payment",
    purpose="Xendit payments, escrow, refunds",
    settings=Settings,
    routes=routes,
    operations=[
        contract.create_escrow_payments,
        contract.close_session_payments,
        contract.release_escrow,
        contract.get_payments,
        contract.cancel_payments,
        contract.refund_session,
        contract.refund_participants,
        contract.create_order_payments,
        contract.get_charges,
        contract.get_order_payments,
        contract.cancel_order_payments,
        contract.release_order_escrow,
        contract.refund_order,
        contract.refund_participant,
    ],
    subscriptions=subscriptions,
    workflows=workflows,
    schedules=schedules,
    timers=timers,
    on_start=_start,
    on_stop=_stop,
    keys_kept=MONEY_KEYS_KEPT,
)

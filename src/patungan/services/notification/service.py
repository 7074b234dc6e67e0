"""The notification service: in-app notifications from other services' events, and SMS. Port 3007."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from patungan.contracts import notification as contract
from patungan.kernel.service import Context, Service
from patungan.kernel.settings import Common, Secret, SecretRule
from patungan.providers.sms import TWILIO_BASE_URL
from patungan.services.notification.gateway import open_sms_gateway, sms_gateway_of
from patungan.services.notification.processes import subscriptions, workflows
from patungan.services.notification.routes import routes


class Settings(Common, frozen=True, kw_only=True):
    """Settings of notification. Without a key no SMS is sent."""

    bot_user_id: Annotated[UUID, "BOT_USER_ID: the platform's own user, who is told nothing"] = UUID(
        "00000000-0000-0000-0000-000000000001"
    )
    sms_api_url: Annotated[str, "SMS_API_URL: base address of Twilio's API"] = TWILIO_BASE_URL
    # Not longer, for Twilio's tokens of 32 hexadecimal digits may well repeat some.
    sms_api_key: Annotated[Secret, "SMS_API_KEY: Twilio's auth token", SecretRule(24)] = Secret("")
    # The sandbox takes any account and sender.
    sms_account_sid: Annotated[str, "SMS_ACCOUNT_SID: Twilio's account", SecretRule(24, "AC")] = "ACsandbox"
    sms_sender: Annotated[
        str, "SMS_SENDER: a number or name of Twilio's to send from, or a messaging service (MG...)", SecretRule(3)
    ] = "Patungan"
    # Read and checked with the others of the guide; the two channels are not built yet.
    smtp_host: Annotated[str, "SMTP_HOST: the mail server, for e-mail"] = ""
    smtp_port: Annotated[int, "SMTP_PORT: its port"] = 587
    smtp_user: Annotated[str, "SMTP_USER: the account there"] = ""
    smtp_password: Annotated[Secret, "SMTP_PASSWORD: its password"] = Secret("")
    fcm_server_key: Annotated[Secret, "FCM_SERVER_KEY: Firebase, for push messages"] = Secret("")


async def _open(ctx: Context) -> None:
    ctx.local["sms"] = open_sms_gateway(ctx)


async def _close(ctx: Context) -> None:
    await sms_gateway_of(ctx).aclose()


service = Service(
    name="notification",
    purpose="In-app, push, e-mail and SMS notifications",
    settings=Settings,
    routes=routes,
    operations=[contract.send_sms],
    subscriptions=subscriptions,
    workflows=workflows,
    on_start=_open,
    on_stop=_close,
)

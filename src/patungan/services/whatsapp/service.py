"""The whatsapp service: WhatsApp messages to factories and buyers. Port 3016."""

from __future__ import annotations

from typing import Annotated

from patungan.contracts import whatsapp as contract
from patungan.kernel.service import Context, Service
from patungan.kernel.settings import Common, Secret, SecretRule
from patungan.providers.whatsapp import BASE_URL
from patungan.services.whatsapp.delivery import gateway_of
from patungan.services.whatsapp.gateway import open_gateway
from patungan.services.whatsapp.processes import close_abandoned, deliver_message, try_again
from patungan.services.whatsapp.routes import routes


class Settings(Common, frozen=True, kw_only=True):
    """Settings of whatsapp. Without a token nothing is sent: codes go by SMS, queued messages wait."""

    whatsapp_api_url: Annotated[str, "WHATSAPP_API_URL: base address of the Cloud API"] = BASE_URL
    whatsapp_api_token: Annotated[Secret, "WHATSAPP_API_TOKEN: the business account's access token", SecretRule(32)] = (
        Secret("")
    )
    # The sandbox takes any number's id; Meta's have fifteen digits or more.
    whatsapp_phone_number_id: Annotated[
        str, "WHATSAPP_PHONE_NUMBER_ID: Meta's id of the number that sends", SecretRule(6)
    ] = "1"
    whatsapp_app_secret: Annotated[
        Secret, "WHATSAPP_APP_SECRET: signs WhatsApp's callbacks; without it all are refused", SecretRule(16)
    ] = Secret("")
    whatsapp_messages_per_second: Annotated[
        int, "WHATSAPP_MESSAGES_PER_SECOND: how many queued messages go out in a second, over all processes"
    ] = 80
    whatsapp_verify_token: Annotated[
        Secret, "WHATSAPP_VERIFY_TOKEN: agreed with Meta when the callback's address is registered"
    ] = Secret("")


async def _open(ctx: Context) -> None:
    ctx.local["whatsapp"] = open_gateway(ctx)


async def _close(ctx: Context) -> None:
    await gateway_of(ctx).aclose()


service = Service(
    name="whatsapp",
    purpose="WhatsApp messages to factories and buyers",
    settings=Settings,
    routes=routes,
    operations=[contract.send_now, contract.queue_message],
    workflows=[deliver_message],
    timers=[try_again, close_abandoned],
    on_start=_open,
    on_stop=_close,
)

"""What the sandbox is told from outside: where it listens, which keys it accepts, whom it calls back, how fast it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path

from patungan.registry import SANDBOX_PORT, service_named

DEVELOPMENT_KEY = "sandbox-development-key"


def _callback_url(service: str, path: str) -> str:
    return f"http://127.0.0.1:{service_named(service).port}{path}"


def _from(variable: str) -> dict[str, str]:
    return {"variable": variable}


@dataclass(frozen=True, slots=True, kw_only=True)
class SandboxSettings:
    """Settings of one sandbox; each field names the environment variable it is read from.

    Delays are seconds, amounts rupiah, rates basis points (1/100 of a percent).
    """

    host: str = field(default="127.0.0.1", metadata=_from("SANDBOX_HOST"))
    port: int = field(default=SANDBOX_PORT, metadata=_from("SANDBOX_PORT"))
    data: Path | None = field(default=None, metadata=_from("SANDBOX_DATA"))
    """Directory of the SQLite file; without one the books live in memory and end with the process."""
    public_url: str = field(default="", metadata=_from("SANDBOX_PUBLIC_URL"))
    """Address under which a buyer's browser reaches the sandbox; empty: the address of the request."""

    xendit_secret_key: str = field(default="xnd_development_sandbox", metadata=_from("XENDIT_SECRET_KEY"))
    xendit_webhook_token: str = field(default=DEVELOPMENT_KEY, metadata=_from("XENDIT_WEBHOOK_VERIFICATION_TOKEN"))
    xendit_webhook_hmac_secret: str = field(default="", metadata=_from("XENDIT_WEBHOOK_HMAC_SECRET"))
    xendit_rate_limit: int = field(default=60_000, metadata=_from("SANDBOX_XENDIT_RATE_LIMIT"))
    """Requests a minute and endpoint; Xendit itself grants 60 in test mode and 600 live."""
    xendit_business_id: str = field(default="5f0000000000000000000001", metadata=_from("SANDBOX_XENDIT_BUSINESS_ID"))
    merchant_name: str = field(default="Patungan", metadata=_from("SANDBOX_MERCHANT_NAME"))
    opening_balance: int = field(default=100_000_000, metadata=_from("SANDBOX_OPENING_BALANCE"))
    """Money on the Xendit account when its books are opened, so that payouts need not wait for the first payment."""
    refund_qris: bool = field(default=True, metadata=_from("SANDBOX_REFUND_QRIS"))
    """Whether QRIS payments can be refunded: Xendit's enumeration leaves them out, its product pages do not say."""
    refund_delay: float = field(default=1.0, metadata=_from("SANDBOX_REFUND_DELAY"))
    payout_delay: float = field(default=0.5, metadata=_from("SANDBOX_PAYOUT_DELAY"))
    """Seconds of each payout step: accepted to requested, requested to its end."""
    payout_reversal_delay: float = field(default=2.0, metadata=_from("SANDBOX_PAYOUT_REVERSAL_DELAY"))
    payment_callback_url: str = field(
        default=_callback_url("payment", "/api/webhooks/payment"), metadata=_from("PAYMENT_CALLBACK_URL")
    )
    refund_callback_url: str = field(
        default=_callback_url("payment", "/api/webhooks/payment"), metadata=_from("REFUND_CALLBACK_URL")
    )
    disbursement_callback_url: str = field(
        default=_callback_url("wallet", "/api/webhooks/disbursement"), metadata=_from("DISBURSEMENT_CALLBACK_URL")
    )

    fee_virtual_account: int = field(default=4_000, metadata=_from("SANDBOX_FEE_VIRTUAL_ACCOUNT"))
    fee_retail_outlet: int = field(default=5_000, metadata=_from("SANDBOX_FEE_RETAIL_OUTLET"))
    fee_ewallet_rate: int = field(default=150, metadata=_from("SANDBOX_FEE_EWALLET_RATE"))
    fee_qris_rate: int = field(default=70, metadata=_from("SANDBOX_FEE_QRIS_RATE"))
    fee_card_rate: int = field(default=290, metadata=_from("SANDBOX_FEE_CARD_RATE"))
    fee_card_fixed: int = field(default=2_000, metadata=_from("SANDBOX_FEE_CARD_FIXED"))
    fee_payout: int = field(default=0, metadata=_from("PAYOUT_FEE"))
    """Of every payout that succeeds; the same variable as the wallet's, for the contract tells both."""

    whatsapp_api_token: str = field(default=DEVELOPMENT_KEY, metadata=_from("WHATSAPP_API_TOKEN"))
    whatsapp_app_secret: str = field(default=DEVELOPMENT_KEY, metadata=_from("WHATSAPP_APP_SECRET"))
    whatsapp_callback_url: str = field(default="", metadata=_from("WHATSAPP_CALLBACK_URL"))
    whatsapp_strict_templates: bool = field(default=False, metadata=_from("SANDBOX_WHATSAPP_STRICT_TEMPLATES"))
    """Refuse a template that was not created first, as WhatsApp does; otherwise it is shown by its parameters."""
    whatsapp_step_delay: float = field(default=0.5, metadata=_from("SANDBOX_WHATSAPP_STEP_DELAY"))
    """Seconds between sent, delivered and read."""
    sms_api_key: str = field(default=DEVELOPMENT_KEY, metadata=_from("SMS_API_KEY"))

    biteship_api_key: str = field(default=DEVELOPMENT_KEY, metadata=_from("BITESHIP_API_KEY"))
    jne_api_key: str = field(default=DEVELOPMENT_KEY, metadata=_from("JNE_API_KEY"))
    jnt_api_key: str = field(default=DEVELOPMENT_KEY, metadata=_from("JNT_API_KEY"))
    sicepat_api_key: str = field(default=DEVELOPMENT_KEY, metadata=_from("SICEPAT_API_KEY"))
    google_maps_api_key: str = field(default=DEVELOPMENT_KEY, metadata=_from("GOOGLE_MAPS_API_KEY"))
    logistics_callback_url: str = field(default="", metadata=_from("LOGISTICS_CALLBACK_URL"))
    logistics_webhook_header: str = field(
        default="x-biteship-signature", metadata=_from("BITESHIP_WEBHOOK_SIGNATURE_KEY")
    )
    """Name of the header that carries the secret, chosen in Biteship's dashboard ("Headers Signature Key")."""
    logistics_webhook_secret: str = field(default=DEVELOPMENT_KEY, metadata=_from("BITESHIP_WEBHOOK_SIGNATURE_SECRET"))
    courier_push_url: str = field(default="", metadata=_from("COURIER_PUSH_URL"))
    """Where JNE's, J&T's and SiCepat's news go, a courier's code added to the path; empty: they are to be asked."""
    courier_push_secret: str = field(default=DEVELOPMENT_KEY, metadata=_from("LOGISTICS_WEBHOOK_HMAC_SECRET"))
    courier_step_delay: float = field(default=0.0, metadata=_from("SANDBOX_COURIER_STEP_DELAY"))
    """Seconds between the steps of a shipment; 0: it moves only when told to, as in Biteship's test mode."""

    retry_scale: float = field(default=1 / 900, metadata=_from("SANDBOX_RETRY_SCALE"))
    """Factor on the documented retry schedule; 1/900 turns its first quarter of an hour into a second."""
    callback_timeout: float = field(default=30.0, metadata=_from("SANDBOX_CALLBACK_TIMEOUT"))
    retry_after_timeout: bool = field(default=True, metadata=_from("SANDBOX_RETRY_AFTER_TIMEOUT"))
    """Xendit's help page says a callback that timed out is not sent again, its payout page says it is: both can be had."""
    callback_concurrency: int = field(default=16, metadata=_from("SANDBOX_CALLBACK_CONCURRENCY"))

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> SandboxSettings:
        """Read the settings; an unset or empty variable keeps the default. Raises ValueError naming the bad variable."""
        values: dict[str, object] = {}
        for entry in fields(cls):
            variable = entry.metadata["variable"]
            text = environment.get(variable, "").strip()
            if text:
                values[entry.name] = _parsed(variable, text, str(entry.type))
        return cls(**values)  # type: ignore[arg-type]


def _parsed(variable: str, text: str, kind: str) -> object:
    try:
        match kind:
            case "int":
                return int(text)
            case "float":
                return float(text)
            case "bool":
                return {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}[text.lower()]
            case "str":
                return text
            case _:
                return Path(text)
    except (ValueError, KeyError) as error:
        raise ValueError(f"{variable}={text!r} is not a valid {kind}") from error

"""SMS by two providers: Twilio's Messages API, with its signed status callbacks, and Zenziva's form."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode

import msgspec
from litestar import Request, Response, Router, get, post
from litestar.params import FromPath

from patungan.sandbox import messages
from patungan.sandbox.callbacks import Callback
from patungan.sandbox.context import GivenSandbox, Sandbox
from patungan.sandbox.credentials import basic_credentials
from patungan.sandbox.messages import Message
from patungan.sandbox.settings import SandboxSettings

AnyRequest = Request[Any, Any, Any]

LONGEST_BODY: Final = 1_600
UNREACHABLE_ENDING: Final = "9999"
"""A number that ends so takes no SMS: it is accepted and ends as undelivered, 30003."""
NEXT_STATUS: Final = {"queued": "sent", "sent": "delivered"}
GSM_CHARACTERS: Final = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüàÆæßÉ^{}\\[~]|€"
)


class TwilioError(Exception):
    """An answer other than success, with Twilio's code."""

    def __init__(self, status: int, code: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message


def _error(status: int, code: int, message: str) -> dict[str, object]:
    return {
        "code": code,
        "message": message,
        "more_info": f"https://www.twilio.com/docs/errors/{code}",
        "status": status,
    }


def twilio_error_body(status: int, error_code: str | None, message: str) -> bytes:
    return msgspec.json.encode(_error(status, int(error_code or 20500), message))


def answer_twilio_error(_: AnyRequest, error: TwilioError) -> Response[dict[str, object]]:
    return Response(_error(error.status, error.code, error.message), status_code=error.status)


def segments(body: str) -> int:
    """How many SMS a text fills: 160 characters of the GSM alphabet in one, 153 in each of several; else 70 and 67."""
    single, several = (160, 153) if set(body) <= GSM_CHARACTERS else (70, 67)
    return 1 if len(body) <= single else -(-len(body) // several)


def _require_account(request: AnyRequest, sandbox: Sandbox, account_sid: str) -> None:
    credentials = basic_credentials(request.headers.get("authorization", ""))
    known = credentials is not None and (credentials[0] == account_sid or credentials[0].startswith("SK"))
    secret = credentials[1] if credentials is not None else ""
    if not known or not hmac.compare_digest(secret.encode(), sandbox.settings.sms_api_key.encode()):
        raise TwilioError(401, 20003, "Authenticate")


@post("/2010-04-01/Accounts/{account_sid:str}/Messages.json", opt={"operation": "send_twilio"})
async def send_twilio(account_sid: FromPath[str], request: AnyRequest, sandbox: GivenSandbox) -> dict[str, object]:
    _require_account(request, sandbox, account_sid)
    form = {name: str(value) for name, value in (await request.form()).items()}
    if not form.get("To"):
        raise TwilioError(400, 21604, "A 'To' phone number is required.")
    phone = messages.international(form["To"])
    if phone is None:
        raise TwilioError(400, 21211, f"The 'To' number {form['To']} is not a valid phone number.")
    sender = form.get("From") or form.get("MessagingServiceSid")
    if not sender:
        raise TwilioError(400, 21603, "A 'From' phone number is required.")
    body = form.get("Body", "")
    if not body:
        raise TwilioError(400, 21602, "Message body is required.")
    if len(body) > LONGEST_BODY:
        raise TwilioError(400, 21617, "The concatenated message body exceeds the 1600 character limit.")
    sid = f"SM{secrets.token_hex(16)}"
    messages.store(
        sandbox,
        channel="sms",
        provider="twilio",
        provider_id=sid,
        phone=phone,
        sender=sender,
        text=body,
        status="queued",
        details={"account_sid": account_sid, "status_callback": form.get("StatusCallback", "")},
        due=sandbox.now(),
    )
    return _rendered(_found(sandbox, account_sid, sid))


@get("/2010-04-01/Accounts/{account_sid:str}/Messages/{name:str}", opt={"operation": "get_twilio"})
async def get_twilio(
    account_sid: FromPath[str], name: FromPath[str], request: AnyRequest, sandbox: GivenSandbox
) -> dict[str, object]:
    _require_account(request, sandbox, account_sid)
    return _rendered(_found(sandbox, account_sid, name.removesuffix(".json")))


def _found(sandbox: Sandbox, account_sid: str, sid: str) -> Message:
    message = messages.find(sandbox, sid)
    if message is None or _details(message).get("account_sid") != account_sid:
        raise TwilioError(404, 20404, "The requested resource was not found")
    return message


def _details(message: Message) -> dict[str, str]:
    return msgspec.json.decode(message.details, type=dict[str, str])


def _rendered(message: Message) -> dict[str, object]:
    account_sid = _details(message)["account_sid"]
    created = format_datetime(datetime.fromtimestamp(message.created / 1000, UTC))
    path = f"/2010-04-01/Accounts/{account_sid}/Messages/{message.provider_id}"
    by_service = (message.sender or "").startswith("MG")
    return {
        "sid": message.provider_id,
        "account_sid": account_sid,
        "messaging_service_sid": message.sender if by_service else None,
        "body": message.text,
        "num_segments": str(segments(message.text)),
        "num_media": "0",
        "direction": "outbound-api",
        "from": None if by_service else message.sender,
        "to": message.phone,
        "status": message.status,
        "price": None,
        "price_unit": "USD",
        "error_code": message.error_code,
        "error_message": None,
        "uri": f"{path}.json",
        "api_version": "2010-04-01",
        "date_created": created,
        "date_sent": None if message.status == "queued" else created,
        "date_updated": created,
        "subresource_uris": {"media": f"{path}/Media.json"},
    }


def progress(sandbox: Sandbox) -> None:
    """Move Twilio's messages one status on, each told to its StatusCallback where it has one."""
    for message in messages.due(sandbox, "twilio"):
        with sandbox.store.transaction():
            status, error_code = NEXT_STATUS[message.status], None
            if status == "delivered" and message.phone.endswith(UNREACHABLE_ENDING):
                status, error_code = "undelivered", 30003
            following = sandbox.now() if status in NEXT_STATUS else None
            _announce(sandbox, messages.move(sandbox, message, status, due=following, error_code=error_code))


def _announce(sandbox: Sandbox, message: Message) -> None:
    details = _details(message)
    form = {
        "MessageSid": message.provider_id,
        "SmsSid": message.provider_id,
        "MessageStatus": message.status,
        "SmsStatus": message.status,
        "To": message.phone,
        "From": message.sender or "",
        "AccountSid": details["account_sid"],
        "ApiVersion": "2010-04-01",
    }
    if message.error_code is not None:
        form["ErrorCode"] = str(message.error_code)
    sandbox.outbox.enqueue(
        *("sms", f"status.{message.status}", message.provider_id, details["status_callback"]),
        urlencode(form).encode(),
        content_type="application/x-www-form-urlencoded",
    )


def sign_twilio(settings: SandboxSettings, callback: Callback) -> dict[str, str]:
    """``X-Twilio-Signature``: the address and each field in order, HMAC-SHA1 under the account's token."""
    fields = sorted(parse_qsl(callback.body.decode(), keep_blank_values=True))
    signed = callback.url + "".join(name + value for name, value in fields)
    digest = hmac.new(settings.sms_api_key.encode(), signed.encode(), hashlib.sha1).digest()
    return {"x-twilio-signature": base64.b64encode(digest).decode()}


def zenziva_error_body(_: int, __: str | None, message: str) -> bytes:
    return msgspec.json.encode({"status": "0", "text": message})


@post("/reguler/api/sendsms", status_code=200, opt={"operation": "send_zenziva", "error_body": zenziva_error_body})
async def send_zenziva(request: AnyRequest, sandbox: GivenSandbox) -> dict[str, object]:
    """Zenziva answers 200 to everything; only ``status`` tells whether it took the message."""
    form = {name: str(value) for name, value in (await request.form()).items()}
    if not hmac.compare_digest(form.get("passkey", "").encode(), sandbox.settings.sms_api_key.encode()):
        return {"status": "0", "text": "userkey or passkey is invalid"}
    spelled = form.get("to", "")
    phone = messages.international(f"+{spelled}" if spelled.startswith("62") else spelled, region="ID")
    if phone is None or not form.get("message"):
        return {"status": "0", "text": "to and message are required"}
    number = secrets.randbelow(10**9)
    messages.store(
        sandbox,
        channel="sms",
        provider="zenziva",
        provider_id=f"zenziva-{number}",
        phone=phone,
        sender=form.get("userkey"),
        text=form["message"],
        status="sent",
    )
    return {"messageId": number, "to": spelled, "status": "1", "text": "Success", "cost": segments(form["message"])}


def sms_router() -> Router:
    return Router(
        "/sms",
        route_handlers=[send_twilio, get_twilio, send_zenziva],
        opt={"provider": "sms", "error_body": twilio_error_body},
        exception_handlers={TwilioError: answer_twilio_error},
    )

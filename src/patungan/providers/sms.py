"""Text messages to mobile telephones: one interface, with Twilio and Zenziva behind it."""

from __future__ import annotations

import hmac
from base64 import b64encode
from collections.abc import Callable, Mapping
from hashlib import sha1
from typing import Protocol
from urllib.parse import quote, urlsplit

import msgspec

from patungan.providers.http import Call, Deadlines, Effect, Fault, JsonClient, Observation, Pacing, no_observer
from patungan.providers.messages import Status

TWILIO_BASE_URL = "https://api.twilio.com"
ZENZIVA_BASE_URL = "https://console.zenziva.net"
_ZENZIVA_ACCEPTED = "1"
_TWILIO_TOO_MANY = 20429


class SmsState(Status):
    """Twilio's states in one list; Zenziva reports acceptance only."""

    ACCEPTED = "accepted"
    SCHEDULED = "scheduled"
    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    DELIVERED = "delivered"
    UNDELIVERED = "undelivered"
    FAILED = "failed"
    READ = "read"
    CANCELED = "canceled"
    UNKNOWN = "unknown"


class SentSms(msgspec.Struct, frozen=True, kw_only=True):
    """An accepted text message; ``segments`` is how many it is billed as, where the provider says so."""

    id: str
    state: SmsState = SmsState.ACCEPTED
    segments: int | None = None


class SmsStatus(msgspec.Struct, frozen=True, kw_only=True):
    """News of a sent message; ``error_code`` such as 30003 (unreachable) says why it failed."""

    id: str
    state: SmsState
    error_code: str = ""


class SmsSender(Protocol):
    """Sends a text to a number in international form, ``+6281234567890``.

    Raises ProviderRefused, ProviderUnavailable or ProviderOutcomeUnknown; the last may mean a message sent, and none has a key.
    """

    async def send(self, to: str, text: str) -> SentSms: ...

    async def aclose(self) -> None: ...


class Twilio:
    """SMS by Twilio; ``sender`` is one of its numbers or, starting with MG, a messaging service."""

    def __init__(
        self,
        account_sid: str,
        auth_token: str,
        sender: str,
        pacing: Pacing,
        *,
        status_callback: str = "",
        base_url: str = TWILIO_BASE_URL,
        deadlines: Deadlines | None = None,
        observe: Callable[[Observation], None] = no_observer,
    ) -> None:
        self._path = f"/2010-04-01/Accounts/{quote(account_sid, safe='')}/Messages.json"
        self._sender = {"MessagingServiceSid" if sender.startswith("MG") else "From": sender}
        self._status_callback = {"StatusCallback": status_callback} if status_callback else {}
        self.client = JsonClient(
            "twilio",
            base_url,
            pacing,
            read_fault=_twilio_fault,
            auth=(account_sid, auth_token),
            deadlines=deadlines,
            observe=observe,
        )

    async def aclose(self) -> None:
        await self.client.aclose()

    async def send(self, to: str, text: str) -> SentSms:
        form = {"To": to, "Body": text, **self._sender, **self._status_callback}
        call = Call(operation="send SMS", method="POST", path=self._path, effect=Effect.WRITE, form=form)
        answer = await self.client.send(call, _TwilioMessage)
        return SentSms(id=answer.sid, state=answer.status, segments=answer.num_segments)


class Zenziva:
    """SMS by Zenziva, an Indonesian provider. It answers 200 to everything; the body's status tells."""

    def __init__(
        self,
        user_key: str,
        pass_key: str,
        pacing: Pacing,
        *,
        base_url: str = ZENZIVA_BASE_URL,
        deadlines: Deadlines | None = None,
        observe: Callable[[Observation], None] = no_observer,
    ) -> None:
        self._keys = {"userkey": user_key, "passkey": pass_key}
        self.client = JsonClient(
            "zenziva", base_url, pacing, read_fault=_zenziva_fault, deadlines=deadlines, observe=observe
        )

    async def aclose(self) -> None:
        await self.client.aclose()

    async def send(self, to: str, text: str) -> SentSms:
        call = Call(
            operation="send SMS",
            method="POST",
            path="/reguler/api/sendsms/",
            effect=Effect.WRITE,
            form={**self._keys, "to": to.removeprefix("+"), "message": text},
        )
        answer = await self.client.send(call, _ZenzivaAnswer)
        if str(answer.status) != _ZENZIVA_ACCEPTED:
            raise self.client.refusal(call, 200, answer.fault())
        return SentSms(id=str(answer.message_id))


def verify_twilio_signature(auth_token: str, url: str, form: Mapping[str, str], signature: str | None) -> bool:
    """Whether ``X-Twilio-Signature`` is the base64 HMAC-SHA1 of our public address and the sorted form fields."""
    if not auth_token or signature is None:
        return False
    fields = "".join(name + form[name] for name in sorted(form))
    matches = [
        hmac.compare_digest(_sign_twilio(auth_token, address + fields), signature.encode())
        for address in _with_and_without_port(url)
    ]
    return any(matches)


def parse_twilio_status(form: Mapping[str, str]) -> SmsStatus:
    """The news in Twilio's status callback, a form; a missing field reads as empty or unknown."""
    return SmsStatus(
        id=form.get("MessageSid", ""),
        state=SmsState(form.get("MessageStatus", "")),
        error_code=form.get("ErrorCode", ""),
    )


def _sign_twilio(auth_token: str, text: str) -> bytes:
    return b64encode(hmac.new(auth_token.encode(), text.encode(), sha1).digest())


def _with_and_without_port(url: str) -> tuple[str, str]:
    # Twilio signs the address as it called it, and a proxy may have dropped or added the port.
    parts = urlsplit(url)
    host = parts.hostname or ""
    port = parts.port or (443 if parts.scheme == "https" else 80)
    return parts._replace(netloc=host).geturl(), parts._replace(netloc=f"{host}:{port}").geturl()


def _twilio_fault(body: bytes) -> Fault:
    try:
        error = msgspec.json.decode(body, type=_TwilioError)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return Fault()
    return Fault(code=str(error.code), message=error.message or error.detail, try_later=error.code == _TWILIO_TOO_MANY)


def _zenziva_fault(body: bytes) -> Fault:
    try:
        return msgspec.json.decode(body, type=_ZenzivaAnswer).fault()
    except (msgspec.DecodeError, UnicodeDecodeError):
        return Fault()


class _TwilioMessage(msgspec.Struct, frozen=True):
    sid: str
    status: SmsState
    num_segments: int | None = None


class _TwilioError(msgspec.Struct, frozen=True):
    code: int = 0
    message: str = ""
    detail: str = ""


class _ZenzivaAnswer(msgspec.Struct, frozen=True):
    status: str | int = ""
    message_id: str | int = msgspec.field(default="", name="messageId")

    def fault(self) -> Fault:
        # Its ``text`` may repeat our message, and with it a one-time password: left out.
        return Fault(code=str(self.status), message="not accepted")

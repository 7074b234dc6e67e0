"""SMS by Twilio and by Zenziva, through the one interface."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from patungan.providers.errors import ProviderOutcomeUnknown, ProviderRefused, ProviderUnavailable
from patungan.providers.http import Pacing
from patungan.providers.sms import (
    SentSms,
    SmsSender,
    SmsState,
    SmsStatus,
    Twilio,
    Zenziva,
    parse_twilio_status,
    verify_twilio_signature,
)

if TYPE_CHECKING:
    from tests.providers.conftest import FaultyServer

TO = "+6281234567890"


@pytest.fixture
def twilio(server: FaultyServer, pacing: Pacing) -> SmsSender:
    return Twilio("AC1", "token", "+15005550006", pacing, status_callback="https://us.example/sms", base_url=server.url)


@pytest.fixture
def zenziva(server: FaultyServer, pacing: Pacing) -> SmsSender:
    return Zenziva("user", "pass", pacing, base_url=server.url)


async def test_twilio_takes_a_form_and_answers_a_sid(server: FaultyServer, twilio: SmsSender) -> None:
    server.answer(201, {"sid": "SM1", "status": "queued", "num_segments": "1", "error_code": None, "to": TO})

    assert await twilio.send(TO, "Kode 123456 & rahasia") == SentSms(id="SM1", state=SmsState.QUEUED, segments=1)

    (request,) = server.received
    assert request.path == "/2010-04-01/Accounts/AC1/Messages.json"
    assert request.headers["authorization"] == "Basic QUMxOnRva2Vu"
    assert request.headers["content-type"] == "application/x-www-form-urlencoded"
    assert request.form == {
        "To": TO,
        "Body": "Kode 123456 & rahasia",
        "From": "+15005550006",
        "StatusCallback": "https://us.example/sms",
    }


async def test_twilio_by_a_messaging_service(server: FaultyServer, pacing: Pacing) -> None:
    server.answer(201, {"sid": "SM1", "status": "accepted"})
    await Twilio("AC1", "token", "MG1", pacing, base_url=server.url).send(TO, "x")
    assert server.received[0].form == {"To": TO, "Body": "x", "MessagingServiceSid": "MG1"}


async def test_twilios_errors(server: FaultyServer, twilio: SmsSender) -> None:
    server.answer(400, {"code": 21211, "message": f"The 'To' number {TO} is not valid", "status": 400})
    with pytest.raises(ProviderRefused) as caught:
        await twilio.send(TO, "x")
    assert (caught.value.code, caught.value.reason) == ("21211", "The 'To' number *** is not valid")
    server.answer(429, {"code": 20429, "message": "Too many requests"})
    with pytest.raises(ProviderUnavailable):
        await twilio.send(TO, "x")
    server.drop()
    with pytest.raises(ProviderOutcomeUnknown):
        await twilio.send(TO, "x")
    assert len(server.received) == 3


def test_twilios_signature_is_over_address_and_sorted_fields() -> None:
    # The example of Twilio's own documentation of request validation.
    form = {
        "CallSid": "CA1234567890ABCDE",
        "Caller": "+14158675309",
        "Digits": "1234",
        "From": "+14158675309",
        "To": "+18005551212",
    }
    url = "https://mycompany.com/myapp.php?foo=1&bar=2"
    signature = "RSOYDt4T1cUTdK1PDd93/VVr8B8="
    assert verify_twilio_signature("12345", url, form, signature)
    assert verify_twilio_signature("12345", "https://mycompany.com:443/myapp.php?foo=1&bar=2", form, signature)
    assert not verify_twilio_signature("12345", url, form | {"Digits": "1235"}, signature)
    assert not verify_twilio_signature("12345", url, form, None)
    assert not verify_twilio_signature("", url, form, signature)


def test_twilios_news() -> None:
    form = {"MessageSid": "SM1", "MessageStatus": "undelivered", "ErrorCode": "30003", "To": TO}
    assert parse_twilio_status(form) == SmsStatus(id="SM1", state=SmsState.UNDELIVERED, error_code="30003")
    assert parse_twilio_status({}) == SmsStatus(id="", state=SmsState.UNKNOWN)


async def test_zenziva_takes_a_number_without_plus(server: FaultyServer, zenziva: SmsSender) -> None:
    server.answer(200, {"messageId": 10021, "to": TO, "status": "1", "text": "Success", "cost": 1})

    assert await zenziva.send(TO, "Kode 123456") == SentSms(id="10021")

    (request,) = server.received
    assert request.path == "/reguler/api/sendsms/"
    assert request.form == {"userkey": "user", "passkey": "pass", "to": "6281234567890", "message": "Kode 123456"}


async def test_zenziva_says_no_with_200_and_its_text_is_not_repeated(server: FaultyServer, zenziva: SmsSender) -> None:
    server.answer(200, {"status": 5, "text": "Kode 123456"})
    with pytest.raises(ProviderRefused) as caught:
        await zenziva.send(TO, "Kode 123456")
    assert (caught.value.code, caught.value.reason) == ("5", "not accepted")
